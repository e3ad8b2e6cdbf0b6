// MQTT packets: what is written can be read by hand, what is read may come in any portions, and what is not MQTT is
// said to be none.
#include <doctest/doctest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "platform/mqtt_packet.hpp"

using namespace storegate::platform;
using namespace std::string_view_literals;
using storegate::core::ErrorCode;

namespace {

constexpr std::uint32_t large = 1024 * 1024;

/// All packets in `bytes`, fed `portion` bytes at a time; an error ends it and is counted in `errors`.
std::vector<MqttPacket> read_all(MqttVersion version, std::string_view bytes, std::size_t portion,
                                 int& errors, std::uint32_t bytes_max = large) {
  MqttReader reader(version, bytes_max);
  std::vector<MqttPacket> packets;
  while (!bytes.empty()) {
    const std::size_t count = std::min(portion, bytes.size());
    reader.feed(bytes.substr(0, count));
    bytes.remove_prefix(count);
    for (;;) {
      auto next = reader.next();
      if (!next) {
        CHECK(next.error().code == ErrorCode::invalid);
        ++errors;
        return packets;
      }
      if (!*next) break;
      packets.push_back(std::move(**next));
    }
  }
  return packets;
}

template <typename Packet>
Packet only(MqttVersion version, std::string_view bytes) {
  int errors = 0;
  const auto packets = read_all(version, bytes, bytes.size(), errors);
  REQUIRE(errors == 0);
  REQUIRE(packets.size() == 1);
  REQUIRE(std::holds_alternative<Packet>(packets.front()));
  return std::get<Packet>(packets.front());
}

bool is_refused(MqttVersion version, std::string_view bytes) {
  int errors = 0;
  const auto packets = read_all(version, bytes, bytes.size(), errors);
  return errors == 1 && packets.empty();
}

/// A PUBLISH as a broker sends it. Properties only with MQTT 5.
std::string publish(MqttVersion version, std::uint8_t qos, std::string_view topic, std::string_view payload,
                    std::string_view properties = {}) {
  std::string body;
  body += static_cast<char>(topic.size() >> 8);
  body += static_cast<char>(topic.size() & 255);
  body += topic;
  if (qos > 0) body += "\x12\x34";
  if (version == MqttVersion::v5) body += static_cast<char>(properties.size());
  body += properties;
  body += payload;
  std::string packet(1, static_cast<char>(0x30 | qos << 1));
  std::size_t length = body.size();
  do {
    packet += static_cast<char>((length & 127) | (length > 127 ? 128 : 0));
    length >>= 7;
  } while (length > 0);
  return packet + body;
}

}  // namespace

TEST_CASE("a CONNACK tells session, limits and the broker's own keep-alive") {
  const auto connack = only<MqttConnack>(
      MqttVersion::v5, "\x20\x12\x01\x00\x0f\x21\x00\x14\x27\x00\x00\x10\x00\x13\x00\x3c\x24\x01\x25\x00"sv);
  CHECK(connack.session_present);
  CHECK(connack.code == 0);
  CHECK(connack.receive_maximum == 20);
  CHECK(connack.packet_bytes_max == 4096);
  CHECK(connack.keepalive_s == 60);
  CHECK(connack.takes_qos_1);
  CHECK_FALSE(connack.takes_retained);
  CHECK_FALSE(only<MqttConnack>(MqttVersion::v5, "\x20\x05\x00\x00\x02\x24\x00"sv).takes_qos_1);
  CHECK(only<MqttConnack>(MqttVersion::v3_1_1, "\x20\x02\x00\x05"sv).code == 5);
  CHECK(only<MqttConnack>(MqttVersion::v5, "\x20\x02\x00\x01"sv).code == 1);  // a broker without MQTT 5
}

