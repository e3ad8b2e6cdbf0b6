// A thin counting sqlite3_vfs: each call goes on to the base VFS. It has no shared-memory methods, so WAL works only
// with locking_mode=EXCLUSIVE, which is how Database opens its file.
#include "storage/counting_vfs.hpp"

#include <sqlite3.h>

#include <atomic>
#include <new>
#include <utility>

namespace storegate::storage {

struct CountingVfs::State {
  std::string name;
  sqlite3_vfs vfs{};
  sqlite3_vfs* base = nullptr;
  std::atomic<std::uint64_t> wal_writes{0}, wal_bytes{0}, database_writes{0}, database_bytes{0},
      commit_syncs{0}, checkpoint_syncs{0}, other_writes{0}, other_bytes{0}, other_syncs{0};

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { sqlite3_vfs_unregister(&vfs); }
};

namespace {

enum class Kind : std::uint8_t { database, wal, other };

template <typename Counters>
struct CountedFile {
  sqlite3_file head;  // SQLite's view; must come first
  Counters* counters;
  Kind kind;
  bool pages_unsynced;  // WAL: a transaction's frames were written since the last sync
  // the base VFS's file follows
};

void add(std::atomic<std::uint64_t>& counter, std::uint64_t count) noexcept {
  counter.fetch_add(count, std::memory_order_relaxed);
}

std::uint64_t read(const std::atomic<std::uint64_t>& counter) noexcept {
  return counter.load(std::memory_order_relaxed);
}

// A transaction's pages are told by their frame headers, written apart from the pages. Not by any write: where a
// commit is padded to a whole sector, the rest of the last padding page is written after the sync.
constexpr int frame_header_bytes = 24;

/// The methods, as a template only because State is private to the class.
template <typename State>
struct Methods {
  using File = CountedFile<State>;
  static File* own(sqlite3_file* file) noexcept { return reinterpret_cast<File*>(file); }
  static sqlite3_file* base_of(sqlite3_file* file) noexcept {
    return reinterpret_cast<sqlite3_file*>(own(file) + 1);
  }
  static State* state_of(sqlite3_vfs* vfs) noexcept { return static_cast<State*>(vfs->pAppData); }
  static sqlite3_vfs* base_of(sqlite3_vfs* vfs) noexcept { return state_of(vfs)->base; }

  static int close(sqlite3_file* file) { return base_of(file)->pMethods->xClose(base_of(file)); }
  static int read(sqlite3_file* file, void* into, int bytes, sqlite3_int64 at) {
    return base_of(file)->pMethods->xRead(base_of(file), into, bytes, at);
  }
  static int write(sqlite3_file* file, const void* from, int bytes, sqlite3_int64 at) {
    State& state = *own(file)->counters;
    const auto count = static_cast<std::uint64_t>(bytes);
    switch (own(file)->kind) {
      case Kind::wal:
        add(state.wal_writes, 1), add(state.wal_bytes, count);
        if (bytes == frame_header_bytes) own(file)->pages_unsynced = true;
        break;
      case Kind::database: add(state.database_writes, 1), add(state.database_bytes, count); break;
      case Kind::other: add(state.other_writes, 1), add(state.other_bytes, count); break;
    }
    return base_of(file)->pMethods->xWrite(base_of(file), from, bytes, at);
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    return base_of(file)->pMethods->xTruncate(base_of(file), size);
  }
  static int sync(sqlite3_file* file, int flags) {
    State& state = *own(file)->counters;
    if (own(file)->kind == Kind::other) {
      add(state.other_syncs, 1);
    } else if (std::exchange(own(file)->pages_unsynced, false)) {
      add(state.commit_syncs, 1);
    } else {
      add(state.checkpoint_syncs, 1);
    }
    return base_of(file)->pMethods->xSync(base_of(file), flags);
  }
  static int size(sqlite3_file* file, sqlite3_int64* bytes) {
    return base_of(file)->pMethods->xFileSize(base_of(file), bytes);
  }
  static int lock(sqlite3_file* file, int level) {
    return base_of(file)->pMethods->xLock(base_of(file), level);
  }
  static int unlock(sqlite3_file* file, int level) {
    return base_of(file)->pMethods->xUnlock(base_of(file), level);
  }
  static int reserved(sqlite3_file* file, int* held) {
    return base_of(file)->pMethods->xCheckReservedLock(base_of(file), held);
  }
  static int control(sqlite3_file* file, int what, void* argument) {
    return base_of(file)->pMethods->xFileControl(base_of(file), what, argument);
  }
  static int sector(sqlite3_file* file) { return base_of(file)->pMethods->xSectorSize(base_of(file)); }
  static int device(sqlite3_file* file) {
    return base_of(file)->pMethods->xDeviceCharacteristics(base_of(file));
  }

