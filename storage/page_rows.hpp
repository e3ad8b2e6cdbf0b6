// The rows that lie on one page of a b-tree ("Database File Format" in SQLite's documentation): cells, payloads with their
// overflow chains, records. Every step is bounded by the page, the file and a budget; what does not add up is said
// to be damaged. Knows no table.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/page_file.hpp"

namespace storegate::storage {

enum class ValueKind : std::uint8_t { null, integer, text, blob };

/// A column of a row. `bytes` points into the row it belongs to.
struct Value {
  ValueKind kind = ValueKind::null;
  std::int64_t integer = 0;
  std::string_view bytes;
};

/// Where rows may lie: leaves of tables; leaves and inner pages of tables without rowid.
enum class PageKind : std::uint8_t { other, table_leaf, table_inner, index_leaf, index_inner };
[[nodiscard]] PageKind kind_of(std::uint32_t number, const Page& page) noexcept;

struct Row {
  bool by_rowid = false;
  std::int64_t rowid = 0;      // of a table leaf's row; else 0
  std::string payload;         // what the columns point into
  std::vector<Value> columns;  // as stored: the rowid's own column is NULL
};

class PageRows {
 public:
  explicit PageRows(const PageFile& pages)
      : pages_(pages), chain_budget_(4 * std::uint64_t{pages.count()} + 64) {}

  struct Visitor {
    std::function<void(const Row& row)> row;
    /// A row of which only its rowid may be known, and why it cannot be read.
    std::function<void(std::optional<std::int64_t> rowid, std::string_view why)> unreadable;
    /// The page's own account of its space does not add up: rows of it may be missing.
    std::function<void()> unsound;
  };
  void visit(std::uint32_t number, const Page& page, const Visitor& visitor);

 private:
  struct Cell;
  void visit_cell(const Page& page, PageKind kind, std::size_t at, const Visitor& visitor, std::size_t& used);
  bool follow_chain(std::uint32_t next, std::size_t bytes, std::string& payload);
  const PageFile& pages_;
  std::uint64_t
      chain_budget_;  // overflow pages still followed: each belongs to one row, so twice their number is ample
};

}  // namespace storegate::storage
