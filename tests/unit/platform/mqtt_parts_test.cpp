// The parts of MqttClient that need no broker: addresses, options, receipts, back-off, finding a socket.
#include <doctest/doctest.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>

#include <future>
#include <thread>
#include <vector>

#include "platform/mqtt_engine.hpp"
#include "platform/mqtt_socket.hpp"

using namespace storegate::platform;
using std::chrono::milliseconds;
using storegate::core::ErrorCode;

TEST_CASE("mqtt urls are read, and those that cannot be served are refused by name") {
  struct Good {
    const char* url;
    const char* host;
    std::uint16_t port;
    const char* uri;
  };
  for (const Good& good : {Good{"mqtt://broker", "broker", 1883, "tcp://broker:1883"},
                           Good{"mqtt://broker:2000", "broker", 2000, "tcp://broker:2000"},
                           Good{"tcp://10.0.0.7:1/", "10.0.0.7", 1, "tcp://10.0.0.7:1"},
                           Good{"mqtt://[::1]:65535", "::1", 65535, "tcp://[::1]:65535"},
                           Good{"mqtt://[fe80::2]", "fe80::2", 1883, "tcp://[fe80::2]:1883"}}) {
    CAPTURE(good.url);
    const auto address = parse_mqtt_url(good.url);
    REQUIRE(address.ok());
    CHECK(address->host == good.host);
    CHECK(address->port == good.port);
    CHECK(address->uri() == good.uri);
  }
  for (const char* url : {"", "broker", "http://broker", "mqtt://", "mqtt://:1883", "mqtt://b:0",
                          "mqtt://b:65536", "mqtt://b:", "mqtt://b:1x", "mqtt://b/path", "mqtt://user@b",
                          "mqtt://[::1", "mqtt://[::1]x", "mqtt://b c", "mqtt://::1"}) {
    CAPTURE(url);
    const auto address = parse_mqtt_url(url);
    REQUIRE_FALSE(address.ok());
    CHECK(address.error().code == ErrorCode::invalid);
  }
  for (const char* url : {"mqtts://b:8883", "ssl://b", "ws://b", "wss://b"}) {
    CAPTURE(url);
    const auto address = parse_mqtt_url(url);
    REQUIRE_FALSE(address.ok());
    CHECK(address.error().code == ErrorCode::unavailable);
  }
}

TEST_CASE("options that can never work are refused with the option's name") {
  const auto good = [] {
    MqttOptions options;
    options.url = "mqtt://b";
    options.client_id = "s";
    return options;
  };
  REQUIRE(MqttClient::check(good()).ok());
  struct Bad {
    const char* named;
    void (*spoil)(MqttOptions&);
  };
  for (const Bad& bad :
       {Bad{"url", [](MqttOptions& o) { o.url = "nonsense"; }},
        Bad{"version", [](MqttOptions& o) { o.version = "4"; }},
        Bad{"client_id", [](MqttOptions& o) { o.client_id.clear(); }},
        Bad{"client_id", [](MqttOptions& o) { o.client_id = std::string(129, 'x'); }},
        Bad{"keepalive_s", [](MqttOptions& o) { o.keepalive_s = 4; }},
        Bad{"window", [](MqttOptions& o) { o.window = 0; }},
        Bad{"queue_max", [](MqttOptions& o) { o.queue_max = 0; }},
        Bad{"session_expiry", [](MqttOptions& o) { o.session_expiry = std::chrono::seconds(0); }},
        Bad{"retry_min", [](MqttOptions& o) { o.retry_max = milliseconds(1); }},
        Bad{"receipt_wait", [](MqttOptions& o) { o.receipt_wait = milliseconds(0); }},
        Bad{"will topic", [](MqttOptions& o) { o.will.topic = "a/#"; }},
        Bad{"message_bytes_max", [](MqttOptions& o) { o.message_bytes_max = 1; }}}) {
    CAPTURE(bad.named);
    MqttOptions options = good();
    bad.spoil(options);
    const auto checked = MqttClient::check(options);
    REQUIRE_FALSE(checked.ok());
    CHECK(checked.error().context.find(bad.named) != std::string::npos);
    CHECK_FALSE(MqttClient::start(options, {}).ok());
  }
}

TEST_CASE("the first word on a receipt counts") {
  MqttReceiptDesk desk;
  const auto number = desk.open();
  desk.settle(number, true);
  desk.settle(number, false);
  CHECK(desk.wait(milliseconds(0)) == MqttVerdict::accepted);
  const auto next = desk.open();
  desk.settle(number, true);  // an old number settles nothing
  desk.settle(next, false);
  CHECK(desk.wait(milliseconds(0)) == MqttVerdict::refused);
}

