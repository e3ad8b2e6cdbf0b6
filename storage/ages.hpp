// How old orders are at least, by witnessed time (core/witnessed.hpp). Pruning asks it, since what makes an order
// known must not go by a wall clock. Not stored: load() finds it anew.
#pragma once

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
    if (steps_.empty() || reading >= steps_.back().second + step_ms) steps_.emplace_back(number, reading);
  }

  /// Every order up to the number given is at least `span_ms` old; 0 = none is for certain.
  [[nodiscard]] std::int64_t old_through(const core::Now& now, core::Milliseconds span_ms) {
    const core::Milliseconds before = clock_.note(core::stamp_of(now)) - span_ms;
    if (span_ms <= 0) return std::numeric_limits<std::int64_t>::max();
    while (steps_.size() > 1 && steps_[1].second <= before) steps_.pop_front();
    return steps_.empty() || steps_.front().second > before ? 0 : steps_.front().first;
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
  std::deque<std::pair<std::int64_t, core::Milliseconds>> steps_;  // number and reading, both ascending
};

}  // namespace storegate::storage
