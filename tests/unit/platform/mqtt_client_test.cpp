// MqttClient against a real mosquitto: what is acknowledged, what comes again, what is reported.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

#include "tests/unit/platform/mqtt_station.hpp"

using namespace storegate;
using namespace storegate::test;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

TEST_CASE(
    "a message accepted by another thread is acknowledged and not delivered again after a reconnect [I1]") {
  for (const std::string version : {"5", "3.1.1"}) {
    CAPTURE(version);
    Broker broker({.persistence = true});
    broker.start();
    Station station;
    std::promise<MqttReceipt> handed;
    std::thread acceptor([&] { station.accept_on_loop(handed.get_future().get()); });
    station.settle = [&](MqttReceipt receipt) { handed.set_value(std::move(receipt)); };
    station.start(options_for(broker, version));
    REQUIRE(station.wait_connections(1));

    REQUIRE(publish_from_outside(broker, "stores/s1/in/order", "one"));
    REQUIRE(station.wait_messages(1));
    acceptor.join();
    REQUIRE(broker.log_shows("Received PUBACK from store-1"));

    station.look([&] { station.settle = [](MqttReceipt receipt) { receipt.accept(); }; });
    broker.stop();
    broker.start();
    REQUIRE(station.wait_connections(2));
    REQUIRE(publish_from_outside(broker, "stores/s1/in/order", "two"));
    REQUIRE(station.wait_messages(2));

    station.look([&] {
      CHECK(station.connections[1].session_present);
      REQUIRE(station.messages.size() == 2);
      CHECK(station.messages[0].topic == "stores/s1/in/order");
      CHECK(station.messages[0].payload == "one");
      CHECK(station.messages[0].content_type == (version == "5" ? "application/json" : ""));
      CHECK_FALSE(station.messages[0].duplicate);
      CHECK(station.messages[1].payload == "two");
    });
    CHECK(station.client->stop());
    CHECK(station.client->counters().accepted == 2);
  }
}

TEST_CASE("no PUBACK leaves before the receipt is accepted [I1]") {
  Broker broker;
  broker.start();
  Station station;
  std::promise<MqttReceipt> handed;
  station.settle = [&](MqttReceipt receipt) { handed.set_value(std::move(receipt)); };
  station.start(options_for(broker));
  REQUIRE(station.wait_connections(1));
  // The presence's PUBACK and such are done; from here only this message is under way.
  REQUIRE(publish_from_outside(broker, "stores/s1/in/order", "one"));
  MqttReceipt receipt = handed.get_future().get();
  CHECK_FALSE(broker.log_shows("Received PUBACK from store-1", 0, milliseconds(300)));
  station.accept_on_loop(std::move(receipt));
  CHECK(broker.log_shows("Received PUBACK from store-1"));
}

TEST_CASE("a refused message is not acknowledged and comes again marked as duplicate [I1]") {
  for (const std::string version : {"5", "3.1.1"}) {
    CAPTURE(version);
    Broker broker;
    broker.start();
    Station station;
    std::atomic<int> calls{0};
    station.settle = [&](MqttReceipt receipt) { calls++ < 2 ? receipt.refuse() : receipt.accept(); };
    station.start(options_for(broker, version));
    REQUIRE(station.wait_connections(1));

    REQUIRE(publish_from_outside(broker, "stores/s1/in/release", "r1"));
    REQUIRE(station.wait_messages(3));
    REQUIRE(broker.log_shows("Received PUBACK from store-1"));

    station.look([&] {
      CHECK(std::all_of(station.messages.begin(), station.messages.end(),
                        [](auto& m) { return m.payload == "r1"; }));
      CHECK_FALSE(station.messages[0].duplicate);
      CHECK(station.messages[1].duplicate);
      CHECK(station.messages[2].duplicate);
      CHECK(station.connections.back().session_present);
    });
    CHECK(station.client->counters().refused == 2);
    CHECK(station.client->counters().disconnects == 2);
  }
}

