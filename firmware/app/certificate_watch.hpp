// CertificateWatch: looks now and then when the store's own certificates end, and tells the gateway when that is soon. Whoever
// replaces them is a person, or a person's tool.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "app/config.hpp"
#include "app/turns.hpp"
#include "platform/loop.hpp"

namespace storegate::app {

class CertificateWatch {
 public:
  /// When the first of them ends, Unix time in milliseconds; nothing = there is none.
  using Ends = std::function<std::optional<std::int64_t>()>;

  /// `before`: called at each look, before it.
  CertificateWatch(const Config& config, platform::Loop& loop, Turns& turns, Ends ends,
                   std::function<void()> before)
      : config_(config), loop_(loop), turns_(turns), ends_(std::move(ends)), before_(std::move(before)) {}

  /// At once, and then every hour. Also after a reload.
  void look();
  [[nodiscard]] std::optional<std::int64_t> ends_at_wall_ms() const { return ends_(); }

 private:
  const Config& config_;
  platform::Loop& loop_;
  Turns& turns_;
  Ends ends_;
  std::function<void()> before_;
  platform::Timer timer_;
};

}  // namespace storegate::app
