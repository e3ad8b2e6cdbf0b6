// RawMqtt against a real mosquitto, and its packets against the figures of the standard.
#include "tests/support/raw_mqtt.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "tests/support/broker.hpp"

using namespace storegate::support;
using namespace std::chrono_literals;

namespace {

MqttOptions options_for(const Broker& broker, const std::string& client_id) {
  MqttOptions options;
  options.broker = Address{"127.0.0.1", broker.port(), {}};
  options.client_id = client_id;
  return options;
}

}  // namespace

TEST_CASE("the remaining length is read and written as the standard's table says") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{100}, std::size_t{127}, std::size_t{128},
                                 std::size_t{16383}, std::size_t{16384}, std::size_t{2097152}}) {
    CAPTURE(size);
    const std::string payload(size, 'x');
    const std::string bytes = mqtt::publish(7, "t", payload, false);
    const auto packet = mqtt::front_packet(bytes);
    REQUIRE(packet);
    CHECK(packet->size == bytes.size());
    CHECK(packet->type() == mqtt::Type::publish);
    const auto message = mqtt::read_publish(*packet);
    REQUIRE(message);
    CHECK(message->id == 7);
    CHECK(message->topic == "t");
    CHECK(message->payload == payload);
    CHECK_FALSE(mqtt::front_packet(std::string_view(bytes).substr(0, bytes.size() - 1)));
  }
  CHECK(mqtt::front_packet("\x30\xff\xff\xff\xff\x01")->size == 0);
}

TEST_CASE("a truncated or QoS 2 PUBLISH is malformed to us") {
  CHECK_FALSE(mqtt::read_publish({0x32,
                                  std::string_view("\x00\x09"
                                                   "abc",
                                                   5),
                                  7}));
  CHECK_FALSE(mqtt::read_publish({0x34,
                                  std::string_view("\x00\x01"
                                                   "a\x00\x01",
                                                   5),
                                  7}));
}

TEST_CASE("messages published at QoS 1 are acknowledged and arrive in order") {
  Broker broker;
  broker.start();
  Loop loop;
  RawMqtt receiver(loop, options_for(broker, "receiver"));
  RawMqtt sender(loop, options_for(broker, "sender"));
  std::vector<std::string> arrived;
  receiver.on_message([&](const MqttMessage& message) {
    arrived.push_back(std::string(message.topic) + " " + std::string(message.payload));
  });
  REQUIRE(receiver.connect());
  REQUIRE(receiver.subscribe("stores/+/in/#"));
  REQUIRE(sender.connect());
  std::vector<int> acknowledged;
  for (int i = 0; i < 200; ++i)
    sender.publish("stores/s/in/order", std::to_string(i),
                   [&acknowledged, i](bool came) { acknowledged.push_back(came ? i : -1); });
  CHECK(sender.unacknowledged() == 200);
  CHECK(sender.flush(10s));
  CHECK(loop.run_until([&] { return arrived.size() == 200; }, 10s));
  REQUIRE(acknowledged.size() == 200);
  for (int i = 0; i < 200; ++i) {
    CHECK(acknowledged[static_cast<std::size_t>(i)] == i);
    CHECK(arrived[static_cast<std::size_t>(i)] == "stores/s/in/order " + std::to_string(i));
  }
  CHECK(sender.acknowledged() == 200);
}

TEST_CASE("a large message survives both ways") {
  Broker broker;
  broker.start();
  Loop loop;
  RawMqtt client(loop, options_for(broker, "client"));
  const std::string large(3'000'000, 'y');
  std::size_t received = 0;
  client.on_message(
      [&](const MqttMessage& message) { received = message.payload == large ? message.payload.size() : 1; });
  REQUIRE(client.connect());
  REQUIRE(client.subscribe("big"));
  CHECK(client.publish_and_wait("big", large));
  CHECK(loop.run_until([&] { return received > 0; }, 10s));
  CHECK(received == large.size());
}

