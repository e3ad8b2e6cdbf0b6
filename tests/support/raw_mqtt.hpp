// RawMqtt: a small MQTT 3.1.1 client written from the specification: it knows which of its messages were
// acknowledged, and when. Independent of the code under test; runs on a Loop of the caller's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "tests/support/loop.hpp"
#include "tests/support/mqtt_packets.hpp"
#include "tests/support/sockets.hpp"

namespace storegate::support {

struct MqttOptions {
  Address broker;
  std::string client_id;
  bool clean_session = true;
  std::uint16_t keepalive_s = 30;  // 0 = none
  std::size_t window = 20;         // QoS 1 publishes without a PUBACK; more wait their turn here
  bool acknowledge = true;         // false: messages received are never PUBACKed
};

/// A message received. The views live during the callback only.
struct MqttMessage {
  std::string_view topic;
  std::string_view payload;
  bool retained = false;
  bool duplicate = false;
};

class RawMqtt {
 public:
  using Acknowledged = std::function<void(bool)>;  // true: PUBACK came; false: the connection went first
  using OnMessage = std::function<void(const MqttMessage&)>;

  RawMqtt(Loop& loop, MqttOptions options);
  ~RawMqtt();
  RawMqtt(const RawMqtt&) = delete;
  RawMqtt& operator=(const RawMqtt&) = delete;

  /// CONNECT and wait for the CONNACK, turning the loop. False when refused or at the deadline; error() says why.
  bool connect(std::chrono::milliseconds deadline = std::chrono::seconds(5));
  /// SUBSCRIBE (QoS 1) and wait for the SUBACK. False when refused, at the deadline, or not connected.
  bool subscribe(const std::string& filter, std::chrono::milliseconds deadline = std::chrono::seconds(5));
  /// Sends at QoS 1, or queues while the window is full. `done` is called once, from the loop or from drop().
  /// When not connected it is called at once with false.
  void publish(std::string_view topic, std::string_view payload, Acknowledged done = {}, bool retain = false);
  /// Sends at QoS 1 and waits for the PUBACK, turning the loop.
  bool publish_and_wait(std::string_view topic, std::string_view payload,
                        std::chrono::milliseconds deadline = std::chrono::seconds(5));
  /// Turns the loop until nothing waits for a PUBACK; false at the deadline or when the connection was lost.
  bool flush(std::chrono::milliseconds deadline);

  /// Called for each message, before its PUBACK is sent.
  void on_message(OnMessage handler) { on_message_ = std::move(handler); }
  void on_closed(std::function<void()> handler) { on_closed_ = std::move(handler); }

  /// DISCONNECT and close.
  void disconnect();
  /// Closes with an RST and no DISCONNECT: the broker publishes the will, if any.
  void drop();

  [[nodiscard]] bool connected() const noexcept { return state_ == State::connected; }
  [[nodiscard]] bool session_present() const noexcept { return session_present_; }
  [[nodiscard]] std::size_t unacknowledged() const noexcept { return in_flight_.size() + waiting_.size(); }
  [[nodiscard]] std::uint64_t acknowledged() const noexcept { return acknowledged_; }
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

 private:
  enum class State { closed, connecting, greeting, connected };
  struct Waiting {
    std::string topic;
    std::string payload;
    bool retain = false;
    Acknowledged done;
  };

  void on_ready(Ready ready);
  void begin_greeting();
  void read_some();
  void take_packets();
  void take_packet(const mqtt::Packet& packet);
  void take_publish(const mqtt::Packet& packet);
  void take_puback(std::uint16_t id);
  void send(std::string_view bytes);
  void write_some();
  void fill_window();
  void ping();
  void close(const std::string& why, bool with_reset);
  std::uint16_t next_id();

  Loop& loop_;
  MqttOptions options_;
  State state_ = State::closed;
  Descriptor socket_;
  std::string received_;
  std::string outgoing_;
  std::map<std::uint16_t, Acknowledged> in_flight_;
  std::deque<Waiting> waiting_;  // beyond the window
  OnMessage on_message_;
  std::function<void()> on_closed_;
  std::uint16_t last_id_ = 0;
  std::uint16_t subscribe_id_ = 0;  // of the SUBSCRIBE under way; 0 = answered
  bool subscribe_granted_ = false;
  bool session_present_ = false;
  bool write_due_ = false;  // several packets of one turn leave in one write
  bool ping_answered_ = true;
  std::uint64_t acknowledged_ = 0;
  Loop::TimerId ping_timer_{};
  Loop::TimerId write_timer_{};
  std::string error_;
};

}  // namespace storegate::support
