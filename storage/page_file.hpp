// The pages of a database file as the last commit left them: those of the file under those of its WAL. Trusts no tree:
// a page is asked for by its number, and says of itself what it holds.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "storage/byte_source.hpp"
#include "storage/database.hpp"
#include "storage/journal.hpp"
#include "storage/wal_file.hpp"

namespace storegate::storage {

using Page = std::array<unsigned char, page_bytes>;

/// What the file's page list (SQLite's pointer map, which incremental auto_vacuum keeps) says a page is.
enum class PageUse : std::uint8_t { unknown, root, free, overflow_first, overflow, tree };

class PageFile {
 public:
  PageFile(const ByteSource& database, const ByteSource& wal);

  /// The page's newest committed content. False: not all of it could be read, and zeros stand there.
  bool read(std::uint32_t number, Page& into) const;
  [[nodiscard]] bool has(std::uint32_t number) const;
  /// Visits every page there is, by number.
  void for_each(const std::function<void(std::uint32_t number, const Page& page, bool whole)>& visit) const;
  /// How many that are.
  [[nodiscard]] std::uint32_t count() const;
  /// unknown for the first page, for a page of the list itself, and where the list is damaged.
  [[nodiscard]] PageUse use_of(std::uint32_t number) const;
  /// Whether the page is one of the list.
  [[nodiscard]] static bool is_list(std::uint32_t number) noexcept;

  /// What is wrong with the file and its WAL as such.
  [[nodiscard]] std::vector<DamagedRow> damage() const;

 private:
  const ByteSource& database_;
  const ByteSource& wal_;
  WalPages from_wal_;
  std::uint32_t file_pages_;  // that lie in the database file and belong to it
};

}  // namespace storegate::storage
