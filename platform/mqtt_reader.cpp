// MQTT packets: what the broker's bytes say. A peer that breaks the protocol is met with an error, never with a guess.
#include <algorithm>
#include <array>
#include <utility>

#include "platform/mqtt_packet.hpp"

namespace storegate::platform {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

Error malformed(std::string what) {
  return {ErrorCode::invalid, "not MQTT from the broker: " + std::move(what)};
}

/// Reads from the front of a packet's body. Reading past its end gives zeroes and is remembered.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) noexcept : rest_(bytes) {}

  [[nodiscard]] bool good() const noexcept { return good_; }
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  std::string_view take(std::size_t count) noexcept {
    if (count > rest_.size()) {
      good_ = false;
      rest_ = {};
      return {};
    }
    const auto bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }
  std::uint32_t number(std::size_t bytes) noexcept {
    std::uint32_t value = 0;
    for (const char byte : take(bytes)) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
  }
  std::uint8_t byte() noexcept { return static_cast<std::uint8_t>(number(1)); }
  std::uint16_t two() noexcept { return static_cast<std::uint16_t>(number(2)); }
  std::string_view text() noexcept { return take(two()); }
  std::size_t length() noexcept {
    std::size_t value = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
      const unsigned part = byte();
      value |= static_cast<std::size_t>(part & 0x7f) << shift;
      if ((part & 0x80) == 0) return value;
    }
    good_ = false;
    return 0;
  }
  std::string_view rest() noexcept { return take(rest_.size()); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

/// One MQTT 5 property: its identifier, and its value as a number or as text.
struct Property {
  std::uint8_t id = 0;
  std::uint32_t number = 0;
  std::string_view text;
};

/// How a property's value is written (MQTT 5, table 2-4).
enum class Form : std::uint8_t { unknown, byte, two, four, length, text, pair };

Form form_of(std::uint8_t id) noexcept {
  switch (id) {
    case 0x01:
    case 0x17:
    case 0x19:
    case 0x24:
    case 0x25:
    case 0x28:
    case 0x29:
    case 0x2a: return Form::byte;
    case 0x13:
    case 0x21:
    case 0x22:
    case 0x23: return Form::two;
    case 0x02:
    case 0x11:
    case 0x18:
    case 0x27: return Form::four;
    case 0x0b: return Form::length;
    case 0x03:
    case 0x08:
    case 0x09:
    case 0x12:
    case 0x15:
    case 0x16:
    case 0x1a:
    case 0x1c:
    case 0x1f: return Form::text;
    case 0x26: return Form::pair;
    default: return Form::unknown;
  }
}

/// Calls `use(property)` for each property at the cursor; false if they are malformed.
template <typename Use>
bool each_property(Cursor& body, const Use& use) {
  const std::size_t length = body.length();
  Cursor properties(body.take(length));
  while (body.good() && properties.good() && !properties.at_end()) {
    Property property;
    property.id = properties.byte();
    switch (form_of(property.id)) {
      case Form::unknown: return false;
      case Form::byte: property.number = properties.number(1); break;
      case Form::two: property.number = properties.number(2); break;
      case Form::four: property.number = properties.number(4); break;
      case Form::length: property.number = static_cast<std::uint32_t>(properties.length()); break;
      case Form::text: property.text = properties.text(); break;
      case Form::pair:
        properties.text();
        properties.text();
        break;
    }
    if (properties.good()) use(property);
  }
  return body.good() && properties.good();
}

constexpr std::uint8_t content_type = 0x03;
constexpr std::uint8_t server_keep_alive = 0x13;
constexpr std::uint8_t reason_string = 0x1f;
constexpr std::uint8_t receive_maximum = 0x21;
constexpr std::uint8_t topic_alias = 0x23;
constexpr std::uint8_t maximum_qos = 0x24;
constexpr std::uint8_t retain_available = 0x25;
constexpr std::uint8_t maximum_packet_size = 0x27;

Result<MqttPacket> read_connack(MqttVersion version, Cursor body) {
  MqttConnack connack;
  connack.session_present = (body.byte() & 1) != 0;
  connack.code = body.byte();
  bool zero = false;
  const auto use = [&](const Property& property) {
    switch (property.id) {
      case server_keep_alive: connack.keepalive_s = static_cast<std::uint16_t>(property.number); break;
      case reason_string: connack.reason = property.text; break;
      case receive_maximum: connack.receive_maximum = static_cast<std::uint16_t>(property.number); break;
      case maximum_qos: connack.takes_qos_1 = property.number >= 1; break;
      case retain_available: connack.takes_retained = property.number != 0; break;
      case maximum_packet_size: connack.packet_bytes_max = property.number; break;
      default: break;
    }
    zero = zero ||
           ((property.id == receive_maximum || property.id == maximum_packet_size) && property.number == 0);
  };
  // A broker that does not know MQTT 5 answers in the form of 3.1.1, without properties.
  if (version == MqttVersion::v5 && !body.at_end() && !each_property(body, use))
    return malformed("a CONNACK's properties");
  if (!body.good() || zero) return malformed("a CONNACK");
  return MqttPacket(std::move(connack));
}

Result<MqttPacket> read_publish(MqttVersion version, std::uint8_t flags, Cursor body) {
  MqttInbound message;
  message.duplicate = (flags & 8) != 0;
  message.qos = (flags >> 1) & 3;
  if (message.qos > 1) return malformed("a PUBLISH with a QoS that was not asked for");
  message.topic = body.text();
  if (message.qos == 1) {
    message.packet_id = body.two();
    if (message.packet_id == 0 && body.good()) return malformed("a PUBLISH with packet identifier 0");
  }
  bool aliased = false;
  const auto use = [&](const Property& property) {
    if (property.id == content_type) message.content_type = property.text;
    aliased = aliased || property.id == topic_alias;
  };
  if (version == MqttVersion::v5 && !each_property(body, use)) return malformed("a PUBLISH's properties");
  if (!body.good() || aliased || message.topic.empty()) return malformed("a PUBLISH");
  // MQTT-1.5.4-1 calls it malformed. Cutting the connection for it would have it delivered again, for ever.
  for (std::string* text : {&message.topic, &message.content_type}) {
    if (is_mqtt_text(*text)) continue;
    message.is_text = false;
    *text = mqtt_text_of(*text);  // it will stand in events, which are JSON, and in rows
  }
  message.payload = body.rest();
  return MqttPacket(std::move(message));
}

Result<MqttPacket> read_puback(Cursor body) {
  MqttPuback puback;
  puback.packet_id = body.two();
  if (!body.good() || puback.packet_id == 0) return malformed("a PUBACK");
  if (!body.at_end()) puback.code = body.byte();  // MQTT 5; what follows are words we do without
  return MqttPacket(puback);
}

Result<MqttPacket> read_suback(MqttVersion version, Cursor body) {
  MqttSuback suback;
  suback.packet_id = body.two();
  if (version == MqttVersion::v5 && !each_property(body, [](const Property&) {}))
    return malformed("a SUBACK's properties");
  suback.code = body.byte();
  if (!body.good() || !body.at_end()) return malformed("a SUBACK");  // one filter was asked for
  return MqttPacket(suback);
}

Result<MqttPacket> read_goodbye(MqttVersion version, Cursor body) {
  if (version != MqttVersion::v5) return malformed("a DISCONNECT");
  MqttGoodbye goodbye;
  if (!body.at_end()) goodbye.code = body.byte();
  const auto use = [&](const Property& property) {
    if (property.id == reason_string) goodbye.reason = property.text;
  };
  if (!body.at_end() && !each_property(body, use)) return malformed("a DISCONNECT's properties");
  return MqttPacket(std::move(goodbye));
}

Result<MqttPacket> read_packet(MqttVersion version, std::uint8_t type, std::uint8_t flags, Cursor body) {
  switch (type) {
    case 2: return read_connack(version, body);
    case 3: return read_publish(version, flags, body);
    case 4: return read_puback(body);
    case 9: return read_suback(version, body);
    case 13: return MqttPacket(MqttPong{});
    case 14: return read_goodbye(version, body);
    default: return malformed("a packet of type " + std::to_string(type));
  }
}

/// What is kept of a buffer whose front has been read: little, or it would be moved for each packet.
constexpr std::size_t compact_from = 64 * 1024;

}  // namespace

