// How long to wait before trying again, and how fast things may come: pure arithmetic on the turn's time.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/ids.hpp"
#include "core/time.hpp"

namespace storegate::core {

/// Doubling from `first_ms` (>= 1) to `most_ms`, then a draw between half of it and the whole ("equal jitter"), so
/// that stores which failed together do not return together. `failures` >= 1.
[[nodiscard]] inline Milliseconds backoff_ms(std::int64_t failures, Milliseconds first_ms,
                                             Milliseconds most_ms, Generator& generator) {
  const std::int64_t doublings = std::clamp<std::int64_t>(failures - 1, 0, 20);
  const Milliseconds whole = std::min(most_ms, first_ms << doublings);
  const Milliseconds half = whole / 2;
  return half + static_cast<Milliseconds>(generator.below(static_cast<std::uint64_t>(whole - half) + 1));
}

/// Lets `rate` things pass per `per_ms`, with up to `burst` at once. A rate of 0 lets everything pass.
class TokenBucket {
 public:
  TokenBucket() = default;
  TokenBucket(std::int64_t rate, Milliseconds per_ms, std::int64_t burst) noexcept
      : rate_(rate), per_ms_(per_ms), full_(burst * per_ms), level_(burst * per_ms) {}

  /// Takes one token if there is one.
  [[nodiscard]] bool take(Milliseconds steady_ms) noexcept {
    if (rate_ == 0) return true;
    fill(steady_ms);
    if (level_ < per_ms_) return false;
    level_ -= per_ms_;
    return true;
  }
  /// Whole tokens there are now; INT64_MAX without a rate.
  [[nodiscard]] std::int64_t tokens(Milliseconds steady_ms) noexcept {
    if (rate_ == 0) return INT64_MAX;
    fill(steady_ms);
    return level_ / per_ms_;
  }
  /// How long until there is one more whole token than now, from the last look; 0 without a rate.
  [[nodiscard]] Milliseconds next_token_ms() const noexcept {
    return rate_ == 0 ? 0 : (per_ms_ - level_ % per_ms_ + rate_ - 1) / rate_;
  }
  /// How long until there is a token, from the last take; at least 1 when there was none.
  [[nodiscard]] Milliseconds wait_ms() const noexcept {
    if (rate_ == 0 || level_ >= per_ms_) return 0;
    return (per_ms_ - level_ + rate_ - 1) / rate_;
  }

 private:
  void fill(Milliseconds steady_ms) noexcept {
    if (filled_ms_ == never) filled_ms_ = steady_ms;
    const Milliseconds passed =
        std::clamp<Milliseconds>(steady_ms - filled_ms_, 0, full_);  // no overflow below
    level_ = std::min(full_, level_ + passed * rate_);
    filled_ms_ = std::max(filled_ms_, steady_ms);
  }
  static constexpr Milliseconds never = -1;

  std::int64_t rate_ = 0;  // tokens per per_ms
  Milliseconds per_ms_ = 1;
  std::int64_t full_ = 0;  // a token is per_ms units: whole numbers only
  std::int64_t level_ = 0;
  Milliseconds filled_ms_ = never;
};

}  // namespace storegate::core
