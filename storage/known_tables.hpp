// Which table a row belongs to that was found on some page, whether it is undamaged, and which of two versions of it is
// the newer one. The columns' order is that of sql/schema_1_*.sql.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.hpp"
#include "storage/page_rows.hpp"

namespace storegate::storage {

enum class TableName : std::uint8_t {
  meta,
  epochs,
  orders,
  bodies,
  events,
  early,
  key_aliases,
  availability,
  dead_letters,
};

struct KnownTable {
  TableName table;
  std::string_view name;
  std::size_t columns;
  std::vector<std::string_view> key;  // its columns; the first ones of the table
  bool by_rowid;
};

[[nodiscard]] std::span<const KnownTable> known_tables();
[[nodiscard]] const KnownTable& known(TableName table);

/// By the kind of its page and the number of its columns. Null: of none of ours.
[[nodiscard]] const KnownTable* table_of(const Row& row);

/// The row's columns with its number where SQLite stores none. They point into the row.
[[nodiscard]] std::vector<Value> columns_of(const Row& row);

/// The digests that the row carries are those of its columns.
[[nodiscard]] bool is_undamaged(const KnownTable& table, std::span<const Value> columns,
                                const core::DigestFunction& digest);

/// The primary key as DamagedRow has it.
[[nodiscard]] std::string key_of(const KnownTable& table, std::span<const Value> columns);
[[nodiscard]] std::string key_of_number(const KnownTable& table, std::int64_t number);

/// Whether `found` is to replace `kept`, another undamaged version of the same row. An order's: the one that names the
/// newer last event; with the same one, that which says more of what was begun, for a request to the POS that is
/// forgotten is sent again.
[[nodiscard]] bool is_newer(TableName table, std::span<const Value> found, std::span<const Value> kept);

/// Where the columns lie that others look at.
struct OrderColumn {
  static constexpr std::size_t phase = 1, last_event = 2, updated_wall_ms = 4, partner = 9,
                               partner_order_id = 10, cancel_wanted = 38;
};
struct MetaColumn {
  static constexpr std::size_t key = 1, epoch = 2, availability_full = 3, published = 4, acknowledged = 5,
                               pruned_through = 6, pruned_digest = 7, last_number = 8, paused = 9,
                               paused_until = 10, paused_steady = 11, paused_wall = 12, paused_boot = 13;
};
struct EpochColumn {
  static constexpr std::size_t key = 4;
};

}  // namespace storegate::storage
