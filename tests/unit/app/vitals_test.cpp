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
  signs.uplink_attempts = 1;
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
