// MqttClient's connections against a scripted peer: what a well-behaved broker would never show, and the CONNECT's bytes.
#include <doctest/doctest.h>

#include <dlfcn.h>
#include <netdb.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>

#include "platform/web_socket.hpp"
#include "tests/unit/platform/scripted_broker.hpp"

using namespace storegate;
using namespace storegate::test;
using namespace std::string_literals;
using namespace std::string_view_literals;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

namespace {

// While set, names under ".slow" take as long to resolve as the test wants.
std::mutex slow_mutex;
std::condition_variable slow_wake;
bool slow_names_wait = false;
bool slow_name_asked = false;

}  // namespace

/// Stands before the C library's for this program: a name server that does not answer.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** result) {
  if (node != nullptr && std::string_view(node).ends_with(".slow")) {
    std::unique_lock lock(slow_mutex);
    slow_name_asked = true;
    slow_wake.notify_all();
    slow_wake.wait(lock, [] { return !slow_names_wait; });
    return EAI_AGAIN;
  }
  using Resolve = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<Resolve>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return real(node, service, hints, result);
}

TEST_CASE("the CONNECT asks for a persistent session, states its expiry and carries the will") {
  ScriptedBroker broker;
  Station station;
  MqttOptions options = options_for(broker);
  options.session_expiry = std::chrono::hours(24);
  options.message_bytes_max = 0x00020000;
  options.keepalive_s = 15;
  options.username = "user";
  options.password = std::string("p\0w", 3);
  station.start(options);
  broker.accept();
  const std::string connect = broker.packet();

  REQUIRE(connect.size() > 12);
  CHECK(connect[0] == '\x10');
  CHECK(connect.substr(2, 7) == "\x00\x04MQTT\x05"sv);
  CHECK(connect[9] == '\xec');  // user, password, will retain, will QoS 1, will; not clean start
  CHECK(connect.substr(10, 2) == "\x00\x0f"sv);                        // keep alive
  CHECK(connect.find("\x11\x00\x01\x51\x80"sv) != std::string::npos);  // Session Expiry Interval 86400
  CHECK(connect.find("\x27\x00\x02\x00\x00"sv) != std::string::npos);  // Maximum Packet Size
  CHECK(connect.find("\x00\x07store-1"sv) != std::string::npos);
  CHECK(connect.find("\x00\x08presence\x00\x03off"sv) != std::string::npos);
  CHECK(connect.ends_with("\x00\x04user\x00\x03p\x00w"sv));
}

TEST_CASE("with 3.1.1 the CONNECT asks for a session that is not clean") {
  ScriptedBroker broker;
  Station station;
  MqttOptions options = options_for(broker);
  options.version = "3.1.1";
  station.start(options);
  broker.accept();
  const std::string connect = broker.packet();
  REQUIRE(connect.size() > 10);
  CHECK(connect.substr(2, 7) == "\x00\x04MQTT\x04"sv);
  CHECK((static_cast<unsigned char>(connect[9]) & 0x02) == 0);
}

TEST_CASE("the subscription is made once for a kept session and again for a lost one") {
  ScriptedBroker broker;
  Station station;
  station.start(options_for(broker));
  const auto connect_with = [&](std::string_view answer) { broker.greet(answer); };
  const auto take_subscription = [&] {
    const std::string subscribe = broker.packet();
    REQUIRE(!subscribe.empty());
    CHECK(subscribe[0] == '\x82');
    broker.send(suback(subscribe, 1));
  };
  connect_with(
      connack_session);  // the first of this process: the session may hold an older configuration's filter
  take_subscription();
  REQUIRE(station.wait_connections(1));
  broker.hang_up();
  connect_with(connack_session);  // not needed
  REQUIRE(station.wait_connections(2));
  broker.hang_up();
  connect_with(connack);
  take_subscription();
  REQUIRE(station.wait_connections(3));
}

