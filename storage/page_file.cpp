// Pages by number from file and WAL, and the list of what they are for.
#include "storage/page_file.hpp"

#include <algorithm>
#include <limits>
#include <string_view>

#include "storage/big_endian.hpp"

namespace storegate::storage {
namespace {

constexpr std::uint32_t pages_a_list =
    page_bytes / 5 + 1;  // the list's page and those it speaks of, 5 bytes each

std::uint32_t list_of(std::uint32_t number) noexcept {
  return (number - 2) / pages_a_list * pages_a_list + 2;
}

std::uint32_t pages_in(std::int64_t bytes) noexcept {
  const std::int64_t pages = (bytes + page_bytes - 1) / page_bytes;
  return static_cast<std::uint32_t>(std::min<std::int64_t>(pages, std::numeric_limits<std::int32_t>::max()));
}

}  // namespace

PageFile::PageFile(const ByteSource& database, const ByteSource& wal)
    : database_(database), wal_(wal), from_wal_(read_wal(wal)), file_pages_(pages_in(database.size())) {
  if (from_wal_.database_pages == 0) return;
  file_pages_ = std::min(file_pages_, from_wal_.database_pages);
  std::erase_if(from_wal_.content_at,
                [this](const auto& content) { return content.first > from_wal_.database_pages; });
}

bool PageFile::has(std::uint32_t number) const {
  return (number >= 1 && number <= file_pages_) || from_wal_.content_at.contains(number);
}

bool PageFile::read(std::uint32_t number, Page& into) const {
  const auto in_wal = from_wal_.content_at.find(number);
  if (in_wal != from_wal_.content_at.end()) return wal_.read(in_wal->second, into);
  into.fill(0);
  return has(number) && database_.read((std::int64_t{number} - 1) * page_bytes, into);
}

void PageFile::for_each(const std::function<void(std::uint32_t, const Page&, bool)>& visit) const {
  Page page{};
  for (std::uint32_t number = 1; number <= file_pages_; ++number) {
    const bool whole = read(number, page);
    visit(number, page, whole);
  }
  const auto beyond = from_wal_.content_at.upper_bound(file_pages_);
  for (auto content = beyond; content != from_wal_.content_at.end(); ++content) {
    const bool whole = wal_.read(content->second, page);
    visit(content->first, page, whole);
  }
}

std::uint32_t PageFile::count() const {
  const auto beyond = from_wal_.content_at.upper_bound(file_pages_);
  return file_pages_ + static_cast<std::uint32_t>(std::distance(beyond, from_wal_.content_at.end()));
}

bool PageFile::is_list(std::uint32_t number) noexcept { return number >= 2 && list_of(number) == number; }

PageUse PageFile::use_of(std::uint32_t number) const {
  if (number < 2 || is_list(number)) return PageUse::unknown;
  const std::uint32_t list = list_of(number);
  Page page{};
  read(list, page);
  const unsigned char use = page.at(5 * (number - list - 1));
  return use <= static_cast<unsigned char>(PageUse::tree) ? static_cast<PageUse>(use) : PageUse::unknown;
}

std::vector<DamagedRow> PageFile::damage() const {
  std::vector<DamagedRow> damage;
  constexpr std::string_view magic("SQLite format 3\0", 16);
  Page first{};
  read(1, first);
  if (!std::ranges::equal(magic, std::span(first).first(16),
                          [](char a, unsigned char b) { return static_cast<unsigned char>(a) == b; })) {
    damage.push_back({"(page)", "1", "it does not begin as a database does"});
  }
  if (database_.size() % page_bytes != 0) damage.push_back({"(file)", "", "it ends within a page"});
  if (from_wal_.header_damaged) damage.push_back({"(wal)", "header", "its checksum does not match"});
  for (const std::int64_t frame : from_wal_.damaged_frames)
    damage.push_back({"(wal)", "frame " + std::to_string(frame), "its checksum does not match"});
  return damage;
}

}  // namespace storegate::storage
