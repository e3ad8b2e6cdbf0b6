// Spans of two days count: today's, and what of yesterday's crosses midnight.
#include "core/hours.hpp"

#include <algorithm>

namespace storegate::core {

bool is_within(const OpeningHours& hours, const LocalTime& time) noexcept {
  const auto& today = hours[static_cast<std::size_t>(time.weekday)];
  const auto& yesterday = hours[static_cast<std::size_t>((time.weekday + 6) % 7)];
  const auto crosses = [](const OpenSpan& span) { return span.until_minute < span.from_minute; };
  const bool by_today = std::any_of(today.begin(), today.end(), [&](const OpenSpan& span) {
    return time.minute >= span.from_minute && (crosses(span) || time.minute < span.until_minute);
  });
  return by_today || std::any_of(yesterday.begin(), yesterday.end(), [&](const OpenSpan& span) {
           return crosses(span) && time.minute < span.until_minute;
         });
}

}  // namespace storegate::core
