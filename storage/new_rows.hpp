// The database that salvage makes: rows put in one by one, with the digests they have. Of two versions one stays.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "storage/database.hpp"
#include "storage/journal.hpp"
#include "storage/known_tables.hpp"
#include "storage/rows.hpp"
#include "storage/statements.hpp"

namespace storegate::storage {

enum class Placed : std::uint8_t {
  fresh,     // it was not there
  same,      // it was, to the byte
  kept,      // another version was there, and stays
  replaced,  // another version was there: this one is newer
};

class NewRows {
 public:
  /// Creates the tables. Errors: conflict (something is there), disk_full, sync_failed, failed.
  [[nodiscard]] static core::Result<NewRows> create(const JournalOptions& options);

  [[nodiscard]] core::Result<Placed> place(const KnownTable& table, std::span<const Value> columns);
  /// Whether the row is there; of tables whose key is a number.
  [[nodiscard]] core::Result<bool> has(const KnownTable& table, std::int64_t number);
  /// The first number of what the statement gives; 0 if that is nothing.
  [[nodiscard]] core::Result<std::int64_t> number(std::string_view sql) { return database_.number(sql); }
  /// The first column of every row.
  [[nodiscard]] core::Result<std::vector<std::int64_t>> numbers(std::string_view sql);

  /// What the events say was pruned, for a database whose meta is lost.
  [[nodiscard]] core::Result<void> find_pruned(const core::DigestFunction& digest, Meta& meta);
  /// Writes the last rows, and everything to the disk; no WAL stays. Then this is closed.
  [[nodiscard]] core::Result<void> finish(const core::DigestFunction& digest, const Meta& meta,
                                          const EpochRow& epoch);

 private:
  explicit NewRows(Database database) : database_(std::move(database)) {}
  [[nodiscard]] Statement& put_of(TableName table);
  [[nodiscard]] core::Result<void> prepare_finds();
  [[nodiscard]] core::Result<void> put(const KnownTable& table, std::span<const Value> columns);
  [[nodiscard]] core::Result<void> make_room_for_more();
  Database database_;  // first: the statements go before their connection
  Statements sql_;
  std::map<TableName, Statement> finds_;  // a whole row by its key
  std::size_t in_commit_ = 0;             // rows since BEGIN
};

}  // namespace storegate::storage
