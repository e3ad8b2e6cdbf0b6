// DelayLine: a TCP line of a certain length: whoever connects to its near end speaks with whoever listens at the far one,
// and every byte takes its time, connects and ends too. Knows no protocol.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <thread>

#include "tests/support/loop.hpp"
#include "tests/support/sockets.hpp"

namespace storegate::support {

class DelayLine {
 public:
  /// Listens on a port of its own at once, on a thread of its own. Throws std::runtime_error.
  DelayLine(Address far_end, std::chrono::milliseconds one_way);
  ~DelayLine();
  DelayLine(const DelayLine&) = delete;
  DelayLine& operator=(const DelayLine&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_of(listener_); }

 private:
  class Call;

  void accept();
  void run();

  Address far_end_;
  std::chrono::milliseconds one_way_;
  Descriptor listener_;
  Loop loop_;
  std::set<std::shared_ptr<Call>> calls_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace storegate::support
