// The parts of MqttClient that need no broker: addresses, options, back-off.
#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "platform/mqtt_engine.hpp"

using namespace storegate::platform;
using std::chrono::milliseconds;
using storegate::core::ErrorCode;

TEST_CASE("mqtt urls are read, and those that cannot be served are refused by name") {
  struct Good {
    const char* url;
    const char* host;
    std::uint16_t port;
    bool tls = false;
    const char* path = "";
  };
  for (const Good& good :
       {Good{"mqtt://broker", "broker", 1883}, Good{"mqtt://broker:2000", "broker", 2000},
        Good{"tcp://10.0.0.7:1/", "10.0.0.7", 1}, Good{"mqtt://[::1]:65535", "::1", 65535},
        Good{"mqtt://[fe80::2]", "fe80::2", 1883}, Good{"mqtts://broker", "broker", 8883, true},
        Good{"ssl://[::1]:8884", "::1", 8884, true}, Good{"ws://b", "b", 80, false, "/mqtt"},
        Good{"wss://b/", "b", 443, true, "/mqtt"},
        Good{"wss://[::1]:8443/ws/x=1", "::1", 8443, true, "/ws/x=1"}}) {
    CAPTURE(good.url);
    const auto address = parse_mqtt_url(good.url);
    REQUIRE(address.ok());
    CHECK(address->host == good.host);
    CHECK(address->port == good.port);
    CHECK(address->tls == good.tls);
    CHECK(address->path == good.path);
  }
  for (const char* url : {"",
                          "broker",
                          "http://broker",
                          "mqtt://",
                          "mqtt://:1883",
                          "mqtt://b:0",
                          "mqtt://b:65536",
                          "mqtt://b:",
                          "mqtt://b:1x",
                          "mqtt://b/path",
                          "mqtt://user@b",
                          "mqtt://[::1",
                          "mqtt://[::1]x",
                          "mqtt://b c",
                          "mqtt://::1",
                          "wss:///mqtt",
                          "wss://b/a b",
                          "wss://b/#x",
                          "wss://b/ws?x=1",
                          "https://b"}) {
    CAPTURE(url);
    const auto address = parse_mqtt_url(url);
    REQUIRE_FALSE(address.ok());
    CHECK(address.error().code == ErrorCode::invalid);
    CHECK(address.error().context.find("x=1") == std::string::npos);  // a query may be a secret
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
  Loop loop;
  struct Bad {
    const char* named;
    void (*spoil)(MqttOptions&);
  };
  for (const Bad& bad :
       {Bad{"url", [](MqttOptions& o) { o.url = "nonsense"; }},
        Bad{"mqtts://", [](MqttOptions& o) { o.url = "mqtts://b"; }},
        Bad{"wss://", [](MqttOptions& o) { o.url = "wss://b"; }},
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
    CHECK_FALSE(MqttClient::start(loop, options, {}).ok());
  }
}

TEST_CASE("a broker that is back is found within 30 s: an attempt that hangs and the longest wait [I13]") {
  const MqttOptions options;
  MqttBackoff backoff(options.retry_min, options.retry_max, 42);
  milliseconds longest{0};
  for (int i = 0; i < 1000; ++i) longest = std::max(longest, backoff.next());
  CHECK(longest > milliseconds(10'000));  // and it is left alone for a while
  CHECK(options.connect_timeout + longest < milliseconds(30'000));
}

TEST_CASE(
    "4.5 retry: the uplink's waits double up to the maximum with a quarter of jitter, and one seed draws one "
    "row") {
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
