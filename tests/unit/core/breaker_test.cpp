// The breaker before the POS: one probe at a time while it is away, its waits, and what counts as its being back.
#include <set>
#include <string>

#include "print.hpp"
#include "script.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

namespace {

/// So many orders are released before a POS that is not reached; the breaker is open.
Script away_with(int orders, Policy policy = default_policy()) {
  Script store(std::move(policy));
  store.arrive("K-0");
  store.release("K-0");
  store.pos(PosOutcome::not_delivered);
  for (int i = 1; i < orders; ++i) {
    store.arrive("K-" + std::to_string(i));
    store.release("K-" + std::to_string(i));
  }
  return store;
}

/// Time passes until a request leaves; how long that took.
Milliseconds until_request(Script& store) {
  const Milliseconds began_ms = store.now.steady_ms;
  while (store.open_requests() == 0 && store.now.steady_ms < began_ms + hour_ms) store.pass(1);
  return store.now.steady_ms - began_ms;
}

}  // namespace

TEST_CASE("4.5 breaker: while the POS is away it has one probe at a time, from 250 ms to 15 s apart") {
  Script store = away_with(10);
  CHECK(store.open_requests() == 0);
  for (int probe = 0; probe < 12; ++probe) {
    CAPTURE(probe);
    const Milliseconds waited_ms = until_request(store);
    CHECK(waited_ms >= 250);
    CHECK(waited_ms <= pos_backoff_most_ms);
    CHECK(store.open_requests() == 1);
    store.pass(second_ms);  // it takes its time; nobody else goes meanwhile
    CHECK(store.open_requests() == 1);
    store.pos(PosOutcome::not_delivered);
  }
  CHECK(store.engine->gateway().pos_probes() == 12);
  until_request(store);
  store.pos(PosOutcome::took, "T-1");
  CHECK(store.open_requests() == 9);
}

TEST_CASE(
    "4.5 breaker: the waits double to a ceiling and are drawn, so that stores do not come back together") {
  std::set<Milliseconds> drawn;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Generator generator(seed);
    PosGate gate;
    gate.set_policy(PosPolicy{});
    Milliseconds at_ms = 1000, whole_ms = pos_backoff_first_ms;
    for (int failure = 0; failure < 12; ++failure) {
      gate.on_failure(at_ms, {}, true, generator);
      const Milliseconds wait_ms = *gate.wake_ms(0) - at_ms;
      CHECK(wait_ms >= whole_ms / 2);
      CHECK(wait_ms <= whole_ms);
      CHECK_FALSE(gate.may_start(0, at_ms + wait_ms - 1));
      CHECK(gate.may_start(0, at_ms + wait_ms));
      CHECK_FALSE(gate.may_start(1, at_ms + wait_ms));
      gate.started(7, true, at_ms);
      CHECK_FALSE(gate.may_start(0, at_ms + wait_ms));
      CHECK(gate.ended(7, at_ms));
      at_ms += wait_ms;
      whole_ms = std::min(2 * whole_ms, pos_backoff_most_ms);
      if (failure == 11) drawn.insert(wait_ms);
    }
  }
  CHECK(drawn.size() > 10);
}

TEST_CASE("4.5 breaker: all that was under way when the POS went away is one failure") {
  Policy policy = default_policy();
  policy.pos.requests_max = 16;
  Script store(policy);
  for (int i = 0; i < 16; ++i) {
    store.arrive("K-" + std::to_string(i));
    store.release("K-" + std::to_string(i));
  }
  REQUIRE(store.open_requests() == 16);
  for (int i = 0; i < 16; ++i) {  // each has its time-out
    store.pos(PosOutcome::not_delivered);
    store.pass(i < 15 ? 600 : 0);
  }
  CHECK(until_request(store) <= pos_backoff_first_ms);
  store.pos(PosOutcome::not_delivered);
  const Milliseconds second_ms = until_request(store);
  CHECK(second_ms >= pos_backoff_first_ms);
  CHECK(second_ms <= 2 * pos_backoff_first_ms);
}

TEST_CASE("4.5 breaker: a probe that is in doubt has not found the POS, and the next one waits") {
  Script store = away_with(5);
  until_request(store);
  store.pos(PosOutcome::in_doubt);
  CHECK_FALSE(store.engine->gateway().pos_reachable());
  CHECK(store.open_requests() == 0);
  CHECK(until_request(store) >= 250);
  CHECK(store.open_requests() == 1);
}

TEST_CASE(
    "4.5 breaker: a POS that answers 401 or 404 to everything costs one try at a time, and is found when it "
    "is mended") {
  Script store = away_with(30);
  std::size_t tries = 0;
  const Milliseconds began_ms = store.now.steady_ms;
  while (store.now.steady_ms < began_ms + 10 * minute_ms) {
    CHECK(until_request(store) >= 250);
    CHECK(store.open_requests() == 1);
    ++tries;
    store.pos(PosOutcome::not_taken);
  }
  CHECK(tries < 100);
  CHECK(store.count(EventType::gateway_alarm_raised) == 1);
  CHECK(until_request(store) <= 30 * second_ms);
  int reference = 0;
  for (int i = 0; i < 40; ++i) {
    while (store.open_requests() > 0) store.pos(PosOutcome::took, "T-" + std::to_string(++reference));
    store.pass(second_ms);
  }
  CHECK(reference == 30);
  CHECK(store.count(EventType::gateway_alarm_cleared) == 1);
}