TEST_CASE("messages behind a refused one are not acknowledged before it and keep their order [I1]") {
  Broker broker;
  broker.start();
  Station station;
  std::atomic<int> calls{0};
  station.settle = [&](MqttReceipt receipt) { calls++ == 0 ? receipt.refuse() : receipt.accept(); };
  station.start(options_for(broker));
  REQUIRE(station.wait_connections(1));
  broker.freeze();  // so that all five leave the broker together
  auto sender = std::async(std::launch::async, [&] {
    const std::string lines = "printf '1\\n2\\n3\\n4\\n5\\n' | mosquitto_pub -q 1 -l -h 127.0.0.1 -p " +
                              std::to_string(broker.port()) + " -t stores/s1/in/order";
    return std::system(lines.c_str()) == 0;
  });
  broker.resume();
  REQUIRE(sender.get());
  const auto last_is_five = [&] {
    return !station.messages.empty() && station.messages.back().payload == "5";
  };
  REQUIRE(station.wait(last_is_five));
  std::string accepted;
  station.look([&] {
    for (std::size_t i = 1; i < station.messages.size(); ++i) accepted += station.messages[i].payload;
    CHECK(station.messages[0].payload == "1");
  });
  CHECK(accepted == "12345");
}

TEST_CASE("a receipt that nobody settles in time refuses, and accepting it later does nothing [I1]") {
  Broker broker;
  broker.start();
  Station station;
  MqttReceipt late;
  std::atomic<int> calls{0};
  station.settle = [&](MqttReceipt receipt) {
    if (calls++ == 0)
      late = std::move(receipt);
    else
      receipt.accept();
  };
  MqttOptions options = options_for(broker);
  options.receipt_wait = milliseconds(150);
  station.start(options);
  REQUIRE(station.wait_connections(1));

  REQUIRE(publish_from_outside(broker, "stores/s1/in/order", "slow"));
  REQUIRE(station.wait_messages(2));
  station.accept_on_loop(std::move(late));

  station.look([&] { CHECK(station.messages[1].duplicate); });
  REQUIRE(broker.log_shows("Received PUBACK from store-1"));
  CHECK(station.client->counters().accepted == 1);
  CHECK(station.client->counters().refused == 1);
}

TEST_CASE("a dropped receipt refuses [I1]") {
  Broker broker;
  broker.start();
  Station station;
  std::atomic<int> calls{0};
  station.settle = [&](MqttReceipt receipt) {
    if (calls++ > 0) receipt.accept();
  };
  station.start(options_for(broker));
  REQUIRE(station.wait_connections(1));
  REQUIRE(publish_from_outside(broker, "stores/s1/in/order", "dropped"));
  REQUIRE(station.wait_messages(2));
  CHECK(station.client->counters().refused == 1);
}

TEST_CASE(
    "a broker killed and started again without memory is found again, and the subscription is made anew "
    "[I13]") {
  Broker broker;
  broker.start();
  Station station;
  station.start(options_for(broker));
  REQUIRE(station.wait_connections(1));

  broker.kill();
  REQUIRE(station.wait([&] { return !station.ends.empty(); }));
  broker.start();
  REQUIRE(station.wait_connections(2));
  REQUIRE(publish_from_outside(broker, "stores/s1/in/order", "after"));
  REQUIRE(station.wait_messages(1));

  station.look([&] {
    CHECK_FALSE(station.connections[0].session_present);
    CHECK_FALSE(station.connections[1].session_present);
    CHECK(station.ends[0].second);
  });
  CHECK(station.client->counters().connects == 2);
}

TEST_CASE("a session kept by the broker is reported and brings what was published meanwhile") {
  Broker broker({.persistence = true});
  broker.start();
  Station first;
  first.start(options_for(broker));
  REQUIRE(first.wait_connections(1));
  REQUIRE(first.client->stop());
  REQUIRE(publish_from_outside(broker, "stores/s1/in/order", "while away"));

  Station second;
  second.start(options_for(broker));
  REQUIRE(second.wait_connections(1));
  REQUIRE(second.wait_messages(1));
  second.look([&] {
    CHECK(second.connections[0].session_present);
    CHECK(second.messages[0].payload == "while away");
  });
}

TEST_CASE("publications arrive in the order taken and each is reported once") {
  Broker broker;
  broker.start();
  Station station;
  station.start(options_for(broker));
  REQUIRE(station.wait_connections(1));
  constexpr int count = 200;
  OutsideSubscriber outside(broker, "stores/s1/out/#", count);
  REQUIRE(outside.ready());

  for (std::uint64_t id = 0; id < count; ++id)
    REQUIRE(station.client->publish(id, "stores/s1/out/order.placed", std::to_string(id)));
  REQUIRE(station.wait_published(count));

  std::vector<std::string> expected;
  for (int i = 0; i < count; ++i) expected.push_back(std::to_string(i));
  CHECK(outside.lines() == expected);
  station.look([&] {
    CHECK(station.published.size() == count);
    CHECK(std::all_of(station.published.begin(), station.published.end(),
                      [](const Published& p) { return p.ok; }));
  });
  CHECK(station.client->counters().published == count);
  CHECK(station.client->counters().acknowledged == count);
}

