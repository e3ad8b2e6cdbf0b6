// A thin sqlite3_vfs that counts what another one does: writes, bytes and syncs, the database file apart from the
// WAL, and a commit's syncs apart from a checkpoint's. Changes nothing and knows nothing of what is written.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/result.hpp"

namespace storegate::storage {

/// Counts since the VFS was registered.
struct IoCounters {
  std::uint64_t wal_writes = 0;  // calls
  std::uint64_t wal_bytes = 0;
  std::uint64_t database_writes = 0;
  std::uint64_t database_bytes = 0;
  std::uint64_t commit_syncs = 0;  // of the WAL, with a transaction's pages in it
  std::uint64_t checkpoint_syncs =
      0;  // all others: WAL before it is copied, database after it, WAL's header restarted
  std::uint64_t other_writes = 0;  // rollback journals while a database is created, and temporary files
  std::uint64_t other_bytes = 0;
  std::uint64_t other_syncs = 0;

  [[nodiscard]] std::uint64_t bytes() const noexcept { return wal_bytes + database_bytes + other_bytes; }
  [[nodiscard]] std::uint64_t syncs() const noexcept { return commit_syncs + checkpoint_syncs + other_syncs; }
};

class CountingVfs {
 public:
  /// Registers it under `name`, over the VFS called `base` ("" = the default one). It must outlive every connection
  /// that uses it. not_found: no such base; conflict: the name is taken.
  [[nodiscard]] static core::Result<CountingVfs> over(const std::string& name, const std::string& base = "");

  CountingVfs(CountingVfs&&) noexcept;
  CountingVfs& operator=(CountingVfs&&) noexcept;
  ~CountingVfs();

  [[nodiscard]] const std::string& name() const noexcept;
  /// May be called from any thread.
  [[nodiscard]] IoCounters counters() const noexcept;

 private:
  struct State;
  explicit CountingVfs(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace storegate::storage
