// What a broker sends, in any portions.
#include <algorithm>
#include <string>
#include <type_traits>
#include <vector>

#include "platform/mqtt_packet.hpp"
#include "target.hpp"

namespace storegate::fuzz {

namespace {

using namespace platform;

template <typename... Part>
std::string told(const Part&... parts) {
  std::string out;
  ((out += parts + std::string(1, '|')), ...);
  return out;
}

std::string told_packet(const MqttPacket& packet) {
  const std::string which = std::to_string(packet.index());
  if (const auto* in = std::get_if<MqttInbound>(&packet))
    return told(which, in->topic, in->payload, in->content_type, std::to_string(in->packet_id),
                std::to_string(in->qos), std::to_string(in->bytes_cut));
  if (const auto* ack = std::get_if<MqttConnack>(&packet))
    return told(which, std::to_string(ack->code), ack->reason, std::to_string(ack->receive_maximum));
  if (const auto* ack = std::get_if<MqttPuback>(&packet)) return told(which, std::to_string(ack->packet_id));
  return which;
}

void must_be_sound(const MqttPacket& packet, std::uint32_t bytes_max) {
  const auto* in = std::get_if<MqttInbound>(&packet);
  if (in == nullptr) return;
  expect(is_mqtt_text(in->topic) && !in->topic.empty(), "a topic is text");
  expect(in->payload.size() <= bytes_max, "no more of a payload is kept than agreed");
  expect(in->qos <= 1 && (in->packet_id == 0) == (in->qos == 0), "QoS 1 has an id, and there is no other");
}

std::vector<std::string> read_all(MqttVersion version, std::uint32_t bytes_max, std::string_view bytes,
                                  std::size_t portion) {
  MqttReader reader(version, bytes_max);
  std::vector<std::string> packets;
  while (!bytes.empty()) {
    const auto count = std::min(portion, bytes.size());
    reader.feed(bytes.substr(0, count));
    bytes.remove_prefix(count);
    for (;;) {
      auto next = reader.next();
      if (!next) {
        expect(next.error().code == core::ErrorCode::invalid && !next.error().context.empty(),
               "what is no MQTT is refused in words");
        packets.push_back("refused");
        return packets;
      }
      if (!*next) break;
      must_be_sound(**next, bytes_max);
      packets.push_back(told_packet(**next));
    }
  }
  return packets;
}

}  // namespace

/// A line "4|5 LARGEST PORTION", and what the broker sends.
void run_mqtt(std::string_view input) {
  Cut cut(input);
  Cut first(cut.line());
  const auto version = first.number() == 4 ? MqttVersion::v3_1_1 : MqttVersion::v5;
  const auto bytes_max = std::clamp<std::uint32_t>(first.number(), 16, 65'536);
  const std::size_t portion = std::max<std::uint32_t>(first.number(), 1);
  expect(read_all(version, bytes_max, cut.rest(), cut.rest().size() + 1) ==
             read_all(version, bytes_max, cut.rest(), portion),
         "packets are the same in whatever portions they come");
}

}  // namespace storegate::fuzz
