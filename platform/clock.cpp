// The kernel's clocks and boot id. Debian 12's armhf has a time_t of 32 bits, whose clock_gettime fails from 19 January 2038
// on. The two words below give this file one of 64 bits, and it hands out 64-bit numbers only: no other file of the rooms
// may touch time_t (tests/house), since mbedTLS has it in its structures as Debian built them.
#define _FILE_OFFSET_BITS 64  // NOLINT(bugprone-reserved-identifier): glibc's word, wanted by the next
#define _TIME_BITS 64         // NOLINT(bugprone-reserved-identifier)
#include "platform/clock.hpp"

#include <fcntl.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>

namespace storegate::platform {
namespace {

std::int64_t microseconds_of(clockid_t clock) noexcept {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_nsec / 1'000;
}

std::int64_t milliseconds_of(clockid_t clock) noexcept { return microseconds_of(clock) / 1'000; }

int value_of_hex(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::int64_t wall_now_ms() noexcept { return milliseconds_of(CLOCK_REALTIME); }

std::int64_t monotonic_now_us() noexcept { return microseconds_of(CLOCK_MONOTONIC); }

Clock::Clock() {
  const int file = ::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  char text[64] = {};
  const ssize_t length = ::read(file, text, sizeof text - 1);
  ::close(file);
  if (length > 0) boot_id_ = parse_boot_id(text);
}

ClockReading Clock::now() const noexcept {
  const std::int64_t wall_ms = wall_now_ms();
  return {.steady_ms = milliseconds_of(CLOCK_BOOTTIME),
          .wall_ms = wall_ms,
          .boot_id = boot_id_,
          .wall_trusted = wall_ms >= wall_floor_ms};
}

bool Clock::is_kept(const char* mark) noexcept {
  return ::access(mark, F_OK) == 0 || kernel_says_synchronised();
}

bool Clock::kernel_says_synchronised() noexcept {
  timex state{};
  const int verdict = ::adjtimex(&state);
  return verdict >= 0 && verdict != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

std::array<std::uint8_t, 16> Clock::parse_boot_id(const char* text) noexcept {
  constexpr std::size_t length = 36;
  std::array<std::uint8_t, 16> id{};
  std::size_t digits = 0;
  for (std::size_t at = 0; at < length; ++at) {
    const bool hyphen = at == 8 || at == 13 || at == 18 || at == 23;
    if (hyphen && text[at] == '-') continue;
    const int value = hyphen ? -1 : value_of_hex(text[at]);  // a NUL that comes early ends up here too
    if (value < 0) return {};
    auto& byte = id[digits / 2];
    byte = static_cast<std::uint8_t>(byte * 16 + value);
    ++digits;
  }
  if (text[length] != '\0' && text[length] != '\n') return {};
  return id;
}

}  // namespace storegate::platform
