// MqttClient: one broker, one persistent session, QoS 1 both ways, on the loop's thread.
// An inbound message is acknowledged to the broker only after its receipt was accepted; what goes out is
// queued here and reported back once. It must not know what a topic or payload means (no order, no event).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.hpp"
#include "platform/loop.hpp"

namespace storegate::platform {

class TlsContext;

/// One message as the broker delivered it. The strings are the receiver's to move from.
struct MqttMessage {
  std::string topic;
  std::string payload;
  std::string content_type;  // MQTT 5 Content Type, else empty
  bool duplicate = false;    // the DUP flag: the broker may have sent it before. Its absence proves nothing
  bool is_text = true;       // topic and content type came as UTF-8; else U+FFFD stands where they did not
  std::uint64_t bytes_cut =
      0;  // of the payload, beyond MqttOptions::message_bytes_max; only its beginning is here
};

/// Where receipts are settled: the client behind its public face.
class MqttReceiptDesk {
 public:
  virtual void settle(std::uint64_t number, bool accepted) noexcept = 0;

 protected:
  ~MqttReceiptDesk() = default;
};

/// The right to acknowledge one message. Move-only, settled at most once, on the loop's thread.
/// Dropping it unsettled refuses. It may outlive the client: settling is then without effect.
class MqttReceipt {
 public:
  MqttReceipt() noexcept = default;
  MqttReceipt(std::weak_ptr<MqttReceiptDesk> desk, std::uint64_t number) noexcept
      : desk_(std::move(desk)), number_(number) {}
  MqttReceipt(MqttReceipt&& other) noexcept;
  MqttReceipt& operator=(MqttReceipt&& other) noexcept;
  MqttReceipt(const MqttReceipt&) = delete;
  MqttReceipt& operator=(const MqttReceipt&) = delete;
  ~MqttReceipt();

  /// What the message asks for is on disk: the PUBACK goes out at the end of this turn of the loop, behind those of
  /// the messages before it (MQTT-4.6.0-2). Too late (see `receipt_wait`), settled before, or empty: nothing happens,
  /// and the broker delivers the message again.
  void accept() noexcept;

  /// It could not be stored: the connection is cut before any PUBACK, the broker delivers again after the
  /// reconnect (with everything behind it, DUP set on what it had sent).
  void refuse() noexcept;

  /// Neither empty nor settled by this object.
  [[nodiscard]] explicit operator bool() const noexcept { return number_ != 0; }

 private:
  void settle(bool accepted) noexcept;
  std::weak_ptr<MqttReceiptDesk> desk_;
  std::uint64_t number_ = 0;  // 0 = empty
};

/// The broker's last will, and what an orderly end publishes in its place. QoS 1.
struct MqttWill {
  std::string topic;  // empty = no will
  std::string payload;
  bool retained = true;
};

struct MqttOptions {
  std::string url;  // mqtt://host:port, mqtts:// with TLS, ws:// and wss:// over WebSocket; IPv6 in brackets
  /// A client's, without alpn, for mqtts:// and wss://. See replace_tls().
  std::shared_ptr<const TlsContext> tls = nullptr;
  std::string version = "5";       // "5" or "3.1.1"
  std::string client_id;           // 1..128 bytes
  std::string username;            // empty = none
  std::string password;            // used only with a username
  std::uint16_t keepalive_s = 15;  // 5..65535. A dead link is noticed after 2 to 2.5 times this
  std::chrono::seconds session_expiry{24 * 3600};  // MQTT 5 only, 1 s..; with 3.1.1 the broker decides
  bool clean = false;        // begins and ends without a session: what waits for this name is lost
  std::string subscription;  // one topic filter, QoS 1; empty = none
  MqttWill will;
  std::string content_type;  // MQTT 5 Content Type of everything given to publish(); empty = none

