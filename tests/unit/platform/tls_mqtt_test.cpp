// MqttClient over TLS: against a real mosquitto with a TLS listener, and against brokers that are not who they say.
#include <doctest/doctest.h>

#include <filesystem>

#include "tests/unit/platform/mqtt_station.hpp"
#include "tls_pair.hpp"

using namespace storegate;
using namespace storegate::test;
using std::chrono::milliseconds;
using tests::Context;
using tests::TlsFolder;

namespace {

/// What mosquitto, which runs as a user of its own, may read.
struct OpenFolder : TlsFolder {
  OpenFolder() {
    issue("broker");
    for (const char* name : {"", "broker.pem", "broker.key", "ca.pem"})
      std::filesystem::permissions(file(name), std::filesystem::perms::all);
  }
  [[nodiscard]] std::string listener_lines(const std::string& more = "") const {
    return "certfile " + file("broker.pem") + "\nkeyfile " + file("broker.key") + "\n" + more;
  }
  [[nodiscard]] Context mqtt_client() const {
    auto options = client_options();
    options.alpn = "";
    return made(platform::TlsContext::client(options));
  }
};

const OpenFolder& folder() {
  static const OpenFolder made;
  return made;
}

/// mosquitto 2.0.11 does not start if all its listeners are for WebSocket: there is one more, which nobody uses.
std::string web_socket_lines(const std::string& tls_lines) {
  return "protocol websockets\n" + tls_lines + "listener 0 " + folder().file("unused.sock") + "\n";
}

MqttOptions secure_options(const Broker& broker, const std::string& version = "5") {
  auto options = options_for(broker, version);
  options.url = "mqtts://localhost:" + std::to_string(broker.port());
  options.tls = folder().mqtt_client();
  return options;
}

bool publish_over_tls(const Broker& broker, const std::string& topic, const std::string& payload) {
  const std::string command = "mosquitto_pub -V 5 -q 1 -h localhost -p " + std::to_string(broker.port()) +
                              " --cafile " + folder().file("ca.pem") + " -t '" + topic + "' -m '" + payload +
                              "'";
  return std::system(command.c_str()) == 0;
}

/// What the first attempt failed with.
std::string first_end(MqttOptions options) {
  Station station;
  station.start(std::move(options));
  REQUIRE(station.wait([&] { return !station.ends.empty(); }));
  station.look([&] { CHECK(station.connections.empty()); });
  return station.look([&] { return station.ends.front().first; });
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("messages both ways over TLS, and again after the broker was away [I1]") {
  for (const std::string version : {"5", "3.1.1"}) {
    CAPTURE(version);
    Broker broker({.persistence = true, .more_lines = folder().listener_lines()});
    broker.start();
    Station station;
    station.start(secure_options(broker, version));
    REQUIRE(station.wait_connections(1));
    REQUIRE(publish_over_tls(broker, "stores/s1/in/order", "one"));
    REQUIRE(station.wait_messages(1));
    const std::string large(300'000, 'x');
    CHECK(station.client->publish(1, "stores/s1/out/event", large));
    CHECK(station.client->publish(2, "stores/s1/in/echo", large));
    REQUIRE(station.wait_published(2));
    REQUIRE(station.wait_messages(2));

    broker.stop();
    broker.start();
    REQUIRE(station.wait_connections(2));
    REQUIRE(publish_over_tls(broker, "stores/s1/in/order", "two"));
    REQUIRE(station.wait_messages(3));
    station.look([&] {
      CHECK(station.connections[1].session_present);
      CHECK(station.acknowledged() == 2);
      CHECK(station.messages[0].payload == "one");
      CHECK(station.messages[1].payload == large);
      CHECK(station.messages[2].payload == "two");
    });
    CHECK(station.client->stop());
  }
}

TEST_CASE("messages both ways over WebSocket, again after the broker was away, and an orderly end") {
  std::string scheme = "ws";
  std::string tls_lines;
  SUBCASE("plain") {}
  SUBCASE("and TLS") {
    scheme = "wss";
    tls_lines = folder().listener_lines();
  }
  Broker broker({.persistence = true, .more_lines = web_socket_lines(tls_lines)});
  broker.start();
  Station station;
  station.offline_presence = "offline in order";
  auto options = secure_options(broker);
  options.url = scheme + "://localhost:" + std::to_string(broker.port()) + "/mqtt";
  station.start(options);
  REQUIRE(station.wait_connections(1));
  const std::string large(300'000, 'x');
  CHECK(station.client->publish(1, "stores/s1/in/echo", "one"));
  CHECK(station.client->publish(2, "stores/s1/in/echo", large));
  REQUIRE(station.wait_published(2));
  REQUIRE(station.wait_messages(2));
  broker.stop();
  broker.start();
  REQUIRE(station.wait_connections(2));
  CHECK(station.client->publish(3, "stores/s1/in/echo", "two"));
  REQUIRE(station.wait_messages(3));
  station.look([&] {
    CHECK(station.connections[1].session_present);
    CHECK(station.messages[0].payload == "one");
    CHECK(station.messages[1].payload == large);
    CHECK(station.messages[2].payload == "two");
  });
  CHECK(station.client->stop());
  CHECK(broker.log_shows("Received DISCONNECT from store-1"));
}

TEST_CASE("over WebSocket too the broker must prove itself, and one that speaks no WebSocket is no broker") {
  const TlsFolder stranger({.subject = "CN=stranger"});
  std::string lines = folder().listener_lines();
  Context trusting = folder().mqtt_client();
  std::string says = "the connection";
  SUBCASE("signed by nobody we know") {
    lines = web_socket_lines(lines);
    trusting = stranger.client();
    says = "is signed by nobody in our CA bundle";
  }
  SUBCASE("MQTT alone") {}
  Broker broker({.more_lines = lines});
  broker.start();
  auto options = secure_options(broker);
  options.url = "wss://localhost:" + std::to_string(broker.port());
  options.tls = trusting;
  CHECK(has(first_end(options), says));
  CHECK_FALSE(has(broker.log(), "store-1"));
}

TEST_CASE("an orderly end over TLS is one for the broker too: no will") {
  Broker broker({.more_lines = folder().listener_lines()});
  broker.start();
  Station station;
  station.offline_presence = "offline in order";
  station.start(secure_options(broker));
  REQUIRE(station.wait_connections(1));
  CHECK(station.client->stop());
  CHECK(broker.log_shows("Received DISCONNECT from store-1"));
  CHECK_FALSE(has(broker.log(), "offline by will"));
}

TEST_CASE("a broker that does not prove itself is told nothing") {
  Broker broker({.more_lines = folder().listener_lines()});
  broker.start();
  auto options = secure_options(broker);
  SUBCASE("signed by nobody we know") {
    const TlsFolder stranger({.subject = "CN=stranger"});
    options.tls = stranger.client();
    CHECK(has(first_end(options), "is signed by nobody in our CA bundle"));
  }
  SUBCASE("another name") {
    folder().issue("broker", {.names = {"other.local"}, .addresses = {}});
    std::filesystem::permissions(folder().file("broker.key"), std::filesystem::perms::all);
    broker.stop();
    broker.start();
    CHECK(has(first_end(options), "it is for other.local"));
    folder().issue("broker");
  }
  CHECK_FALSE(has(broker.log(), "store-1"));
}

TEST_CASE("a broker without TLS on that port is told from one that is away") {
  Broker broker;
  broker.start();
  auto options = secure_options(broker);
  options.connect_timeout = milliseconds(3'000);
  CHECK(has(first_end(options), "the TLS handshake: "));
}

TEST_CASE("a broker that asks for a certificate gets ours") {
  Broker broker(
      {.more_lines = folder().listener_lines("cafile " + folder().file("ca.pem") +
                                             "\nrequire_certificate true\nuse_identity_as_username true\n")});
  broker.start();
  auto options = secure_options(broker);
  SUBCASE("none: refused") { CHECK(first_end(options).find("store") == std::string::npos); }
  SUBCASE("ours") {
    folder().issue("client", {.subject = "CN=store-7"});
    auto certified = folder().client_options();
    certified.alpn = "";
    certified.certificate_file = folder().file("client.pem");
    certified.key_file = folder().file("client.key");
    options.tls = TlsFolder::made(platform::TlsContext::client(certified));
    Station station;
    station.start(options);
    CHECK(station.wait_connections(1));
    CHECK(broker.log_shows("u'store-7'"));
  }
}

TEST_CASE("a context that is replaced serves the next connection") {
  Broker broker({.more_lines = folder().listener_lines()});
  broker.start();
  Station station;
  auto options = secure_options(broker);
  const TlsFolder stranger({.subject = "CN=stranger"});
  options.tls = stranger.client();
  station.start(options);
  REQUIRE(station.wait([&] { return !station.ends.empty(); }));
  station.client->run([&] { station.client->here().replace_tls(folder().mqtt_client()); });
  CHECK(station.wait_connections(1));
}
