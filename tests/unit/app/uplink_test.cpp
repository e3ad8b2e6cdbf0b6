// The uplink against a real mosquitto: commands in, events out, presence, what nobody understands.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

#include "running_service.hpp"
#include "tests/support/broker.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/mqtt_tools.hpp"
#include "tests/unit/platform/scripted_broker.hpp"

using namespace storegate;
using namespace storegate::app_test;
using std::chrono::seconds;

namespace {

struct Cloud {
  support::TempDir folder;
  support::Broker broker;
  app::Config config = ordinary_config(folder);
  Cloud() {
    broker.start();
    config.mqtt.emplace();
    config.mqtt->url = broker.url();
    config.mqtt->client_id = "demo";
  }
  void publish(const std::string& last_level, std::string_view payload) {
    support::MqttSender sender(broker.port(), "stores/demo/in/" + last_level);
    REQUIRE(sender.send(payload));
    REQUIRE(sender.finish());
  }
};

/// Waits for an event of this type about this order ("" = any).
support::MqttLine event(const support::MqttWatcher& watcher, std::string_view name,
                        std::string_view partner_order_id) {
  const auto topic = "stores/demo/out/" + std::string(name);
  return watcher.wait_for(topic, seconds(10), [&](const support::MqttLine& line) {
    return line.topic == topic &&
           (partner_order_id.empty() || value_at(line.payload, "/data/partner_order_id") == partner_order_id);
  });
}

}  // namespace

TEST_CASE(
    "an order, its release and a cancel over MQTT become events in order, and presence tells the state") {
  Cloud cloud;
  support::MqttWatcher watcher(cloud.broker.port(), "watcher", {"stores/demo/out/+", "stores/demo/presence"});
  RunningService gate(cloud.config);
  const auto online = watcher.wait_for("presence", seconds(10), [](const auto& line) {
    return line.topic == "stores/demo/presence" && value_at(line.payload, "/status") == "online";
  });
  const auto epoch = value_at(online.payload, "/epoch");
  cloud.publish("order", held_order("M-1"));
  const auto accepted = event(watcher, "order.accepted", "M-1");
  CHECK(value_at(accepted.payload, "/epoch") == epoch);
  CHECK(accepted.payload.find("Ana") == std::string::npos);
  cloud.publish("cancel", support::cancel_command("kiosk", "M-1"));
  CHECK(value_at(event(watcher, "order.cancelled", "M-1").payload, "/data/phase") == "cancelled");
  cloud.publish("release", support::release_command("kiosk", "M-2"));  // before its order
  cloud.publish("order", held_order("M-2"));
  (void)event(watcher, "order.released", "M-2");

  std::int64_t last = 0;
  for (const auto& line : watcher.lines()) {
    if (!line.topic.starts_with("stores/demo/out/")) continue;
    const std::int64_t sequence = std::stoll(value_at(line.payload, "/sequence"));
    CHECK(sequence == last + 1);
    last = sequence;
  }
  gate.stop();
  (void)watcher.wait_for("offline", seconds(10), [](const auto& line) {
    return line.topic == "stores/demo/presence" && value_at(line.payload, "/status") == "offline";
  });
}

TEST_CASE("a message nobody understands is reported and never blocks those behind it") {
  Cloud cloud;
  support::MqttWatcher watcher(cloud.broker.port(), "watcher", {"stores/demo/out/+"});
  RunningService gate(cloud.config);
  (void)event(watcher, "gateway.started", "");
  cloud.publish("order", "not JSON");
  cloud.publish("order", R"({"partner":"kiosk","partner_order_id":"half"})");
  cloud.publish("nonsense", "{}");
  cloud.publish("order", held_order("M-3"));
  (void)event(watcher, "order.accepted", "M-3");
  std::size_t refused = 0;
  for (const auto& line : watcher.lines())
    if (line.topic == "stores/demo/out/gateway.message_refused") ++refused;
  CHECK(refused == 3);
  CHECK(gate.orders_stored() == 1);
}