  std::chrono::milliseconds connect_timeout{10'000};  // TCP, TLS, CONNACK and SUBACK together
  std::chrono::milliseconds retry_min{500};           // first wait after a failed or lost connection
  /// The wait doubles up to this; 75..125 % jitter on each. With an attempt that hangs it stays below 30 s (I13).
  std::chrono::milliseconds retry_max{15'000};
  std::uint64_t jitter_seed = 1;  // same seed, same waits. Give each store its own

  std::chrono::milliseconds receipt_wait{10'000};  // unsettled so long = refused
  std::uint16_t unsettled_max =
      64;                     // messages whose receipts may be open at once, 1..; told to an MQTT 5 broker
  std::uint16_t window = 20;  // unacknowledged publishes, 1..; the broker's receive maximum lowers it
  std::size_t queue_max = 1'000;  // publishes taken and not yet reported; beyond it publish() says no
  /// The largest packet taken. An MQTT 5 broker is told and keeps larger ones back; of a 3.1.1 broker's larger message
  /// only the beginning is given to the application (MqttMessage::bytes_cut).
  std::uint32_t message_bytes_max = 1024 * 1024;
};

/// What a connection began with.
struct MqttConnected {
  bool session_present = false;            // false: the broker forgot us; messages meant for us may be lost
  std::uint16_t receive_maximum = 65'535;  // the broker's; 65,535 also where it says nothing (and with 3.1.1)
  std::uint32_t packet_bytes_max =
      268'435'455;  // the largest packet the broker takes; publishes beyond it: `invalid`
};

/// What the application gives. Each is called from the loop, never from within a call to the client, and none after
/// stop() was called (but for what stop() itself was given). They may call publish() and counters(), settle receipts
/// and call stop().
struct MqttCallbacks {
  /// Settle the receipt within `receipt_wait`. Up to `unsettled_max` may be open at once; settling them together lets
  /// one commit serve them all.
  std::function<void(MqttMessage message, MqttReceipt receipt)> on_message;

  /// TCP is up, CONNACK and (where one was needed) SUBACK were good, presence was sent.
  std::function<void(MqttConnected)> on_connected;

  /// Once after each on_connected when that connection is gone, and for each attempt that failed:
  /// `was_connected` tells which. The client goes on trying. `why` is for a person; it holds no credential.
  std::function<void(const core::Error& why, bool was_connected)> on_disconnected;

  /// Exactly once for each id that publish() took, until stop(). ok = the broker's
  /// PUBACK. Errors: `unavailable` = not connected, the connection was lost before the PUBACK (the broker may have
  /// it), or the broker is short of something: publish again after on_connected; `invalid` = this message will never
  /// do (topic, size, or the broker's refusal; the context says which); `failed` = anything else.
  /// At a lost connection the window is reported in the order of publishing, before on_disconnected.
  std::function<void(std::uint64_t id, core::Result<void> result)> on_published;

  /// At each connect: the payload of the retained presence, published on will.topic. Empty
  /// function or empty string = publish none.
  std::function<std::string()> presence_online;

  /// At the beginning of stop(): what the orderly end publishes on will.topic. Empty = will.payload.
  std::function<std::string()> presence_offline;
};

/// Since the start. Only ever grow, except `connected`.
struct MqttCounters {
  bool connected = false;
  std::uint64_t connects = 0;  // connections that came up; reconnects are all but the first
  std::uint64_t attempts_failed = 0;
  std::uint64_t disconnects = 0;     // connections lost or cut by us
  std::uint64_t received = 0;        // messages handed to on_message
  std::uint64_t accepted = 0;        // ... and acknowledged
  std::uint64_t refused = 0;         // ... refused, dropped or timed out, the connection being cut
  std::uint64_t published = 0;       // sent (presence not counted)
  std::uint64_t acknowledged = 0;    // PUBACKed
  std::uint64_t publish_failed = 0;  // reported with an error
};

/// Loop thread only. Costs no thread (but for a moment one where the broker has a name instead of an address).
class MqttClient {
 public:
  /// Starts connecting at once, in the background; a broker that is away is no error here.
  /// Error: `invalid` for options that can never work (the context names the option). The loop must outlive the client.
  [[nodiscard]] static core::Result<std::unique_ptr<MqttClient>> start(Loop& loop, MqttOptions options,
                                                                       MqttCallbacks callbacks);

  /// The same checks as start(), and nothing else.
  [[nodiscard]] static core::Result<void> check(const MqttOptions& options);

  ~MqttClient();  // without stop(): the connection is cut, and the broker publishes the will
  MqttClient(const MqttClient&) = delete;
  MqttClient& operator=(const MqttClient&) = delete;

  /// Takes a QoS 1 publication; never blocks. `id` is the caller's and comes back in on_published.
  /// Sent in the order taken, at most `window` unacknowledged at a time; without a connection it is reported
  /// `unavailable` at once. false = not taken (queue full or stopped): on_published will not name it.
  [[nodiscard]] bool publish(std::uint64_t id, std::string topic, std::string payload, bool retained = false);

  /// Refuses what is unsettled, publishes the offline presence, waits for the window's PUBACKs, disconnects, and calls
  /// `ended`, at the latest after `within`. true = in good order; false = there was no connection, it broke, or time was
  /// up. Publishes not yet reported are not reported. Only the first call counts.
  void stop(std::chrono::milliseconds within, std::function<void(bool)> ended);

  /// The next connections shake hands with this context; one that is there keeps its own.
  void replace_tls(std::shared_ptr<const TlsContext> tls);

  [[nodiscard]] MqttCounters counters() const;

 private:
  class Engine;
  explicit MqttClient(std::shared_ptr<Engine> engine);
  std::shared_ptr<Engine> engine_;
};

}  // namespace storegate::platform
