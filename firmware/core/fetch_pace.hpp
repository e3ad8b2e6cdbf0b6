// Fetching announced orders: what is known of one order's fetch, and how many requests its partner's API gets. Soft state:
// after a restart every fetch is due. One partner's outage is nobody else's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/backoff.hpp"

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
  Milliseconds since_ms = 0;   // look_again: when the news came, in this life of the process
  Milliseconds spare_ms = 0;   // fetching: it is not given up before this
};

/// One partner's.
class FetchPace {
 public:
  [[nodiscard]] bool may_start(Milliseconds steady_ms) const noexcept {
    return has_room() && steady_ms >= earliest_ms();
  }
  /// While its API is away one request at a time tries it.
  [[nodiscard]] bool has_room() const noexcept {
    return away_ ? under_way_.empty() : under_way_.size() < fetches_max;
  }
  /// Not before this, on the steady clock.
  [[nodiscard]] Milliseconds earliest_ms() const noexcept { return away_ ? try_at_ms_ : 0; }

  /// A request is on the wire until its end is told, whatever becomes of its order meanwhile.
  void started(std::uint64_t attempt) { under_way_.push_back({attempt, away_}); }
  /// Whether it was a probe, sent while the API was away; nothing: it was none of these.
  [[nodiscard]] std::optional<bool> ended(std::uint64_t attempt) noexcept {
    const auto found = std::find_if(under_way_.begin(), under_way_.end(),
                                    [&](const UnderWay& one) { return one.attempt == attempt; });
    if (found == under_way_.end()) return {};
    const bool probe = found->probe;
    under_way_.erase(found);
    return probe;
  }

  /// A clear answer, whatever it said of the order.
  void on_answer() noexcept {
    away_ = false;
    failures_ = 0;
  }
  /// No clear answer, or "not now" (`retry_after_ms`, 0 = none was told). What was under way when the API went away is one
  /// failure with the first of it.
  void on_failure(Milliseconds steady_ms, Milliseconds retry_after_ms, bool probe, Generator& generator) {
    const bool tried_anew = !away_ || probe;
    if (tried_anew) ++failures_;
    const Milliseconds wait_ms =
        backoff_ms(tried_anew ? failures_ : 1, fetch_backoff_first_ms, fetch_backoff_most_ms, generator);
    const Milliseconds at_ms =
        steady_ms + std::max(wait_ms, std::min(retry_after_ms, fetch_retry_after_most_ms));
    try_at_ms_ = tried_anew ? at_ms : std::max(try_at_ms_, at_ms);
    away_ = true;
  }

 private:
  struct UnderWay {
    std::uint64_t attempt = 0;
    bool probe = false;
  };
  std::vector<UnderWay> under_way_;  // at most fetches_max
  bool away_ = false;
  std::int64_t failures_ = 0;
  Milliseconds try_at_ms_ = 0;
};

}  // namespace storegate::core
