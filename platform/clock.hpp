// Clock: the one place where this process reads the time. Everything else gets a reading as an argument.
// It must not know what a reading is used for.
#pragma once

#include <array>
#include <cstdint>

namespace storegate::platform {

/// One look at the clocks.
struct ClockReading {
  std::int64_t steady_ms = 0;  // CLOCK_BOOTTIME: milliseconds since this boot, suspend included; never steps
  std::int64_t wall_ms = 0;    // CLOCK_REALTIME: Unix time in milliseconds; may be 1970 and may jump
  std::array<std::uint8_t, 16> boot_id{};  // this boot's id; all zero if the kernel tells none
  bool wall_trusted = false;               // wall_ms is not before the floor (see wall_floor_ms)
};

/// Before this date no release of storegate existed (2026-01-01T00:00:00Z): a wall clock that shows less has not
/// been set. A clock past the floor may still be wrong; nothing about orders or money may rest on it (design 4).
inline constexpr std::int64_t wall_floor_ms = 1'767'225'600'000;

/// What systemd-timesyncd leaves for others once it has set the clock; it is gone after a boot and when that service ends.
inline constexpr const char* timesyncd_mark = "/run/systemd/timesync/synchronized";

/// CLOCK_REALTIME: Unix time in milliseconds, for log lines and the command line. Never fails.
[[nodiscard]] std::int64_t wall_now_ms() noexcept;

/// CLOCK_MONOTONIC in microseconds, as systemd wants it. Never fails.
[[nodiscard]] std::int64_t monotonic_now_us() noexcept;

class Clock {
 public:
  /// Reads the boot id once (from /proc/sys/kernel/random/boot_id).
  Clock();

  /// Two clock_gettime calls without a system call (vDSO), about 0.1 us. Never fails.
  [[nodiscard]] ClockReading now() const noexcept;

  /// Whether a time service keeps the wall clock, so that the age of what is signed can be judged by it: the file
  /// `mark` is there, or the kernel says so. The shipped unit forbids the kernel's word: there the mark alone counts,
  /// unless examples/clock.conf allows it. One or two system calls.
  [[nodiscard]] static bool is_kept(const char* mark = timesyncd_mark) noexcept;

  /// The kernel's own word (adjtimex): chrony, ntpd and systemd-timesyncd set it, a clock set once by hand or by a start
  /// script does not. False too where the call is forbidden.
  [[nodiscard]] static bool kernel_says_synchronised() noexcept;

  /// The 16 bytes of a boot id as the kernel writes it (36 characters with hyphens); all zero if it is malformed.
  [[nodiscard]] static std::array<std::uint8_t, 16> parse_boot_id(const char* text) noexcept;

 private:
  std::array<std::uint8_t, 16> boot_id_{};
};

}  // namespace storegate::platform
