// MQTT packets: what the client writes, and the words for the broker's codes. Reading is in mqtt_reader.cpp.
#include "platform/mqtt_packet.hpp"

#include <array>
#include <utility>

#include "platform/utf8.hpp"

namespace storegate::platform {
namespace {

/// Of the character there, as an MQTT string may hold it; 0 if there is none.
std::size_t text_bytes(std::string_view text, std::size_t at) noexcept {
  return text[at] == '\0' ? 0 : utf8_bytes(text, at);
}

void append_byte(std::string& out, unsigned value) { out.push_back(static_cast<char>(value)); }

void append_two(std::string& out, std::uint32_t value) {
  append_byte(out, (value >> 8) & 0xff);
  append_byte(out, value & 0xff);
}

void append_four(std::string& out, std::uint32_t value) {
  append_two(out, value >> 16);
  append_two(out, value & 0xffff);
}

/// Two bytes of length, then the bytes: an MQTT string or binary datum.
void append_text(std::string& out, std::string_view text) {
  append_two(out, static_cast<std::uint32_t>(text.size()));
  out.append(text);
}

void append_length(std::string& out, std::size_t value) {
  do {
    const unsigned low = value & 0x7f;
    value >>= 7;
    append_byte(out, value == 0 ? low : low | 0x80);
  } while (value != 0);
}

std::size_t bytes_of_length(std::size_t value) noexcept {
  return value < 128 ? 1 : value < 16'384 ? 2 : value < 2'097'152 ? 3 : 4;
}

constexpr unsigned session_expiry_interval = 0x11;
constexpr unsigned receive_maximum = 0x21;
constexpr unsigned maximum_packet_size = 0x27;
constexpr unsigned content_type = 0x03;

std::string connect_properties(const MqttConnectFields& fields) {
  std::string properties;
  append_byte(properties, session_expiry_interval);
  append_four(properties, fields.session_expiry_s);
  append_byte(properties, receive_maximum);
  append_two(properties, fields.receive_maximum);
  append_byte(properties, maximum_packet_size);
  append_four(properties, fields.packet_bytes_max);
  return properties;
}

unsigned connect_flags(const MqttConnectFields& fields) noexcept {
  unsigned flags = fields.clean ? 0x02 : 0;
  if (!fields.username.empty()) flags |= 0x80 | 0x40;
  if (!fields.will_topic.empty()) flags |= 0x04 | 0x08 | (fields.will_retained ? 0x20U : 0U);  // will, QoS 1
  return flags;
}

std::size_t publish_body_bytes(MqttVersion version, const MqttOutbound& publication) noexcept {
  const std::size_t properties = publication.content_type.empty() ? 0 : 3 + publication.content_type.size();
  return 2 + publication.topic.size() + 2 +
         (version == MqttVersion::v5 ? bytes_of_length(properties) + properties : 0) +
         publication.payload.size();
}

constexpr std::array return_codes{"accepted",
                                  "unacceptable protocol version",
                                  "identifier rejected",
                                  "the broker is unavailable",
                                  "bad user name or password",
                                  "not authorized"};

/// The codes a CONNACK, PUBACK, SUBACK or DISCONNECT can carry (MQTT 5, table 2-6).
std::string_view words_of(std::uint8_t code) noexcept {
  switch (code) {
    case 0x00: return "normal";
    case 0x80: return "unspecified error";
    case 0x81: return "malformed packet";
    case 0x82: return "protocol error";
    case 0x83: return "implementation specific error";
    case 0x84: return "unsupported protocol version";
    case 0x85: return "client identifier not valid";
    case 0x86: return "bad user name or password";
    case 0x87: return "not authorized";
    case 0x88: return "server unavailable";
    case 0x89: return "server busy";
    case 0x8a: return "banned";
    case 0x8b: return "server shutting down";
    case 0x8c: return "bad authentication method";
    case 0x8d: return "keep alive timeout";
    case 0x8e: return "session taken over";
    case 0x8f: return "topic filter invalid";
    case 0x90: return "topic name invalid";
    case 0x91: return "packet identifier in use";
    case 0x93: return "receive maximum exceeded";
    case 0x94: return "topic alias invalid";
    case 0x95: return "packet too large";
    case 0x96: return "message rate too high";
    case 0x97: return "quota exceeded";
    case 0x98: return "administrative action";
    case 0x99: return "payload format invalid";
    case 0x9a: return "retain not supported";
    case 0x9b: return "QoS not supported";
    case 0x9c: return "use another server";
    case 0x9d: return "server moved";
    case 0x9e: return "shared subscriptions not supported";
    case 0x9f: return "connection rate exceeded";
    case 0xa0: return "maximum connect time";
    case 0xa1: return "subscription identifiers not supported";
    case 0xa2: return "wildcard subscriptions not supported";
    default: return "a code this client does not know";
  }
}

}  // namespace

std::string mqtt_reason(MqttVersion version, std::uint8_t code, std::string_view own_words) {
  const bool old = version == MqttVersion::v3_1_1 && code < return_codes.size();
  std::string words(old ? std::string_view(return_codes.at(code)) : words_of(code));
  words += " (" + std::to_string(code) + ")";
  if (!own_words.empty()) words.append(": ").append(own_words);
  return words;
}

void append_connect(std::string& out, MqttVersion version, const MqttConnectFields& fields) {
  const bool v5 = version == MqttVersion::v5;
  std::string body;
  append_text(body, "MQTT");
  append_byte(body, static_cast<unsigned>(version));
  append_byte(body, connect_flags(fields));
  append_two(body, fields.keepalive_s);
  if (v5) {
    const std::string properties = connect_properties(fields);
    append_length(body, properties.size());
    body += properties;
  }
  append_text(body, fields.client_id);
  if (!fields.will_topic.empty()) {
    if (v5) append_length(body, 0);  // no will properties: it is published at once
    append_text(body, fields.will_topic);
    append_text(body, fields.will_payload);
  }
  if (!fields.username.empty()) {
    append_text(body, fields.username);
    append_text(body, fields.password);
  }
  append_byte(out, 0x10);
  append_length(out, body.size());
  out += body;
}

std::size_t publish_bytes(MqttVersion version, const MqttOutbound& publication) noexcept {
  const std::size_t body = publish_body_bytes(version, publication);
  return 1 + bytes_of_length(body) + body;
}

void append_publish(std::string& out, MqttVersion version, const MqttOutbound& publication) {
  append_byte(out, 0x32U | (publication.retained ? 1U : 0U));
  append_length(out, publish_body_bytes(version, publication));
  append_text(out, publication.topic);
  append_two(out, publication.packet_id);
  if (version == MqttVersion::v5) {
    if (publication.content_type.empty()) {
      append_length(out, 0);
    } else {
      append_length(out, 3 + publication.content_type.size());
      append_byte(out, content_type);
      append_text(out, publication.content_type);
    }
  }
  out.append(publication.payload);
}

void append_puback(std::string& out, std::uint16_t packet_id) {
  append_byte(out, 0x40);
  append_length(out, 2);
  append_two(out, packet_id);
}

void append_subscribe(std::string& out, MqttVersion version, std::uint16_t packet_id,
                      std::string_view filter) {
  const bool v5 = version == MqttVersion::v5;
  append_byte(out, 0x82);
  append_length(out, 2 + (v5 ? 1U : 0U) + 2 + filter.size() + 1);
  append_two(out, packet_id);
  if (v5) append_length(out, 0);
  append_text(out, filter);
  append_byte(out, 1);
}

void append_ping(std::string& out) {
  append_byte(out, 0xc0);
  append_byte(out, 0);
}

void append_disconnect(std::string& out) {
  append_byte(out, 0xe0);
  append_byte(out, 0);
}

bool is_mqtt_text(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = text_bytes(text, at);
    if (bytes == 0) return false;
    at += bytes;
  }
  return true;
}

std::string mqtt_text_of(std::string_view bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t good = text_bytes(bytes, at);
    text += good > 0 ? bytes.substr(at, good) : "\xef\xbf\xbd";
    at += good > 0 ? good : 1;
  }
  return text;
}

}  // namespace storegate::platform