TEST_CASE("a receipt nobody settles times out, and a word after that is not heard") {
  MqttReceiptDesk desk;
  const auto number = desk.open();
  CHECK(desk.wait(milliseconds(1)) == MqttVerdict::timed_out);
  desk.settle(number, true);
  CHECK(desk.wait(milliseconds(0)) == MqttVerdict::timed_out);
}

TEST_CASE("a desk closed for good refuses the open message and the later ones") {
  MqttReceiptDesk desk;
  const auto first = desk.open();
  auto waiting = std::async(std::launch::async, [&] { return desk.wait(std::chrono::seconds(10)); });
  desk.close_for_good();
  CHECK(waiting.get() == MqttVerdict::refused);
  desk.settle(first, true);
  const auto second = desk.open();
  desk.settle(second, true);
  CHECK(desk.wait(milliseconds(0)) == MqttVerdict::refused);
}

TEST_CASE("a receipt moved over another refuses what it covers") {
  const auto desk = std::make_shared<MqttReceiptDesk>();
  MqttReceipt receipt(desk, desk->open());
  CHECK(static_cast<bool>(receipt));
  receipt = MqttReceipt();
  CHECK_FALSE(static_cast<bool>(receipt));
  CHECK(desk->wait(milliseconds(0)) == MqttVerdict::refused);
}

TEST_CASE("the waits double up to the maximum with a quarter of jitter, and one seed draws one row") {
  MqttBackoff backoff(milliseconds(500), milliseconds(4'000), 42);
  MqttBackoff twin(milliseconds(500), milliseconds(4'000), 42);
  for (const int base : {500, 1'000, 2'000, 4'000, 4'000}) {
    const auto wait = backoff.next();
    CHECK(wait >= milliseconds(base * 3 / 4));
    CHECK(wait <= milliseconds(base * 5 / 4));
    CHECK(twin.next() == wait);
  }
  backoff.reset();
  CHECK(backoff.next() <= milliseconds(625));
}

namespace {

/// A listener and any number of connections to it from this process.
class Peers {
 public:
  Peers() : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address_;
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address_), length) == 0);
    REQUIRE(::listen(listener_, 8) == 0);
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address_), &length) == 0);
    all_.push_back(listener_);
  }
  ~Peers() {
    for (const int descriptor : all_) ::close(descriptor);
  }
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  int connect() {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(::connect(descriptor, reinterpret_cast<sockaddr*>(&address_), sizeof address_) == 0);
    all_.push_back(descriptor);
    all_.push_back(::accept(listener_, nullptr, nullptr));
    return descriptor;
  }
  [[nodiscard]] std::uint16_t port() const { return ntohs(address_.sin_port); }

 private:
  int listener_;
  sockaddr_in address_{};
  std::vector<int> all_;
};

bool open_for_writing(int descriptor) { return ::send(descriptor, "x", 1, MSG_NOSIGNAL) == 1; }

}  // namespace

TEST_CASE("only the new socket to the broker is claimed, made immediate and cut") {
  Peers peers;
  const int others = peers.connect();
  const auto before = sockets_to("127.0.0.1", peers.port());
  CHECK(before.size() == 1);
  const int ours = peers.connect();
  auto claimed = ForeignSocket::claim("127.0.0.1", peers.port(), before);
  REQUIRE(claimed.ok());
  int immediate = 0;
  socklen_t length = sizeof immediate;
  ::getsockopt(ours, IPPROTO_TCP, TCP_NODELAY, &immediate, &length);
  CHECK(immediate != 0);
  claimed->cut();
  CHECK_FALSE(open_for_writing(ours));
  CHECK(open_for_writing(others));
}

TEST_CASE("of two new sockets none is claimed, nor one that is claimed already, nor one to another address") {
  Peers peers;
  peers.connect();
  auto first = ForeignSocket::claim("localhost", peers.port(), {});
  REQUIRE(first.ok());
  CHECK_FALSE(ForeignSocket::claim("127.0.0.1", peers.port(), {}).ok());  // the only one is taken
  peers.connect();
  peers.connect();
  CHECK_FALSE(ForeignSocket::claim("127.0.0.1", peers.port(), {}).ok());
  CHECK(sockets_to("127.0.0.2", peers.port()).empty());
  CHECK(sockets_to("::1", peers.port()).empty());
}

TEST_CASE("a descriptor that became another socket is not cut") {
  Peers peers;
  const int ours = peers.connect();
  auto claimed = ForeignSocket::claim("127.0.0.1", peers.port(), {});
  REQUIRE(claimed.ok());
  const int another = peers.connect();
  ::dup2(another, ours);
  claimed->cut();
  CHECK(open_for_writing(ours));
}
