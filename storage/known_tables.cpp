// The tables as salvage knows them: a row each.
#include "storage/known_tables.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <tuple>

#include "core/order.hpp"
#include "storage/row_codec.hpp"
#include "storage/rows.hpp"

namespace storegate::storage {
namespace {

const std::array<KnownTable, 9>& tables() {
  static const std::array<KnownTable, 9> all = {{
      {TableName::meta, "meta", 15, {"id"}, true},
      {TableName::epochs, "epochs", 6, {"ordinal"}, true},
      {TableName::orders, "orders", 57, {"number"}, true},
      {TableName::bodies, "bodies", 9, {"number"}, true},
      {TableName::events, "events", 14, {"position"}, true},
      {TableName::early, "early", 9, {"kind", "partner", "partner_order_id"}, false},
      {TableName::key_aliases, "key_aliases", 3, {"key"}, false},
      {TableName::availability, "availability", 6, {"layer", "item"}, false},
      {TableName::dead_letters, "dead_letters", 6, {"number"}, true},
  }};
  return all;
}

void add(RowImage& image, const Value& value) {
  switch (value.kind) {
    case ValueKind::null: return image.null();
    case ValueKind::integer: return image.integer(value.integer);
    case ValueKind::text: return image.text(value.bytes);
    case ValueKind::blob: return image.bytes(value.bytes);
  }
}

bool is_digest_of(const Value& stored, const RowImage& image, const core::DigestFunction& digest) {
  return stored.kind == ValueKind::blob && stored.bytes == view_of(digest(image.view()));
}

/// As rows.cpp makes them: the two texts have digests of their own, which the row's covers in their place.
bool is_undamaged_body(std::span<const Value> columns, const core::DigestFunction& digest) {
  const Value& number = columns[0];
  const auto is_part = [&](std::string_view part, const Value& stored, const Value& text) {
    RowImage image(part);
    add(image, number);
    add(image, text);
    return is_digest_of(stored, image, digest);
  };
  RowImage image("bodies");
  for (const std::size_t column : std::initializer_list<std::size_t>{0, 1, 2, 3, 4, 8})
    add(image, columns[column]);
  return is_digest_of(columns[5], image, digest) && is_part("bodies.shared", columns[3], columns[6]) &&
         is_part("bodies.canonical", columns[4], columns[7]);
}

bool is_newer_order(std::span<const Value> found, std::span<const Value> kept) {
  const auto rank = [](std::span<const Value> order) {
    const std::int64_t phase = order[OrderColumn::phase].integer;
    const bool asks_pos = phase == static_cast<std::int64_t>(core::Phase::sending) ||
                          phase == static_cast<std::int64_t>(core::Phase::voiding);
    return std::tuple(order[OrderColumn::last_event].integer, asks_pos,
                      order[OrderColumn::cancel_wanted].integer, order[OrderColumn::updated_wall_ms].integer);
  };
  return rank(found) > rank(kept);
}

}  // namespace

std::span<const KnownTable> known_tables() { return tables(); }

const KnownTable& known(TableName table) { return tables().at(static_cast<std::size_t>(table)); }

const KnownTable* table_of(const Row& row) {
  for (const KnownTable& table : tables()) {
    if (table.by_rowid != row.by_rowid || table.columns != row.columns.size()) continue;
    // Two tables have six columns: an epoch's second one is its name, a dead letter's a time.
    if (table.table == TableName::epochs && row.columns[1].kind != ValueKind::text) continue;
    return &table;
  }
  return nullptr;
}

std::vector<Value> columns_of(const Row& row) {
  std::vector<Value> columns = row.columns;
  if (row.by_rowid && !columns.empty() && columns[0].kind == ValueKind::null)
    columns[0] = {ValueKind::integer, row.rowid, {}};
  return columns;
}

bool is_undamaged(const KnownTable& table, std::span<const Value> columns,
                  const core::DigestFunction& digest) {
  if (table.table == TableName::bodies) return is_undamaged_body(columns, digest);
  RowImage image(table.name);
  for (const Value& value : columns.first(columns.size() - 1)) add(image, value);
  return is_digest_of(columns.back(), image, digest);
}

std::string key_of_number(const KnownTable& table, std::int64_t number) {
  return table.table == TableName::events ? key_of(unpacked(number)) : std::to_string(number);
}

std::string key_of(const KnownTable& table, std::span<const Value> columns) {
  if (table.by_rowid) return key_of_number(table, columns[0].integer);
  std::string key;
  for (std::size_t column = 0; column < table.key.size(); ++column) {
    const Value& value = columns[column];
    if (column > 0) key += '/';
    key += value.kind == ValueKind::integer ? std::to_string(value.integer) : std::string(value.bytes);
  }
  return key;
}

bool is_newer(TableName table, std::span<const Value> found, std::span<const Value> kept) {
  switch (table) {
    case TableName::orders: return is_newer_order(found, kept);
    case TableName::bodies: return found[1].integer > kept[1].integer;  // erased: it stays so
    case TableName::early: return found[6].integer > kept[6].integer;   // by wall clocks, here and below
    case TableName::availability: return found[4].integer > kept[4].integer;
    case TableName::meta:
    case TableName::epochs:
    case TableName::events:
    case TableName::key_aliases:
    case TableName::dead_letters: return false;  // never rewritten (meta: folded)
  }
  return false;
}

}  // namespace storegate::storage
