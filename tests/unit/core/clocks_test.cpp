// Time: deadlines on both clocks, clocks that jump, stop in 1970, or come right later. Nothing fires early, nothing all
// at once.
#include <algorithm>
#include <numeric>
#include <vector>

#include "print.hpp"
#include "script.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

namespace {

constexpr Milliseconds twenty_years_ms = Milliseconds{20} * 365 * 24 * hour_ms;
constexpr int holds = 20;

std::string name_of_hold(int number) { return "K-" + std::to_string(number); }

/// Twenty holds that end a minute after each other, the first in 11 minutes.
Script with_holds() {
  Script store;
  for (int number = 0; number < holds; ++number) {
    OrderArrived input = store.order(name_of_hold(number));
    input.order.release.fallback_at_wall_ms = store.now.wall_ms + (11 + number) * minute_ms;
    store.give(input);
  }
  return store;
}

int released(const Script& store) { return static_cast<int>(store.count(EventType::order_released)); }

/// How many were released in each of the coming minutes.
std::vector<int> released_by_minute(Script& store, int minutes) {
  std::vector<int> counts;
  for (int minute = 0; minute < minutes; ++minute) {
    const int before = released(store);
    store.pass(minute_ms);
    counts.push_back(released(store) - before);
  }
  return counts;
}

}  // namespace

TEST_CASE("4.7 time: a jump of 20 years either way fires nothing early and nothing all at once [I9]") {
  for (const Milliseconds jump : {twenty_years_ms, -twenty_years_ms}) {
    Script store = with_holds();
    store.now.wall_ms += jump;
    if (store.engine->wants_turn(store.now)) store.turn();
    CHECK(released(store) == 0);
    const std::vector<int> counts = released_by_minute(store, 11 + holds);
    for (int minute = 0; minute < 11 + holds; ++minute) {
      CAPTURE(minute);
      CHECK(counts[static_cast<std::size_t>(minute)] == (minute >= 10 && minute < 10 + holds ? 1 : 0));
    }
  }
}

TEST_CASE("4.7 time: a clock that jumps to and fro every minute changes no hold by a millisecond [I9]") {
  Script store = with_holds();
  for (int minute = 0; minute < 11 + holds; ++minute) {
    store.now.wall_ms += minute % 2 == 0 ? twenty_years_ms : -twenty_years_ms;
    if (store.engine->wants_turn(store.now)) store.turn();
    store.pass(minute_ms - 1);
    CHECK(released(store) == std::clamp(minute - 10, 0, holds));
    store.pass(1);
  }
  CHECK(released(store) == holds);
}

TEST_CASE(
    "4.7 time: after a boot in 1970 each hold runs its own span anew, so they do not end together [I9]") {
  Script store = with_holds();
  store.pass(10 * minute_ms);
  store.now.wall_ms = 3'000;
  store.now.wall_trusted = false;
  store.restart(true);
  const std::vector<int> counts = released_by_minute(store, 11 + holds);
  CHECK(std::accumulate(counts.begin(), counts.end(), 0) == holds);
  CHECK(*std::max_element(counts.begin(), counts.end()) == 1);
  CHECK(std::accumulate(counts.begin(), counts.begin() + 10, 0) == 0);
}

TEST_CASE(
    "4.7 time: a clock that is 20 years ahead after a boot, or jumps there later, ends no hold before its "
    "span [I9]") {
  constexpr Milliseconds twenty_years = 20 * 365 * 24 * hour_ms;
  for (const bool at_boot : {true, false}) {
    CAPTURE(at_boot);
    Script store = with_holds();
    store.pass(10 * minute_ms);
    if (at_boot) store.now.wall_ms += twenty_years;
    store.restart(true);
    if (!at_boot) {
      store.turn();
      store.now.wall_ms += twenty_years;
      if (store.engine->wants_turn(store.now)) store.turn();
    }
    const std::vector<int> counts = released_by_minute(store, 11 + holds);
    CHECK(std::accumulate(counts.begin(), counts.end(), 0) == holds);
    CHECK(*std::max_element(counts.begin(), counts.end()) == 1);
    CHECK(std::accumulate(counts.begin(), counts.begin() + 10, 0) == 0);
  }
}