TEST_CASE("the other packets of a broker are read, with what MQTT 5 adds") {
  CHECK(only<MqttPuback>(MqttVersion::v3_1_1, "\x40\x02\x00\x07"sv).packet_id == 7);
  const auto puback = only<MqttPuback>(MqttVersion::v5, "\x40\x08\x00\x07\x97\x04\x1f\x00\x01x"sv);
  CHECK(puback.packet_id == 7);
  CHECK(puback.code == 0x97);
  CHECK(only<MqttSuback>(MqttVersion::v5, "\x90\x04\x00\x01\x00\x87"sv).code == 0x87);
  CHECK(only<MqttSuback>(MqttVersion::v3_1_1, "\x90\x03\x00\x01\x01"sv).code == 1);
  CHECK(only<MqttGoodbye>(MqttVersion::v5, "\xe0\x00"sv).code == 0);
  const auto goodbye = only<MqttGoodbye>(MqttVersion::v5, "\xe0\x07\x8b\x05\x1f\x00\x02no"sv);
  CHECK(goodbye.code == 0x8b);
  CHECK(goodbye.reason == "no");
  CHECK(mqtt_reason(MqttVersion::v5, goodbye.code, goodbye.reason) == "server shutting down (139): no");
  CHECK(mqtt_reason(MqttVersion::v3_1_1, 4) == "bad user name or password (4)");
  only<MqttPong>(MqttVersion::v5, "\xd0\x00"sv);
}

TEST_CASE("messages keep topic, payload and content type, whatever other properties they carry") {
  const auto properties =
      "\x01\x01\x02\x00\x00\x00\x09\x03\x00\x04json\x08\x00\x01r\x09\x00\x01\x00\x0b\x80\x01\x26\x00\x01k\x00\x01v"sv;
  const auto message =
      only<MqttInbound>(MqttVersion::v5, publish(MqttVersion::v5, 1, "in/order", "body", properties));
  CHECK(message.topic == "in/order");
  CHECK(message.payload == "body");
  CHECK(message.content_type == "json");
  CHECK(message.packet_id == 0x1234);
  CHECK(message.qos == 1);
  CHECK(message.bytes_cut == 0);
  const auto plain = only<MqttInbound>(MqttVersion::v3_1_1, publish(MqttVersion::v3_1_1, 0, "in/order", ""));
  CHECK(plain.packet_id == 0);
  CHECK(plain.payload.empty());
}