TEST_CASE("a session lost on a connection that never came up is made good on the next [I1]") {
  ScriptedBroker broker;
  Station station;
  station.start(options_for(broker));
  broker.greet(connack);
  broker.send(suback(broker.packet(), 1));
  REQUIRE(station.wait_connections(1));
  broker.hang_up();
  broker.greet(connack);  // the broker has forgotten us, and the connection breaks before the SUBACK
  REQUIRE(!broker.packet().empty());
  broker.hang_up();
  broker.greet(connack_session);  // now it keeps an empty session
  const std::string subscribe = broker.packet();
  REQUIRE(!subscribe.empty());
  CHECK(subscribe[0] == '\x82');
  broker.send(suback(subscribe, 1));
  REQUIRE(station.wait_connections(2));
  station.look([&] { CHECK_FALSE(station.connections[1].session_present); });
}

TEST_CASE("a subscription granted with less than asked for is refused") {
  ScriptedBroker broker;
  Station station;
  station.start(options_for(broker));
  broker.greet(connack);
  broker.send(suback(broker.packet(), 0));
  REQUIRE(station.wait([&] { return !station.ends.empty(); }));
  station.look([&] { CHECK_FALSE(station.ends[0].second); });
}

TEST_CASE("what comes behind a publication that is not taken does not overtake it [I3]") {
  ScriptedBroker broker;
  Station station;
  MqttOptions options = options_for(broker);
  options.subscription.clear();
  station.start(options);
  broker.greet("\x20\x08\x00\x00\x05\x27\x00\x00\x04\x00"sv);  // Maximum Packet Size 1024
  REQUIRE(station.wait_connections(1));
  station.client->run([&] {
    for (const std::uint64_t id : {1U, 2U, 3U})
      CHECK(station.client->here().publish(id, "out/e", std::string(id == 1 ? 2'000 : 5, 'x')));
  });
  REQUIRE(station.wait_published(3));
  station.look([&] {
    CHECK(station.published[0].code == core::ErrorCode::invalid);
    CHECK(station.published[1].code == core::ErrorCode::unavailable);
    CHECK(station.published[2].code == core::ErrorCode::unavailable);
  });
  CHECK(station.client->counters().published == 0);
}

TEST_CASE("a refused subscription is a failed attempt that says which") {
  ScriptedBroker broker;
  Station station;
  station.start(options_for(broker));
  broker.greet(connack);
  broker.send(suback(broker.packet(), '\x87'));
  REQUIRE(station.wait([&] { return !station.ends.empty(); }));
  station.look([&] {
    CHECK(station.ends[0].first.find("subscribing to in/+") != std::string::npos);
    CHECK(station.ends[0].first.find("135") != std::string::npos);
    CHECK_FALSE(station.ends[0].second);
    CHECK(station.connections.empty());
  });
}

TEST_CASE("a refused CONNECT is a failed attempt with the broker's reason, and is tried again") {
  ScriptedBroker broker;
  Station station;
  station.start(options_for(broker));
  for (int attempt = 0; attempt < 2; ++attempt) {
    broker.greet(connack_not_authorised);
    broker.hang_up();
  }
  REQUIRE(station.wait([&] { return station.ends.size() >= 2; }));
  station.look([&] { CHECK(station.ends[0].first.find("135") != std::string::npos); });
  CHECK(station.client->counters().attempts_failed >= 2);
}

TEST_CASE("a DISCONNECT from the broker ends the connection with its reason, and the window is reported") {
  ScriptedBroker broker;
  Station station;
  MqttOptions options = options_for(broker);
  options.subscription.clear();
  station.start(options);
  broker.greet(connack);
  REQUIRE(station.wait_connections(1));
  REQUIRE(station.client->publish(5, "out/e", "x"));
  REQUIRE(!broker.packet().empty());
  broker.send("\xe0\x02\x8e\x00"sv);  // session taken over
  REQUIRE(station.wait([&] { return !station.ends.empty() && !station.published.empty(); }));
  station.look([&] {
    CHECK(station.ends[0].first.find("142") != std::string::npos);
    CHECK(station.ends[0].second);
    CHECK(station.published[0].id == 5);
    CHECK(station.published[0].code == core::ErrorCode::unavailable);
  });
}

TEST_CASE("a topic that is no UTF-8 is acknowledged over the same connection, and so is what is behind it") {
  ScriptedBroker broker;
  Station station;
  station.start(options_for(broker));
  broker.greet(connack);
  broker.send(suback(broker.packet(), '\1'));
  REQUIRE(station.wait_connections(1));
  broker.send("\x32\x09\x00\x04in/\xff\x00\x01\x00"sv);
  broker.send("\x32\x09\x00\x04in/q\x00\x02\x00"sv);
  CHECK(broker.packet() == "\x40\x02\x00\x01"sv);
  CHECK(broker.packet() == "\x40\x02\x00\x02"sv);
  station.look([&] {
    REQUIRE(station.messages.size() == 2);
    CHECK(station.messages[0].topic == "in/\xef\xbf\xbd");
    CHECK_FALSE(station.messages[0].is_text);
    CHECK(station.messages[1].is_text);
    CHECK(station.ends.empty());
  });
}

TEST_CASE("a publication larger than the broker's maximum packet is refused here") {
  ScriptedBroker broker;
  Station station;
  MqttOptions options = options_for(broker);
  options.subscription.clear();
  station.start(options);
  broker.greet("\x20\x08\x00\x00\x05\x27\x00\x00\x04\x00"sv);  // Maximum Packet Size 1024
  REQUIRE(station.wait_connections(1));
  REQUIRE(station.client->publish(1, "out/e", std::string(1024, 'x')));
  REQUIRE(station.wait_published(1));
  station.look([&] {
    CHECK(station.connections[0].packet_bytes_max == 1024);
    CHECK(station.published[0].code == core::ErrorCode::invalid);
  });
}

TEST_CASE("a peer that takes the connection and says nothing is given up after the time allowed") {
  ScriptedBroker broker;
  Station station;
  MqttOptions options = options_for(broker);
  options.connect_timeout = milliseconds(300);
  station.start(options);
  REQUIRE(station.wait([&] { return station.ends.size() >= 2; }));
  station.look([&] { CHECK(station.ends[0].first.find("in time") != std::string::npos); });
  CHECK_FALSE(station.client->stop());
}

TEST_CASE("stop returns in time while a name is being resolved, and what hangs calls nothing back") {
  Station station;
  MqttOptions options;
  options.url = "mqtt://broker.slow";
  options.client_id = "store-1";
  {
    const std::lock_guard lock(slow_mutex);
    slow_names_wait = true;
  }
  station.start(options);
  {
    std::unique_lock lock(slow_mutex);
    REQUIRE(slow_wake.wait_for(lock, seconds(10), [] { return slow_name_asked; }));
  }
  const auto before = steady_clock::now();
  CHECK_FALSE(station.client->stop(milliseconds(500)));
  CHECK(steady_clock::now() - before < seconds(1));
  station.client.reset();
  CHECK(station.look([&] { return station.ends.empty() && station.published.empty(); }));
  {
    const std::lock_guard lock(slow_mutex);
    slow_names_wait = false;
    slow_wake.notify_all();
  }
  // The next client is not held up by it.
  ScriptedBroker broker;
  Station next;
  next.start(options_for(broker));
  broker.accept();
  CHECK(!broker.packet().empty());
}

TEST_CASE("over WebSocket what the broker says before its farewell is heard, though both come together") {
  ScriptedBroker broker;
  Station station;
  auto options = options_for(broker);
  options.url = "ws://127.0.0.1:" + std::to_string(broker.port());
  station.start(options);
  broker.accept();
  const std::string request = broker.until("\r\n\r\n");
  constexpr auto name = "Sec-WebSocket-Key: "sv;
  const auto at = request.find(name) + name.size();
  const std::string key = request.substr(at, request.find('\r', at) - at);
  broker.send(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      platform::WebSocket::answer_to(key) + "\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n" + "\x82\x05"s +
      std::string(connack_not_authorised) + "\x88\x00"s);
  REQUIRE(station.wait([&] { return !station.ends.empty(); }));
  const std::string why = station.look([&] { return station.ends.front().first; });
  CHECK_MESSAGE(why.find("not authorized") != std::string::npos, why);
}
