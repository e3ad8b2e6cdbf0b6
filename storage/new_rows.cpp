// Rows into the new database, some hundreds a commit, so that neither memory nor WAL grows with it.
#include "storage/new_rows.hpp"

#include <utility>

#include "storage/schema.hpp"

namespace storegate::storage {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t rows_a_commit = 500;
constexpr int integer_type = 1, text_type = 3, blob_type = 4;  // SQLITE_INTEGER, _TEXT, _BLOB

void bind(Statement& statement, int index, const Value& value) {
  switch (value.kind) {
    case ValueKind::null: return statement.bind_null(index);
    case ValueKind::integer: return statement.bind(index, value.integer);
    case ValueKind::text: return statement.bind(index, value.bytes);
    case ValueKind::blob:
      return statement.bind(
          index, std::span(reinterpret_cast<const std::uint8_t*>(value.bytes.data()), value.bytes.size()));
  }
}

void bind_all(Statement& statement, std::span<const Value> columns) {
  int index = 0;
  for (const Value& value : columns) bind(statement, ++index, value);
}

/// They point into the statement.
std::vector<Value> columns_at(const Statement& row) {
  std::vector<Value> columns;
  for (int column = 0; column < row.columns(); ++column) {
    switch (row.type(column)) {
      case integer_type: columns.push_back({ValueKind::integer, row.integer(column), {}}); break;
      case text_type: columns.push_back({ValueKind::text, 0, row.text(column)}); break;
      case blob_type: columns.push_back({ValueKind::blob, 0, row.text(column)}); break;
      default: columns.push_back({});
    }
  }
  return columns;
}

bool are_same(std::span<const Value> left, std::span<const Value> right) {
  return std::ranges::equal(left, right, [](const Value& a, const Value& b) {
    return a.kind == b.kind && a.integer == b.integer && a.bytes == b.bytes;
  });
}

std::string find_sql(const KnownTable& table) {
  std::string sql = "SELECT * FROM " + std::string(table.name);
  for (std::size_t column = 0; column < table.key.size(); ++column) {
    sql += column == 0 ? " WHERE " : " AND ";
    sql += std::string(table.key[column]) + " = ?" + std::to_string(column + 1);
  }
  return sql;
}

}  // namespace

Result<NewRows> NewRows::create(const JournalOptions& options) {
  Result<Database> database = Database::open(options.path, options.vfs, may_write);
  if (!database) return std::move(database).error();
  NewRows rows(std::move(*database));
  Result<bool> created = migrate(rows.database_, [] { return Result<void>(); });
  if (!created) return std::move(created).error();
  if (!*created) return Error{ErrorCode::conflict, options.path + " exists"};
  if (Result<void> ready = rows.sql_.prepare(rows.database_); !ready) return std::move(ready).error();
  if (Result<void> ready = rows.prepare_finds(); !ready) return std::move(ready).error();
  return rows;
}

Result<void> NewRows::prepare_finds() {
  for (const KnownTable& table : known_tables()) {
    Result<Statement> find = database_.prepare(find_sql(table));
    if (!find) return std::move(find).error();
    finds_.emplace(table.table, std::move(*find));
  }
  return {};
}

Statement& NewRows::put_of(TableName table) {
  switch (table) {
    case TableName::meta: break;
    case TableName::epochs: return sql_.epoch_put;
    case TableName::orders: return sql_.order_put;
    case TableName::bodies: return sql_.body_put;
    case TableName::events: return sql_.event_put;
    case TableName::early: return sql_.early_put;
    case TableName::key_aliases: return sql_.key_alias_put;
    case TableName::availability: return sql_.availability_put;
    case TableName::dead_letters: return sql_.dead_letter_put;
  }
  return sql_.meta_put;
}

Result<Placed> NewRows::place(const KnownTable& table, std::span<const Value> columns) {
  Placed placed = Placed::fresh;
  {
    Statement& find = finds_.at(table.table);
    const Reading reading(find);
    bind_all(find, columns.first(table.key.size()));
    Result<bool> there = find.step();
    if (!there) return std::move(there).error();
    if (*there) {
      const std::vector<Value> kept = columns_at(find);
      if (are_same(columns, kept)) return Placed::same;
      if (!is_newer(table.table, columns, kept)) return Placed::kept;
      placed = Placed::replaced;
    }
  }
  if (Result<void> done = put(table, columns); !done) return std::move(done).error();
  return placed;
}

Result<void> NewRows::put(const KnownTable& table, std::span<const Value> columns) {
  if (in_commit_ == 0) {
    if (Result<void> begun = database_.execute("BEGIN IMMEDIATE"); !begun) return begun;
  }
  ++in_commit_;
  Statement& statement = put_of(table.table);
  bind_all(statement, columns);
  Result<void> done = statement.run();
  if (!done) return std::move(done).error().in("write a row of " + std::string(table.name));
  return in_commit_ < rows_a_commit ? Result<void>() : make_room_for_more();
}

/// A part of the database may be on the disk before the rest: nobody sees it before it is finished.
Result<void> NewRows::make_room_for_more() {
  if (in_commit_ == 0) return {};
  if (Result<void> committed = database_.execute("COMMIT"); !committed) return committed;
  in_commit_ = 0;
  return database_.checkpoint(false);
}

Result<bool> NewRows::has(const KnownTable& table, std::int64_t number) {
  Statement& find = finds_.at(table.table);
  const Reading reading(find);
  find.bind(1, number);
  return find.step();
}

Result<std::vector<std::int64_t>> NewRows::numbers(std::string_view sql) {
  std::vector<std::int64_t> all;
  Result<Statement> rows = database_.prepare(sql);
  if (!rows) return std::move(rows).error();
  for (;;) {
    Result<bool> row = rows->step();
    if (!row) return std::move(row).error();
    if (!*row) return all;
    all.push_back(rows->integer(0));
  }
}

Result<void> NewRows::find_pruned(const core::DigestFunction& digest, Meta& meta) {
  return read_pruned(sql_.events_after, digest, meta);
}

Result<void> NewRows::finish(const core::DigestFunction& digest, const Meta& meta, const EpochRow& epoch) {
  if (Result<void> done = make_room_for_more(); !done) return done;
  {
    Result<Transaction> transaction = Transaction::begin(database_);
    if (!transaction) return std::move(transaction).error();
    if (Result<void> written = write_epoch(sql_.epoch_put, digest, epoch); !written) return written;
    if (Result<void> written = write_meta(sql_.meta_put, digest, meta); !written) return written;
    if (Result<void> committed = transaction->commit(); !committed) return committed;
  }
  return database_.checkpoint(true);
}

}  // namespace storegate::storage