TEST_CASE("what the broker had not acknowledged when it died is told as such, the rest waiting too") {
  Broker broker;
  broker.start();
  Loop loop;
  MqttOptions options = options_for(broker, "sender");
  options.window = 5;
  RawMqtt sender(loop, options);
  REQUIRE(sender.connect());
  CHECK(sender.publish_and_wait("t", "before"));
  broker.kill();
  int lost = 0;
  bool closed = false;
  sender.on_closed([&] { closed = true; });
  for (int i = 0; i < 20; ++i) sender.publish("t", "x", [&](bool came) { lost += came ? 0 : 1; });
  CHECK(loop.run_until([&] { return closed; }, 10s));
  CHECK(lost == 20);
  CHECK_FALSE(sender.connected());
  CHECK_FALSE(sender.publish_and_wait("t", "x"));
  CHECK_FALSE(sender.connect(1s));
  CHECK(sender.error().find("connect") != std::string::npos);
  broker.start();
  CHECK(sender.connect());
  CHECK(sender.publish_and_wait("t", "after"));
}

TEST_CASE(
    "a persistent session keeps what came meanwhile, and an unacknowledged message comes again as a "
    "duplicate") {
  Broker broker;
  broker.start();
  Loop loop;
  RawMqtt sender(loop, options_for(broker, "sender"));
  REQUIRE(sender.connect());
  MqttOptions options = options_for(broker, "receiver");
  options.clean_session = false;
  options.acknowledge = false;
  {
    RawMqtt receiver(loop, options);
    std::string seen;
    receiver.on_message([&](const MqttMessage& message) { seen = message.payload; });
    REQUIRE(receiver.connect());
    CHECK_FALSE(receiver.session_present());
    REQUIRE(receiver.subscribe("t"));
    CHECK(sender.publish_and_wait("t", "one"));
    CHECK(loop.run_until([&] { return seen == "one"; }, 10s));
    receiver.drop();
  }
  CHECK(sender.publish_and_wait("t", "two"));
  options.acknowledge = true;
  RawMqtt again(loop, options);
  std::vector<std::pair<std::string, bool>> seen;
  again.on_message(
      [&](const MqttMessage& message) { seen.emplace_back(message.payload, message.duplicate); });
  REQUIRE(again.connect());
  CHECK(again.session_present());
  CHECK(loop.run_until([&] { return seen.size() >= 2; }, 10s));
  CHECK(seen[0] == std::pair<std::string, bool>("one", true));
  CHECK(seen[1] == std::pair<std::string, bool>("two", false));
}

TEST_CASE("a retained message is marked so") {
  Broker broker;
  broker.start();
  Loop loop;
  RawMqtt client(loop, options_for(broker, "client"));
  REQUIRE(client.connect());
  bool acknowledged = false;
  client.publish(
      "presence", "online", [&](bool came) { acknowledged = came; }, true);
  CHECK(client.flush(10s));
  CHECK(acknowledged);
  bool retained = false;
  client.on_message([&](const MqttMessage& message) { retained = message.retained; });
  REQUIRE(client.subscribe("presence"));
  CHECK(loop.run_until([&] { return retained; }, 10s));
}

TEST_CASE("an idle connection is kept alive by pings") {
  Broker broker;
  broker.start();
  Loop loop;
  MqttOptions options = options_for(broker, "quiet");
  options.keepalive_s = 1;  // the broker cuts after 1.5 s of silence
  RawMqtt client(loop, options);
  REQUIRE(client.connect());
  CHECK_FALSE(loop.run_until([&] { return !client.connected(); }, 2500ms));
  CHECK(client.publish_and_wait("t", "still here"));
}

TEST_CASE("a broker that refuses or stays silent is an error in time") {
  Loop loop;
  const Descriptor mute = listen_on(Address{});
  MqttOptions options;
  options.broker.port = port_of(mute);
  options.client_id = "patient";
  RawMqtt client(loop, options);
  CHECK_FALSE(client.connect(50ms));
  CHECK(client.error() == "no CONNACK in time");
  CHECK_FALSE(client.subscribe("t"));
}
