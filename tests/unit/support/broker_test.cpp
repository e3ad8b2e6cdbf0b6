// Broker: mosquitto as the tests start and end it.
#include "tests/support/broker.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using std::chrono::milliseconds;
using storegate::support::Broker;

TEST_CASE("a broker that is told to end as soon as it takes connections ends") {
  Broker broker;
  for (int round = 0; round < 100; ++round) {
    CAPTURE(round);
    broker.start();
    REQUIRE(broker.running());
    broker.stop();
    REQUIRE_FALSE(broker.running());
  }
}

TEST_CASE("a broker that does not end is an error in time, not a test that hangs") {
  Broker broker;
  broker.start();
  broker.freeze();
  CHECK_THROWS_AS(broker.stop(milliseconds(50)), std::runtime_error);
  CHECK(broker.running());
  broker.kill();
  CHECK_FALSE(broker.running());
}
