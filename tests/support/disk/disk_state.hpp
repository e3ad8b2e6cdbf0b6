// What a disk holds of its files: the page cache and who has them open. Shared by the disk's own .cpp files.
#pragma once

#include <sqlite3.h>

#include "support/disk/disk.hpp"

namespace storegate::disk {

/// A file in the page cache.
struct Disk::File {
  FileId id = 0;  // 0: nameless, it never reaches the medium
  Bytes cached;
  std::set<std::int64_t> stale_pages;  // clean after a failed sync: the medium has other bytes
  bool syncs_folder = false;           // its first sync also syncs the folder, as SQLite's unix VFS has it
  int shared = 0;                      // locks held
  const Handle* reserved = nullptr;
  const Handle* exclusive = nullptr;
};

/// SQLite's view of an open file; SQLite allocates it and does not construct it.
struct Disk::Handle {
  sqlite3_file head;  // must come first
  Disk* disk;
  std::shared_ptr<File> file;
  std::string name;
  int lock = SQLITE_LOCK_NONE;
  bool powersafe = true;
  bool delete_on_close = false;
};

struct Disk::Registered {
  sqlite3_vfs vfs{};
};

}  // namespace storegate::disk
