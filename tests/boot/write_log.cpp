// Numbers are little-endian: magic, version, number of entries, bytes of a sector; then for each entry a sector with place,
// number of sectors, flags, and the data behind it.
#include "tests/boot/write_log.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

namespace storegate::boot {
namespace {

constexpr std::uint64_t magic = 0x6a736677736872;
constexpr std::uint64_t flush_flag = 1;
constexpr std::uint64_t forced_flag = 2;
constexpr std::uint64_t discard_flag = 4;
constexpr std::uint64_t sector_bytes_max = 64 * 1024;

std::uint64_t number_at(std::string_view bytes, std::uint64_t at, std::size_t width = 8) {
  if (at > bytes.size() || bytes.size() - at < width)
    throw std::runtime_error("the write log ends too early");
  std::uint64_t value = 0;
  for (std::size_t i = width; i-- > 0;) {
    value = (value << 8U) | static_cast<unsigned char>(bytes[static_cast<std::size_t>(at) + i]);
  }
  return value;
}

std::string whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("no write log at " + path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

WriteLog::WriteLog(const std::string& path) : bytes_(whole(path)) {
  const std::uint64_t sector = number_at(bytes_, 24, 4);
  if (number_at(bytes_, 0) != magic || number_at(bytes_, 8) != 1 || sector < 512 || sector > sector_bytes_max)
    throw std::runtime_error(path + " is no write log");
  std::uint64_t at = sector;
  for (std::uint64_t left = number_at(bytes_, 16); left > 0; --left) {
    LoggedWrite entry;
    const std::uint64_t flags = number_at(bytes_, at + 16);
    const std::uint64_t sectors = number_at(bytes_, at + 8);
    if (sectors > bytes_.size() / sector && (flags & discard_flag) == 0)
      throw std::runtime_error("the write log ends too early");
    entry.disk_offset = number_at(bytes_, at) * sector;
    entry.bytes = sectors * sector;
    entry.is_flush = (flags & flush_flag) != 0;
    entry.is_forced = (flags & forced_flag) != 0;
    entry.is_discard = (flags & discard_flag) != 0;
    at += sector;
    entry.log_offset = at;
    if (!entry.is_discard) at += entry.bytes;
    if (at > bytes_.size()) throw std::runtime_error("the write log ends too early");
    entries_.push_back(entry);
  }
}

void WriteLog::apply(const LoggedWrite& entry, std::fstream& image, std::uint64_t image_bytes) const {
  if (entry.bytes == 0) return;
  if (entry.disk_offset > image_bytes || image_bytes - entry.disk_offset < entry.bytes)
    throw std::runtime_error("the write log writes beyond the disk");
  image.seekp(static_cast<std::streamoff>(entry.disk_offset));
  if (entry.is_discard) {
    const std::string zeros(entry.bytes, '\0');
    image.write(zeros.data(), static_cast<std::streamsize>(zeros.size()));
  } else {
    image.write(bytes_.data() + entry.log_offset, static_cast<std::streamsize>(entry.bytes));
  }
}

void WriteLog::cut(std::size_t count, const std::function<bool(std::size_t)>& kept, const std::string& image,
                   Flushes flushes) const {
  count = std::min(count, entries_.size());
  const bool heeded = flushes == Flushes::heeded;
  std::size_t sure = 0;  // what stands before the last flush
  for (std::size_t i = 0; i < count; ++i) {
    if (entries_[i].is_flush && heeded) sure = i;
  }
  std::fstream file(image, std::ios::binary | std::ios::in | std::ios::out);
  const std::uint64_t image_bytes = file ? std::filesystem::file_size(image) : 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (i < sure || (entries_[i].is_forced && heeded) || kept(i)) apply(entries_[i], file, image_bytes);
  }
  file.flush();
  if (!file) throw std::runtime_error("cannot write " + image);
}

std::uint64_t entries_logged(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string first(28, '\0');
  if (!file.read(first.data(), static_cast<std::streamsize>(first.size()))) return 0;
  return number_at(first, 0) == magic ? number_at(first, 16) : 0;
}

}  // namespace storegate::boot
