// A sqlite3_vfs for tests that fails on order.
#include "faulty_vfs.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace storegate::storage::test {

struct FaultyVfs::File {
  sqlite3_file head;
  FaultyVfs* owner;
  sqlite3_int64* size;  // in the owner's map
  // the base VFS's file follows
};

struct FaultyVfs::Calls {
  static File* own(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
  static sqlite3_file* base(sqlite3_file* file) { return reinterpret_cast<sqlite3_file*>(own(file) + 1); }
  static FaultyVfs& vfs_of(sqlite3_file* file) { return *own(file)->owner; }
  static sqlite3_vfs* base(sqlite3_vfs* vfs) { return static_cast<FaultyVfs*>(vfs->pAppData)->base_; }
  /// Counts down; true at the n-th call.
  static bool now(FaultyVfs& vfs, int& left) {
    if (left == 0 || --left != 0) return false;
    return vfs.came_about_ = true;
  }

  static int close(sqlite3_file* f) { return base(f)->pMethods->xClose(base(f)); }
  static int read(sqlite3_file* f, void* into, int n, sqlite3_int64 at) {
    return base(f)->pMethods->xRead(base(f), into, n, at);
  }
  static int write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
    FaultyVfs& vfs = vfs_of(f);
    ++vfs.writes_;
    if (now(vfs, vfs.cut_left_)) vfs.gone_ = true;
    if (vfs.gone_) return SQLITE_OK;
    if (vfs.full_) return vfs.came_about_ = true, SQLITE_FULL;
    sqlite3_int64& size = *own(f)->size;
    const sqlite3_int64 growth = std::max<sqlite3_int64>(0, at + n - size);
    if (growth > 0 && vfs.used() + growth > vfs.room_) return vfs.came_about_ = true, SQLITE_FULL;
    size += growth;
    if (now(vfs, vfs.writes_left_)) {
      base(f)->pMethods->xWrite(base(f), from, n / 2, at);
      return vfs.write_result_;
    }
    return base(f)->pMethods->xWrite(base(f), from, n, at);
  }
  static int truncate(sqlite3_file* f, sqlite3_int64 size) {
    if (vfs_of(f).gone_) return SQLITE_OK;
    *own(f)->size = size;
    return base(f)->pMethods->xTruncate(base(f), size);
  }
  static int sync(sqlite3_file* f, int flags) {
    FaultyVfs& vfs = vfs_of(f);
    if (vfs.gone_) return SQLITE_OK;
    if (now(vfs, vfs.syncs_left_)) return SQLITE_IOERR_FSYNC;
    return base(f)->pMethods->xSync(base(f), flags);
  }
  static int size(sqlite3_file* f, sqlite3_int64* bytes) {
    return base(f)->pMethods->xFileSize(base(f), bytes);
  }
  static int lock(sqlite3_file* f, int level) { return base(f)->pMethods->xLock(base(f), level); }
  static int unlock(sqlite3_file* f, int level) { return base(f)->pMethods->xUnlock(base(f), level); }
  static int reserved(sqlite3_file* f, int* held) {
    return base(f)->pMethods->xCheckReservedLock(base(f), held);
  }
  static int control(sqlite3_file* f, int what, void* with) {
    return base(f)->pMethods->xFileControl(base(f), what, with);
  }
  static int sector(sqlite3_file* f) { return base(f)->pMethods->xSectorSize(base(f)); }
  static int device(sqlite3_file* f) { return base(f)->pMethods->xDeviceCharacteristics(base(f)); }
  static constexpr sqlite3_io_methods io{1,       close,   read,     write,   truncate, sync,   size,
                                         lock,    unlock,  reserved, control, sector,   device, nullptr,
                                         nullptr, nullptr, nullptr,  nullptr, nullptr};

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* flags_out) {
    File* opened = new (file) File{};
    opened->owner = static_cast<FaultyVfs*>(vfs->pAppData);
    const int result = base(vfs)->xOpen(base(vfs), path, base(file), flags, flags_out);
    file->pMethods = base(file)->pMethods != nullptr ? &io : nullptr;
    opened->size = &opened->owner->sizes_[path == nullptr ? "" : path];
    if (result == SQLITE_OK) base(file)->pMethods->xFileSize(base(file), opened->size);
    return result;
  }
  static int remove(sqlite3_vfs* vfs, const char* path, int sync_folder) {
    FaultyVfs& owner = *static_cast<FaultyVfs*>(vfs->pAppData);
    if (owner.gone_) return SQLITE_OK;
    owner.sizes_[path] = 0;
    return base(vfs)->xDelete(base(vfs), path, sync_folder);
  }
};

FaultyVfs::FaultyVfs(const std::string& name) : name_(name) {
  sqlite3_initialize();
  base_ = sqlite3_vfs_find(nullptr);
  vfs_ = *base_;
  vfs_.iVersion = 1;
  vfs_.szOsFile = static_cast<int>(sizeof(File)) + base_->szOsFile;
  vfs_.pNext = nullptr;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = Calls::open;
  vfs_.xDelete = Calls::remove;
  sqlite3_vfs_register(&vfs_, 0);
}

FaultyVfs::~FaultyVfs() { sqlite3_vfs_unregister(&vfs_); }

sqlite3_int64 FaultyVfs::used() const {
  sqlite3_int64 bytes = 0;
  for (const auto& [path, size] : sizes_) bytes += size;
  return bytes;
}

bool FaultyVfs::heal() {
  room_ = INT64_MAX;
  writes_left_ = syncs_left_ = cut_left_ = 0;
  full_ = gone_ = false;
  return std::exchange(came_about_, false);
}

}  // namespace storegate::storage::test
