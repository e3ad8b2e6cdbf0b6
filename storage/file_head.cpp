// The first page's fields ("Database File Format" in SQLite's documentation).
#include "storage/file_head.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "storage/big_endian.hpp"
#include "storage/schema.hpp"
#include "storage/wal_file.hpp"

namespace storegate::storage {

using core::Result;

bool FileHead::is_ours() const noexcept { return is_database && application_id == storage::application_id; }

bool FileHead::is_newer() const noexcept { return is_ours() && schema_version > storage::schema_version; }

FileHead head_of(std::span<const unsigned char, head_bytes> first_page) {
  constexpr std::string_view magic("SQLite format 3\0", 16);
  constexpr std::size_t version_at = 60, application_at = 68, cells_at = 103;
  FileHead head;
  head.is_database = std::ranges::equal(magic, first_page.first<magic.size()>(), {},
                                        [](char c) { return static_cast<unsigned char>(c); });
  head.has_tables = number_16(&first_page[cells_at]) != 0;
  head.application_id = number_32(&first_page[application_at]);
  head.schema_version = number_32(&first_page[version_at]);
  return head;
}

Result<FileHead> read_head(const std::string& path) {
  Result<std::unique_ptr<FileSource>> database = FileSource::open(path);
  if (!database) return std::move(database).error();
  Result<std::unique_ptr<ByteSource>> wal = open_wal_of(path);
  if (!wal) return std::move(wal).error();
  const WalPages from_wal = read_wal(**wal);
  const auto newest = from_wal.content_at.find(1);
  std::array<unsigned char, head_bytes> page{};
  newest != from_wal.content_at.end() ? (*wal)->read(newest->second, page) : (*database)->read(0, page);
  FileHead head = head_of(page);
  head.empty = (*database)->size() == 0 && from_wal.content_at.empty();
  // Asked last: whoever came meanwhile may have moved the page that was just read.
  head.in_use = (*database)->has_writer();
  return head;
}

}  // namespace storegate::storage
