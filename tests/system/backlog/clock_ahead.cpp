// Loaded in front of the C library (LD_PRELOAD): the clocks are STOREGATE_CLOCK_AHEAD_S ahead, as they are in a box that has
// slept, and by as many seconds more as the file STOREGATE_CLOCK_AHEAD_FILE says just now. CLOCK_MONOTONIC stands still in a
// sleep, and timers go by it.
#include <dlfcn.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <ctime>

namespace {

std::time_t ahead_s() {
  static const char* const text = std::getenv("STOREGATE_CLOCK_AHEAD_S");
  return text == nullptr ? 0 : static_cast<std::time_t>(std::atoll(text));
}

std::time_t slept_s() {
  static const char* const path = std::getenv("STOREGATE_CLOCK_AHEAD_FILE");
  if (path == nullptr) return 0;
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  std::array<char, 16> text{};
  const ssize_t size = ::read(file, text.data(), text.size() - 1);
  ::close(file);
  return size > 0 ? static_cast<std::time_t>(std::atoll(text.data())) : 0;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* now) {
  using Read = int (*)(clockid_t, timespec*);
  static const auto read = reinterpret_cast<Read>(::dlsym(RTLD_NEXT, "clock_gettime"));
  const int failed = read(clock, now);
  if (failed == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_BOOTTIME))
    now->tv_sec += ahead_s() + slept_s();
  return failed;
}
