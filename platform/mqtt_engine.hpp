// MqttClient behind its public face: the session's state, window, receipts and reconnecting. Platform-internal.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "core/result.hpp"
#include "platform/loop.hpp"
#include "platform/mqtt_client.hpp"
#include "platform/mqtt_link.hpp"
#include "platform/mqtt_packet.hpp"
#include "platform/mqtt_url.hpp"

namespace storegate::platform {

/// Waits between attempts: doubling from min to max, each drawn from 75..125 %. Same seed, same waits.
class MqttBackoff {
 public:
  MqttBackoff(std::chrono::milliseconds min, std::chrono::milliseconds max, std::uint64_t seed);

  /// The next wait, at least 1 ms.
  [[nodiscard]] std::chrono::milliseconds next();
  /// A connection came up: begin at min again.
  void reset() noexcept { wait_ = min_; }

 private:
  std::chrono::milliseconds min_;
  std::chrono::milliseconds max_;
  std::chrono::milliseconds wait_;
  std::minstd_rand generator_;
};

class MqttClient::Engine final : public MqttReceiptDesk,
                                 private MqttLinkListener,
                                 public std::enable_shared_from_this<Engine> {
 public:
  Engine(Loop& loop, MqttOptions options, MqttAddress address, MqttCallbacks callbacks);

  void begin_attempt();
  [[nodiscard]] bool publish(std::uint64_t id, std::string topic, std::string payload, bool retained);
  void stop(std::chrono::milliseconds within, std::function<void(bool)> ended);
  /// Cuts the connection and calls nothing any more.
  void abandon() noexcept;
  void replace_tls(std::shared_ptr<const TlsContext> tls) { tls_ = std::move(tls); }
  [[nodiscard]] MqttCounters counters() const { return count_; }

  void settle(std::uint64_t number, bool accepted) noexcept override;

 private:
  using Instant = std::chrono::steady_clock::time_point;

  enum class State : std::uint8_t {
    waiting,      // for the next attempt
    connecting,   // TCP, TLS
    greeting,     // CONNECT sent
    subscribing,  // SUBSCRIBE sent
    online,
    closing,  // stop() is under way
    ended,
  };

  struct Publication {
    std::uint64_t id = 0;
    std::string topic;
    std::string payload;
    bool retained = false;
  };
  /// Sent, no PUBACK yet.
  struct InFlight {
    std::uint16_t packet_id = 0;
    std::uint64_t id = 0;
    bool presence = false;  // the client's own: not reported
  };
  struct Unsettled {
    std::uint16_t packet_id = 0;  // 0: QoS 0, there is nothing to acknowledge
    std::size_t bytes = 0;
    Instant since{};
    bool accepted = false;
    bool refused = false;
  };

  // Told by the link.
  void link_open() override;
  void link_packet(MqttPacket packet) override;
  void link_lost(core::Error why) override;
  [[nodiscard]] bool link_takes_more() override;

  // One for each kind of packet (mqtt_engine.cpp).
  void took(MqttConnack connack);
  void took(const MqttSuback& suback);
  void took(const MqttPuback& puback);
  void took(MqttInbound message);
  void took(MqttPong) noexcept {}
  void took(const MqttGoodbye& goodbye);

  void watch_attempt();
  void go_online();
  void end_connection(const core::Error& why);
  void wait_for_next_attempt();
  void keep_alive();

  // Outwards (mqtt_out.cpp).
  void pump_soon();
  void pump();
  [[nodiscard]] core::Result<void> try_to_send(const Publication& publication, bool presence);
  void send_presence(std::string payload);
  [[nodiscard]] std::uint16_t next_packet_id() noexcept;
  void report(std::uint64_t id, core::Result<void> result);
  void report_unfinished();
  void close_step();
  void disconnect(bool in_order);
  void finish(bool in_order);

  // Inwards (mqtt_in.cpp).
  void acknowledge_settled();
  void watch_receipts();
  void cut_soon(core::Error why);

  Loop& loop_;
  const MqttOptions options_;
  const MqttAddress address_;
  std::shared_ptr<const TlsContext> tls_;
  const MqttVersion version_;
  MqttCallbacks callbacks_;
  MqttBackoff backoff_;
  std::chrono::milliseconds last_wait_{};

  State state_ = State::waiting;
  std::shared_ptr<MqttLink> link_;
  std::uint64_t link_number_ = 0;
  MqttConnected connected_;
  bool takes_retained_ = true;
  bool subscribed_before_ = false;  // in this process
  bool session_lost_ = false;       // since the last connection that came up
  std::uint16_t keepalive_s_ = 0;
  Instant online_since_{};
  std::uint64_t heard_bytes_ = 0;  // of the link, at the last look
  std::uint64_t said_bytes_ = 0;
  int silent_looks_ = 0;

  std::deque<Publication> queue_;
  std::deque<InFlight> in_flight_;  // in the order sent
  std::size_t outstanding_ = 0;     // taken by publish() and not reported
  std::size_t window_ = 1;
  std::uint16_t last_packet_id_ = 0;
  bool pump_posted_ = false;

  std::deque<Unsettled> unsettled_;  // in the order received
  std::uint64_t first_receipt_ = 1;  // the number of unsettled_.front()
  std::size_t unsettled_bytes_ = 0;
  bool cutting_ = false;  // one was refused: the connection is about to end

  bool presence_sent_ = false;  // this and what follows: closing
  bool disconnecting_ = false;
  std::string offline_presence_;
  std::function<void(bool)> stopped_;

  MqttCounters count_;
  Timer attempt_timer_;  // the next attempt, or the present one's end
  Timer keepalive_timer_;
  Timer receipt_timer_;
  Timer stop_timer_;
};

}  // namespace storegate::platform
