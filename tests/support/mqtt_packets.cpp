// MQTT 3.1.1 packets as bytes, from the specification.
#include "tests/support/mqtt_packets.hpp"

#include <stdexcept>

namespace storegate::support::mqtt {

namespace {

constexpr std::size_t remaining_max = 268'435'455;  // 2.2.3

void put_number(std::string& bytes, std::size_t number) {
  bytes += static_cast<char>(number >> 8 & 0xff);
  bytes += static_cast<char>(number & 0xff);
}

void put_text(std::string& bytes, std::string_view text) {
  if (text.size() > 0xffff) throw std::invalid_argument("MQTT string longer than 65535 bytes");
  put_number(bytes, text.size());
  bytes.append(text);
}

/// First byte and remaining length (2.2), with room kept for the body.
std::string begin_packet(std::uint8_t head, std::size_t remaining) {
  if (remaining > remaining_max) throw std::invalid_argument("MQTT packet too long");
  std::string bytes;
  bytes.reserve(remaining + 5);
  bytes += static_cast<char>(head);
  do {
    const std::size_t digit = remaining % 128;
    remaining /= 128;
    bytes += static_cast<char>(remaining > 0 ? digit | 128 : digit);
  } while (remaining > 0);
  return bytes;
}

}  // namespace

std::string connect(std::string_view client_id, bool clean_session, std::uint16_t keepalive_s) {
  std::string bytes = begin_packet(0x10, 10 + 2 + client_id.size());
  put_text(bytes, "MQTT");
  bytes += '\x04';  // protocol level 3.1.1
  bytes += clean_session ? '\x02' : '\x00';
  put_number(bytes, keepalive_s);
  put_text(bytes, client_id);
  return bytes;
}

std::string subscribe(std::uint16_t id, std::string_view filter) {
  std::string bytes = begin_packet(0x82, 2 + 2 + filter.size() + 1);
  put_number(bytes, id);
  put_text(bytes, filter);
  return bytes += '\x01';
}

std::string publish(std::uint16_t id, std::string_view topic, std::string_view payload, bool retain) {
  std::string bytes = begin_packet(retain ? 0x33 : 0x32, 2 + topic.size() + 2 + payload.size());
  put_text(bytes, topic);
  put_number(bytes, id);
  return bytes.append(payload);
}

std::string puback(std::uint16_t id) {
  std::string bytes = begin_packet(0x40, 2);
  put_number(bytes, id);
  return bytes;
}

std::string pingreq() { return begin_packet(0xc0, 0); }

std::string disconnect() { return begin_packet(0xe0, 0); }

std::optional<Packet> front_packet(std::string_view bytes) {
  std::size_t remaining = 0;
  for (std::size_t i = 1; i <= 4; ++i) {
    if (i >= bytes.size()) return std::nullopt;
    const auto digit = static_cast<unsigned char>(bytes[i]);
    remaining |= static_cast<std::size_t>(digit & 127) << (7 * (i - 1));
    if ((digit & 128) != 0) continue;
    if (bytes.size() < i + 1 + remaining) return std::nullopt;
    return Packet{static_cast<std::uint8_t>(bytes[0]), bytes.substr(i + 1, remaining), i + 1 + remaining};
  }
  return Packet{};
}

std::uint16_t number_at(std::string_view body, std::size_t at) noexcept {
  if (at + 2 > body.size()) return 0;
  return static_cast<std::uint16_t>(static_cast<unsigned char>(body[at]) << 8 |
                                    static_cast<unsigned char>(body[at + 1]));
}

std::optional<Published> read_publish(const Packet& packet) {
  const int qos = packet.head >> 1 & 3;
  const std::size_t topic_size = number_at(packet.body, 0);
  const std::size_t payload_at = 2 + topic_size + (qos > 0 ? 2 : 0);
  if (qos > 1 || packet.body.size() < payload_at) return std::nullopt;
  Published message;
  message.topic = packet.body.substr(2, topic_size);
  message.payload = packet.body.substr(payload_at);
  message.id = qos > 0 ? number_at(packet.body, 2 + topic_size) : std::uint16_t{0};
  message.retained = (packet.head & 1) != 0;
  message.duplicate = (packet.head & 8) != 0;
  return message;
}

}  // namespace storegate::support::mqtt
