// Edges: clocks that were wrong, ids that come again, turns that failed, and orders that must not stop the others.
#include "print.hpp"
#include "script.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

namespace {

void reboot_with_a_clock(Script& store) {
  store.restart(true);
  store.now.wall_ms = start_wall_ms;
  store.now.wall_trusted = true;
  store.restart();
}

Script at_1970(Policy policy = default_policy()) {
  Script store(std::move(policy));
  store.now.wall_ms = minute_ms;
  store.now.wall_trusted = false;
  store.restart();
  return store;
}

}  // namespace

TEST_CASE("an order of 1970 is the same order after a reboot with a clock, and held no shorter [I9]") {
  Script store = at_1970();
  store.arrive("K-1");
  store.arrive("K-2");
  store.release("K-1");
  store.pos(PosOutcome::took, "T-1");
  reboot_with_a_clock(store);
  store.pass(second_ms);
  CHECK(store.phase("K-2") == Phase::held);
  store.arrive("K-1");
  CHECK(store.last_answer().kind == AnswerKind::replayed);
  CHECK(store.sent.size() == 1);
}

TEST_CASE("a hold taken while the clock ran years ahead ends after its own span [I9]") {
  Script store;
  store.now.wall_ms += Milliseconds{11} * 365 * 24 * hour_ms;
  store.arrive("K-1");
  reboot_with_a_clock(store);
  store.pass(31 * minute_ms);
  CHECK(store.phase("K-1") != Phase::held);
}

TEST_CASE("in doubt after a reboot without a clock, with the POS away: parked in the end [I1]") {
  Script store;
  store.arrive("K-1");
  store.release("K-1");
  store.now.wall_trusted = false;
  store.restart(true);
  for (int i = 0; i < 3600 && store.phase("K-1") == Phase::sending; ++i) {
    while (store.open_requests() > 0) store.pos(PosOutcome::not_delivered);
    store.pass(second_ms);
  }
  CHECK(store.phase("K-1") == Phase::parked);
}

TEST_CASE("marks older than the reuse time mean an earlier order; a repeated one is renewed [I4]") {
  Script store;
  store.cancel("K-1");
  store.release("K-2");
  store.cancel("K-3");
  store.pass(47 * hour_ms);
  store.cancel("K-3");
  store.pass(2 * hour_ms);
  for (const char* id : {"K-1", "K-2", "K-3"}) store.arrive(id);
  CHECK(store.phase("K-1") == Phase::held);
  CHECK(store.phase("K-2") == Phase::held);
  CHECK(store.phase("K-3") == Phase::cancelled);
}

TEST_CASE("after the reuse time the same key and order is new, and its early cancel is kept for it [I4]") {
  Script store;
  OrderArrived order = store.order("K-1");
  order.idempotency_key = "key-1";
  store.give(order);
  store.release("K-1");
  store.pos(PosOutcome::took, "T-1");
  store.pass(49 * hour_ms);
  store.cancel("K-1");
  CHECK(store.last_answer().kind == AnswerKind::done);
  store.give(order);
  CHECK(store.last_answer().kind == AnswerKind::created);
  CHECK(store.phase("K-1") == Phase::cancelled);
}

TEST_CASE("after a restart a newer ended order of an id comes before an older parked one [I14]") {
  Policy policy = default_policy();
  policy.pos.can_query = false;
  Script store(policy);
  store.arrive("C-1", "counter");
  store.pos(PosOutcome::in_doubt);
  store.pass(49 * hour_ms);
  store.arrive("C-1", "counter");
  store.pos(PosOutcome::took, "T-2");
  store.pass(5 * hour_ms);
  store.restart();
  store.arrive("C-1", "counter");
  CHECK(store.last_answer().kind == AnswerKind::replayed);
  CHECK(store.sent.size() == 2);
}

TEST_CASE("a failed turn uses up no rate") {
  Policy policy = default_policy();
  policy.partners["kiosk"].rate_per_minute = 2;
  Script store(policy);
  store.fail_commits = true;
  for (int i = 0; i < 3; ++i) store.arrive("K-1");
  store.fail_commits = false;
  store.arrive("K-1");
  CHECK(store.last_answer().kind == AnswerKind::created);
}

TEST_CASE("an alarm raised or cleared in a turn that failed is told after all") {
  Script store;
  store.arrive("K-1");
  store.release("K-1");
  for (int i = 0; i < 30; ++i) {
    if (store.open_requests() > 0) store.pos(PosOutcome::not_delivered);
    store.fail_commits = i > 8 && i < 16;
    store.pass(5 * second_ms);
  }
  CHECK(store.count(EventType::gateway_alarm_raised) == 1);
  for (int i = 0; i < 30 && store.open_requests() == 0; ++i) store.pass(second_ms);
  store.fail_commits = true;
  store.pos(PosOutcome::took, "T-1");
  store.fail_commits = false;
  store.pass(2 * second_ms);
  CHECK(store.phase("K-1") == Phase::placed);
  CHECK(store.count(EventType::gateway_alarm_cleared) == 1);
}

TEST_CASE("an order the POS puts off for ever does not stop the others [I13]") {
  for (const PosOutcome put_off : {PosOutcome::not_taken, PosOutcome::not_now}) {
    Script store;
    store.arrive("BAD");
    store.arrive("K-1");
    store.release("BAD");
    store.pos(put_off);
    store.release("K-1");
    for (int i = 0; i < 60 && store.phase("K-1") != Phase::placed; ++i) {
      while (store.open_requests() > 0) {
        if (store.requests[0].second.order == store.row("BAD").number)
          store.pos(put_off);
        else
          store.pos(PosOutcome::took, "T-1");
      }
      store.pass(second_ms);
    }
    CHECK(store.phase("K-1") == Phase::placed);
  }
}

TEST_CASE("voids and askings without an answer do not stop new orders [I13]") {
  Script store;
  for (const char* id : {"V-1", "V-2", "V-3", "V-4"}) {
    store.arrive(id);
    store.release(id);
    store.pos(PosOutcome::took, std::string("T-") + id);
  }
  for (const char* id : {"V-1", "V-2", "V-3", "V-4"}) store.cancel(id);
  for (int i = 0; i < 12; ++i) {
    while (store.open_requests() > 0) store.pos(PosOutcome::unanswered);
    store.pass(5 * second_ms);
  }
  while (store.open_requests() > 0) store.pos(PosOutcome::unanswered);
  store.arrive("K-1");
  store.release("K-1");
  CHECK(store.sent.size() == 5);
}

TEST_CASE("a key alias whose order is no longer known is no repeat") {
  Loaded loaded;
  loaded.key_aliases.push_back({"key-2", OrderNumber{5}});
  loaded.last_number = OrderNumber{5};
  loaded.epoch = "epoch-1";
  loaded.last_event = {1, 9};
  Script store;
  store.engine.emplace(
      default_policy(), std::move(loaded), Generator(7),
      [](std::int64_t) { return std::string("2026-11-23"); }, store.now);
  OrderArrived order = store.order("K-1");
  order.idempotency_key = "key-2";
  store.give(order);
  CHECK(store.last_answer().kind == AnswerKind::created);
}
