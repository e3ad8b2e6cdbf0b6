// MqttWatcher and MqttSender: mosquitto's own clients, against a real mosquitto.
#include "tests/support/mqtt_tools.hpp"

#include <doctest/doctest.h>

#include "tests/support/broker.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/raw_mqtt.hpp"

using namespace storegate::support;
using namespace std::chrono_literals;

TEST_CASE("the watcher sees live, in order, what the sender was given") {
  Broker broker;
  broker.start();
  MqttWatcher watcher(broker.port(), "watcher", {"stores/s/out/#", "stores/s/presence"});
  MqttSender sender(broker.port(), "stores/s/out/order.accepted");
  CHECK(sender.send(R"({"n":1,"text":"a	tab, 100 % and \\"})"));
  const MqttLine first =
      watcher.wait_for("the first line, while the sender lives", 10s, [](const MqttLine&) { return true; });
  CHECK(first.topic == "stores/s/out/order.accepted");
  CHECK(first.payload == R"({"n":1,"text":"a	tab, 100 % and \\"})");
  CHECK_FALSE(first.retained);
  for (int i = 2; i <= 100; ++i) CHECK(sender.send("{\"n\":" + std::to_string(i) + "}"));
  CHECK(sender.finish());
  watcher.wait_for("the last line", 10s, [](const MqttLine& line) { return line.payload == R"({"n":100})"; });
  const auto lines = watcher.lines(1);
  REQUIRE(lines.size() == 99);
  for (std::size_t i = 0; i < lines.size(); ++i)
    CHECK(lines[i].payload == "{\"n\":" + std::to_string(i + 2) + "}");
}

TEST_CASE("what comes while the watcher is stopped comes when it starts again") {
  Broker broker;
  broker.start();
  MqttWatcher watcher(broker.port(), "watcher", {"t/#"});
  watcher.stop();
  CHECK_FALSE(watcher.running());
  Loop loop;
  MqttOptions options;
  options.broker = Address{"127.0.0.1", broker.port(), {}};
  options.client_id = "sender";
  RawMqtt sender(loop, options);
  REQUIRE(sender.connect());
  CHECK(sender.publish_and_wait("t/x", "meanwhile"));
  CHECK(watcher.count() == 0);
  watcher.start();
  CHECK(watcher.running());
  CHECK(watcher.wait_for("what came meanwhile", 10s, [](const MqttLine&) { return true; }).payload ==
        "meanwhile");
}

TEST_CASE("the watcher comes back by itself after the broker was killed") {
  Broker broker;
  broker.start();
  MqttWatcher watcher(broker.port(), "watcher", {"t"});
  broker.kill();
  broker.start();
  Loop loop;
  MqttOptions options;
  options.broker = Address{"127.0.0.1", broker.port(), {}};
  options.client_id = "sender";
  RawMqtt sender(loop, options);
  REQUIRE(sender.connect());
  eventually(
      "a message reaches the watcher again", 20s,
      [&] {
        CHECK(sender.publish_and_wait("t", "again"));
        return watcher.count() > 0;
      },
      50ms);
  eventually("mosquitto_sub is there", 10s, [&] { return watcher.running(); });
}

TEST_CASE("a watcher without a broker says so") {
  CHECK_THROWS_WITH_AS(MqttWatcher(free_port(), "watcher", {"t"}), doctest::Contains("cannot subscribe"),
                       std::runtime_error);
}
