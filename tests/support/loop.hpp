// Loop: one thread's epoll and timers, for the POS double, the load generator and the raw MQTT client.
// Made to cost little CPU, because it measures programs that run beside it on the same cores. Knows no protocol.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace storegate::support {

/// What a watched descriptor is ready for.
struct Ready {
  bool readable = false;  // data, end of stream or an error
  bool writable = false;
};

class Loop {
 public:
  using Clock = std::chrono::steady_clock;
  using OnReady = std::function<void(Ready)>;
  using TimerId = std::pair<Clock::time_point, std::uint64_t>;

  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Watches a descriptor (level-triggered) for reading, and for writing if asked.
  void watch(int descriptor, bool writing, OnReady on_ready);
  /// Changes what a watched descriptor is watched for.
  void want(int descriptor, bool reading, bool writing);
  /// Ends the watch; call it before closing the descriptor. Safe inside its own callback.
  void forget(int descriptor);

  /// Calls once at or after `when`. Timers of the same instant fire in the order they were set.
  TimerId at(Clock::time_point when, std::function<void()> call);
  TimerId after(std::chrono::milliseconds delay, std::function<void()> call) {
    return at(Clock::now() + delay, std::move(call));
  }
  /// A timer that has fired or was never set is no error.
  void cancel(TimerId timer);

  /// One turn: waits for readiness or a timer, at most `limit` (0 = only looks), and calls what is due.
  /// False when nothing was called.
  bool turn(std::chrono::milliseconds limit);
  /// Turns until stop() is called.
  void run();
  /// Turns until `done()` is true; false when the deadline came first.
  bool run_until(const std::function<bool()>& done, std::chrono::milliseconds deadline);
  void stop() noexcept { stopped_ = true; }

 private:
  struct Watch {
    OnReady on_ready;
    std::uint32_t events = 0;
    std::uint32_t generation = 0;  // tells it from an earlier watch of the same descriptor number
  };
  [[nodiscard]] int control(int operation, int descriptor, const Watch& watch) const;
  [[nodiscard]] int wait_ms(std::chrono::milliseconds limit) const;
  bool fire_timers();

  int epoll_ = -1;
  bool stopped_ = false;
  std::uint64_t next_timer_ = 1;
  std::uint32_t next_generation_ = 1;
  std::map<TimerId, std::function<void()>> timers_;
  std::vector<std::shared_ptr<Watch>> watches_;  // by descriptor number
};

}  // namespace storegate::support
