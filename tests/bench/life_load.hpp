// LifeLoad: senders that each send an order, release it, and begin the next when the cloud hears that it was placed.
// One thread and one loop, so that it takes little from what it measures. Knows the interfaces, not storegate's code.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench_store.hpp"
#include "tests/support/load_caller.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/raw_mqtt.hpp"

namespace storegate::bench {

/// How an order is released: by a request, by a message of its own, or with others in one message.
enum class Way { http, own_message, many_to_a_message };
[[nodiscard]] std::string_view name_of(Way way) noexcept;

struct LoadShape {
  Way way = Way::http;
  std::size_t senders = 64;
  std::uint64_t lives_max = UINT64_MAX;  // no order beyond so many
  bool hold = false;                     // an order's life ends with its acceptance: it stays held
  std::chrono::milliseconds pause{0};    // between a life's steps, for a store with little to do
};

class LifeLoad {
 public:
  /// Subscribes to the store's events. Throws std::runtime_error when the broker cannot be reached.
  LifeLoad(BenchStore& store, LoadShape shape);

  /// Starts the senders; they run while the loop is turned.
  void begin();
  void run_for(std::chrono::milliseconds span);
  /// No new lives; waits for the end of those under way, then compares with the tickets the double has cut.
  /// Throws std::runtime_error when no order ends for so long and some should, or on a ticket too many or too few.
  void finish(std::chrono::milliseconds patience = std::chrono::seconds(30));

  [[nodiscard]] std::uint64_t lives() const noexcept { return ended_; }
  [[nodiscard]] std::uint64_t events() const noexcept { return events_; }
  /// What each step took since clear_times(), in ms.
  [[nodiscard]] const std::vector<double>& acknowledge_ms() const noexcept { return acknowledge_ms_; }
  [[nodiscard]] const std::vector<double>& release_ms() const noexcept { return release_ms_; }
  void clear_times();

 private:
  using Clock = std::chrono::steady_clock;
  struct Sender {
    std::string partner_order_id;
    std::string order_id;
    Clock::time_point released{};
    bool busy = false;
  };
  void start_life(std::size_t index);
  void after_pause(std::size_t index, void (LifeLoad::*step)(std::size_t));
  void accepted(std::size_t index, const support::LoadAnswer& answer);
  void release(std::size_t index);
  void flush_tokens();
  void end_life(std::size_t index);
  void take(const support::MqttMessage& message);

  BenchStore& store_;
  LoadShape shape_;
  support::Loop loop_;
  support::LoadCaller http_;
  support::RawMqtt mqtt_;
  std::string run_;       // part of every partner_order_id: several loads may meet one store
  std::string template_;  // an order, cut where the id goes
  std::size_t id_at_ = 0;
  std::vector<Sender> senders_;
  std::vector<std::string> tokens_;  // gathered for one message
  bool flush_armed_ = false;
  bool draining_ = false;
  std::uint64_t begun_ = 0;
  std::uint64_t ended_ = 0;
  std::uint64_t events_ = 0;
  std::int64_t tickets_before_ = 0;
  std::string failure_;
  std::vector<double> acknowledge_ms_;
  std::vector<double> release_ms_;
};

}  // namespace storegate::bench
