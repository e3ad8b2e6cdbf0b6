// The store's hours and its local calendar. Knows no zone: what a wall clock means in the store is a function that is
// passed in.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace storegate::core {

/// Minutes since midnight by the store's clock. `until` may be below `from`: the span then crosses midnight. 24:00 = 1440.
struct OpenSpan {
  int from_minute = 0;
  int until_minute = 0;
  friend bool operator==(const OpenSpan&, const OpenSpan&) = default;
};

/// Monday first; an empty day is closed.
using OpeningHours = std::array<std::vector<OpenSpan>, 7>;

/// What the store's calendar and clock on the wall show.
struct LocalTime {
  std::string date;  // YYYY-MM-DD
  int weekday = 0;   // 0 = Monday
  int minute = 0;    // of the day, 0 to 1439
};

/// The local time at a Unix time in milliseconds; platform implements it.
using LocalTimeFunction = std::function<LocalTime(std::int64_t wall_ms)>;

/// Whether the store is open then: from a span's first minute up to its last, which is not part of it. Where the clock is
/// put forward or back, spans follow what it shows: an hour that is shown twice is open twice.
[[nodiscard]] bool is_within(const OpeningHours& hours, const LocalTime& time) noexcept;

}  // namespace storegate::core