void MqttReader::feed(std::string_view bytes) {
  const auto skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skipping_, bytes.size()));
  skipping_ -= skipped;
  bytes.remove_prefix(skipped);
  if (taken_ == buffer_.size()) {
    buffer_.clear();
    taken_ = 0;
  } else if (taken_ >= compact_from) {
    buffer_.erase(0, taken_);
    taken_ = 0;
  }
  buffer_.append(bytes);
}

Result<std::optional<MqttReader::Header>> MqttReader::header() const {
  const std::string_view rest = std::string_view(buffer_).substr(taken_);
  if (rest.size() < 2) return std::optional<Header>();
  const auto first = static_cast<unsigned char>(rest[0]);
  Header header{static_cast<std::uint8_t>(first >> 4), static_cast<std::uint8_t>(first & 15), 1, 0};
  // At once: what a peer that speaks something else means by a length would be waited for.
  if (header.type != 3 && header.flags != 0) return malformed("reserved flags");
  for (unsigned shift = 0; shift < 28; shift += 7) {
    if (header.length == rest.size()) return std::optional<Header>();
    const auto part = static_cast<unsigned char>(rest[header.length++]);
    header.body |= static_cast<std::uint64_t>(part & 0x7f) << shift;
    if ((part & 0x80) == 0) return std::optional<Header>(header);
  }
  return malformed("a length of more than four bytes");
}

Result<std::optional<MqttPacket>> MqttReader::begin_cut(const Header& header) {
  if (header.type != 3) return malformed("a packet of " + std::to_string(header.body) + " bytes");
  if (buffer_.size() - taken_ - header.length < bytes_max_) return std::optional<MqttPacket>();
  const std::string_view kept = std::string_view(buffer_).substr(taken_ + header.length, bytes_max_);
  auto packet = read_packet(version_, header.type, header.flags, Cursor(kept));
  if (!packet) return std::move(packet).error();
  cut_ = std::get<MqttInbound>(std::move(*packet));
  cut_->bytes_cut = header.body - bytes_max_;
  const std::uint64_t here = std::min<std::uint64_t>(buffer_.size() - taken_ - header.length, header.body);
  taken_ += header.length + static_cast<std::size_t>(here);
  skipping_ = header.body - here;
  return next();
}

Result<std::optional<MqttPacket>> MqttReader::next() {
  if (cut_) {
    if (skipping_ > 0) return std::optional<MqttPacket>();
    return std::optional<MqttPacket>(MqttPacket(*std::exchange(cut_, {})));
  }
  auto found = header();
  if (!found) return std::move(found).error();
  if (!*found) return std::optional<MqttPacket>();
  const Header& header = **found;
  if (header.body > bytes_max_) return begin_cut(header);
  const auto length = static_cast<std::size_t>(header.body);
  if (buffer_.size() - taken_ - header.length < length) return std::optional<MqttPacket>();
  const Cursor body(std::string_view(buffer_).substr(taken_ + header.length, length));
  auto packet = read_packet(version_, header.type, header.flags, body);
  if (!packet) return std::move(packet).error();
  taken_ += header.length + length;
  return std::optional<MqttPacket>(std::move(*packet));
}

}  // namespace storegate::platform
