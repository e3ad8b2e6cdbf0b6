// MqttClient against a scripted peer: what a well-behaved broker would never show, and the CONNECT's very bytes.
#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <dlfcn.h>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "tests/unit/platform/mqtt_station.hpp"

using namespace storegate;
using namespace storegate::test;
using namespace std::string_literals;
using namespace std::string_view_literals;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

namespace {

/// A listener on loopback whose connections the test reads and writes by hand.
class ScriptedBroker {
 public:
  ScriptedBroker() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        ::listen(listener_, 8) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0)
      throw std::runtime_error("no listener");
    port_ = ntohs(address.sin_port);
  }
  ~ScriptedBroker() {
    hang_up();
    ::close(listener_);
  }
  ScriptedBroker(const ScriptedBroker&) = delete;
  ScriptedBroker& operator=(const ScriptedBroker&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  void accept() { peer_ = readable(listener_) ? ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC) : -1; }
  void hang_up() {
    if (peer_ >= 0) ::close(peer_);
    peer_ = -1;
  }
  void send(std::string_view bytes) const {
    if (::send(peer_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
      throw std::runtime_error("peer is gone");
  }
  /// One control packet with a remaining length below 128 (or two length bytes); empty at the end or after 10 s.
  [[nodiscard]] std::string packet() const {
    std::string bytes = read(2);
    if (bytes.size() < 2) return {};
    std::size_t length = static_cast<unsigned char>(bytes[1]);
    if (length >= 128) {
      bytes += read(1);
      length = (length & 127) + 128 * static_cast<unsigned char>(bytes.back());
    }
    return bytes + read(length);
  }

 private:
  static bool readable(int descriptor) {
    pollfd state{descriptor, POLLIN, 0};
    return ::poll(&state, 1, 10'000) == 1;
  }
  [[nodiscard]] std::string read(std::size_t count) const {
    std::string bytes;
    char byte = 0;
    while (bytes.size() < count && readable(peer_) && ::recv(peer_, &byte, 1, 0) == 1) bytes.push_back(byte);
    return bytes;
  }
  int listener_;
  int peer_ = -1;
  std::uint16_t port_ = 0;
};

MqttOptions options_for(const ScriptedBroker& broker) {
  MqttOptions options;
  options.url = "mqtt://127.0.0.1:" + std::to_string(broker.port());
  options.client_id = "store-1";
  options.subscription = "in/+";
  options.will = {.topic = "presence", .payload = "off", .retained = true};
  options.retry_min = milliseconds(20);
  options.retry_max = milliseconds(100);
  return options;
}

constexpr auto connack = "\x20\x03\x00\x00\x00"sv;          // no session, success, no properties
constexpr auto connack_session = "\x20\x03\x01\x00\x00"sv;  // session present
constexpr auto connack_not_authorised = "\x20\x03\x00\x87\x00"sv;

/// SUBACK to `subscribe` with one reason.
std::string suback(const std::string& subscribe, char reason) {
  return std::string("\x90\x04", 2) + subscribe.substr(2, 2) + std::string("\0", 1) + reason;
}

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
  const auto connect_with = [&](std::string_view answer) {
    broker.accept();
    REQUIRE(!broker.packet().empty());
    broker.send(answer);
  };
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
  broker.accept();
  REQUIRE(!broker.packet().empty());
  broker.send(connack);
  broker.send(suback(broker.packet(), 1));
  REQUIRE(station.wait_connections(1));
  broker.hang_up();
  broker.accept();  // the broker has forgotten us, and the connection breaks before the SUBACK
  REQUIRE(!broker.packet().empty());
  broker.send(connack);
  REQUIRE(!broker.packet().empty());
  broker.hang_up();
  broker.accept();  // now it keeps an empty session
  REQUIRE(!broker.packet().empty());
  broker.send(connack_session);
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
  broker.accept();
  REQUIRE(!broker.packet().empty());
  broker.send(connack);
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
  broker.accept();
  REQUIRE(!broker.packet().empty());
  broker.send("\x20\x08\x00\x00\x05\x27\x00\x00\x04\x00"sv);  // Maximum Packet Size 1024
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
  broker.accept();
  REQUIRE(!broker.packet().empty());
  broker.send(connack);
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
    broker.accept();
    REQUIRE(!broker.packet().empty());
    broker.send(connack_not_authorised);
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
  broker.accept();
  REQUIRE(!broker.packet().empty());
  broker.send(connack);
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

TEST_CASE("a publication larger than the broker's maximum packet is refused here") {
  ScriptedBroker broker;
  Station station;
  MqttOptions options = options_for(broker);
  options.subscription.clear();
  station.start(options);
  broker.accept();
  REQUIRE(!broker.packet().empty());
  broker.send("\x20\x08\x00\x00\x05\x27\x00\x00\x04\x00"sv);  // Maximum Packet Size 1024
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
  broker.accept();
  REQUIRE(!broker.packet().empty());
  broker.send("\x20\x02\x00\x00"sv);
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
  broker.accept();
  REQUIRE(!broker.packet().empty());
  broker.send("\x20\x06\x00\x00\x03\x13\x00\x01"sv);  // Server Keep Alive 1 s
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
