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

TEST_CASE("what a clock nobody trusted showed says nothing after a reboot [I9]") {
  Script store;
  store.now.wall_ms += hour_ms;  // it looks like a time, and is none
  store.now.wall_trusted = false;
  store.restart();
  store.now.wall_ms -= 2 * hour_ms;
  store.arrive("K-1");
  reboot_with_a_clock(store);
  store.pass(28 * minute_ms);
  CHECK(store.phase("K-1") == Phase::held);
  store.pass(3 * minute_ms);
  CHECK(store.phase("K-1") != Phase::held);
}

TEST_CASE("a repeat gets the first answer's time, also when nobody trusted the clock [I14]") {
  Script store;
  store.now.wall_trusted = false;
  store.restart();
  store.arrive("K-1");
  const auto first = store.last_answer().order;
  store.pass(second_ms);
  store.arrive("K-1");
  const auto again = store.last_answer().order;
  REQUIRE(first.has_value());
  REQUIRE(again.has_value());
  CHECK(again->updated_wall_ms == first->updated_wall_ms);
}

TEST_CASE("a deadline noted by a clock that has been set since is right after a reboot [I9]") {
  for (const Milliseconds wrong : {-3 * 24 * hour_ms, 3 * 24 * hour_ms}) {
    CAPTURE(wrong);
    Script store;
    store.now.wall_ms += wrong;
    store.arrive("K-1");
    store.now.wall_ms -= wrong;
    store.turn();               // the loop looks at the clock now and then
    store.pass(6 * second_ms);  // the rows are written anew, lazily
    const Milliseconds before = store.now.wall_ms;
    store.restart(true);
    store.now.wall_ms = before + 10 * minute_ms;  // the box was off so long
    store.restart();
    store.pass(19 * minute_ms);
    CHECK(store.phase("K-1") == Phase::held);
    store.pass(2 * minute_ms);
    CHECK(store.phase("K-1") != Phase::held);
  }
}

TEST_CASE("an order placed while the clock ran years ahead is completed in its time after a reboot [I13]") {
  Policy policy = default_policy();
  policy.pos.complete_after_ms = 30 * minute_ms;
  Script store(policy);
  store.now.wall_ms += Milliseconds{20} * 365 * 24 * hour_ms;
  store.arrive("K-1");
  store.release("K-1");
  store.pos(PosOutcome::took, "T-1");
  reboot_with_a_clock(store);
  store.pass(31 * minute_ms);
  CHECK(store.phase("K-1") == Phase::completed);
}

TEST_CASE("4.5 expiry: in doubt after a reboot without a clock, with the POS away: parked in the end [I1]") {
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
      [](std::int64_t) {
        return LocalTime{"2026-11-23", 0, 720};
      },
      store.now);
  OrderArrived order = store.order("K-1");
  order.idempotency_key = "key-2";
  store.give(order);
  CHECK(store.last_answer().kind == AnswerKind::created);
}

TEST_CASE("a command on several orders is answered for all of them, not for the last") {
  Script store;
  for (const char* id : {"K-1", "K-2", "K-3"}) store.arrive(id);
  store.cancel("K-2");
  const auto release = [&](std::vector<const char*> ids) {
    ReleaseArrived input;
    input.caller = store.next_caller();
    for (const char* id : ids) input.orders.push_back({std::pair<std::string, std::string>{"kiosk", id}});
    store.give(std::move(input));
  };
  release({"K-1", "K-2", "K-3"});
  CHECK(store.last_answer().kind == AnswerKind::conflict);
  CHECK(store.last_answer().why == "order 2: the order is cancelled already");
  CHECK(store.last_answer().row == store.row("K-2").number);
  CHECK(store.phase("K-1") == Phase::sending);
  CHECK(store.phase("K-3") == Phase::sending);
  release({"K-1", "K-3"});
  CHECK(store.last_answer().kind == AnswerKind::done);
  CHECK(store.last_answer().order->partner_order_id == "K-3");
  ReleaseArrived unknown;
  unknown.caller = store.next_caller();
  unknown.orders.push_back({ReleaseToken{OrderNumber{77}, {}}});
  unknown.orders.push_back({std::pair<std::string, std::string>{"kiosk", "K-2"}});
  unknown.orders.push_back({std::pair<std::string, std::string>{"kiosk", "K-3"}});
  store.give(std::move(unknown));
  CHECK(store.last_answer().kind == AnswerKind::not_found);
  CHECK(store.last_answer().why ==
        "order 1: no such order in this store; order 2: the order is cancelled already");
}

TEST_CASE("an item named twice in one list counts as it was named last") {
  Script store;
  AvailabilityArrived list;
  list.items.push_back({"taco", false, {}});
  list.items.push_back({"soup", false, {}});
  list.items.push_back({"taco", true, {}});
  list.items.push_back({"soup", true, {}});
  list.items.push_back({"soup", false, {}});
  store.give(std::move(list));
  CHECK(store.count(EventType::item_availability_changed) == 1);
  store.arrive("K-1");
  CHECK(store.phase("K-1") == Phase::held);
}
