// What the clocks tell after 19 January 2038, when seconds no longer fit in 32 bits. The clock of this program shows the
// year 2040: it defines the C library's clock_gettime, in the form with a time_t of 64 bits.
#define _FILE_OFFSET_BITS 64
#define _TIME_BITS 64
#include <doctest/doctest.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <string_view>

#include "platform/clock.hpp"
#include "platform/log.hpp"

namespace {

constexpr std::int64_t year_2040_s = 2'208'988'800;

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  if (clock != CLOCK_REALTIME) {
    *time = {.tv_sec = 3'000'000'000, .tv_nsec = 7'000'000};  // 95 years of uptime
    return 0;
  }
  *time = {.tv_sec = year_2040_s, .tv_nsec = 123'000'000};
  return 0;
}

namespace storegate::platform {

TEST_CASE("past 2038 the wall clock shows what it is, and is trusted") {
  static_assert(sizeof(time_t) == 8);
  CHECK(wall_now_ms() == year_2040_s * 1000 + 123);
  const ClockReading reading = Clock().now();
  CHECK(reading.wall_ms == year_2040_s * 1000 + 123);
  CHECK(reading.wall_trusted);
}

TEST_CASE("clocks that count from the boot do not end at 32 bits either") {
  CHECK(Clock().now().steady_ms == 3'000'000'000'007);
  CHECK(monotonic_now_us() == 3'000'000'000'007'000);
}

TEST_CASE("a log line has the time of its writing") {
  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  log_to(pipe[1], LogFormat::text);
  log_info("past 2038");
  log_to(STDERR_FILENO, LogFormat::json);
  char line[256] = {};
  const ssize_t size = ::read(pipe[0], line, sizeof line - 1);
  ::close(pipe[0]);
  ::close(pipe[1]);
  REQUIRE(size > 0);
  CHECK(std::string_view(line).starts_with("2040-01-01T00:00:00.123Z"));
}

}  // namespace storegate::platform
