// The disk's sqlite3_vfs: the methods that SQLite calls. Each counts, asks the hook and the planned faults, and then
// does what the unix VFS would do to a file.
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "support/disk/disk.hpp"
#include "support/disk/disk_state.hpp"

namespace storegate::disk {

struct Disk::Calls {
  static Handle& own(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }
  static Disk& disk_of(sqlite3_vfs* vfs) { return *static_cast<Disk*>(vfs->pAppData); }

  // ---- a file

  static int close(sqlite3_file* f) {
    Handle& handle = own(f);
    Disk& disk = *handle.disk;
    unlock(f, SQLITE_LOCK_NONE);
    if (handle.delete_on_close && !disk.dead_) disk.forget(handle.name);
    if (handle.file->id == 0) disk.used_bytes_ -= static_cast<std::int64_t>(handle.file->cached.size());
    --disk.open_files_;
    handle.~Handle();
    return SQLITE_OK;
  }

  static int read(sqlite3_file* f, void* into, int bytes, sqlite3_int64 offset) {
    Handle& handle = own(f);
    if (const int no = handle.disk->before(OpKind::read, handle.name, offset, bytes); no != SQLITE_OK)
      return no;
    if (const int no = handle.disk->planned_failure(OpKind::read, handle.name); no != SQLITE_OK) return no;
    const Bytes& cached = handle.file->cached;
    const auto size = static_cast<sqlite3_int64>(cached.size());
    const sqlite3_int64 there = std::clamp<sqlite3_int64>(size - offset, 0, bytes);
    if (there > 0) std::memcpy(into, cached.data() + offset, static_cast<std::size_t>(there));
    if (there == bytes) return SQLITE_OK;
    std::memset(static_cast<char*>(into) + there, 0, static_cast<std::size_t>(bytes - there));
    return SQLITE_IOERR_SHORT_READ;
  }

  static int write(sqlite3_file* f, const void* from, int bytes, sqlite3_int64 offset) {
    Handle& handle = own(f);
    Disk& disk = *handle.disk;
    if (const int no = disk.before(OpKind::write, handle.name, offset, bytes); no != SQLITE_OK) return no;
    const auto* data = static_cast<const unsigned char*>(from);
    const int no = disk.planned_failure(OpKind::write, handle.name);
    if (no == SQLITE_OK) return disk.write(*handle.file, data, bytes, offset);
    // A write fails half done.
    if (bytes > 1) static_cast<void>(disk.write(*handle.file, data, bytes / 2, offset));
    return no;
  }

  static int truncate(sqlite3_file* f, sqlite3_int64 size) {
    Handle& handle = own(f);
    Disk& disk = *handle.disk;
    if (const int no = disk.before(OpKind::truncate, handle.name, size, 0); no != SQLITE_OK) return no;
    if (const int no = disk.planned_failure(OpKind::truncate, handle.name); no != SQLITE_OK) return no;
    disk.truncate(*handle.file, size);
    return SQLITE_OK;
  }

  static int sync(sqlite3_file* f, int) {
    Handle& handle = own(f);
    Disk& disk = *handle.disk;
    if (const int no = disk.before(OpKind::sync, handle.name, 0, 0); no != SQLITE_OK) return no;
    if (const int no = disk.planned_failure(OpKind::sync, handle.name); no != SQLITE_OK) {
      disk.fail_sync(*handle.file);
      return no;
    }
    return disk.sync(*handle.file);
  }

  static int size(sqlite3_file* f, sqlite3_int64* bytes) {
    Handle& handle = own(f);
    if (handle.disk->dead_) return SQLITE_IOERR_FSTAT;
    *bytes = static_cast<sqlite3_int64>(handle.file->cached.size());
    return SQLITE_OK;
  }

