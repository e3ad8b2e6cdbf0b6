// ChattyWatch: whether a partner sends new orders so far beyond its rate that reading them is work for nothing. Soft
// state, one for each partner.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/time.hpp"

namespace storegate::core {

/// So many times its rate, counted over chatty_window_ms, and the partner is side-lined for as long.
inline constexpr std::int64_t chatty_times = 10;
inline constexpr Milliseconds chatty_window_ms = 10 * second_ms;
/// Whoever sends fewer in a window costs nothing worth sparing, however small its rate.
inline constexpr std::int64_t chatty_least = 50;

class ChattyWatch {
 public:
  /// An authenticated new order is at the door; `rate_per_minute` > 0. 0: let it in; otherwise how long its partner is
  /// side-lined still, in ms. Those that are turned away count too: the flood must end before the partner comes in again.
  [[nodiscard]] Milliseconds on_order(std::int64_t rate_per_minute, Milliseconds steady_ms) noexcept {
    if (steady_ms >= window_began_ms_ + chatty_window_ms || window_began_ms_ == never) {
      window_began_ms_ = steady_ms;
      seen_ = 0;
    }
    ++seen_;
    const std::int64_t most =
        std::max(chatty_least, chatty_times * rate_per_minute * chatty_window_ms / minute_ms);
    if (seen_ > most) until_ms_ = steady_ms + chatty_window_ms;
    return std::max<Milliseconds>(0, until_ms_ - steady_ms);
  }

 private:
  static constexpr Milliseconds never = -1;
  Milliseconds window_began_ms_ = never;
  std::int64_t seen_ = 0;
  Milliseconds until_ms_ = 0;
};

}  // namespace storegate::core