TEST_CASE("a message whose topic is no text is acknowledged and reported like any that nobody understands") {
  support::TempDir folder;
  test::ScriptedBroker broker;  // mosquitto lets no such topic through
  auto config = ordinary_config(folder);
  config.mqtt.emplace();
  config.mqtt->url = "mqtt://127.0.0.1:" + std::to_string(broker.port());
  config.mqtt->client_id = "demo";
  RunningService gate(config);
  broker.greet(test::connack);
  std::string packet = broker.packet();
  broker.send(test::suback(packet, '\1'));
  const std::string topic = "stores/demo/in/\xff";
  broker.send(std::string("\x32\x17\x00\x10", 4) + topic + std::string("\x00\x07\x00{}", 5));
  bool is_acknowledged = false;
  std::string refusal;
  while (!is_acknowledged || refusal.empty()) {
    packet = broker.packet();
    REQUIRE_FALSE(packet.empty());
    is_acknowledged = is_acknowledged || packet == std::string("\x40\x02\x00\x07", 4);
    if (packet.find("out/gateway.message_refused") != std::string::npos) refusal = packet;
  }
  CHECK(refusal.find("is not UTF-8") != std::string::npos);
  CHECK(refusal.find("stores/demo/in/\xef\xbf\xbd") != std::string::npos);
  broker.hang_up();  // or the store would wait for its PUBACKs
}

TEST_CASE("a partner's raw webhook that the cloud passes on is authenticated the partner's way") {
  Cloud cloud;
  support::MqttWatcher watcher(cloud.broker.port(), "watcher", {"stores/demo/out/+"});
  RunningService gate(cloud.config);
  (void)event(watcher, "gateway.started", "");  // before it the broker knows of no subscription
  const auto wrapped = [](const char* secret) {
    return std::string(R"({"partner":"doordash","headers":{"Authorization":")") + secret +
           R"("},"body_base64":"eyJleHRlcm5hbF9vcmRlcl9pZCI6IkQtNyJ9"})";  // {"external_order_id":"D-7"}: a cancel
  };
  (void)event(watcher, "gateway.started", "");
  cloud.publish("order", wrapped("wrong"));
  (void)event(watcher, "gateway.message_refused", "");
  cloud.publish("order", wrapped("s3cret"));
  support::eventually("the cancel is remembered", seconds(10), [&] {
    return gate.get("/metrics").body.find("storegate_early_marks 1\n") != std::string::npos;
  });
  const auto late = gate.webhook("/v1/partners/doordash/webhook", doordash_order("D-7"));
  CHECK(value_at(late.body, "/phase") == "cancelled");
}

TEST_CASE("events written while the broker is away arrive when it is back, each in its place") {
  Cloud cloud;
  {
    support::MqttWatcher watcher(cloud.broker.port(), "watcher", {"stores/demo/out/+"});
    RunningService gate(cloud.config);
    (void)event(watcher, "gateway.started", "");
  }
  cloud.broker.kill();
  RunningService gate(cloud.config);
  for (int i = 1; i <= 100; ++i)
    REQUIRE(gate.order(held_order("B-" + std::to_string(i)), "b" + std::to_string(i)).is(201));
  cloud.broker.start();
  support::MqttWatcher watcher(cloud.broker.port(), "watcher", {"stores/demo/out/+"});
  (void)event(watcher, "order.accepted", "B-100");
  std::int64_t last = 0;
  for (const auto& line : watcher.lines()) {
    const std::int64_t sequence = std::stoll(value_at(line.payload, "/sequence"));
    if (last != 0 && sequence > last) CHECK(sequence == last + 1);
    last = std::max<std::int64_t>(last, sequence);
  }
  support::eventually("nothing waits any more", seconds(10), [&] {
    return gate.get("/metrics").body.find("storegate_events_waiting 0\n") != std::string::npos;
  });
}
