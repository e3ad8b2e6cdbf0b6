// Instants and deadlines on two clocks. Durations run on the boot-time clock, which no one can set; the wall clock
// is only for people, papers and the time after a reboot. Reads no clock: the time of a turn is an argument.
#pragma once

#include <array>
#include <cstdint>

namespace storegate::core {

/// Milliseconds; every duration in core is of this type unless its name says otherwise.
using Milliseconds = std::int64_t;

inline constexpr Milliseconds second_ms = 1000;
inline constexpr Milliseconds minute_ms = 60 * second_ms;
inline constexpr Milliseconds hour_ms = 60 * minute_ms;

/// The kernel's id of this boot; all zero means "not of any known boot".
using BootId = std::array<std::uint8_t, 16>;

/// The one reading of the clocks that a whole turn works with.
struct Now {
  Milliseconds steady_ms = 0;  // CLOCK_BOOTTIME: since boot, counts through suspend, never set
  Milliseconds wall_ms = 0;    // Unix time, UTC; may be 1970 or jump
  bool wall_trusted = false;   // the wall clock is known to be about right
  BootId boot{};
};

/// An instant that was, kept on both clocks so that it can be judged after a reboot.
struct Stamp {
  Milliseconds steady_ms = 0;
  Milliseconds wall_ms = 0;
  BootId boot{};

  [[nodiscard]] bool is_set() const noexcept { return steady_ms != 0 || wall_ms != 0; }
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

/// For deadlines: what the wall clock showed while nobody trusted it is not kept, since after a reboot it would be
/// taken for a time.
[[nodiscard]] inline Stamp stamp_of(const Now& now) noexcept {
  constexpr Milliseconds unknown_wall_ms = 1;
  return {now.steady_ms, now.wall_trusted ? now.wall_ms : unknown_wall_ms, now.boot};
}

/// The instant `span_ms` after `from`.
[[nodiscard]] inline Stamp after(const Stamp& from, Milliseconds span_ms) noexcept {
  return {from.steady_ms + span_ms, from.wall_ms + span_ms, from.boot};
}

/// No stamp of a clock that was right lies before this (2026-01-01): it was taken before the clock was set. The same
/// instant from which the platform begins to trust the clock.
inline constexpr Milliseconds wall_floor_ms = 1'767'225'600'000;

/// Where `stamp` lies on this boot's steady clock. Of another boot: by the wall clock if it is trusted and was set
/// when the stamp was taken, otherwise `unknown_ms` after now (late rather than early when nobody knows the time).
[[nodiscard]] inline Milliseconds steady_of(const Stamp& stamp, const Now& now,
                                            Milliseconds unknown_ms) noexcept {
  if (stamp.boot == now.boot) return stamp.steady_ms;
  if (now.wall_trusted && stamp.wall_ms >= wall_floor_ms)
    return now.steady_ms + (stamp.wall_ms - now.wall_ms);
  return now.steady_ms + unknown_ms;
}

}  // namespace storegate::core