  // Locks as within one machine, between the connections of this process.
  static int lock(sqlite3_file* f, int level) {
    Handle& handle = own(f);
    File& file = *handle.file;
    if (handle.disk->dead_) return SQLITE_IOERR_LOCK;
    if (level <= handle.lock) return SQLITE_OK;
    if (file.exclusive != nullptr && file.exclusive != &handle) return SQLITE_BUSY;
    if (handle.lock == SQLITE_LOCK_NONE) {
      ++file.shared;
      handle.lock = SQLITE_LOCK_SHARED;
    }
    if (level >= SQLITE_LOCK_RESERVED) {
      if (file.reserved != nullptr && file.reserved != &handle) return SQLITE_BUSY;
      file.reserved = &handle;
      handle.lock = SQLITE_LOCK_RESERVED;
    }
    if (level == SQLITE_LOCK_EXCLUSIVE) {
      if (file.shared > 1) return SQLITE_BUSY;
      file.exclusive = &handle;
      handle.lock = SQLITE_LOCK_EXCLUSIVE;
    }
    return SQLITE_OK;
  }

  static int unlock(sqlite3_file* f, int level) {
    Handle& handle = own(f);
    File& file = *handle.file;
    if (handle.lock <= level) return SQLITE_OK;
    if (file.exclusive == &handle) file.exclusive = nullptr;
    if (file.reserved == &handle) file.reserved = nullptr;
    if (level == SQLITE_LOCK_NONE) --file.shared;
    handle.lock = level;
    return SQLITE_OK;
  }

  static int reserved(sqlite3_file* f, int* held) {
    *held = own(f).file->reserved != nullptr ? 1 : 0;
    return SQLITE_OK;
  }

  static int control(sqlite3_file* f, int what, void* argument) {
    if (what != SQLITE_FCNTL_POWERSAFE_OVERWRITE) return SQLITE_NOTFOUND;
    int& wish = *static_cast<int*>(argument);
    if (wish < 0) {
      wish = own(f).powersafe ? 1 : 0;
    } else {
      own(f).powersafe = wish != 0;
    }
    return SQLITE_OK;
  }

  static int sector(sqlite3_file*) { return static_cast<int>(block_bytes); }
  static int device(sqlite3_file* f) { return own(f).powersafe ? SQLITE_IOCAP_POWERSAFE_OVERWRITE : 0; }

  static constexpr sqlite3_io_methods io{1,       close,   read,     write,   truncate, sync,   size,
                                         lock,    unlock,  reserved, control, sector,   device, nullptr,
                                         nullptr, nullptr, nullptr,  nullptr, nullptr};

  // ---- the folder

  static int open(sqlite3_vfs* vfs, sqlite3_filename path, sqlite3_file* f, int flags, int* flags_out) {
    Disk& disk = disk_of(vfs);
    f->pMethods = nullptr;
    const std::string name = path == nullptr ? "" : path;
    if (const int no = disk.before(OpKind::open, name, 0, 0); no != SQLITE_OK) return no;
    if (const int no = disk.planned_failure(OpKind::open, name); no != SQLITE_OK) return no;
    std::shared_ptr<File> file = disk.open_file(name, flags);
    if (file == nullptr) return SQLITE_CANTOPEN;
    Handle* handle = new (f) Handle{};
    handle->disk = &disk;
    handle->file = std::move(file);
    handle->name = name;
    handle->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    handle->powersafe = sqlite3_uri_boolean((flags & SQLITE_OPEN_URI) != 0 ? path : nullptr, "psow", 1) != 0;
    handle->head.pMethods = &io;
    ++disk.open_files_;
    if (flags_out != nullptr) *flags_out = flags;
    return SQLITE_OK;
  }

  static int remove(sqlite3_vfs* vfs, const char* path, int sync_folder) {
    Disk& disk = disk_of(vfs);
    if (const int no = disk.before(OpKind::remove, path, 0, 0); no != SQLITE_OK) return no;
    if (const int no = disk.planned_failure(OpKind::remove, path); no != SQLITE_OK) return no;
    if (!disk.forget(path)) return SQLITE_IOERR_DELETE_NOENT;
    if (sync_folder != 0 && !disk.ignore_syncs_) disk.step({StepKind::sync_folder, 0, 0, {}, {}});
    return SQLITE_OK;
  }

