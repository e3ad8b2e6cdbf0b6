// The rows a world leaves, read by plain SQL: none of the storage room's code.
#include <sqlite3.h>

#include <functional>

#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

// As the bodies have them; see parts/bodies.cpp.
bool names_customer(std::string_view text) {
  for (const std::string_view name : {"\"Ana\"", "\"Bo\"", "+15550100", "no onions"})
    if (text.find(name) != std::string_view::npos) return true;
  return false;
}

namespace {

std::string text_of(sqlite3_stmt* row, int column) {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(row, column));
  return bytes == nullptr ? "" : bytes;
}

/// Calls `visit` with each row of the query. Gives what went wrong, "" = nothing.
std::string each_row(sqlite3* database, const char* query, const std::function<void(sqlite3_stmt*)>& visit) {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(database, query, -1, &statement, nullptr);
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  for (; code == SQLITE_ROW; code = sqlite3_step(statement)) visit(statement);
  std::string error = code == SQLITE_DONE ? "" : sqlite3_errmsg(database);
  sqlite3_finalize(statement);
  return error;
}

}  // namespace

RowsLeft rows_on(const disk::Disk& disk, std::string_view path, std::string& error) {
  RowsLeft left;
  sqlite3* database = nullptr;
  const std::string file(path);
  int code = sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READWRITE, disk.name().c_str());
  if (code == SQLITE_OK)
    code = sqlite3_exec(database, "PRAGMA locking_mode=EXCLUSIVE", nullptr, nullptr, nullptr);
  // What the WAL still holds is looked at afterwards.
  if (code == SQLITE_OK) code = sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (code != SQLITE_OK) error = sqlite3_errmsg(database);
  const auto read = [&](const char* query, const std::function<void(sqlite3_stmt*)>& visit) {
    if (error.empty()) error = each_row(database, query, visit);
  };
  read(
      "SELECT partner, partner_order_id, phase, canonical || shared, CAST(raw AS TEXT), updated_wall_ms "
      "FROM orders LEFT JOIN bodies USING (number) ORDER BY number",
      [&](sqlite3_stmt* row) {
        const bool has_body = sqlite3_column_type(row, 3) != SQLITE_NULL;
        const bool named = has_body && names_customer(text_of(row, 3) + text_of(row, 4));
        left.orders.push_back({text_of(row, 0), text_of(row, 1), sqlite3_column_int64(row, 2), has_body,
                               named, sqlite3_column_int64(row, 5)});
      });
  read("SELECT at_wall_ms FROM events ORDER BY position DESC",
       [&](sqlite3_stmt* row) { left.events_wall_ms.push_back(sqlite3_column_int64(row, 0)); });
  read("SELECT number FROM dead_letters", [&](sqlite3_stmt*) { ++left.letters; });
  sqlite3_close(database);
  return left;
}

}  // namespace storegate::sim::check
