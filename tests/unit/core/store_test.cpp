// 4.2: when the store takes orders: hours, pauses, partners switched off, deadlines, the kitchen's capacity, orders that
// only try the way.
#include "print.hpp"
#include "script.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

namespace {

/// The script's clock shows Monday 12:00 when it begins; the calendar counts on from there.
constexpr int noon = 12 * 60;

Policy with_hours(int from_minute, int until_minute) {
  Policy policy = default_policy();
  policy.hours.emplace();
  (*policy.hours)[0] = {{from_minute, until_minute}};
  return policy;
}

std::vector<Refusal> refusals_of(const Script& store, const std::string& id) {
  return unpack_refusals(store.row(id).refusals).value();
}

void set_store(Script& store, bool paused, std::optional<std::int64_t> until_wall_ms = {}) {
  store.give(StoreSet{store.next_caller(), Actor::person, paused, until_wall_ms});
}

Phase phase_of_next(Script& store) {
  static int count = 0;
  const std::string id = "N-" + std::to_string(++count);
  store.arrive(id);
  return store.phase(id);
}

}  // namespace

TEST_CASE("4.2 acceptance: outside its hours the store is closed, at the minute of its own clock") {
  Script store(with_hours(noon, noon + 30));
  store.arrive("K-1");
  CHECK(store.phase("K-1") == Phase::held);
  store.pass(30 * minute_ms - 1);
  CHECK(phase_of_next(store) == Phase::held);
  store.pass(1);
  store.arrive("K-2");
  CHECK(store.row("K-2").reason == Reason::store_closed);
  CHECK(refusals_of(store, "K-2") == std::vector<Refusal>{{Reason::store_closed, "hours"}});
  CHECK_FALSE(store.engine->gateway().store_now(store.now).open_now());
}

TEST_CASE("4.2 acceptance: a clock that nobody trusts closes no store [I9]") {
  Script store(with_hours(noon - 60, noon - 30));
  CHECK(phase_of_next(store) == Phase::rejected);
  store.now.wall_trusted = false;
  CHECK(phase_of_next(store) == Phase::held);
}

TEST_CASE("4.2 acceptance: an order for later is judged by the moment its cooking begins") {
  Policy policy = with_hours(noon + 120, noon + 180);
  policy.kitchen_orders_max = 1;
  Script store(policy);
  store.arrive("busy", "counter");  // closed now
  CHECK(store.row("busy", "counter").reason == Reason::store_closed);
  const auto arrive = [&](const std::string& id, Milliseconds promised_in, std::optional<ReleaseMode> mode) {
    OrderArrived input = store.order(id);
    input.order.promised_at_wall_ms = store.now.wall_ms + promised_in;
    input.order.release.mode = mode;
    store.give(input);
    return store.row(id).reason;
  };
  CHECK(arrive("K-1", 150 * minute_ms, {}) == Reason::none);
  CHECK(arrive("K-2", 200 * minute_ms, {}) == Reason::store_closed);
  CHECK(arrive("K-3", 150 * minute_ms, ReleaseMode::immediate) == Reason::store_closed);
  CHECK(arrive("K-4", 68 * minute_ms, {}) == Reason::store_closed);  // begins within the hour: judged now
  OrderArrived timed = store.order("K-5");
  timed.order.release = {ReleaseMode::at_time, store.now.wall_ms + 179 * minute_ms, {}, {}};
  store.give(timed);
  CHECK(store.phase("K-5") == Phase::held);
  set_store(store, true, store.now.wall_ms + 130 * minute_ms);
  CHECK(arrive("K-6", 137 * minute_ms, {}) == Reason::store_closed);  // still paused by then
  CHECK(arrive("K-7", 140 * minute_ms, {}) == Reason::none);
}

TEST_CASE("4.2 acceptance: a pause rejects new orders, is told with who, and stays over a restart") {
  Script store;
  set_store(store, true);
  CHECK(store.last_answer().kind == AnswerKind::done);
  REQUIRE(store.count(EventType::store_status_changed) == 1);
  const Details told{{"status", std::string("paused")}, {"until_ms", nullptr}, {"by", std::string("person")}};
  CHECK(pack(store.events.back().details) == pack(told));
  set_store(store, true);
  CHECK(store.count(EventType::store_status_changed) == 1);
  for (const bool rebooted : {false, true}) {
    store.restart(rebooted);
    store.pass(48 * hour_ms);
    store.arrive(rebooted ? "K-2" : "K-1");
    CHECK(refusals_of(store, rebooted ? "K-2" : "K-1") ==
          std::vector<Refusal>{{Reason::store_closed, "paused"}});
  }
  set_store(store, false);
  CHECK(store.count(EventType::store_status_changed) == 2);
  CHECK(phase_of_next(store) == Phase::held);
}

