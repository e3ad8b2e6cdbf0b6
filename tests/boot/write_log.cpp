// Numbers are little-endian: magic, version, number of entries, bytes of a sector; then for each entry a sector with place,
// number of sectors, flags, and the data behind it.
#include "tests/boot/write_log.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace storegate::boot {
namespace {

constexpr std::uint64_t magic = 0x6a736677736872;
constexpr std::uint64_t flush_flag = 1;
constexpr std::uint64_t forced_flag = 2;
constexpr std::uint64_t discard_flag = 4;
constexpr std::uint64_t sector_bytes_max = 64 * 1024;
constexpr std::size_t head_bytes = 28;  // of the log, and more than enough of an entry

std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t width = 8) {
  std::uint64_t value = 0;
  for (std::size_t i = width; i-- > 0;) value = (value << 8U) | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

/// So many bytes at a place; throws std::runtime_error if there are fewer.
std::string bytes_at(std::ifstream& file, std::uint64_t at, std::uint64_t count) {
  std::string bytes(count, '\0');
  file.clear();
  file.seekg(static_cast<std::streamoff>(at));
  if (!file.read(bytes.data(), static_cast<std::streamsize>(count)))
    throw std::runtime_error("the write log ends too early");
  return bytes;
}

}  // namespace

WriteLog::WriteLog(const std::string& path) : path_(path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("no write log at " + path);
  const std::uint64_t log_bytes = std::filesystem::file_size(path);
  const std::string first = bytes_at(file, 0, head_bytes);
  const std::uint64_t sector = number_at(first, 24, 4);
  if (number_at(first, 0) != magic || number_at(first, 8) != 1 || sector < 512 || sector > sector_bytes_max)
    throw std::runtime_error(path + " is no write log");
  std::uint64_t at = sector;
  for (std::uint64_t left = number_at(first, 16); left > 0; --left) {
    const std::string head = bytes_at(file, at, head_bytes);
    const std::uint64_t sectors = number_at(head, 8);
    const std::uint64_t flags = number_at(head, 16);
    LoggedWrite entry;
    entry.is_flush = (flags & flush_flag) != 0;
    entry.is_forced = (flags & forced_flag) != 0;
    entry.is_discard = (flags & discard_flag) != 0;
    if (sectors > log_bytes / sector && !entry.is_discard)
      throw std::runtime_error("the write log ends too early");
    entry.disk_offset = number_at(head, 0) * sector;
    entry.bytes = sectors * sector;
    at += sector;
    entry.log_offset = at;
    if (!entry.is_discard) at += entry.bytes;
    if (at > log_bytes) throw std::runtime_error("the write log ends too early");
    entries_.push_back(entry);
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
  std::ifstream log(path_, std::ios::binary);
  std::fstream file(image, std::ios::binary | std::ios::in | std::ios::out);
  const std::uint64_t image_bytes = file ? std::filesystem::file_size(image) : 0;
  for (std::size_t i = 0; i < count; ++i) {
    const LoggedWrite& entry = entries_[i];
    if (i >= sure && !(entry.is_forced && heeded) && !kept(i)) continue;
    if (entry.bytes == 0) continue;
    if (entry.disk_offset > image_bytes || image_bytes - entry.disk_offset < entry.bytes)
      throw std::runtime_error("the write log writes beyond the disk");
    const std::string bytes =
        entry.is_discard ? std::string(entry.bytes, '\0') : bytes_at(log, entry.log_offset, entry.bytes);
    file.seekp(static_cast<std::streamoff>(entry.disk_offset));
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
  file.flush();
  if (!file) throw std::runtime_error("cannot write " + image);
}

std::uint64_t entries_logged(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string first(head_bytes, '\0');
  if (!file.read(first.data(), static_cast<std::streamsize>(first.size()))) return 0;
  return number_at(first, 0) == magic ? number_at(first, 16) : 0;
}

}  // namespace storegate::boot
