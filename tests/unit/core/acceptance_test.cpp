// An order arrives: repeats, the door's limits, what the store can cook.
#include "print.hpp"
#include "script.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

TEST_CASE("a new order is held, stored with its body, and answered after the commit [I1]") {
  Script store;
  store.arrive("K-1");
  CHECK(store.phase("K-1") == Phase::held);
  CHECK(store.bodies.at(store.row("K-1").number).canonical == "{b}");
  CHECK(store.last_answer().kind == AnswerKind::created);
  CHECK(store.last_answer().order->phase == Phase::held);
  CHECK(store.history("K-1") == "accepted");
  CHECK(store.open_requests() == 0);
}

TEST_CASE("the same order again gets the first answer, also later and after a restart [I14]") {
  Script store;
  store.arrive("K-1");
  const ShortAnswer first = *store.last_answer().order;
  store.release("K-1");
  store.pos(PosOutcome::took, "T-1");
  store.pass(minute_ms);
  for (const bool restarted : {false, true}) {
    if (restarted) store.restart();
    store.arrive("K-1");
    CHECK(store.last_answer().kind == AnswerKind::replayed);
    REQUIRE(store.last_answer().order);
    CHECK(store.last_answer().order->id == first.id);
    CHECK(store.last_answer().order->phase == Phase::held);
    CHECK(store.last_answer().order->pos_reference.empty());
    CHECK(store.last_answer().order->updated_wall_ms == first.updated_wall_ms);
  }
  CHECK(store.rows.size() == 1);
  CHECK(store.history("K-1") == "accepted released placed");
}

TEST_CASE("fifty copies at once make one order and fifty answers [I14]") {
  Script store;
  for (int i = 0; i < 50; ++i) CHECK_FALSE(store.engine->offer(store.order("K-1")));
  store.turn();
  CHECK(store.rows.size() == 1);
  REQUIRE(store.answers.size() == 50);
  for (const Answer& answer : store.answers) CHECK(answer.order->id == store.answers.front().order->id);
  CHECK(store.commits == 1);
}

TEST_CASE("an ended order's repeat is answered from its row [I14]") {
  Script store;
  store.arrive("K-1");
  store.cancel("K-1");
  store.arrive("K-1");
  CHECK(store.last_answer().kind == AnswerKind::replayed);
  CHECK(store.last_answer().row == store.row("K-1").number);
  CHECK(store.last_answer().first);
}

TEST_CASE("the same order or key with another body is a conflict and changes nothing [I14]") {
  Script store;
  OrderArrived first = store.order("K-1");
  first.idempotency_key = "key-1";
  store.give(first);
  store.give(store.order("K-1", "kiosk", "other"));
  CHECK(store.last_answer().kind == AnswerKind::conflict);
  OrderArrived other = store.order("K-2", "kiosk", "two");
  other.idempotency_key = "key-1";
  store.give(other);
  CHECK(store.last_answer().kind == AnswerKind::conflict);
  CHECK(store.rows.size() == 1);
  CHECK(store.events.size() == 1);
}

TEST_CASE("another key with an equal body is a repeat, and that key is remembered [I14]") {
  Script store;
  OrderArrived first = store.order("K-1");
  first.idempotency_key = "key-1";
  store.give(first);
  first.idempotency_key = "key-2";
  store.give(first);
  CHECK(store.last_answer().kind == AnswerKind::replayed);
  store.restart();
  OrderArrived other = store.order("K-2", "kiosk", "two");
  other.idempotency_key = "key-2";
  store.give(other);
  CHECK(store.last_answer().kind == AnswerKind::conflict);
}

TEST_CASE("an id seen again after the reuse time is a new order") {
  Policy policy = default_policy();
  policy.order_id_reuse_ms = hour_ms;
  Script store(policy);
  store.arrive("K-1");
  store.cancel("K-1");
  store.pass(hour_ms - 1);
  store.arrive("K-1");
  CHECK(store.last_answer().kind == AnswerKind::replayed);
  store.pass(1);
  store.arrive("K-1");
  CHECK(store.last_answer().kind == AnswerKind::created);
  CHECK(store.rows.size() == 2);
}

TEST_CASE("an unknown partner is refused and nothing is stored") {
  Script store;
  store.arrive("K-1", "stranger");
  CHECK(store.last_answer().kind == AnswerKind::unknown_partner);
  CHECK(store.rows.empty());
  OrderArrived input = store.order("K-1", "stranger");
  input.source = Source::mqtt;
  input.letter = {"stores/test/in/order", "bytes"};
  store.give(input);
  REQUIRE(store.dead_letters.size() == 1);
  CHECK(store.dead_letters[0].bytes == "bytes");
  CHECK(store.count(EventType::gateway_message_refused) == 1);
}

TEST_CASE("beyond the partner's rate new orders get 429, repeats do not, and MQTT orders are rejected") {
  Policy policy = default_policy();
  policy.partners["kiosk"].rate_per_minute = 2;
  Script store(policy);
  store.arrive("K-1");
  store.arrive("K-2");
  store.arrive("K-3");
  CHECK(store.last_answer().kind == AnswerKind::too_many);
  CHECK(store.last_answer().retry_after_s == 30);
  store.arrive("K-1");
  CHECK(store.last_answer().kind == AnswerKind::replayed);
  OrderArrived input = store.order("K-4");
  input.source = Source::mqtt;
  store.give(input);
  CHECK(store.phase("K-4") == Phase::rejected);
  CHECK(store.row("K-4").reason == Reason::too_busy);
  CHECK(store.rows.size() == 3);
}

