// SQLite's system calls can be replaced one by one (xSetSystemCall). It never looks at a file's times, so those stay zero.
#define _FILE_OFFSET_BITS \
  64  // NOLINT(bugprone-reserved-identifier): the struct stat that SQLite itself is built with
#include "storage/long_times.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <ctime>

namespace storegate::storage {
namespace {

int look(int folder, const char* path, int flags, struct stat* into) noexcept {
  struct statx found {};
  if (::statx(folder, path, flags, STATX_BASIC_STATS, &found) != 0) return -1;
  *into = {};
  into->st_dev = makedev(found.stx_dev_major, found.stx_dev_minor);
  into->st_ino = found.stx_ino;
  into->st_mode = found.stx_mode;
  into->st_nlink = found.stx_nlink;
  into->st_uid = found.stx_uid;
  into->st_gid = found.stx_gid;
  into->st_size = static_cast<off_t>(found.stx_size);
  into->st_blksize = static_cast<blksize_t>(found.stx_blksize);
  into->st_blocks = static_cast<blkcnt_t>(found.stx_blocks);
  return 0;
}

int look_at_path(const char* path, struct stat* into) { return look(AT_FDCWD, path, 0, into); }
int look_at_link(const char* path, struct stat* into) {
  return look(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, into);
}
int look_at_file(int descriptor, struct stat* into) { return look(descriptor, "", AT_EMPTY_PATH, into); }

template <typename Call>
void replace(sqlite3_vfs* vfs, const char* name, Call* call) {
  vfs->xSetSystemCall(vfs, name, reinterpret_cast<sqlite3_syscall_ptr>(call));
}

bool replace_all() noexcept {
  sqlite3_initialize();
  sqlite3_vfs* const vfs = sqlite3_vfs_find("unix");
  if (vfs == nullptr || vfs->iVersion < 3 || vfs->xSetSystemCall == nullptr) return false;
  replace(vfs, "stat", look_at_path);
  replace(vfs, "lstat", look_at_link);
  replace(vfs, "fstat", look_at_file);
  return true;
}

}  // namespace

void give_sqlite_long_times() noexcept {
  if constexpr (sizeof(std::time_t) < 8) {
    static const bool done = replace_all();
    static_cast<void>(done);
  }
}

}  // namespace storegate::storage
