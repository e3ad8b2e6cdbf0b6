// Rows whose columns hold anything at all, and whose digests fit: what a version of ours with another mind, or a row
// behind its digest, could show to the code that reads rows.
#include <sqlite3.h>

#include <memory>
#include <string>
#include <vector>

#include "store_image.hpp"
#include "target.hpp"

namespace storegate::fuzz {

namespace {

struct Close {
  void operator()(sqlite3* connection) const { sqlite3_close(connection); }
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Connection = std::unique_ptr<sqlite3, Close>;
using Query = std::unique_ptr<sqlite3_stmt, Close>;

Connection open(const disk::Disk& disk) {
  sqlite3* opened = nullptr;
  expect(sqlite3_open_v2(store_path, &opened, SQLITE_OPEN_READWRITE, disk.name().c_str()) == SQLITE_OK,
         "the store to be damaged can be opened");
  sqlite3_exec(opened, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=OFF", nullptr, nullptr, nullptr);
  return Connection(opened);
}

Query prepared(const Connection& connection, const std::string& sql) {
  sqlite3_stmt* query = nullptr;
  expect(sqlite3_prepare_v2(connection.get(), sql.c_str(), -1, &query, nullptr) == SQLITE_OK,
         "our own query can be prepared");
  return Query(query);
}

std::vector<std::string> texts(const Connection& connection, const std::string& sql) {
  std::vector<std::string> found;
  const Query rows = prepared(connection, sql);
  while (sqlite3_step(rows.get()) == SQLITE_ROW)
    found.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(rows.get(), 0)));
  return found;
}

/// Every digest is the same: a row's always fits.
core::DigestFunction any_digest(std::span<const std::uint8_t>) {
  return [](std::string_view) { return core::Digest{}; };
}

struct Table {
  std::string name;
  std::string key;  // its key's columns
  std::vector<std::string> columns;
};

struct Loose {
  disk::Image image;
  std::vector<Table> tables;
};

/// The store without types and constraints: a page that is damaged knows of none.
Loose make_loose() {
  disk::Disk disk("storegate-fuzz-loose");
  const StoreImage made = make_store(any_digest);
  disk::Image image;
  image.files[store_path] = made.database;
  image.files[std::string(store_path) + "-wal"] = made.wal;
  disk.reset_without_medium(image);
  Loose loose;
  {
    const Connection connection = open(disk);
    const char* loosen =
        "PRAGMA writable_schema=ON;"
        "UPDATE sqlite_schema SET sql = replace(replace(replace(replace(sql, 'STRICT, ', ''), 'STRICT', ''),"
        " 'NOT NULL', ''), 'CHECK (id = 1)', '');"
        "PRAGMA wal_checkpoint(TRUNCATE)";
    expect(sqlite3_exec(connection.get(), loosen, nullptr, nullptr, nullptr) == SQLITE_OK,
           "the store's tables can be loosened");
    for (const auto& name :
         texts(connection, "SELECT name FROM sqlite_schema WHERE type='table' ORDER BY name")) {
      Table table{name, {}, texts(connection, "SELECT name FROM pragma_table_info('" + name + "')")};
      for (const auto& column :
           texts(connection, "SELECT name FROM pragma_table_info('" + name + "') WHERE pk > 0"))
        table.key += (table.key.empty() ? "" : ",") + column;
      loose.tables.push_back(std::move(table));
    }
  }
  loose.image.files[store_path] = disk.cached().files.at(store_path);
  disk.reset_without_medium(loose.image);
  expect(storage::Journal::open(options_on(disk, any_digest)).ok(),
         "without a change the loose store is one");
  return loose;
}

/// The value of one change: NULL, a number, a text, a blob; numbers small or any.
void bind_value(const Query& query, Cut& input) {
  switch (input.byte() % 5) {
    case 0: sqlite3_bind_null(query.get(), 1); return;
    case 1: sqlite3_bind_int64(query.get(), 1, static_cast<std::int64_t>(input.word())); return;
    case 2: sqlite3_bind_int64(query.get(), 1, static_cast<std::int8_t>(input.byte())); return;
    default: break;
  }
  const bool is_text = input.byte() % 2 == 0;
  const auto bytes = input.bytes(input.byte());
  const int size = static_cast<int>(bytes.size());
  if (is_text)
    sqlite3_bind_text(query.get(), 1, bytes.data(), size, SQLITE_STATIC);
  else
    sqlite3_bind_blob(query.get(), 1, bytes.data(), size, SQLITE_STATIC);
}

void change(const Connection& connection, const std::vector<Table>& tables, Cut& input) {
  const Table& table = tables[input.byte() % tables.size()];
  const int row = input.byte() % static_cast<int>(store_orders);
  const std::string& column = table.columns[input.byte() % table.columns.size()];
  const Query query =
      prepared(connection, "UPDATE OR IGNORE " + table.name + " SET " + column + " = ?1 WHERE (" + table.key +
                               ") IN (SELECT " + table.key + " FROM " + table.name + " LIMIT 1 OFFSET ?2)");
  bind_value(query, input);
  sqlite3_bind_int(query.get(), 2, row);
  sqlite3_step(query.get());
}

}  // namespace

/// Changes, at most 16, one behind the other: a byte each for table, row, column and type, then the value.
void run_rows(std::string_view input) {
  static const Loose loose = make_loose();
  static disk::Disk disk("storegate-fuzz-rows");
  disk.reset_without_medium(loose.image);
  {
    const Connection connection = open(disk);
    sqlite3_exec(connection.get(), "BEGIN", nullptr, nullptr, nullptr);
    Cut cut(input);
    for (int count = 0; count < 16 && !cut.empty(); ++count) change(connection, loose.tables, cut);
    sqlite3_exec(connection.get(), "COMMIT", nullptr, nullptr, nullptr);
  }
  auto journal = storage::Journal::open(options_on(disk, any_digest));
  if (!journal) return expect(!journal.error().context.empty(), "a store that cannot be opened says why");
  use_journal(*journal);
}

}  // namespace storegate::fuzz
