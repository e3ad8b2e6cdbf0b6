// Whether the POS may be asked anything now: how many requests at once, at what rate, and how long to leave a POS
// alone that is away (a circuit breaker: while it is away one request at a time tries it). Soft state.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "core/backoff.hpp"
#include "core/policy.hpp"

namespace storegate::core {

inline constexpr Milliseconds pos_backoff_first_ms = 500;  // half of it at least: 250 ms between tries (I13)
inline constexpr Milliseconds pos_backoff_most_ms = 15'000;  // a POS that is back is found within 30 s (I13)
inline constexpr std::int64_t doubts_that_close = 3;         // lost replies in a row that look like an outage

class PosGate {
 public:
  void set_policy(const PosPolicy& policy) {
    requests_max_ = static_cast<std::size_t>(policy.requests_max < 1 ? 1 : policy.requests_max);
    bucket_ = TokenBucket(policy.rate_per_s, second_ms, policy.rate_per_s);
  }

  /// May one more request start, with `in_flight` under way?
  [[nodiscard]] bool may_start(std::size_t in_flight, Milliseconds steady_ms) const noexcept {
    if (!closed_) return in_flight < requests_max_;
    return in_flight == 0 && steady_ms >= try_at_ms_;
  }
  /// May a new placement go out? Takes its token.
  [[nodiscard]] bool take_token(Milliseconds steady_ms) noexcept {
    if (bucket_.take(steady_ms)) return true;
    token_at_ms_ = steady_ms + bucket_.wait_ms();
    return false;
  }
  /// When to look again at a line that could not move; nothing = an answer will wake it.
  [[nodiscard]] std::optional<Milliseconds> wake_ms(std::size_t in_flight) const noexcept {
    if (closed_) return in_flight == 0 ? std::optional(std::max(try_at_ms_, token_at_ms_)) : std::nullopt;
    if (in_flight >= requests_max_) return {};
    return token_at_ms_;
  }

  /// When a POS that is away may be tried, with `in_flight` under way; nothing = an answer will tell.
  [[nodiscard]] std::optional<Milliseconds> probe_ms(std::size_t in_flight) const noexcept {
    return in_flight == 0 ? std::optional(try_at_ms_) : std::nullopt;
  }

  /// It gave a clear answer. True if it had been away long enough for an alarm.
  bool on_answer() noexcept {
    failures_ = doubts_ = 0;
    closed_ = false;
    failing_since_ms_.reset();
    return std::exchange(alarmed_, false);
  }
  /// It was not reached, or told us to come later (`retry_after_ms`).
  void on_failure(Milliseconds steady_ms, std::optional<Milliseconds> retry_after_ms, Generator& generator) {
    closed_ = true;
    ++failures_;
    const Milliseconds wait = backoff_ms(failures_, pos_backoff_first_ms, pos_backoff_most_ms, generator);
    try_at_ms_ = steady_ms + std::max(wait, std::min(retry_after_ms.value_or(0), minute_ms));
    if (!failing_since_ms_) failing_since_ms_ = steady_ms;
  }
  /// A request went out and no clear answer came.
  void on_doubt(Milliseconds steady_ms, Generator& generator) {
    if (++doubts_ >= doubts_that_close) on_failure(steady_ms, {}, generator);
  }

  /// True once when it has been away for `after_ms`.
  [[nodiscard]] bool alarm_due(Milliseconds steady_ms, Milliseconds after_ms) noexcept {
    if (alarmed_ || !failing_since_ms_ || steady_ms < *failing_since_ms_ + after_ms) return false;
    alarmed_ = true;
    return true;
  }
  [[nodiscard]] std::optional<Milliseconds> alarm_ms(Milliseconds after_ms) const noexcept {
    if (alarmed_ || !failing_since_ms_) return {};
    return *failing_since_ms_ + after_ms;
  }
  [[nodiscard]] bool reachable() const noexcept { return !closed_; }

 private:
  std::size_t requests_max_ = 1;
  TokenBucket bucket_;
  Milliseconds token_at_ms_ = 0;
  bool closed_ = false;
  std::int64_t failures_ = 0;
  std::int64_t doubts_ = 0;
  Milliseconds try_at_ms_ = 0;
  std::optional<Milliseconds> failing_since_ms_;
  bool alarmed_ = false;
};

}  // namespace storegate::core
