// Loaded in front of the C library (LD_PRELOAD): makes syncs fail or hang as long as a file says so. The file's path is
// in STOREGATE_DISK_TROUBLE; its first byte: 'f' = fail with EIO, 'd' = the same for all but a write-ahead log, 'h' =
// hang until it says something else.
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

char trouble() {
  const char* path = std::getenv("STOREGATE_DISK_TROUBLE");
  const int file = path == nullptr ? -1 : ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char word = 0;
  if (::read(file, &word, 1) != 1) word = 0;
  ::close(file);
  return word;
}

bool is_log(int descriptor) {
  char path[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  const ssize_t size = ::readlink(link.c_str(), path, sizeof path);
  return size > 0 && std::string_view(path, static_cast<std::size_t>(size)).ends_with("-wal");
}

int sync_with_trouble(const char* name, int descriptor) {
  while (trouble() == 'h') ::poll(nullptr, 0, 10);
  const char now = trouble();
  if (now == 'f' || (now == 'd' && !is_log(descriptor))) {
    errno = EIO;
    return -1;
  }
  using Sync = int (*)(int);
  return reinterpret_cast<Sync>(::dlsym(RTLD_NEXT, name))(descriptor);
}

}  // namespace

extern "C" int fdatasync(int descriptor) { return sync_with_trouble("fdatasync", descriptor); }
extern "C" int fsync(int descriptor) { return sync_with_trouble("fsync", descriptor); }
