// Uplink: the cloud's side of the store. Commands come in as inputs whose PUBACK waits for their commit; events go
// out in the outbox's order within its window. It must not know what a command does or why an event was written.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "app/config.hpp"
#include "app/desk.hpp"
#include "app/gauges.hpp"
#include "app/tls.hpp"
#include "app/turns.hpp"
#include "core/messages.hpp"
#include "platform/clock.hpp"
#include "platform/loop.hpp"
#include "platform/mqtt_client.hpp"

namespace storegate::app {

class Uplink {
 public:
  /// `config.mqtt` must be set. Nothing is connected before start().
  Uplink(const Config& config, platform::Loop& loop, const platform::Clock& clock, Turns& turns, Desk& desk,
         Gauges& gauges);

  /// Starts connecting in the background; a broker that is away is no error. `tls` for mqtts://, else nullptr.
  [[nodiscard]] core::Result<void> start(SharedTls tls = nullptr);

  /// Publishes what the outbox gives; call it after each commit and each acknowledgement.
  void drain();

  /// Takes no more messages: from now on they are left unacknowledged, so that the broker keeps them. (Refusing would cut
  /// the connection under those whose commit is under way.)
  void close_door() noexcept { open_ = false; }
  /// Publishes the offline presence, disconnects, then calls `ended`; at the latest after `within`.
  void stop(std::chrono::milliseconds within, std::function<void()> ended);

  /// With the next connection.
  void set_tls(SharedTls tls) { client_->replace_tls(std::move(tls)); }

  /// Called when the broker is there again after more than a minute: what else was sent over the same line may be missing.
  void on_return(std::function<void()> call) { on_return_ = std::move(call); }

  [[nodiscard]] bool connected() const noexcept { return connected_; }
  /// Events are given to the broker, or wait for their turn to be, and it has not taken them.
  [[nodiscard]] bool awaits_acknowledgement() const noexcept { return !sent_.empty(); }
  [[nodiscard]] platform::MqttCounters counters() const;

 private:
  struct Sent {
    core::Position position;
    Instant at;
  };
  [[nodiscard]] platform::MqttOptions options() const;
  [[nodiscard]] platform::MqttCallbacks callbacks();
  [[nodiscard]] std::string presence(bool online) const;
  [[nodiscard]] std::string topic_of(core::EventType type) const;

  void on_message(platform::MqttMessage message, platform::MqttReceipt receipt);
  [[nodiscard]] std::vector<core::Input> inputs_of(platform::MqttMessage message, core::Caller caller);
  void on_connected(platform::MqttConnected connected);
  void on_disconnected(const core::Error& why, bool was_connected);
  void on_published(std::uint64_t id, const core::Result<void>& result);
  void pause();

  const Config& config_;
  platform::Loop& loop_;
  const platform::Clock& clock_;
  Turns& turns_;
  Desk& desk_;
  Gauges& gauges_;
  std::string topic_prefix_;  // "{prefix}/{store}/"
  std::string epoch_;
  std::int64_t last_sequence_ = 0;
  std::int64_t online_since_ms_ = 0;
  std::unordered_map<std::uint64_t, Sent> sent_;  // no PUBACK yet; at most the window
  std::uint64_t last_id_ = 0;
  bool open_ = true;
  std::vector<platform::MqttReceipt>
      left_open_;  // came behind the closed door; at most what may be unsettled
  bool connected_ = false;
  bool logged_away_ = false;
  std::optional<std::int64_t> away_since_ms_;  // steady clock
  std::function<void()> on_return_;
  platform::Timer paused_;
  std::unique_ptr<platform::MqttClient> client_;
};

}  // namespace storegate::app