TEST_CASE("4.2 acceptance: a pause ends by itself, with an event of the clock, also after a reboot") {
  for (const bool rebooted : {false, true}) {
    Script store;
    set_store(store, true, store.now.wall_ms + 10 * minute_ms);
    store.pass(5 * minute_ms);
    if (rebooted) store.restart(true);
    store.pass(5 * minute_ms - 1);
    CHECK(phase_of_next(store) == Phase::rejected);
    store.pass(1);
    CHECK(store.count(EventType::store_status_changed) == 2);
    CHECK(pack(store.events.back().details).find("clock") != std::string::npos);
    CHECK(phase_of_next(store) == Phase::held);
    CHECK_FALSE(store.engine->gateway().store_now(store.now).paused);
  }
}

TEST_CASE("4.2 acceptance: without a clock a pause lasts its span in this boot and no longer [I9]") {
  Script store;
  set_store(store, true, store.now.wall_ms + 10 * minute_ms);
  store.pass(5 * minute_ms);
  store.restart(true);
  store.now.wall_trusted = false;
  store.now.wall_ms = 5'000;
  store.restart();
  store.pass(10 * minute_ms - 1);
  CHECK(phase_of_next(store) == Phase::rejected);
  store.pass(1);
  CHECK(phase_of_next(store) == Phase::held);
}

TEST_CASE("4.2 acceptance: a clock thrown back by years does not keep the store closed [I9]") {
  Script store;
  set_store(store, true, store.now.wall_ms + 10 * minute_ms);
  store.now.wall_ms -= 20 * 365 * 24 * hour_ms;
  store.turn();
  store.pass(10 * minute_ms);
  CHECK(phase_of_next(store) == Phase::held);
}

TEST_CASE("4.2 acceptance: a pause that should have ended already is refused") {
  Script store;
  set_store(store, true, store.now.wall_ms);
  CHECK(store.last_answer().kind == AnswerKind::conflict);
  CHECK(store.events.empty());
}

TEST_CASE("4.2 acceptance: a pause whose commit failed never was [I1]") {
  Script store;
  store.fail_commits = true;
  set_store(store, true, store.now.wall_ms + minute_ms);
  CHECK(store.last_answer().kind == AnswerKind::not_stored);
  store.fail_commits = false;
  store.pass(2 * minute_ms);
  CHECK(store.events.empty());
  CHECK(phase_of_next(store) == Phase::held);
}

TEST_CASE(
    "4.2 acceptance: the kitchen takes as many orders as it can, and counts them down as they leave it") {
  Policy policy = default_policy();
  policy.kitchen_orders_max = 2;
  policy.prep_ms = 8 * minute_ms;
  Script store(policy);
  store.arrive("C-1", "counter");
  store.arrive("C-2", "counter");
  store.arrive("C-3", "counter");
  CHECK(store.row("C-3", "counter").reason == Reason::too_busy);
  CHECK(unpack_refusals(store.row("C-3", "counter").refusals) ==
        std::vector<Refusal>{{Reason::too_busy, "orders"}});
  store.arrive("K-1");  // held: it counts once it is released, but is judged when it comes
  CHECK(store.row("K-1").reason == Reason::too_busy);
  store.pos(PosOutcome::took, "T-1");
  store.pos(PosOutcome::took, "T-2");
  store.pass(8 * minute_ms - 1);
  CHECK(store.engine->gateway().book().kitchen().orders == 2);
  CHECK(phase_of_next(store) == Phase::rejected);
  store.pass(1);
  CHECK(store.engine->gateway().book().kitchen().orders == 0);
  CHECK(phase_of_next(store) == Phase::held);
}

