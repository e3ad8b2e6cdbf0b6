// How old orders are at least, by witnessed time (core/witnessed.hpp). Pruning asks it, since what makes an order
// known must not go by a wall clock. Not stored: load() finds it anew.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <utility>

#include "core/witnessed.hpp"

namespace storegate::storage {

class Ages {
 public:
  /// An order of a higher number than those noted so far; others are ignored.
  void note(std::int64_t number, const core::Stamp& arrived) {
    if (number <= newest_) return;
    newest_ = number;
    const core::Milliseconds reading = clock_.note(arrived);
    newest_at_ = reading;
    if (steps_.empty() || reading >= steps_.back().second + step_ms) steps_.emplace_back(number, reading);
  }

  /// Every order up to the number given is at least `span_ms` old; 0 = none is for certain.
  [[nodiscard]] std::int64_t old_through(const core::Now& now, core::Milliseconds span_ms) {
    const core::Milliseconds reading = clock_.note(core::stamp_of(now));
    if (span_ms <= 0) return std::numeric_limits<std::int64_t>::max();
    longest_ms_ = std::max(longest_ms_, span_ms);
    if (newest_at_ <= reading - span_ms) return newest_;  // nothing came since: no later step tells
    while (steps_.size() > 1 && steps_[1].second <= reading - longest_ms_) steps_.pop_front();
    std::int64_t through = 0;
    for (const auto& [number, arrived] : steps_) {
      if (arrived > reading - span_ms) break;
      through = number;
    }
    return through;
  }

  /// The least age of an instant; nothing if nothing else is known of its boot.
  [[nodiscard]] std::optional<core::Milliseconds> age_of(const core::Stamp& stamp,
                                                         const core::Now& now) const {
    const auto then = clock_.at(stamp);
    const auto present = clock_.at(core::stamp_of(now));
    if (!then || !present) return {};
    return *present - *then;
  }

 private:
  static constexpr core::Milliseconds step_ms = 10 * core::minute_ms;  // fine enough for windows of hours
  core::WitnessedClock clock_;
  std::int64_t newest_ = 0;
  core::Milliseconds newest_at_ = 0;   // the reading when it arrived
  core::Milliseconds longest_ms_ = 0;  // that was asked for: what is older than it tells nothing new
  std::deque<std::pair<std::int64_t, core::Milliseconds>> steps_;  // number and reading, both ascending
};

}  // namespace storegate::storage