TEST_CASE("the portions in which bytes come make no difference") {
  for (const auto version : {MqttVersion::v5, MqttVersion::v3_1_1}) {
    const std::string bytes = publish(version, 1, "a", std::string(300, 'x')) + "\xd0" +
                              std::string(1, '\0') + publish(version, 0, "b", "") +
                              publish(version, 1, "c", std::string(20'000, 'y'));
    for (const std::size_t portion : {1U, 2U, 3U, 7U, 128U, 4096U, 100'000U}) {
      CAPTURE(portion);
      int errors = 0;
      const auto packets = read_all(version, bytes, portion, errors);
      CHECK(errors == 0);
      REQUIRE(packets.size() == 4);
      CHECK(std::get<MqttInbound>(packets[0]).payload.size() == 300);
      CHECK(std::holds_alternative<MqttPong>(packets[1]));
      CHECK(std::get<MqttInbound>(packets[2]).topic == "b");
      CHECK(std::get<MqttInbound>(packets[3]).payload == std::string(20'000, 'y'));
    }
  }
}

TEST_CASE("of a message beyond the limit only the beginning is kept, and the next packet is read whole") {
  const auto version = MqttVersion::v3_1_1;
  const std::string bytes =
      publish(version, 1, "in/order", std::string(5'000, 'x')) + publish(version, 1, "b", "next");
  for (const std::size_t portion : {1U, 100U, 1024U, 10'000U}) {
    CAPTURE(portion);
    int errors = 0;
    const auto packets = read_all(version, bytes, portion, errors, 1024);
    CHECK(errors == 0);
    REQUIRE(packets.size() == 2);
    const auto& cut = std::get<MqttInbound>(packets[0]);
    CHECK(cut.topic == "in/order");
    CHECK(cut.packet_id == 0x1234);
    CHECK(cut.payload.size() + cut.bytes_cut == 5'000);
    CHECK(cut.payload.size() == 1024 - 2 - 8 - 2);
    CHECK(std::get<MqttInbound>(packets[1]).payload == "next");
  }
}

TEST_CASE("what is not MQTT, or was never agreed, is refused") {
  const auto v5 = MqttVersion::v5;
  CHECK(is_refused(v5, "HTTP/1.1 400 Bad Request\r\n\r\n"sv));
  CHECK(is_refused(v5, "\x10\x00"sv));                                // a CONNECT
  CHECK(is_refused(v5, "\x20\x80\x80\x80\x80\x01"sv));                // a length of five bytes
  CHECK(is_refused(v5, "\x21\x03\x00\x00\x00"sv));                    // reserved flags
  CHECK(is_refused(v5, "\x20\x01\x00"sv));                            // a CONNACK without its code
  CHECK(is_refused(v5, "\x20\x06\x00\x00\x03\x21\x00\x00"sv));        // receive maximum 0
  CHECK(is_refused(v5, "\x20\x05\x00\x00\x02\x7f\x00"sv));            // an unknown property
  CHECK(is_refused(v5, "\x40\x02\x00\x00"sv));                        // packet identifier 0
  CHECK(is_refused(v5, "\x90\x05\x00\x01\x00\x01\x01"sv));            // two answers to one filter
  CHECK(is_refused(v5, "\x34\x06\x00\x01q\x00\x01\x00"sv));           // QoS 2
  CHECK(is_refused(v5, "\x32\x06\x00\x01q\x00\x00\x00"sv));           // QoS 1 without identifier
  CHECK(is_refused(v5, publish(v5, 1, "q", "x", "\x23\x00\x01"sv)));  // a topic alias
  CHECK(is_refused(v5, publish(v5, 1, "", "x")));                     // no topic
  CHECK(is_refused(MqttVersion::v3_1_1, "\xe0\x00"sv));               // DISCONNECT from a 3.1.1 broker
}

TEST_CASE(
    "a message whose topic or content type is no text is handed on as such, with U+FFFD in place of it") {
  const auto v5 = MqttVersion::v5;
  const auto topic = [](MqttVersion version, std::string_view bytes) {
    const auto message = only<MqttInbound>(version, publish(version, 1, bytes, "\xff"));
    CHECK_FALSE(message.is_text);
    CHECK(message.payload == "\xff");
    return message.topic;
  };
  CHECK(topic(v5, "in/\xd5t") == "in/\xef\xbf\xbdt");
  CHECK(topic(MqttVersion::v3_1_1, "in/\0"sv) == "in/\xef\xbf\xbd");
  CHECK(topic(v5, "\xc3\xa9\xed\xa0\x80") == "\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  const auto typed = only<MqttInbound>(v5, publish(v5, 1, "q", "x", "\x03\x00\x01\xff"sv));
  CHECK_FALSE(typed.is_text);
  CHECK(typed.content_type == "\xef\xbf\xbd");
  CHECK(only<MqttInbound>(v5, publish(v5, 1, "q", "\xff", "\x03\x00\x01j"sv)).is_text);
}

TEST_CASE("a thousand spoilt streams neither crash nor make a packet larger than they are") {
  const std::string good = std::string("\x20\x03\x01\x00\x00", 5) +
                           publish(MqttVersion::v5, 1, "in/order", "body", "\x03\x00\x01j"sv) +
                           std::string("\x40\x02\x00\x07\xd0\x00", 6);
  std::minstd_rand draw(7);
  std::size_t payloads = 0;
  for (int round = 0; round < 1'000; ++round) {
    std::string bytes = good;
    for (unsigned change = draw() % 4 + 1; change > 0; --change)
      bytes[draw() % bytes.size()] = static_cast<char>(draw() & 255);
    int errors = 0;
    for (const auto& packet : read_all(MqttVersion::v5, bytes, draw() % 16 + 1, errors)) {
      if (const auto* message = std::get_if<MqttInbound>(&packet)) {
        ++payloads;
        CHECK(message->payload.size() + message->topic.size() < bytes.size());
      }
    }
  }
  CHECK(payloads > 0);
}

TEST_CASE("what is written says what was meant, byte by byte") {
  std::string out;
  append_publish(out, MqttVersion::v3_1_1, {.packet_id = 258, .topic = "a/b", .payload = "xy"});
  CHECK(out ==
        "\x32\x09\x00\x03"
        "a/b\x01\x02xy"sv);
  out.clear();
  const MqttOutbound with{
      .packet_id = 1, .topic = "t", .payload = "x", .content_type = "ct", .retained = true};
  append_publish(out, MqttVersion::v5, with);
  CHECK(out ==
        "\x33\x0c\x00\x01t\x00\x01\x05\x03\x00\x02"
        "ctx"sv);
  CHECK(publish_bytes(MqttVersion::v5, with) == out.size());
  out.clear();
  append_puback(out, 0x1234);
  append_ping(out);
  append_disconnect(out);
  CHECK(out == "\x40\x02\x12\x34\xc0\x00\xe0\x00"sv);
  out.clear();
  append_subscribe(out, MqttVersion::v5, 3, "in/+");
  CHECK(out == "\x82\x0a\x00\x03\x00\x00\x04in/+\x01"sv);
  out.clear();
  append_subscribe(out, MqttVersion::v3_1_1, 3, "in/+");
  CHECK(out == "\x82\x09\x00\x03\x00\x04in/+\x01"sv);
}

TEST_CASE("the length of what is written and of what is foretold agree at every size of the length field") {
  for (const std::size_t size : {0U, 100U, 127U, 128U, 16'000U, 16'384U, 2'097'152U}) {
    CAPTURE(size);
    const std::string payload(size, 'x');
    for (const auto version : {MqttVersion::v5, MqttVersion::v3_1_1}) {
      const MqttOutbound publication{.packet_id = 9, .topic = "out/e", .payload = payload};
      std::string out;
      append_publish(out, version, publication);
      CHECK(out.size() == publish_bytes(version, publication));
      int errors = 0;
      const auto packets = read_all(version, out, 5'000, errors, 4 * large);
      REQUIRE(packets.size() == 1);
      CHECK(std::get<MqttInbound>(packets.front()).payload == payload);
    }
  }
}

TEST_CASE("MQTT text is UTF-8 without NUL, surrogates and overlong forms") {
  for (const auto text :
       {""sv, "stores/s1"sv, "caf\xc3\xa9"sv, "\xe2\x82\xac"sv, "\xf0\x9f\x8d\x95"sv, "\x7f"sv})
    CHECK(is_mqtt_text(text));
  for (const auto text : {"a\0b"sv, "\xff"sv, "\xc3"sv, "\xc0\xaf"sv, "\xe0\x80\xaf"sv, "\xed\xa0\x80"sv,
                          "\xf4\x90\x80\x80"sv, "\xf0\x8f\xbf\xbf"sv, "\x80"sv, "\xe2\x82"sv, "\xc3("sv})
    CHECK_FALSE(is_mqtt_text(text));
}

TEST_CASE("a client keeps its session, unless it is to be clean") {
  constexpr std::size_t flags_at = 9;  // behind the header of two bytes, the protocol's name and its version
  for (const auto version : {MqttVersion::v5, MqttVersion::v3_1_1}) {
    std::string kept, clean;
    MqttConnectFields fields;
    fields.client_id = "a";
    fields.username = "u";
    append_connect(kept, version, fields);
    fields.clean = true;
    append_connect(clean, version, fields);
    CHECK(static_cast<unsigned char>(kept.at(flags_at)) == 0xc0);
    CHECK(static_cast<unsigned char>(clean.at(flags_at)) == 0xc2);
  }
}
