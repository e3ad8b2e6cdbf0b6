// Clock: the machine's two clocks over the world's true time. The boot-time clock starts anew with each boot; the wall
// clock may be wrong, jump, and be trusted or not. It must not know who reads it.
#pragma once

#include <cstdint>

#include "core/time.hpp"

namespace storegate::sim {

/// 2026-11-23 12:00:00 UTC, when every world begins.
inline constexpr std::int64_t world_began_ms = 1'795'435'200'000;

class Clock {
 public:
  [[nodiscard]] core::Now now(std::int64_t true_ms) const noexcept {
    core::Now now;
    now.steady_ms = true_ms - booted_ms_ + 1;  // never 0: a stamp of zeros means "not set"
    now.wall_ms = world_began_ms + true_ms + error_ms_;
    now.wall_trusted = trusted_;
    now.boot[0] = static_cast<std::uint8_t>(boot_ & 0xffU);
    now.boot[1] = static_cast<std::uint8_t>(boot_ >> 8U);
    now.boot[15] = 1;
    return now;
  }

  /// The machine starts: a new boot id. `in_1970`: it has no clock that runs without power.
  void boot(std::int64_t true_ms, bool in_1970) noexcept {
    ++boot_;
    booted_ms_ = true_ms;
    if (!in_1970) return;
    error_ms_ = -(world_began_ms + true_ms) + 5000;
    trusted_ = false;
  }
  /// A time server was heard: right, and known to be.
  void set_right() noexcept {
    error_ms_ = 0;
    trusted_ = true;
  }
  /// Somebody or something moved the wall clock.
  void jump(std::int64_t by_ms) noexcept { error_ms_ += by_ms; }
  void distrust() noexcept { trusted_ = false; }

  [[nodiscard]] std::int64_t error_ms() const noexcept { return error_ms_; }
  [[nodiscard]] bool trusted() const noexcept { return trusted_; }
  [[nodiscard]] std::uint32_t boots() const noexcept { return boot_; }

 private:
  std::uint32_t boot_ = 1;
  std::int64_t booted_ms_ = 0;
  std::int64_t error_ms_ = 0;
  bool trusted_ = true;
};

}  // namespace storegate::sim