TEST_CASE("the window never exceeds the broker's receive maximum") {
  Broker broker({.more_lines = "max_inflight_messages 3\n"});
  broker.start();
  Station station;
  station.start(options_for(broker));
  REQUIRE(station.wait_connections(1));
  for (std::uint64_t id = 0; id < 100; ++id) REQUIRE(station.client->publish(id, "stores/s1/out/e", "x"));
  REQUIRE(station.wait_published(100));
  station.look([&] {
    CHECK(station.connections[0].receive_maximum == 3);
    CHECK(std::all_of(station.published.begin(), station.published.end(),
                      [](const Published& p) { return p.ok; }));
  });

  broker.freeze();  // nothing more is acknowledged: three go out and the rest stays here
  for (std::uint64_t id = 100; id < 110; ++id) REQUIRE(station.client->publish(id, "stores/s1/out/e", "x"));
  CHECK_FALSE(station.client->stop(milliseconds(800)));  // it has had every chance to send more
  CHECK(station.client->counters().published == 103);
  CHECK(station.client->counters().disconnects == 0);
}

TEST_CASE("without a connection a publication is reported unavailable at once, and a full queue takes none") {
  Broker broker;
  broker.start();
  MqttOptions options = options_for(broker);
  broker.stop();
  options.queue_max = 4;
  Station station;
  station.start(options);
  REQUIRE(station.client->publish(7, "t", "x"));
  REQUIRE(station.wait_published(1));
  station.look([&] {
    CHECK(station.published[0].id == 7);
    CHECK(station.published[0].code == core::ErrorCode::unavailable);
  });

  broker.start();
  REQUIRE(station.wait_connections(1));
  broker.freeze();
  int taken = 0;
  for (std::uint64_t id = 0; id < 10; ++id) taken += station.client->publish(id, "t", "x") ? 1 : 0;
  CHECK(taken == 4);
}

TEST_CASE("publications in the window of a broker that dies are each reported unavailable, in order [I3]") {
  Broker broker;
  broker.start();
  Station station;
  station.start(options_for(broker));
  REQUIRE(station.wait_connections(1));
  broker.freeze();
  for (std::uint64_t id = 0; id < 30; ++id) REQUIRE(station.client->publish(id, "stores/s1/out/e", "x"));
  broker.kill();
  REQUIRE(station.wait_published(30));
  station.look([&] {
    for (std::size_t i = 0; i < 30; ++i) {
      CHECK(station.published[i].id == i);
      CHECK_FALSE(station.published[i].ok);
      CHECK(station.published[i].code == core::ErrorCode::unavailable);
    }
  });
}

TEST_CASE("over many kills of the broker under load every publication is reported once, in order [I3]") {
  Broker broker;
  broker.start();
  Station station;
  station.start(options_for(broker));
  std::atomic<bool> enough{false};
  std::atomic<std::size_t> taken{0};
  std::thread load([&] {
    while (!enough) {
      const bool send = station.client->counters().connected;
      if (send && station.client->publish(taken, "stores/s1/out/e", std::string(500, 'x')))
        ++taken;
      else
        std::this_thread::yield();
    }
  });
  for (std::size_t round = 1; round <= 6; ++round) {
    REQUIRE(station.wait_connections(round));
    const auto before = station.look([&] { return station.acknowledged(); });
    REQUIRE(station.wait([&] { return station.acknowledged() > before + 50; }));
    broker.kill();
    broker.start();
  }
  REQUIRE(station.wait_connections(7));
  enough = true;
  load.join();
  REQUIRE(station.wait_published(taken));
  station.look([&] {
    REQUIRE(station.published.size() == taken);
    std::size_t in_place = 0;
    while (in_place < taken && station.published[in_place].id == in_place) ++in_place;
    CHECK(in_place == taken);  // otherwise the place of the first report that came too early
  });
  MESSAGE("publications " << taken.load() << ", acknowledged " << station.client->counters().acknowledged);
}

