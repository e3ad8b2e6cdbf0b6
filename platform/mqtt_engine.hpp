// The engine behind MqttClient: the outgoing thread, the queue and the window, when to connect again, presence, and
// the orderly end. It must not know paho (mqtt_paho.hpp does) nor what the messages mean.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "platform/mqtt_client.hpp"
#include "platform/mqtt_paho.hpp"
#include "platform/mqtt_receipt.hpp"
#include "platform/mqtt_url.hpp"

namespace storegate::platform {

/// The waits between attempts: doubling from min to max, each times 0.75 to 1.25.
class MqttBackoff {
 public:
  MqttBackoff(std::chrono::milliseconds min, std::chrono::milliseconds max, std::uint64_t seed);
  [[nodiscard]] std::chrono::milliseconds next();
  void reset() noexcept { wait_ = min_; }

 private:
  std::chrono::milliseconds min_;
  std::chrono::milliseconds max_;
  std::chrono::milliseconds wait_;
  std::minstd_rand generator_;
};

class MqttClient::Engine final : public PahoListener,
                                 public std::enable_shared_from_this<MqttClient::Engine> {
 public:
  Engine(MqttOptions options, MqttAddress address, MqttCallbacks callbacks);

  /// Starts the outgoing thread, which keeps the engine alive. Error `failed`: no thread to be had.
  [[nodiscard]] core::Result<void> launch();

  [[nodiscard]] bool publish(std::uint64_t id, std::string topic, std::string payload, bool retained);
  bool stop(std::chrono::milliseconds within);
  [[nodiscard]] MqttCounters counters() const;

 private:
  using Instant = std::chrono::steady_clock::time_point;
  enum class State : std::uint8_t { waiting, connecting, subscribing, online };

  /// What paho's threads tell the outgoing thread.
  struct Event {
    enum class Kind : std::uint8_t { connected, subscribed, lost } kind;
    std::uint64_t connection;
    MqttConnected with;
    core::Result<void> result;
  };

  /// What the outgoing thread found to do when it woke.
  struct Work {
    std::vector<Event> events;
    std::vector<MqttPublication> publications;
    bool stop = false;
  };

  // Told by paho's threads.
  void mqtt_connected(std::uint64_t connection, const MqttConnected& connected) override;
  void mqtt_subscribed(std::uint64_t connection, core::Result<void> result) override;
  void mqtt_delivered(std::uint64_t connection, MqttTicket ticket, core::Result<void> result) override;
  void mqtt_lost(std::uint64_t connection, core::Error why) override;
  [[nodiscard]] bool mqtt_arrived(MqttMessage message) override;

  // The outgoing thread.
  void run();
  [[nodiscard]] Work wait_for_work();
  [[nodiscard]] bool has_work() const;                         // mutex_ held
  [[nodiscard]] std::vector<MqttPublication> take_sendable();  // mutex_ held
  void handle(const Event& event);
  void watch_time();
  void begin_attempt();
  void subscribe_or_go_online();
  void go_online();
  void send_all(std::vector<MqttPublication> publications);
  void send(const MqttPublication& publication);
  void hold_back(std::vector<MqttPublication> publications);
  [[nodiscard]] core::Result<void> try_to_send(const MqttPublication& publication);
  void end_connection(const core::Error& why);
  void close_down();
  void publish_presence(std::string payload);

  void push(Event event);
  void report(std::uint64_t id, core::Result<void> result);
  void give_back_window_place();
  void ask_to_stop(Instant deadline);

  /// Runs one of the application's callbacks: never two at once, none after stop().
  template <typename Call>
  void tell(const Call& call);

  const MqttOptions options_;
  const MqttAddress address_;
  const MqttCallbacks callbacks_;
  const std::shared_ptr<MqttReceiptDesk> desk_ = std::make_shared<MqttReceiptDesk>();

  mutable std::mutex mutex_;  // the members up to the blank line
  std::condition_variable wake_;
  std::condition_variable ended_wake_;
  std::deque<MqttPublication> queue_;
  std::size_t outstanding_ = 0;  // taken by publish() and not reported
  std::size_t in_flight_ = 0;    // in the window, presence included
  std::size_t window_ = 0;       // 0 = not online
  bool holding_back_ =
      false;  // the broker has hung up and paho has not said so yet: nothing is sent or reported
  std::vector<Event> events_;
  std::optional<Instant> alarm_;  // when the outgoing thread wants to be woken at the latest
  bool stopping_ = false;
  bool ended_ = false;
  Instant stop_deadline_{};
  std::string offline_presence_;

  std::timed_mutex gate_;  // held during a callback; taken before mutex_, never after it
  bool gagged_ = false;    // gate_ held

  State state_ = State::waiting;  // the outgoing thread's, to the blank line
  std::unique_ptr<PahoConnection> connection_;
  MqttConnected connected_;
  std::uint32_t packet_bytes_max_ = 0;
  Instant online_since_{};
  std::chrono::milliseconds last_wait_{};
  bool subscribed_before_ = false;
  MqttBackoff backoff_;

  std::atomic<std::uint64_t> connection_number_{0};
  struct {
    std::atomic<bool> connected{false};
    std::atomic<std::uint64_t> connects{0}, attempts_failed{0}, disconnects{0}, received{0}, accepted{0},
        refused{0}, published{0}, acknowledged{0}, publish_failed{0}, handles_abandoned{0};
  } count_;
  std::thread thread_;
};

}  // namespace storegate::platform
