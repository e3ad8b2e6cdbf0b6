// A sqlite3_vfs for tests that fails on order: the n-th write or sync from now, or every one, in the way asked for.
// It lies over the unix VFS, so that real files are written.
#pragma once

#include <sqlite3.h>

#include <map>
#include <string>

namespace storegate::storage::test {

class FaultyVfs {
 public:
  explicit FaultyVfs(const std::string& name);
  ~FaultyVfs();
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  /// The n-th write from now answers `result` (SQLITE_FULL, SQLITE_IOERR_WRITE), having written half; n >= 1. 0 = none.
  void fail_write(int nth, int result) { writes_left_ = nth, write_result_ = result; }
  /// The n-th sync from now answers SQLITE_IOERR_FSYNC.
  void fail_sync(int nth) { syncs_left_ = nth; }
  /// From now on every write answers SQLITE_FULL, until set back.
  void full(bool is_full) { full_ = is_full; }
  /// The disk has room for so many bytes in all files together; a write that would go beyond answers SQLITE_FULL.
  void room(sqlite3_int64 bytes) { room_ = bytes; }
  /// Writes so far, failed ones too.
  [[nodiscard]] std::int64_t writes() const noexcept { return writes_; }
  /// What the files opened so far hold together.
  [[nodiscard]] sqlite3_int64 used() const;
  /// The n-th write and everything after it never happens: the power is gone.
  void cut_at_write(int nth) { cut_left_ = nth; }
  /// All faults off. True if a planned one came about.
  bool heal();

  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  struct File;
  struct Calls;
  friend struct Calls;
  std::string name_;
  sqlite3_vfs vfs_{};
  sqlite3_vfs* base_ = nullptr;
  std::int64_t writes_ = 0;
  int writes_left_ = 0, write_result_ = SQLITE_OK, syncs_left_ = 0, cut_left_ = 0;
  sqlite3_int64 room_ = INT64_MAX;
  std::map<std::string, sqlite3_int64> sizes_;
  bool full_ = false, gone_ = false, came_about_ = false;
};

}  // namespace storegate::storage::test
