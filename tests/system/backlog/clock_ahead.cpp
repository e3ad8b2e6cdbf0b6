// Loaded in front of the C library (LD_PRELOAD): the clocks are STOREGATE_CLOCK_AHEAD_S ahead, as they are in a box that has
// slept. CLOCK_MONOTONIC stands still in a sleep, and timers go by it.
#include <dlfcn.h>

#include <cstdlib>
#include <ctime>

namespace {

std::time_t ahead_s() {
  static const char* const text = std::getenv("STOREGATE_CLOCK_AHEAD_S");
  return text == nullptr ? 0 : static_cast<std::time_t>(std::atoll(text));
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* now) {
  using Read = int (*)(clockid_t, timespec*);
  static const auto read = reinterpret_cast<Read>(::dlsym(RTLD_NEXT, "clock_gettime"));
  const int failed = read(clock, now);
  if (failed == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_BOOTTIME)) now->tv_sec += ahead_s();
  return failed;
}