  static int access(sqlite3_vfs* vfs, const char* path, int, int* answer) {
    Disk& disk = disk_of(vfs);
    *answer = 0;
    if (const int no = disk.before(OpKind::access, path, 0, 0); no != SQLITE_OK) return no;
    if (const int no = disk.planned_failure(OpKind::access, path); no != SQLITE_OK) return no;
    const auto found = disk.folder_.find(std::string_view(path));
    *answer = found != disk.folder_.end() && !found->second->cached.empty() ? 1 : 0;
    return SQLITE_OK;
  }

  static int full_path(sqlite3_vfs*, const char* path, int bytes, char* into) {
    sqlite3_snprintf(bytes, into, "%s", path);
    return SQLITE_OK;
  }

  static int randomness(sqlite3_vfs* vfs, int bytes, char* into) {
    for (int index = 0; index < bytes; ++index)
      into[index] = static_cast<char>(disk_of(vfs).randomness_.next() >> 56U);
    return bytes;
  }

  static int sleep(sqlite3_vfs*, int microseconds) { return microseconds; }

  static int time_ms(sqlite3_vfs* vfs, sqlite3_int64* into) {
    constexpr sqlite3_int64 unix_epoch_ms = 210'866'760'000'000;  // in Julian milliseconds
    *into = unix_epoch_ms + disk_of(vfs).wall_ms_;
    return SQLITE_OK;
  }

  static int time(sqlite3_vfs* vfs, double* days) {
    sqlite3_int64 julian_ms = 0;
    time_ms(vfs, &julian_ms);
    *days = static_cast<double>(julian_ms) / 86'400'000.0;
    return SQLITE_OK;
  }

  static int last_error(sqlite3_vfs*, int, char*) { return 0; }
};

std::shared_ptr<Disk::File> Disk::open_file(const std::string& name, int flags) {
  const bool may_be_new = (flags & SQLITE_OPEN_CREATE) != 0;
  // As unixOpen: a journal or WAL that may be made new has its folder synced with its first sync, also if it was there.
  const bool syncs_folder =
      may_be_new && (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL)) != 0;
  if (const auto found = folder_.find(name); !name.empty() && found != folder_.end()) {
    found->second->syncs_folder = found->second->syncs_folder || syncs_folder;
    return found->second;
  }
  if (!may_be_new) return nullptr;
  auto file = std::make_shared<File>();
  if (name.empty()) return file;
  file->id = next_file_++;
  file->syncs_folder = syncs_folder;
  folder_[name] = file;
  step({StepKind::create, file->id, 0, name, {}});
  return file;
}

bool Disk::forget(const std::string& name) {
  const auto found = folder_.find(name);
  if (found == folder_.end()) return false;
  used_bytes_ -= static_cast<std::int64_t>(found->second->cached.size());
  const FileId file = found->second->id;
  folder_.erase(found);
  step({StepKind::remove, file, 0, name, {}});
  return true;
}

Disk::Disk(std::string name, std::uint64_t seed, Image image)
    : name_(std::move(name)), vfs_(std::make_unique<Registered>()), randomness_(seed) {
  sqlite3_initialize();
  if (sqlite3_vfs_find(name_.c_str()) != nullptr) std::abort();  // two disks of one name
  sqlite3_vfs& vfs = vfs_->vfs;
  vfs.iVersion = 2;
  vfs.szOsFile = static_cast<int>(sizeof(Handle));
  vfs.mxPathname = 512;
  vfs.zName = name_.c_str();
  vfs.pAppData = this;
  vfs.xOpen = Calls::open;
  vfs.xDelete = Calls::remove;
  vfs.xAccess = Calls::access;
  vfs.xFullPathname = Calls::full_path;
  vfs.xRandomness = Calls::randomness;
  vfs.xSleep = Calls::sleep;
  vfs.xCurrentTime = Calls::time;
  vfs.xCurrentTimeInt64 = Calls::time_ms;
  vfs.xGetLastError = Calls::last_error;
  reset(std::move(image), seed);
  sqlite3_vfs_register(&vfs, 0);
}

Disk::~Disk() {
  must_be_closed();
  sqlite3_vfs_unregister(&vfs_->vfs);
}

}  // namespace storegate::disk