TEST_CASE("4.5 breaker: questions without an answer do not take every probe from the orders that wait") {
  Policy policy = default_policy();
  policy.pos.max_processing_ms = 1000;
  Script store(policy);
  for (int i = 0; i < 3; ++i) {  // three doubts close the gate
    store.arrive("D-" + std::to_string(i));
    store.release("D-" + std::to_string(i));
  }
  for (int i = 0; i < 3; ++i) store.pos(PosOutcome::in_doubt);
  CHECK_FALSE(store.engine->gateway().pos_reachable());
  store.pass(1100);  // the barrier is over: the first of them is asked about
  store.arrive("K-1");
  store.release("K-1");
  bool asked = false, placed = false;
  for (int i = 0; i < 4 && !placed; ++i) {
    const Milliseconds waited_ms = until_request(store);
    if (asked) CHECK(waited_ms >= 250);
    placed = store.requests[0].first == PosRequest::place;
    asked = asked || !placed;
    if (!placed) store.pos(PosOutcome::unanswered);
  }
  CHECK(asked);
  REQUIRE(placed);
  store.pos(PosOutcome::took, "T-1");
  CHECK(store.phase("K-1") == Phase::placed);
  CHECK(store.engine->gateway().pos_reachable());
}

TEST_CASE("4.5 breaker: a probe counts as a placement of the POS's rate") {
  Policy policy = default_policy();
  policy.pos.rate_per_s = 1;
  Script store = away_with(3, policy);
  until_request(store);
  store.pos(PosOutcome::took, "T-1");
  CHECK(store.open_requests() == 0);
  store.pass(999);
  CHECK(store.open_requests() == 0);
  store.pass(1);
  CHECK(store.open_requests() == 1);
}

TEST_CASE("4.5 limit: a request is under way until its answer, though its order has ended meanwhile") {
  Policy policy = default_policy();
  policy.pos.requests_max = 1;
  Script store(policy);
  store.arrive("K-0");
  store.release("K-0");
  store.pos(PosOutcome::took, "T-1");
  store.cancel("K-0");
  REQUIRE(store.open_requests() == 1);  // the void
  store.arrive("K-1");
  store.release("K-1");
  store.tells("T-1", PosStatus::voided);
  CHECK(store.phase("K-0") == Phase::cancelled);
  CHECK(store.open_requests() == 1);
  store.pos(PosOutcome::voided);
  CHECK(store.phase("K-1") == Phase::sending);
}

TEST_CASE("4.5 breaker: an answer tells of the POS also where its order has ended meanwhile") {
  Script store;
  store.arrive("K-0");
  store.release("K-0");
  store.pos(PosOutcome::took, "T-1");
  store.cancel("K-0");
  store.tells("T-1", PosStatus::voided);
  store.pos(PosOutcome::not_delivered);
  CHECK_FALSE(store.engine->gateway().pos_reachable());
}

TEST_CASE(
    "4.5 breaker: a POS that takes connections and answers nothing is an alarm, also where little is asked "
    "of it") {
  Policy policy = default_policy();
  policy.pos.timeout_ms = 8 * second_ms;
  Script store(policy);
  store.arrive("K-1");
  store.release("K-1");
  const auto alarms = [&](EventType type) { return store.count(type); };
  Milliseconds waited_ms = 0;
  store.pass(policy.pos.timeout_ms);
  store.pos(PosOutcome::in_doubt);
  while (alarms(EventType::gateway_alarm_raised) == 0 && waited_ms < 10 * minute_ms) {
    waited_ms += until_request(store) + policy.pos.timeout_ms;
    store.pass(policy.pos.timeout_ms);
    store.pos(PosOutcome::unanswered);
  }
  CHECK(waited_ms >= policy.pos_alarm_after_ms);
  CHECK(waited_ms < 2 * policy.pos_alarm_after_ms);
  until_request(store);
  store.pos(PosOutcome::found, "T-1");
  CHECK(alarms(EventType::gateway_alarm_cleared) == 1);
  CHECK(store.phase("K-1") == Phase::placed);
}

TEST_CASE("4.5 breaker: one lost answer is no alarm, however long nothing is asked after it") {
  Policy policy = default_policy();
  policy.pos.can_query = false;
  Script store(policy);
  store.arrive("K-1");
  store.release("K-1");
  store.pos(PosOutcome::in_doubt);
  CHECK(store.phase("K-1") == Phase::parked);
  store.pass(hour_ms);
  CHECK(store.count(EventType::gateway_alarm_raised) == 0);
}

TEST_CASE("4.5 breaker: two lost answers that lie hours apart are two, and no silence") {
  PosGate gate;
  gate.set_policy(PosPolicy{});
  Generator generator(1);
  gate.on_doubt(0, false, generator);
  gate.on_doubt(8 * hour_ms, false, generator);
  CHECK_FALSE(gate.alarm_due(8 * hour_ms, minute_ms));
  gate.on_question_unanswered(8 * hour_ms + minute_ms, true, generator);
  CHECK(gate.alarm_due(8 * hour_ms + minute_ms, minute_ms));
}