  static constexpr sqlite3_io_methods io{1,       close,   read,     write,   truncate, sync,   size,
                                         lock,    unlock,  reserved, control, sector,   device, nullptr,
                                         nullptr, nullptr, nullptr,  nullptr, nullptr};

  static int open(sqlite3_vfs* vfs, sqlite3_filename path, sqlite3_file* file, int flags, int* flags_out) {
    File* opened = new (file) File{};
    opened->counters = state_of(vfs);
    opened->kind = (flags & SQLITE_OPEN_MAIN_DB) != 0 ? Kind::database
                   : (flags & SQLITE_OPEN_WAL) != 0   ? Kind::wal
                                                      : Kind::other;
    const int result = base_of(vfs)->xOpen(base_of(vfs), path, base_of(file), flags, flags_out);
    // SQLite closes a file whose methods are set, also after a failed open: as the base VFS has it.
    file->pMethods = base_of(file)->pMethods != nullptr ? &io : nullptr;
    return result;
  }
  static int remove(sqlite3_vfs* vfs, const char* path, int sync_folder) {
    return base_of(vfs)->xDelete(base_of(vfs), path, sync_folder);
  }
  static int access(sqlite3_vfs* vfs, const char* path, int flags, int* answer) {
    return base_of(vfs)->xAccess(base_of(vfs), path, flags, answer);
  }
  static int full_path(sqlite3_vfs* vfs, const char* path, int bytes, char* into) {
    return base_of(vfs)->xFullPathname(base_of(vfs), path, bytes, into);
  }
  static int randomness(sqlite3_vfs* vfs, int bytes, char* into) {
    return base_of(vfs)->xRandomness(base_of(vfs), bytes, into);
  }
  static int sleep(sqlite3_vfs* vfs, int microseconds) {
    return base_of(vfs)->xSleep(base_of(vfs), microseconds);
  }
  static int time(sqlite3_vfs* vfs, double* days) { return base_of(vfs)->xCurrentTime(base_of(vfs), days); }
  static int last_error(sqlite3_vfs* vfs, int bytes, char* into) {
    return base_of(vfs)->xGetLastError(base_of(vfs), bytes, into);
  }
};

}  // namespace

CountingVfs::CountingVfs(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
CountingVfs::CountingVfs(CountingVfs&&) noexcept = default;
CountingVfs& CountingVfs::operator=(CountingVfs&&) noexcept = default;
CountingVfs::~CountingVfs() = default;

core::Result<CountingVfs> CountingVfs::over(const std::string& name, const std::string& base) {
  using Our = Methods<State>;
  sqlite3_initialize();
  if (sqlite3_vfs_find(name.c_str()) != nullptr) {
    return core::Error{core::ErrorCode::conflict, "a VFS called " + name + " is registered already"};
  }
  sqlite3_vfs* const below = sqlite3_vfs_find(base.empty() ? nullptr : base.c_str());
  if (below == nullptr) return core::Error{core::ErrorCode::not_found, "there is no VFS called " + base};
  auto state = std::make_unique<State>();
  state->name = name;
  state->base = below;
  sqlite3_vfs& vfs = state->vfs;
  vfs.iVersion = 1;
  vfs.szOsFile = static_cast<int>(sizeof(CountedFile<State>)) + below->szOsFile;
  vfs.mxPathname = below->mxPathname;
  vfs.zName = state->name.c_str();
  vfs.pAppData = state.get();
  vfs.xOpen = Our::open;
  vfs.xDelete = Our::remove;
  vfs.xAccess = Our::access;
  vfs.xFullPathname = Our::full_path;
  vfs.xRandomness = Our::randomness;
  vfs.xSleep = Our::sleep;
  vfs.xCurrentTime = Our::time;
  vfs.xGetLastError = Our::last_error;
  sqlite3_vfs_register(&vfs, 0);
  return CountingVfs(std::move(state));
}

const std::string& CountingVfs::name() const noexcept { return state_->name; }

IoCounters CountingVfs::counters() const noexcept {
  const State& state = *state_;
  return {read(state.wal_writes),     read(state.wal_bytes),    read(state.database_writes),
          read(state.database_bytes), read(state.commit_syncs), read(state.checkpoint_syncs),
          read(state.other_writes),   read(state.other_bytes),  read(state.other_syncs)};
}

}  // namespace storegate::storage
