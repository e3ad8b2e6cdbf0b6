// How much time has passed for certain, counted over reboots without a wall clock: the sum of what the boot-time
// clocks of successive boots are known to have shown. Reads no clock.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "core/time.hpp"

namespace storegate::core {

/// A clock whose reading never runs ahead of true time: a boot counts from its start to the last instant noted in it,
/// and the time between two boots, which nobody saw, counts nothing. So an age by it is never more than the true age
/// (late rather than early), whatever the wall clock showed. A reading means something beside another one only.
class WitnessedClock {
 public:
  /// Takes an instant that is not before those noted so far (orders' arrivals, by number). Gives its reading in ms.
  Milliseconds note(const Stamp& stamp) {
    if (boots_.empty() || boots_.back().id != stamp.boot)
      boots_.push_back({stamp.boot, boots_.empty() ? 0 : boots_.back().began_ms + boots_.back().last_ms, 0});
    Boot& boot = boots_.back();
    boot.last_ms = std::max(boot.last_ms, stamp.steady_ms);
    return boot.began_ms + boot.last_ms;
  }

  /// The reading at an instant of any boot that was noted; nothing if its boot was not.
  [[nodiscard]] std::optional<Milliseconds> at(const Stamp& stamp) const noexcept {
    const auto boot = std::find_if(boots_.rbegin(), boots_.rend(),
                                   [&](const Boot& candidate) { return candidate.id == stamp.boot; });
    if (boot == boots_.rend()) return {};
    const bool goes_on = boot == boots_.rbegin();
    return boot->began_ms + (goes_on ? stamp.steady_ms : std::min(stamp.steady_ms, boot->last_ms));
  }

 private:
  struct Boot {
    BootId id{};
    Milliseconds began_ms = 0;  // the reading when it began
    Milliseconds last_ms = 0;   // its newest instant, since its start
  };
  std::vector<Boot> boots_;  // as they followed each other
};

/// The same sum taken backwards: the least age of instants met from the newest to the oldest.
class WitnessedAge {
 public:
  explicit WitnessedAge(const Stamp& newest) noexcept : later_(newest) {}
  /// `earlier` is not after the instant given before. Its least age in ms, seen from the newest one.
  Milliseconds of(const Stamp& earlier) noexcept {
    const Milliseconds from_ms = earlier.boot == later_.boot ? earlier.steady_ms : 0;
    age_ms_ += std::max<Milliseconds>(0, later_.steady_ms - from_ms);
    later_ = earlier;
    return age_ms_;
  }

 private:
  Stamp later_;
  Milliseconds age_ms_ = 0;
};

}  // namespace storegate::core
