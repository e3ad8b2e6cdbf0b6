// A bare connection, without the product's settings: recovery is SQLite's own. No statement here needs the schema, whose
// parsing would cost more than all the rest.
#include "crash/recovered.hpp"

#include <sqlite3.h>

#include <cstdlib>
#include <memory>

#include "crash/station.hpp"

namespace storegate::crash {

namespace {

struct Close {
  void operator()(sqlite3* connection) const { sqlite3_close(connection); }
};
bool execute(sqlite3* connection, const char* sql) {
  return sqlite3_exec(connection, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

}  // namespace

std::optional<Print> recovered_print(disk::Disk& disk) {
  sqlite3* opened = nullptr;
  constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  const int result = sqlite3_open_v2(database_path, &opened, flags, disk.name().c_str());
  const std::unique_ptr<sqlite3, Close> connection(opened);
  if (result != SQLITE_OK) return {};
  if (sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr) != SQLITE_OK) return {};
  if (!execute(opened, "PRAGMA locking_mode=EXCLUSIVE")) return {};
  // Recovers the WAL; without a WAL plays a rollback journal back, which writes: such an image is looked at in full.
  if (!execute(opened, "BEGIN IMMEDIATE") || disk.counts().bytes_written != 0) return {};
  if (!execute(opened, "COMMIT")) return {};
  int in_wal = 0;
  int copied = 0;
  if (sqlite3_wal_checkpoint_v2(opened, "main", SQLITE_CHECKPOINT_PASSIVE, &in_wal, &copied) != SQLITE_OK)
    return {};
  if (in_wal != copied) return {};
  const disk::Bytes* pages = disk.cached(database_path);
  if (pages == nullptr || pages->empty()) return {};
  Fingerprint print;
  print.add(*pages);
  return print.print();
}

}  // namespace storegate::crash