TEST_CASE("4.7 time: a hold ends in a store that is switched off for days again and again [I9]") {
  Policy policy = default_policy();
  policy.partners["kiosk"].fallback_without_promise_ms = 14 * hour_ms;
  Script store(policy);
  store.arrive("K-1");
  for (int day = 0; day < 2; ++day) {
    CHECK(store.phase("K-1") == Phase::held);
    store.pass(10 * hour_ms);
    store.arrive("W-" + std::to_string(day));  // who comes is a witness of the time
    store.now.wall_ms += 48 * hour_ms;
    store.restart(true);
  }
  CHECK(store.phase("K-1") != Phase::held);
}

TEST_CASE(
    "4.7 time: when the clock comes right after a boot in 1970, holds end at their own time again [I9]") {
  Script store = with_holds();
  store.pass(5 * minute_ms);
  const Milliseconds right_ms = store.now.wall_ms;
  store.now.wall_ms = 3'000;
  store.now.wall_trusted = false;
  store.restart(true);
  store.pass(2 * minute_ms);
  store.now.wall_ms = right_ms + 2 * minute_ms;  // what it should have shown all the time
  store.now.wall_trusted = true;
  if (store.engine->wants_turn(store.now)) store.turn();
  CHECK(released(store) == 0);
  const std::vector<int> counts = released_by_minute(store, 4 + holds);  // 7 of 11 minutes have passed
  CHECK(std::accumulate(counts.begin(), counts.begin() + 3, 0) == 0);
  CHECK(counts[3] == 1);
  CHECK(*std::max_element(counts.begin(), counts.end()) == 1);
  CHECK(released(store) == holds);
}

TEST_CASE(
    "4.7 time: deadlines are kept on both clocks with the boot, and judged by the steady one within it "
    "[I9]") {
  Script store = with_holds();
  const Stamp due = store.row("K-0").release_due;
  CHECK(due.boot == store.now.boot);
  CHECK(due.steady_ms == 1'000'000 + 11 * minute_ms);
  CHECK(due.wall_ms == start_wall_ms + 11 * minute_ms);
  store.now.wall_ms += 3 * hour_ms;  // set right: the row follows, the deadline does not move
  store.turn();
  store.pass(6 * second_ms);
  CHECK(store.row("K-0").release_due.steady_ms == due.steady_ms);
  CHECK(store.row("K-0").release_due.wall_ms == due.wall_ms + 3 * hour_ms);
  store.restart(false);  // a new process of the same boot
  store.pass(11 * minute_ms - 6 * second_ms - 1);
  CHECK(released(store) == 0);
  store.pass(1);
  CHECK(released(store) == 1);
}

TEST_CASE("4.7 time: what slept through its time is due when the machine wakes, and no other [I9]") {
  Script store = with_holds();
  store.advance(store.now.steady_ms + 13 * minute_ms +
                second_ms);  // the boot-time clock counts through suspend
  REQUIRE(store.engine->wants_turn(store.now));
  store.turn();
  CHECK(released(store) == 3);
  CHECK(store.phase("K-3") == Phase::held);
}

TEST_CASE("4.7 time: expire_minutes run on the steady clock, whatever the wall clock does meanwhile [I9]") {
  for (const Milliseconds jump : {twenty_years_ms, -twenty_years_ms}) {
    Script store;
    store.arrive("K-1");
    store.release("K-1");
    store.pos(PosOutcome::not_delivered);
    store.now.wall_ms += jump;
    const Milliseconds began_ms = store.now.steady_ms;
    while (store.book_phase("K-1") != Phase::expired && store.now.steady_ms < began_ms + hour_ms) {
      if (store.open_requests() > 0) store.pos(PosOutcome::not_delivered);
      store.pass(second_ms);
    }
    CHECK(store.phase("K-1") == Phase::expired);
    CHECK(store.now.steady_ms - began_ms >= 30 * minute_ms);
    CHECK(store.now.steady_ms - began_ms <= 31 * minute_ms);
  }
}
