// MqttClient's receipts, limits and ends against a scripted peer.
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/platform/scripted_broker.hpp"

using namespace storegate;
using namespace storegate::test;

namespace {

/// A PUBLISH with QoS 1 for 3.1.1, below 128 bytes.
std::string publish_3(char packet_id, std::string_view payload) {
  return std::string("\x32", 1) + static_cast<char>(2 + 4 + 2 + payload.size()) +
         std::string("\0\4in/o\0", 7) + packet_id + std::string(payload);
}

/// A station online with a scripted broker of MQTT 3.1.1, no subscription.
void connect_3(Station& station, ScriptedBroker& broker, MqttOptions options) {
  options.version = "3.1.1";
  options.subscription.clear();
  station.start(std::move(options));
  broker.greet("\x20\x02\x00\x00"sv);
  REQUIRE(station.wait_connections(1));
}

std::string puback(char packet_id) { return std::string("\x40\x02\0", 3) + packet_id; }

}  // namespace

TEST_CASE("receipts may be open together, and their PUBACKs leave in the order of the messages [I1]") {
  ScriptedBroker broker;
  std::vector<MqttReceipt> receipts;
  Station station;
  station.settle = [&](MqttReceipt receipt) { receipts.push_back(std::move(receipt)); };
  connect_3(station, broker, options_for(broker));
  broker.send(publish_3(7, "one") + publish_3(8, "two") + publish_3(9, "three"));
  REQUIRE(station.wait_messages(3));
  station.client->run([&] {
    receipts[2].accept();
    receipts[1].accept();
  });
  REQUIRE(station.client->publish(1, "out/e", "x"));
  CHECK(broker.packet()[0] == '\x32');  // the publication came first: nothing was acknowledged yet
  station.client->run([&] { receipts[0].accept(); });
  CHECK(broker.packet() == puback(7));
  CHECK(broker.packet() == puback(8));
  CHECK(broker.packet() == puback(9));
}

TEST_CASE("behind a refused message nothing is acknowledged, and the connection ends [I1]") {
  ScriptedBroker broker;
  std::vector<MqttReceipt> receipts;
  Station station;
  station.settle = [&](MqttReceipt receipt) { receipts.push_back(std::move(receipt)); };
  connect_3(station, broker, options_for(broker));
  broker.send(publish_3(7, "one") + publish_3(8, "two") + publish_3(9, "three"));
  REQUIRE(station.wait_messages(3));
  station.client->run([&] {
    receipts[0].accept();
    receipts[1].refuse();
    receipts[2].accept();
  });
  CHECK(broker.packet() == puback(7));
  CHECK(broker.packet().empty());  // the end
  REQUIRE(station.wait([&] { return station.ends.size() == 1; }));
  station.look([&] { CHECK(station.ends[0].second); });
}

TEST_CASE("no more messages are taken than may be open, and the rest comes when one is settled") {
  ScriptedBroker broker;
  std::vector<MqttReceipt> receipts;
  Station station;
  station.settle = [&](MqttReceipt receipt) { receipts.push_back(std::move(receipt)); };
  MqttOptions options = options_for(broker);
  options.unsettled_max = 2;
  connect_3(station, broker, options);
  broker.send(publish_3(7, "one") + publish_3(8, "two") + publish_3(9, "three") + "\xd0\x00"s);
  REQUIRE(station.wait_messages(2));
  CHECK(station.client->counters().received == 2);
  station.client->run([&] { receipts[0].accept(); });
  CHECK(broker.packet() == puback(7));
  REQUIRE(station.wait_messages(3));
  station.look([&] { CHECK(station.messages[2].payload == "three"); });
}

TEST_CASE("a 3.1.1 broker's message beyond the limit is handed over cut, and its PUBACK frees the session") {
  ScriptedBroker broker;
  Station station;
  MqttOptions options = options_for(broker);
  options.message_bytes_max = 1024;
  connect_3(station, broker, options);
  const std::string payload(2'000, 'x');
  broker.send("\x32\xd8\x0f"s + std::string("\0\4in/o\0\7", 8) + payload);
  CHECK(broker.packet() == puback(7));
  station.look([&] {
    REQUIRE(station.messages.size() == 1);
    CHECK(station.messages[0].payload.size() + station.messages[0].bytes_cut == payload.size());
    CHECK(station.messages[0].bytes_cut > 0);
  });
}

TEST_CASE("an idle link is kept alive by the broker's own time, and a silent broker is given up [I13]") {
  ScriptedBroker broker;
  Station station;
  MqttOptions options = options_for(broker);
  options.subscription.clear();
  station.start(options);
  broker.greet("\x20\x06\x00\x00\x03\x13\x00\x01"sv);  // Server Keep Alive 1 s
  for (int ping = 0; ping < 2; ++ping) CHECK(broker.packet() == "\xc0\x00"sv);
  REQUIRE(station.wait([&] { return station.ends.size() == 1; }));
  station.look([&] {
    CHECK(station.ends[0].first.find("keep-alive") != std::string::npos);
    CHECK(station.ends[0].second);
  });
}

TEST_CASE("a peer that speaks something else is left, and the reason says so") {
  ScriptedBroker broker;
  Station station;
  station.start(options_for(broker));
  broker.accept();
  broker.send("HTTP/1.1 400 Bad Request\r\n\r\n");
  REQUIRE(station.wait([&] { return !station.ends.empty(); }));
  station.look([&] { CHECK(station.ends[0].first.find("not MQTT") != std::string::npos); });
}

TEST_CASE("without a stop the broker publishes the will; with one it reads the DISCONNECT") {
  Broker broker;
  broker.start();
  for (const bool orderly : {false, true}) {
    CAPTURE(orderly);
    Station station;
    station.offline_presence = "offline by us";
    OutsideSubscriber outside(broker, "stores/s1/presence", orderly ? 2 : 1);
    REQUIRE(outside.ready());
    station.start(test::options_for(broker));
    REQUIRE(station.wait_connections(1));
    if (orderly) CHECK(station.client->stop());
    station.client.reset();
    CHECK(outside.lines().back() == (orderly ? "offline by us" : "offline by will"));
  }
}
