// Fetching announced orders: what is known of one order's fetch, and how many requests its partner's API gets. Soft state:
// after a restart every fetch is due.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/partner_pace.hpp"

namespace storegate::core {

inline constexpr std::size_t fetches_max = 4;                 // of one partner at once
inline constexpr Milliseconds fetch_backoff_first_ms = 1000;  // half of it at least, as everywhere
inline constexpr Milliseconds fetch_backoff_most_ms = 15 * second_ms;
inline constexpr Milliseconds fetch_retry_after_most_ms = 10 * minute_ms;
/// Clear answers without the order are believed when there were so many in a row, n times fetch_miss_ms after the n-th.
inline constexpr std::int64_t fetch_misses = 3;
inline constexpr Milliseconds fetch_miss_ms = 10 * second_ms;
inline constexpr Milliseconds fetch_miss_most_ms = minute_ms;
/// And no sooner than so long after the first of them, or half of the time there is.
inline constexpr Milliseconds fetch_missed_for_ms = 5 * minute_ms;
/// One that is not an order yet is looked at again so much later, or when its partner has news of it.
inline constexpr Milliseconds fetch_not_yet_ms = minute_ms;
/// What PartnerPolicy::fetch_within_ms = 0 means.
inline constexpr Milliseconds fetch_within_default_ms = 60 * minute_ms;

/// One order's.
struct Fetch {
  Milliseconds next_ms = 0;    // not before this
  std::uint64_t attempt = 0;   // of the request under way; 0 = none
  std::int64_t failures = 0;   // tries in a row that came to nothing, though its partner was there
  std::int64_t misses = 0;     // clear answers in a row without the order
  Milliseconds missed_ms = 0;  // when the first of these misses came
  bool again = false;          // news came while a request was under way: its answer may be of before
  bool moved = false;          // its address changed while a request was under way: that asks at the old one
  Milliseconds since_ms = 0;   // look_again: when the news came, in this life of the process
  Milliseconds spare_ms = 0;   // fetching: it is not given up before this
};

/// Of one partner.
inline constexpr PaceLimits fetch_limits{fetches_max, fetch_backoff_first_ms, fetch_backoff_most_ms,
                                         fetch_retry_after_most_ms};

}  // namespace storegate::core