TEST_CASE("at the limit of live orders a new one is refused, and a place that frees is used [I7]") {
  Policy policy = default_policy();
  policy.live_orders_max = 2;
  Script store(policy);
  store.arrive("K-1");
  store.arrive("K-2");
  store.arrive("K-3");
  CHECK(store.last_answer().kind == AnswerKind::full);
  CHECK(store.last_answer().retry_after_s > 0);
  store.release("K-1");
  store.pos(PosOutcome::took, "T-1");
  store.arrive("K-3");
  CHECK(store.last_answer().kind == AnswerKind::created);
}

TEST_CASE("an item that is off rejects the order, deep in its modifiers too, until its time is over") {
  Script store;
  AvailabilityArrived list;
  list.items.push_back({"salt", false, store.now.wall_ms + hour_ms});
  store.give(list);
  CHECK(store.count(EventType::item_availability_changed) == 1);
  OrderArrived input = store.order("K-1");
  input.order.items[0].modifiers.push_back({"sauce", "", 1, {}, {{"salt", "", 1, {}, {}}}});
  store.give(input);
  CHECK(store.phase("K-1") == Phase::rejected);
  CHECK(store.row("K-1").reason == Reason::item_unavailable);
  CHECK(store.history("K-1") == "rejected");
  store.pass(hour_ms);
  input.order.partner_order_id = "K-2";
  store.give(input);
  CHECK(store.phase("K-2") == Phase::held);
}

TEST_CASE("an item is unknown only after a full list that lacks it") {
  Script store;
  store.arrive("K-1");
  CHECK(store.phase("K-1") == Phase::held);
  AvailabilityArrived list;
  list.full = true;
  list.items.push_back({"burrito", true, {}});
  store.give(list);
  store.arrive("K-2");
  CHECK(store.row("K-2").reason == Reason::item_unknown);
}

TEST_CASE("an order promised long ago is rejected, but only by a clock that is trusted [I9]") {
  Script store;
  OrderArrived input = store.order("K-1");
  input.order.promised_at_wall_ms = store.now.wall_ms - 31 * minute_ms;
  store.give(input);
  CHECK(store.row("K-1").reason == Reason::timed_out);
  store.now.wall_trusted = false;
  input.order.partner_order_id = "K-2";
  store.give(input);
  CHECK(store.phase("K-2") == Phase::held);
}

TEST_CASE("4.2 acceptance: every reason of a rejection is told, each once, the first one is the order's") {
  Script store;
  AvailabilityArrived list;
  list.full = true;
  list.items = {{"salt", false, {}}, {"taco", false, {}}, {"burrito", true, {}}};
  store.give(list);
  OrderArrived input = store.order("K-1");
  input.order.items[0].modifiers.push_back(
      {"sauce", "", 1, {}, {{"salt", "", 1, {}, {}}, {"salt", "", 1, {}, {}}}});
  input.order.items.push_back({"pizza", "", 1, {}, "", {}});
  input.order.promised_at_wall_ms = store.now.wall_ms - 31 * minute_ms;
  store.give(input);
  CHECK(store.phase("K-1") == Phase::rejected);
  CHECK(store.row("K-1").reason == Reason::item_unknown);
  const std::vector<Refusal> all{{Reason::item_unknown, "pizza"},
                                 {Reason::item_unavailable, "taco"},
                                 {Reason::item_unavailable, "salt"},
                                 {Reason::timed_out, "promised_at"}};
  CHECK(unpack_refusals(store.row("K-1").refusals) == all);
  CHECK(store.last_answer().order->refusals == pack(all));
}

TEST_CASE("4.2 acceptance: the reasons of one order are bounded, and what is told first stays") {
  Refusals refusals;
  for (std::size_t i = 0; i < 2 * refusals_max; ++i)
    refusals.add(Reason::item_unavailable, "item-" + std::to_string(i));
  refusals.add(Reason::too_busy);
  refusals.add(Reason::store_closed, "hours");
  REQUIRE(refusals.list().size() == refusals_max);
  CHECK(refusals.first() == Reason::store_closed);
  CHECK(refusals.list().back().subject == "item-18");
  CHECK(unpack_refusals(pack(refusals.list())) == refusals.list());
  for (const char* damaged : {"1", "1:", "1:5:abc", "99:0:", "1:x:"}) CHECK_FALSE(unpack_refusals(damaged));
}

TEST_CASE(
    "4.5 decision deadline: an order that does not say when it was placed was placed when the cloud sent it "
    "on") {
  Policy policy = default_policy();
  policy.partners["kiosk"].decide_within_ms = 8 * minute_ms;
  Script store(policy);
  const auto arrive = [&](const std::string& id, std::optional<Milliseconds> sent_ago_ms,
                          std::optional<Milliseconds> placed_ago_ms) {
    OrderArrived input = store.order(id);
    if (sent_ago_ms) input.sent_at_wall_ms = store.now.wall_ms - *sent_ago_ms;
    if (placed_ago_ms) input.order.placed_at_wall_ms = store.now.wall_ms - *placed_ago_ms;
    store.give(input);
    return store.phase(id);
  };
  CHECK(arrive("K-1", {}, {}) == Phase::held);
  CHECK(arrive("K-2", 8 * minute_ms, {}) == Phase::held);
  CHECK(arrive("K-3", 8 * minute_ms + 1, {}) == Phase::rejected);
  CHECK(store.row("K-3").reason == Reason::timed_out);
  CHECK(unpack_refusals(store.row("K-3").refusals) == std::vector<Refusal>{{Reason::timed_out, "sent_at"}});
  CHECK(arrive("K-4", hour_ms, minute_ms) == Phase::held);  // its own word counts
  store.now.wall_trusted = false;
  CHECK(arrive("K-5", hour_ms, {}) == Phase::held);
}
