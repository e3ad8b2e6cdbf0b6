// Senders: partners and cloud that send orders, releases and cancels by HTTP and MQTT, repeat what got no answer,
// and write down what was acknowledged. Their notes, not storegate's answers, say what must not be lost.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "tests/support/load_caller.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/raw_mqtt.hpp"

namespace storegate::killing {

/// What the senders know of one order. An MQTT message counts as acknowledged when the broker took it: it must
/// arrive in the end, but may still be on its way at a kill.
struct Sent {
  std::string id;
  std::string partner;
  bool by_mqtt = false;
  bool order_acknowledged = false;    // a 2xx came back
  bool release_acknowledged = false;  // a 2xx came back
  bool cancel_acknowledged = false;   // a 2xx came back
  bool cancel_first = false;          // the cancel was acknowledged before any release was sent
  bool wants_release = false;
  bool wants_cancel = false;
  bool release_sent = false;
  bool cancel_sent = false;
  std::string body;
  std::string order_id;  // storegate's id, once an answer named it
};

class Senders {
 public:
  Senders(support::Loop& loop, support::Address api, support::Address broker, std::uint64_t seed);

  /// Lets every idle sender start its next step; call it often.
  void keep_busy();
  /// No new orders from now on; what is open is finished.
  void drain() { draining_ = true; }
  /// Releases everything that is still held and was not cancelled.
  void release_the_rest();
  /// Nothing waits for an answer or a repeat.
  [[nodiscard]] bool idle() const;

  /// Answers that acknowledged something, so far.
  [[nodiscard]] std::size_t acknowledgements() const noexcept { return acknowledgements_; }
  [[nodiscard]] const std::map<std::string, Sent>& orders() const noexcept { return orders_; }

 private:
  enum class Step { order, release, cancel };
  struct Work {
    Step step;
    std::string id;
  };
  void start(std::size_t connection, Work work);
  void start_mqtt(const Work& work);
  [[nodiscard]] std::string request_of(const Work& work) const;
  void acknowledged(const Work& work, std::string_view answer);
  [[nodiscard]] bool may_begin_another() const;
  void plan_next(const Sent& order);
  void new_order();
  [[nodiscard]] bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }

  support::Loop& loop_;
  support::LoadCaller http_;
  std::unique_ptr<support::RawMqtt> mqtt_;
  support::Address broker_;
  std::mt19937_64 random_;
  std::map<std::string, Sent> orders_;
  std::deque<Work> work_;
  std::size_t mqtt_open_ = 0;
  std::size_t acknowledgements_ = 0;
  std::uint64_t next_id_ = 0;
  bool draining_ = false;
  bool broker_lost_ = false;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace storegate::killing
