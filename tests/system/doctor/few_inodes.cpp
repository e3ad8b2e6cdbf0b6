// Loaded in front of the C library (LD_PRELOAD): every file system has room for STOREGATE_INODES more files.
#include <dlfcn.h>
#include <sys/statvfs.h>

#include <cstdlib>

extern "C" int statvfs(const char* path, struct statvfs* disk) noexcept {
  using Look = int (*)(const char*, struct statvfs*);
  static const auto look = reinterpret_cast<Look>(::dlsym(RTLD_NEXT, "statvfs"));
  const int failed = look(path, disk);
  const char* const inodes = std::getenv("STOREGATE_INODES");
  if (failed == 0 && inodes != nullptr) {
    disk->f_files = 65'536;
    disk->f_favail = static_cast<fsfilcnt_t>(std::atoll(inodes));
  }
  return failed;
}