TEST_CASE(
    "4.2 acceptance: a cancelled order makes room in the kitchen, an undone turn changes nothing there") {
  Policy policy = default_policy();
  policy.kitchen_items_max = 5;
  Script store(policy);
  OrderArrived three = store.order("C-1", "counter");
  three.order.items[0].quantity = 3;
  store.fail_commits = true;
  store.give(three);
  CHECK(store.engine->gateway().book().kitchen().items == 0);
  store.fail_commits = false;
  store.give(three);
  CHECK(store.engine->gateway().book().kitchen().items == 3);
  three.order.partner_order_id = "C-2";
  store.give(three);
  CHECK(unpack_refusals(store.row("C-2", "counter").refusals) ==
        std::vector<Refusal>{{Reason::too_busy, "items"}});
  store.cancel("C-1", "counter");  // remembered: the POS may have it
  CHECK(store.engine->gateway().book().kitchen().items == 3);
  store.pos(PosOutcome::refused);
  CHECK(store.phase("C-1", "counter") == Phase::cancelled);
  CHECK(store.engine->gateway().book().kitchen().items == 0);
  three.order.partner_order_id = "C-3";
  store.give(three);
  CHECK(store.row("C-3", "counter").reason == Reason::none);
  store.restart();
  CHECK(store.engine->gateway().book().kitchen().items == 3);
}

TEST_CASE(
    "4.2 acceptance: past its partner's deadline an order is rejected, by a clock that is trusted [I9]") {
  Policy policy = default_policy();
  policy.partners["kiosk"].decide_within_ms = 480 * second_ms;
  Script store(policy);
  const auto arrive = [&](const std::string& id, Milliseconds ago) {
    OrderArrived input = store.order(id);
    input.order.placed_at_wall_ms = store.now.wall_ms - ago;
    store.give(input);
    return store.row(id).reason;
  };
  CHECK(arrive("K-1", 480 * second_ms) == Reason::none);
  CHECK(arrive("K-2", 480 * second_ms + 1) == Reason::timed_out);
  CHECK(refusals_of(store, "K-2") == std::vector<Refusal>{{Reason::timed_out, "placed_at"}});
  store.now.wall_trusted = false;
  CHECK(arrive("K-3", hour_ms) == Reason::none);
}

TEST_CASE("4.2 acceptance: of a partner that is switched off new orders are rejected, and the others go on") {
  Script store;
  store.arrive("K-1");
  Policy policy = default_policy();
  policy.partners["kiosk"].enabled = false;
  store.engine->gateway().set_policy(policy, store.now);
  store.arrive("K-2");
  CHECK(refusals_of(store, "K-2") == std::vector<Refusal>{{Reason::store_closed, "partner"}});
  store.release("K-1");
  store.pos(PosOutcome::took, "T-1");
  CHECK(store.phase("K-1") == Phase::placed);
  store.arrive("C-1", "counter");
  CHECK(store.row("C-1", "counter").reason == Reason::none);
}

TEST_CASE("4.2 acceptance: an order in another currency than the store's is invalid") {
  Policy policy = default_policy();
  policy.currency = "USD";
  Script store(policy);
  OrderArrived input = store.order("K-1");
  input.order.currency = "USD";
  store.give(input);
  CHECK(store.phase("K-1") == Phase::held);
  input.order.partner_order_id = "K-2";
  input.order.currency = "EUR";
  store.give(input);
  CHECK(refusals_of(store, "K-2") == std::vector<Refusal>{{Reason::invalid_order, "currency"}});
}

TEST_CASE("4.2 acceptance: a test order is rejected, or placed without the POS, as the store wishes") {
  Policy policy = default_policy();
  policy.test_orders = TestOrders::reject;
  Script rejecting(policy);
  OrderArrived input = rejecting.order("K-1");
  input.order.test = true;
  rejecting.give(input);
  CHECK(rejecting.row("K-1").reason == Reason::other);

  policy.test_orders = TestOrders::simulate;
  Script store(policy);
  store.give(input);
  CHECK(store.phase("K-1") == Phase::held);
  store.release("K-1");
  CHECK(store.history("K-1") == "accepted released placed completed");
  CHECK(store.row("K-1").pos_reference.starts_with("TEST-"));
  input.order.partner = "counter";
  store.give(input);
  CHECK(store.last_answer().order->phase == Phase::queued);
  CHECK(store.history("K-1", "counter") == "accepted released placed completed");
  CHECK(store.sent.empty());
}
