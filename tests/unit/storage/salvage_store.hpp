// A store for the salvage tests, as bytes: what SQLite makes of it row by row, and on which page each row begins.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "storage/salvage.hpp"
#include "support/disk/disk.hpp"

namespace storegate::storage::test {

using Bytes = disk::Bytes;
using RowKey = std::pair<std::string, std::string>;  // table, key
using Rows = std::map<RowKey, std::string>;          // every column with its type; without meta and epochs

inline constexpr const char* store_path = "/orders.db";

/// What SQLite reads.
[[nodiscard]] Rows rows_in(const std::string& path, const std::string& vfs);
/// As SQLite recovers it from a database and its WAL.
[[nodiscard]] Rows rows_in(const Bytes& database, const Bytes& wal = {});

struct SavedStore {
  Bytes database, wal;
  Rows rows;
  std::map<RowKey, std::string> digests;  // each row's last one of its own
};

/// `orders` orders with bodies, events and moves, and many rows in every other table. The newest part lies in the WAL
/// only when `wal_commits` > 0: so many commits.
[[nodiscard]] SavedStore save_store(std::uint64_t seed, int orders, int wal_commits = 0);
/// The same store earlier and later: between the two every third order has moved.
[[nodiscard]] std::pair<SavedStore, SavedStore> save_store_twice(std::uint64_t seed, int orders);

/// The rows of a page by their digests: those that have a part there besides overflow.
[[nodiscard]] std::set<RowKey> rows_on_page(const SavedStore& store, std::size_t page);

struct Salvaged {
  core::Result<SalvageReport> report;
  Rows rows;  // of the new database
  core::Loaded loaded;
  Bytes database;
};
/// Salvage into another disk in memory, and what its journal loads.
[[nodiscard]] Salvaged salvaged(const Bytes& database, const Bytes& wal = {});

[[nodiscard]] bool tells(const std::vector<SalvageFinding>& findings, const std::string& table,
                         const std::string& key = "");

}  // namespace storegate::storage::test
