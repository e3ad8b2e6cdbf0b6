// Migrations. A step that has shipped is never edited: what is new gets a step of its own.
#include "storage/schema.hpp"

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "storage/sql_statements.hpp"

namespace storegate::storage {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

constexpr std::array<std::string_view, 9> step_1 = {
    sql::schema_1_meta,        sql::schema_1_epochs,       sql::schema_1_orders,
    sql::schema_1_bodies,      sql::schema_1_events,       sql::schema_1_early,
    sql::schema_1_key_aliases, sql::schema_1_availability, sql::schema_1_dead_letters};

/// steps[n] leads from version n to n + 1.
const std::array<std::span<const std::string_view>, schema_version> steps = {step_1};

Result<void> run_step(Database& database, std::size_t from) {
  for (const std::string_view statement : steps.at(from)) {
    if (Result<void> done = database.execute(statement); !done) return done;
  }
  return database.execute("PRAGMA user_version=" + std::to_string(from + 1));
}

Result<void> create(Database& database, const std::function<Result<void>()>& first_rows) {
  Result<Transaction> transaction = Transaction::begin(database);
  if (!transaction) return std::move(transaction).error();
  for (std::size_t from = 0; from < steps.size(); ++from) {
    if (Result<void> done = run_step(database, from); !done) return done;
  }
  if (auto named = database.execute("PRAGMA application_id=" + std::to_string(application_id)); !named)
    return named;
  if (Result<void> filled = first_rows(); !filled) return filled;
  return transaction->commit();
}

Result<void> upgrade(Database& database, std::size_t from) {
  Result<Transaction> transaction = Transaction::begin(database);
  if (!transaction) return std::move(transaction).error();
  if (Result<void> done = run_step(database, from); !done) return done;
  return transaction->commit();
}

}  // namespace

Result<void> may_write(Database& database) {
  Result<std::int64_t> version = database.number("PRAGMA user_version");
  if (!version) return std::move(version).error();
  if (*version > schema_version) {
    return Error{ErrorCode::invalid, "the database is of schema version " + std::to_string(*version) +
                                         ", written by a newer storegate; this one knows up to version " +
                                         std::to_string(schema_version)};
  }
  Result<std::int64_t> owner = database.number("PRAGMA application_id");
  if (!owner) return std::move(owner).error();
  Result<std::int64_t> tables = database.number("SELECT count(*) FROM sqlite_schema");
  if (!tables) return std::move(tables).error();
  const bool empty = *version == 0 && *owner == 0 && *tables == 0;
  if (!empty && *owner != application_id) {
    return Error{ErrorCode::invalid, "the file is a database of another program"};
  }
  return {};
}

Result<bool> migrate(Database& database, const std::function<Result<void>()>& first_rows) {
  Result<std::int64_t> version = database.number("PRAGMA user_version");
  if (!version) return std::move(version).error();
  if (*version == 0) {
    Result<void> created = create(database, first_rows);
    if (!created) return std::move(created).error().in("create the database");
    return true;
  }
  for (auto from = static_cast<std::size_t>(*version); from < steps.size(); ++from) {
    Result<void> upgraded = upgrade(database, from);
    if (!upgraded)
      return std::move(upgraded).error().in("upgrade from schema version " + std::to_string(from));
  }
  return false;
}

}  // namespace storegate::storage
