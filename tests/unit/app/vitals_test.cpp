// When the watchdog is fed: while loop, commits and uplink get on, and not when one of them stands still.
#include <doctest/doctest.h>

#include <chrono>

#include "app/vitals.hpp"

using namespace storegate::app;
using namespace std::chrono_literals;

namespace {
VitalSigns signs_at(std::chrono::seconds second) {
  VitalSigns signs;
  signs.at = std::chrono::steady_clock::time_point(second);
  return signs;
}
}  // namespace

TEST_CASE("an idle service gets on") {
  Vitals vitals;
  for (auto second = 0s; second < 600s; second += 30s) CHECK(vitals.get_on(signs_at(second)));
}

TEST_CASE("a store thread that is busy and ends no job stands still, until it ends one") {
  Vitals vitals;
  VitalSigns signs = signs_at(0s);
  signs.store_busy = true;
  CHECK(vitals.get_on(signs));
  CHECK_FALSE(vitals.get_on(signs));
  signs.jobs = 1;
  CHECK(vitals.get_on(signs));
  CHECK_FALSE(vitals.get_on(signs));
  signs.store_busy = false;
  CHECK(vitals.get_on(signs));
}

TEST_CASE("a job begun between two looks is given until the next") {
  Vitals vitals;
  VitalSigns signs = signs_at(0s);
  CHECK(vitals.get_on(signs));
  signs.store_busy = true;  // none has ended, and it may have begun just now
  CHECK(vitals.get_on(signs));
  CHECK_FALSE(vitals.get_on(signs));
  signs.jobs = 1;
  CHECK(vitals.get_on(signs));
}

TEST_CASE("a commit that is never told is seen, however many reads end") {
  Vitals vitals;
  VitalSigns signs = signs_at(0s);
  signs.turn_open = true;
  CHECK(vitals.get_on(signs));
  signs.jobs = 500;
  CHECK_FALSE(vitals.get_on(signs));
  signs.commits = 1;  // the next turn is open already
  CHECK(vitals.get_on(signs));
  signs.turn_open = false;
  CHECK(vitals.get_on(signs));
  signs.turn_open = true;  // opened between two looks: it may have been just now
  CHECK(vitals.get_on(signs));
}

TEST_CASE("an uplink that is away and tries nothing for a minute stands still; one that tries does not") {
  Vitals vitals;
  VitalSigns signs = signs_at(0s);
  signs.uplink_wanted = true;
  CHECK(vitals.get_on(signs));
  signs.at += 59s;
  CHECK(vitals.get_on(signs));
  signs.at += 1s;
  CHECK_FALSE(vitals.get_on(signs));
  signs.uplink_moves = 1;
  CHECK(vitals.get_on(signs));
  signs.at += 59s;
  CHECK(vitals.get_on(signs));
  signs.uplink_connected = true;
  signs.at += 600s;
  CHECK(vitals.get_on(signs));
  signs.uplink_connected = false;
  signs.at += 59s;
  CHECK(vitals.get_on(signs));
}

TEST_CASE("a connected uplink with events on their way must move: answers, messages, or another connection") {
  Vitals vitals;
  VitalSigns signs = signs_at(0s);
  signs.uplink_wanted = signs.uplink_connected = true;
  signs.uplink_in_flight = true;
  CHECK(vitals.get_on(signs));
  signs.at += 299s;
  CHECK(vitals.get_on(signs));
  signs.at += 1s;
  CHECK_FALSE(vitals.get_on(signs));
  signs.uplink_moves = 1;
  CHECK(vitals.get_on(signs));
  signs.at += 300s;
  CHECK_FALSE(vitals.get_on(signs));
  signs.uplink_in_flight = false;
  CHECK(vitals.get_on(signs));
  signs.at += 600s;  // nothing was on its way
  signs.uplink_in_flight = true;
  signs.uplink_moves = 2;
  CHECK(vitals.get_on(signs));
}

TEST_CASE("an uplink that loses its connection after a slow answer has a minute to try again") {
  Vitals vitals;
  VitalSigns signs = signs_at(0s);
  signs.uplink_wanted = signs.uplink_connected = signs.uplink_in_flight = true;
  CHECK(vitals.get_on(signs));
  signs.at += 250s;
  CHECK(vitals.get_on(signs));
  signs.uplink_connected = false;
  CHECK(vitals.get_on(signs));
  signs.at += 60s;
  CHECK_FALSE(vitals.get_on(signs));
}
