// MQTT 3.1.1 and 5 on the wire, as far as a QoS 1 client needs it: bytes <-> packets. Pure: it must not know a socket,
// a clock, or what a topic means. Rules are cited as in the OASIS texts ("MQTT-4.6.0-2").
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/result.hpp"

namespace storegate::platform {

enum class MqttVersion : std::uint8_t { v3_1_1 = 4, v5 = 5 };

// ---- what the broker sends ----

struct MqttConnack {
  bool session_present = false;
  std::uint8_t code = 0;  // 0 = accepted; else a reason code (5) or return code (3.1.1)
  std::string reason;     // the broker's own words, MQTT 5 only
  std::uint16_t receive_maximum = 65'535;
  std::uint32_t packet_bytes_max = 268'435'455;
  std::optional<std::uint16_t> keepalive_s;  // the broker's, in place of ours
  bool takes_qos_1 = true;
  bool takes_retained = true;
};

struct MqttInbound {
  std::string topic;
  std::string payload;
  std::string content_type;     // MQTT 5, else empty
  std::uint16_t packet_id = 0;  // 0 with QoS 0
  std::uint8_t qos = 0;         // 0 or 1
  bool duplicate = false;
  bool is_text = true;          // topic and content type were UTF-8; else what was not is U+FFFD here
  std::uint64_t bytes_cut = 0;  // of the payload, beyond the reader's limit
};

struct MqttPuback {
  std::uint16_t packet_id = 0;
  std::uint8_t code = 0;  // 0x80 and above: the broker did not take the publication
};

struct MqttSuback {
  std::uint16_t packet_id = 0;
  std::uint8_t code = 0;  // 0x80 and above: refused
};

struct MqttPong {};

struct MqttGoodbye {  // DISCONNECT, MQTT 5 only
  std::uint8_t code = 0;
  std::string reason;
};

using MqttPacket = std::variant<MqttConnack, MqttInbound, MqttPuback, MqttSuback, MqttPong, MqttGoodbye>;

/// "not authorized (135)": a reason or return code in words for a person, with the broker's own behind it if any.
[[nodiscard]] std::string mqtt_reason(MqttVersion version, std::uint8_t code,
                                      std::string_view own_words = {});

/// Turns a connection's bytes into packets, in any portions.
class MqttReader {
 public:
  /// `bytes_max`: the largest packet kept whole. A larger PUBLISH is read to its end with only its first
  /// `bytes_max` bytes kept (MQTT 3.1.1 has no way to tell the broker of a limit); any other is an error.
  MqttReader(MqttVersion version, std::uint32_t bytes_max) noexcept
      : version_(version), bytes_max_(bytes_max) {}

  void feed(std::string_view bytes);

  /// The next whole packet, or nothing until more was fed. Error `invalid`: the peer does not speak this MQTT, or
  /// sends what was never agreed (QoS 2, a topic alias); the connection is of no more use.
  [[nodiscard]] core::Result<std::optional<MqttPacket>> next();

 private:
  struct Header {
    std::uint8_t type = 0;
    std::uint8_t flags = 0;
    std::size_t length = 0;  // of the header itself
    std::uint64_t body = 0;
  };
  [[nodiscard]] core::Result<std::optional<Header>> header() const;
  [[nodiscard]] core::Result<std::optional<MqttPacket>> begin_cut(const Header& header);

  MqttVersion version_;
  std::uint32_t bytes_max_;
  std::string buffer_;
  std::size_t taken_ = 0;       // of buffer_
  std::uint64_t skipping_ = 0;  // bytes of an oversized PUBLISH still to come
  std::optional<MqttInbound> cut_;
};

// ---- what the client sends: each appends one packet to `out` ----

struct MqttConnectFields {
  std::string_view client_id;
  std::string_view username;  // empty = none, and no password either
  std::string_view password;
  std::uint16_t keepalive_s = 0;
  std::uint32_t session_expiry_s = 0;  // MQTT 5
  std::uint32_t packet_bytes_max = 0;  // MQTT 5
  std::uint16_t receive_maximum = 0;   // MQTT 5; 1..
  std::string_view will_topic;         // empty = no will
  std::string_view will_payload;
  bool will_retained = false;
  bool clean = false;  // 3.1.1: clean session, which the broker forgets at its end; MQTT 5: clean start
};
void append_connect(std::string& out, MqttVersion version, const MqttConnectFields& fields);

struct MqttOutbound {
  std::uint16_t packet_id = 0;  // 1..
  std::string_view topic;       // 1 to 65535 bytes, no wildcard
  std::string_view payload;
  std::string_view content_type = {};  // MQTT 5; empty = none
  bool retained = false;
};
/// QoS 1.
void append_publish(std::string& out, MqttVersion version, const MqttOutbound& publication);
/// The bytes append_publish() would append.
[[nodiscard]] std::size_t publish_bytes(MqttVersion version, const MqttOutbound& publication) noexcept;

void append_puback(std::string& out, std::uint16_t packet_id);
/// One filter at QoS 1.
void append_subscribe(std::string& out, MqttVersion version, std::uint16_t packet_id,
                      std::string_view filter);
void append_ping(std::string& out);
/// The orderly end: the broker drops the will.
void append_disconnect(std::string& out);

/// Whether the bytes may stand in an MQTT string: UTF-8 without NUL, surrogates or overlong forms (MQTT-1.5.4-1).
[[nodiscard]] bool is_mqtt_text(std::string_view text) noexcept;
/// The same with U+FFFD for each byte that may not: an MQTT string, if longer.
[[nodiscard]] std::string mqtt_text_of(std::string_view bytes);

}  // namespace storegate::platform
