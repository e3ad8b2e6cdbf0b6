// MQTT 3.1.1 control packets as bytes, as far as RawMqtt needs them. Pure: no socket.
// Section numbers are those of the OASIS standard.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace storegate::support::mqtt {

/// Packet types (2.2.1), the upper half of the first byte.
enum class Type : std::uint8_t {
  connect = 1,
  connack = 2,
  publish = 3,
  puback = 4,
  subscribe = 8,
  suback = 9,
  pingreq = 12,
  pingresp = 13,
  disconnect = 14
};

[[nodiscard]] std::string connect(std::string_view client_id, bool clean_session, std::uint16_t keepalive_s);
[[nodiscard]] std::string subscribe(std::uint16_t id, std::string_view filter);  // at QoS 1
[[nodiscard]] std::string publish(std::uint16_t id, std::string_view topic, std::string_view payload,
                                  bool retain);
[[nodiscard]] std::string puback(std::uint16_t id);
[[nodiscard]] std::string pingreq();
[[nodiscard]] std::string disconnect();

/// A packet at the front of a stream.
struct Packet {
  std::uint8_t head = 0;  // type and flags
  std::string_view body;
  std::size_t size = 0;  // with its fixed header
  [[nodiscard]] Type type() const noexcept { return static_cast<Type>(head >> 4); }
};
/// Empty while it is not whole. A remaining length of more than four bytes (2.2.3): size 0, a broken stream.
[[nodiscard]] std::optional<Packet> front_packet(std::string_view bytes);

/// A received PUBLISH (3.3). id 0 = QoS 0.
struct Published {
  std::string_view topic;
  std::string_view payload;
  std::uint16_t id = 0;
  bool retained = false;
  bool duplicate = false;
};
/// Empty when malformed or of QoS 2.
[[nodiscard]] std::optional<Published> read_publish(const Packet& packet);
/// The two-byte number at `at`; 0 beyond the end.
[[nodiscard]] std::uint16_t number_at(std::string_view body, std::size_t at) noexcept;

}  // namespace storegate::support::mqtt
