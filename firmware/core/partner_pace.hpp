// PartnerPace: how many requests of one kind a partner's API gets at once, and when it is tried while it is away. Soft
// state: after a restart a partner is there until it says otherwise. One partner's outage is nobody else's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/backoff.hpp"
#include "core/under_way.hpp"

namespace storegate::core {

struct PaceLimits {
  std::size_t at_once_max = 1;
  Milliseconds backoff_first_ms =
      1;  // between two tries while the partner is away: doubling, half of it drawn
  Milliseconds backoff_most_ms = 1;
  Milliseconds pause_most_ms =
      0;  // one that says for how long is left alone so long, and no longer than this
};

class PartnerPace {
 public:
  explicit PartnerPace(const PaceLimits& limits) noexcept : limits_(limits) {}

  [[nodiscard]] bool may_start(Milliseconds steady_ms) const noexcept {
    const auto from_ms = earliest_ms();
    return from_ms && *from_ms <= steady_ms;
  }
  /// Not before this, on the steady clock; nothing: an answer has to come first. While the partner is away one request at
  /// a time tries it.
  [[nodiscard]] std::optional<Milliseconds> earliest_ms() const noexcept {
    const std::size_t most = away_ ? 1 : limits_.at_once_max;
    if (under_way_.size() >= most) return {};
    return away_ ? try_at_ms_ : Milliseconds{0};
  }

  void started(std::uint64_t attempt) { under_way_.started(attempt, away_); }
  /// Whether it was a probe, sent while the partner was away; nothing: it was none of these.
  [[nodiscard]] std::optional<bool> ended(std::uint64_t attempt) noexcept {
    return under_way_.ended(attempt);
  }

  /// A clear answer, whatever it said.
  void on_answer() noexcept {
    away_ = false;
    failures_ = 0;
  }
  /// No clear answer, or "not now". What was under way when the partner went away is one failure with the first of it.
  void on_failure(Milliseconds steady_ms, std::optional<Milliseconds> retry_after_ms, bool probe,
                  Generator& generator) {
    const bool tried_anew = !away_ || probe;
    away_ = true;
    if (tried_anew) ++failures_;
    const Milliseconds wait_ms =
        backoff_ms(tried_anew ? failures_ : 1, limits_.backoff_first_ms, limits_.backoff_most_ms, generator);
    const Milliseconds at_ms =
        steady_ms + std::max(wait_ms, std::min(retry_after_ms.value_or(0), limits_.pause_most_ms));
    try_at_ms_ = tried_anew ? at_ms : std::max(try_at_ms_, at_ms);
  }

 private:
  PaceLimits limits_;
  UnderWay under_way_;  // at most limits_.at_once_max
  bool away_ = false;
  std::int64_t failures_ = 0;
  Milliseconds try_at_ms_ = 0;
};

/// By partner; one that was asked nothing yet is not in it.
using PartnerPaces = std::map<std::string, PartnerPace, std::less<>>;

/// As PartnerPace::earliest_ms.
[[nodiscard]] inline std::optional<Milliseconds> earliest_ms(const PartnerPaces& paces,
                                                             const std::string& partner) {
  const auto found = paces.find(partner);
  return found == paces.end() ? Milliseconds{0} : found->second.earliest_ms();
}

}  // namespace storegate::core
