// So many connects a second to one port, none of which ever says a word. On a thread of its own.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <thread>

#include "tests/support/loop.hpp"
#include "tests/support/sockets.hpp"

namespace storegate::tests {

class SilentFlood {
 public:
  /// Begins at once. Each stays until it is closed.
  SilentFlood(std::uint16_t port, int connects_per_s);
  ~SilentFlood();
  SilentFlood(const SilentFlood&) = delete;
  SilentFlood& operator=(const SilentFlood&) = delete;

  [[nodiscard]] std::size_t came() const { return came_; }

 private:
  void run();
  void come(std::chrono::steady_clock::time_point due);

  support::Address door_;
  std::chrono::microseconds pause_;
  support::Loop loop_;
  std::map<int, support::Descriptor> silent_;
  std::atomic<std::size_t> came_ = 0;
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

}  // namespace storegate::tests