TEST_CASE("what a broker would answer by cutting the connection is refused here") {
  Broker broker;
  broker.start();
  Station station;
  station.start(options_for(broker));
  REQUIRE(station.wait_connections(1));
  std::size_t published = 0;
  const auto publish = [&](const std::string& topic) {
    REQUIRE(station.client->publish(published, topic, "x"));
    REQUIRE(station.wait_published(++published));
  };
  for (const std::string& topic : {std::string(), std::string("a/+"), std::string("a/#"),
                                   std::string("a\0b", 3), std::string("\xff\xfe"), std::string("good")})
    publish(topic);
  station.look([&] {
    for (std::size_t i = 0; i < 5; ++i) {
      CAPTURE(i);
      CHECK(station.published[i].code == core::ErrorCode::invalid);
    }
    CHECK(station.published[5].ok);
  });
  CHECK(station.client->counters().disconnects == 0);
}

TEST_CASE("a publication the broker forbids is reported invalid with its reason") {
  Broker broker({.acl = "topic readwrite stores/s1/in/#\ntopic readwrite stores/s1/presence\n"});
  broker.start();
  Station station;
  station.start(options_for(broker));
  REQUIRE(station.wait_connections(1));
  REQUIRE(station.client->publish(1, "stores/s2/out/e", "x"));
  REQUIRE(station.wait_published(1));
  station.look([&] {
    CHECK(station.published[0].code == core::ErrorCode::invalid);
    CHECK(station.published[0].context.find("135") != std::string::npos);
  });
}

TEST_CASE("presence is published at each connect, by the will after a cut, and by an orderly stop") {
  for (const std::string version : {"5", "3.1.1"}) {
    CAPTURE(version);
    Broker broker;
    broker.start();
    OutsideSubscriber outside(broker, "stores/s1/presence", 4);
    REQUIRE(outside.ready());
    Station station;
    station.presence = "online";
    station.offline_presence = "offline by us";
    std::atomic<int> calls{0};
    station.settle = [&](MqttReceipt receipt) { calls++ == 0 ? receipt.refuse() : receipt.accept(); };
    station.start(options_for(broker, version));
    REQUIRE(station.wait_connections(1));
    REQUIRE(publish_from_outside(broker, "stores/s1/in/order", "x"));  // refused: the socket is cut
    REQUIRE(station.wait_messages(2));
    CHECK(station.client->stop());
    CHECK(outside.lines() ==
          std::vector<std::string>{"online", "offline by will", "online", "offline by us"});
    CHECK(broker.log_shows("Received DISCONNECT from store-1"));
  }
}

TEST_CASE("stop with a receipt pending refuses it and returns in time; the message is not lost [I1]") {
  Broker broker;
  broker.start();
  MqttReceipt kept;
  {
    Station station;
    std::promise<void> handed;
    station.settle = [&](MqttReceipt receipt) {
      kept = std::move(receipt);
      handed.set_value();
    };
    station.start(options_for(broker));
    REQUIRE(station.wait_connections(1));
    REQUIRE(publish_from_outside(broker, "stores/s1/in/order", "precious"));
    handed.get_future().get();
    const auto before = steady_clock::now();
    CHECK(station.client->stop());
    CHECK(steady_clock::now() - before < seconds(2));
    station.client.reset();
  }
  kept.accept();  // outlives its client: nothing happens

  Station next;
  next.start(options_for(broker));
  REQUIRE(next.wait_messages(1));
  next.look([&] {
    CHECK(next.messages[0].payload == "precious");
    CHECK(next.messages[0].duplicate);
  });
}

TEST_CASE("stop returns in time while the broker answers nothing") {
  Broker broker;
  broker.start();
  Station station;
  station.start(options_for(broker));
  REQUIRE(station.wait_connections(1));
  broker.freeze();
  REQUIRE(station.client->publish(1, "stores/s1/out/e", "x"));
  const auto before = steady_clock::now();
  CHECK_FALSE(station.client->stop());
  CHECK(steady_clock::now() - before < milliseconds(2'500));
}

TEST_CASE("a client whose session another takes over comes back") {
  Broker broker;
  broker.start();
  Station station;
  station.start(options_for(broker));
  REQUIRE(station.wait_connections(1));
  const std::string thief = "mosquitto_sub -V 5 -i store-1 -W 1 -h 127.0.0.1 -p " +
                            std::to_string(broker.port()) + " -t nothing > /dev/null 2>&1";
  CHECK(std::system(thief.c_str()) != 0);  // timed out or was thrown out in its turn
  REQUIRE(station.wait_connections(2));
  station.look([&] { CHECK(station.ends.at(0).second); });
}
