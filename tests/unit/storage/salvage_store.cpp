// A store in memory, played by the journal; read behind its back by SQLite.
#include "salvage_store.hpp"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <algorithm>

#include "builders.hpp"

namespace storegate::storage::test {
namespace {

/// Table, its key's columns, and the column of the digest that lies on the row's own page.
struct Shape {
  const char* table;
  const char* key;
  const char* digest;
};
constexpr Shape shapes[] = {{"orders", "number", "digest"},
                            {"bodies", "number", "digest"},
                            {"events", "(position >> 40) || '-' || (position & 0xffffffffff)", "digest"},
                            {"early", "kind || '/' || partner || '/' || partner_order_id", "digest"},
                            {"key_aliases", "key", "digest"},
                            {"availability", "layer || '/' || item", "digest"},
                            {"dead_letters", "number", "digest"}};

class Reading {
 public:
  Reading(const std::string& path, const std::string& vfs) {
    const char* name = vfs.empty() ? nullptr : vfs.c_str();
    REQUIRE(sqlite3_open_v2(path.c_str(), &connection_, SQLITE_OPEN_READWRITE, name) == SQLITE_OK);
    REQUIRE(sqlite3_exec(connection_, "PRAGMA locking_mode=EXCLUSIVE", nullptr, nullptr, nullptr) ==
            SQLITE_OK);
    sqlite3_db_config(connection_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
  ~Reading() { sqlite3_close(connection_); }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  template <typename Take>
  void each(const std::string& sql, Take take) {
    sqlite3_stmt* rows = nullptr;
    CAPTURE(sql);
    REQUIRE(sqlite3_prepare_v2(connection_, sql.c_str(), -1, &rows, nullptr) == SQLITE_OK);
    while (sqlite3_step(rows) == SQLITE_ROW) take(rows);
    sqlite3_finalize(rows);
  }

 private:
  sqlite3* connection_ = nullptr;
};

std::string bytes_at(sqlite3_stmt* row, int column) {
  const auto* from = static_cast<const char*>(sqlite3_column_blob(row, column));
  return from == nullptr ? ""
                         : std::string(from, static_cast<std::size_t>(sqlite3_column_bytes(row, column)));
}

std::string told_row(sqlite3_stmt* row, int from) {
  std::string all;
  for (int column = from; column < sqlite3_column_count(row); ++column) {
    all += std::to_string(sqlite3_column_type(row, column)) + ':' + bytes_at(row, column) + '|';
  }
  return all;
}

void read_all(Reading& reading, Rows& rows, std::map<RowKey, std::string>* digests) {
  for (const Shape& shape : shapes) {
    const std::string sql =
        std::string("SELECT ") + shape.key + ", " + shape.digest + ", * FROM " + shape.table;
    reading.each(sql, [&](sqlite3_stmt* row) {
      const RowKey key{shape.table, bytes_at(row, 0)};
      rows[key] = told_row(row, 2);
      if (digests != nullptr) (*digests)[key] = bytes_at(row, 1);
    });
  }
}

/// The rows beside the orders.
core::Changes many_marks(Drawer& draw) {
  core::Changes changes;
  for (int each = 0; each < 60; ++each) {
    changes.early.push_back(draw.early());
    changes.key_aliases.push_back({draw.text(40) + std::to_string(each), core::OrderNumber{1}});
    changes.availability.push_back(draw.availability());
  }
  for (int each = 0; each < 6; ++each) changes.dead_letters.push_back(draw.dead_letter());
  changes.outbox = core::OutboxMarks{{1, 4}, {1, 2}};
  return changes;
}

SavedStore saved(const disk::Disk& disk) {
  SavedStore store;
  const disk::Image image = disk.cached();
  store.database = image.files.at(store_path);
  const auto wal = image.files.find(std::string(store_path) + "-wal");
  if (wal != image.files.end()) store.wal = wal->second;
  disk::Disk copy("saved", 1, image);
  Reading reading(store_path, copy.name());
  read_all(reading, store.rows, &store.digests);
  return store;
}

void commit(Journal& journal, const core::Changes& changes) {
  const CommitResult result = journal.commit(changes);
  if (!result.written) FAIL(result.written.error().context);
}

void fill(Journal& journal, Store& store, int orders) {
  for (int done = 0; done < orders; done += 10) {
    core::Changes changes;
    for (int each = done; each < std::min(orders, done + 10); ++each) store.arrive(changes);
    commit(journal, changes);
  }
  commit(journal, many_marks(store.draw));
  core::Changes ends;
  for (std::int64_t number = 5; number <= orders; number += 5)
    store.move(ends, number, core::Phase::completed);
  commit(journal, ends);
  REQUIRE(journal.checkpoint(CheckpointMode::truncate).ok());
}

}  // namespace

Rows rows_in(const std::string& path, const std::string& vfs) {
  Rows rows;
  Reading reading(path, vfs);
  read_all(reading, rows, nullptr);
  return rows;
}

Rows rows_in(const Bytes& database, const Bytes& wal) {
  disk::Image image;
  image.files[store_path] = database;
  image.files[std::string(store_path) + "-wal"] = wal;
  disk::Disk disk("rows", 1, image);
  return rows_in(store_path, disk.name());
}

SavedStore save_store(std::uint64_t seed, int orders, int wal_commits) {
  disk::Disk disk("store", seed);
  Store store(seed);
  {
    Journal journal = opened(options_for(store_path, disk.name()));
    fill(journal, store, orders);
    for (int done = 0; done < wal_commits; ++done) {
      core::Changes changes;
      store.arrive(changes);
      store.move(changes, 1 + done % orders, core::Phase::queued);
      commit(journal, changes);
    }
  }
  return saved(disk);
}

std::pair<SavedStore, SavedStore> save_store_twice(std::uint64_t seed, int orders) {
  disk::Disk disk("store", seed);
  Store store(seed);
  const auto options = options_for(store_path, disk.name());
  {
    Journal journal = opened(options);
    fill(journal, store, orders);
  }
  SavedStore earlier = saved(disk);
  {
    Journal journal = opened(options);
    core::Changes changes;
    for (std::int64_t number = 1; number <= orders; number += 3)
      store.move(changes, number, core::Phase::cancelled);
    commit(journal, changes);
    REQUIRE(journal.checkpoint(CheckpointMode::truncate).ok());
  }
  return {std::move(earlier), saved(disk)};
}

std::set<RowKey> rows_on_page(const SavedStore& store, std::size_t page) {
  const std::string_view bytes(reinterpret_cast<const char*>(store.database.data()) + page * 4096, 4096);
  std::set<RowKey> found;
  for (const auto& [key, digest] : store.digests) {
    if (bytes.find(digest) != std::string_view::npos) found.insert(key);
  }
  return found;
}

Salvaged salvaged(const Bytes& database, const Bytes& wal) {
  disk::Disk disk("salvaged");
  JournalOptions into = options_for(store_path, disk.name());
  into.fresh_epoch = "epoch-after-salvage";
  Salvaged result{salvage(MemorySource(database), MemorySource(wal), into), {}, {}, {}};
  if (!result.report) return result;
  result.database = disk.cached().files.at(store_path);
  result.rows = rows_in(result.database);
  Journal journal = opened(into);
  core::Result<LoadReport> loaded = journal.load({});
  REQUIRE(loaded.ok());
  result.loaded = std::move(loaded->loaded);
  return result;
}

bool tells(const std::vector<SalvageFinding>& findings, const std::string& table, const std::string& key) {
  return std::any_of(findings.begin(), findings.end(), [&](const SalvageFinding& finding) {
    return finding.row.table == table && (key.empty() || finding.row.key == key);
  });
}

}  // namespace storegate::storage::test
