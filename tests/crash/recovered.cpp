// A bare connection, without the product's settings: recovery is SQLite's own.
#include "crash/recovered.hpp"

#include <sqlite3.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "crash/station.hpp"

namespace storegate::crash {

namespace {

struct Close {
  void operator()(sqlite3* connection) const { sqlite3_close(connection); }
};
struct Release {
  void operator()(unsigned char* bytes) const { sqlite3_free(bytes); }
};

}  // namespace

std::optional<Print> recovered_print(disk::Disk& disk) {
  sqlite3* opened = nullptr;
  constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  const int result = sqlite3_open_v2(database_path, &opened, flags, disk.name().c_str());
  const std::unique_ptr<sqlite3, Close> connection(opened);
  if (result != SQLITE_OK) return {};
  if (sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr) != SQLITE_OK) return {};
  if (sqlite3_exec(opened, "PRAGMA locking_mode=EXCLUSIVE", nullptr, nullptr, nullptr) != SQLITE_OK)
    return {};
  sqlite3_int64 bytes = 0;
  const std::unique_ptr<unsigned char, Release> pages(sqlite3_serialize(opened, "main", &bytes, 0));
  if (pages == nullptr || bytes == 0) return {};
  if (disk.counts().bytes_written != 0) return {};  // a rollback journal was played back: look at it in full
  Fingerprint print;
  print.add(std::string_view(reinterpret_cast<const char*>(pages.get()), static_cast<std::size_t>(bytes)));
  return print.print();
}

}  // namespace storegate::crash
