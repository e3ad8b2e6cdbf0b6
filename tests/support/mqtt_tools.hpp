// MqttWatcher and MqttSender: mosquitto_sub and mosquitto_pub as long-lived witnesses that share no code with us.
// Know nothing of what the payloads mean; payloads must be single lines (ours are JSON without line breaks).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/support/process.hpp"

namespace storegate::support {

struct MqttLine {
  std::string topic;
  std::string payload;
  bool retained = false;
  std::chrono::steady_clock::time_point arrived;
};

/// A `mosquitto_sub` with a persistent MQTT 5 session at QoS 1. From the constructor's return nothing that the
/// broker acknowledges on these topics is missed, also while it is stopped (a session of its client id exists by then).
class MqttWatcher {
 public:
  /// Throws std::runtime_error when the broker cannot be reached.
  MqttWatcher(std::uint16_t broker_port, std::string client_id, std::vector<std::string> topics);
  ~MqttWatcher();
  MqttWatcher(const MqttWatcher&) = delete;
  MqttWatcher& operator=(const MqttWatcher&) = delete;

  [[nodiscard]] std::size_t count() const;
  /// A copy of the lines from number `from` on, in the order they came.
  [[nodiscard]] std::vector<MqttLine> lines(std::size_t from = 0) const;
  /// The first line at or after `from` that `wanted` accepts; throws at the deadline.
  MqttLine wait_for(const std::string& what, std::chrono::milliseconds deadline,
                    const std::function<bool(const MqttLine&)>& wanted, std::size_t from = 0) const;
  /// Whether mosquitto_sub is there just now. It reconnects by itself when the broker returns; where it gives up
  /// instead (refused at its first connect) it is started again until it is stopped.
  [[nodiscard]] bool running();
  /// Ends mosquitto_sub; the session stays at the broker.
  void stop();
  /// Starts it again with the same session.
  void start();

 private:
  void subscribe_once() const;
  [[nodiscard]] std::vector<std::string> arguments() const;
  void keep_running();
  void read_lines(int descriptor);
  void take(std::string_view line);

  std::uint16_t port_;
  std::string client_id_;
  std::vector<std::string> topics_;
  std::thread reader_;        // starts mosquitto_sub and reads it; its child dies with it
  mutable std::mutex mutex_;  // guards what follows
  std::unique_ptr<Process> process_;
  bool stopping_ = true;
  std::vector<MqttLine> lines_;
};

/// A long-lived `mosquitto_pub -l` at QoS 1 for one topic. What it was given is sent in order; which of it the
/// broker acknowledged is not told (RawMqtt tells). finish() does: it ends only after the last PUBACK.
class MqttSender {
 public:
  MqttSender(std::uint16_t broker_port, const std::string& topic);
  /// Payload without line breaks. False when mosquitto_pub has ended.
  bool send(std::string_view payload);
  /// Ends the input and waits: true when every payload was acknowledged (exit status 0).
  bool finish(std::chrono::milliseconds deadline = std::chrono::seconds(10));

 private:
  Process process_;
};

}  // namespace storegate::support
