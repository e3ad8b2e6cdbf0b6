// Fairness and load: who comes into a turn, who goes to the POS, and what a flood is told.
#include <string>
#include <utility>

#include "print.hpp"
#include "script.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

namespace {

/// Partners a, b and c, released at once, before a POS that takes one a second.
Policy fair_policy(std::int64_t weight_of_b = 1) {
  Policy policy = default_policy();
  policy.pos.rate_per_s = 1;
  PartnerPolicy partner;
  partner.release = ReleaseMode::immediate;
  partner.rate_per_minute = 0;
  for (const char* name : {"a", "b", "c"}) policy.partners[name] = partner;
  policy.partners["b"].weight = weight_of_b;
  return policy;
}

void arrive(Script& store, const std::string& partner, int count) {
  static int last = 0;
  for (int i = 0; i < count; ++i) store.arrive("O-" + std::to_string(++last), partner);
}

/// The POS takes what it gets for so many seconds. The partners whose orders went meanwhile.
std::string serve(Script& store, int seconds) {
  static int reference = 0;
  const std::size_t before = store.sent.size() - store.open_requests();
  for (int i = 0; i < seconds; ++i) {
    while (store.open_requests() > 0) store.pos(PosOutcome::took, "T-" + std::to_string(++reference));
    store.pass(second_ms);
  }
  std::string partners;
  for (std::size_t i = before; i < store.sent.size(); ++i)
    partners += store.rows.at(store.sent[i].order).partner;
  return partners;
}

}  // namespace

TEST_CASE("4.6 fairness: at the POS a flood of one partner lets the others by") {
  Script store(fair_policy());
  arrive(store, "a", 20);
  arrive(store, "b", 2);
  arrive(store, "c", 2);
  CHECK(serve(store, 8) == "abcabcaaa");
}

TEST_CASE("4.6 fairness: a partner's weight is its share at the POS") {
  Script store(fair_policy(3));
  arrive(store, "a", 10);
  arrive(store, "b", 10);
  CHECK(serve(store, 10) == "abbbabbbabb");
}

TEST_CASE("4.6 fairness: inside a partner orders go as they were released") {
  Script store(fair_policy());
  arrive(store, "c", 1);
  for (const char* id : {"K-1", "K-2", "K-3"}) store.arrive(id);
  for (const char* id : {"K-3", "K-1", "K-2"}) {
    store.release(id);
    store.pass(10);
  }
  CHECK(serve(store, 3) == "ckioskkioskkiosk");
  CHECK(store.rows.at(store.sent[1].order).partner_order_id == "K-3");
  CHECK(store.rows.at(store.sent[3].order).partner_order_id == "K-2");
}

TEST_CASE("4.6 fairness: a failed turn leaves no trace in whose turn it is") {
  Script store(fair_policy());
  arrive(store, "a", 3);
  arrive(store, "b", 3);
  arrive(store, "c", 3);
  store.pos(PosOutcome::took, "T-a");
  store.fail_commits = true;
  store.pass(second_ms);  // b's turn, undone
  CHECK(store.sent.size() == 1);
  store.fail_commits = false;
  CHECK(serve(store, 4) == "bcab");
}

TEST_CASE(
    "4.6 fairness: a flood leaves half of a second's placements to partners within their share, who need not "
    "wait") {
  Policy policy = fair_policy();
  policy.pos.rate_per_s = 10;
  Script store(policy);
  store.turn();
  arrive(store, "a", 200);
  CHECK(store.sent.size() == 6);  // five, and one of the reserve: its share
  for (int second = 0; second < 10; ++second) {
    CAPTURE(second);
    for (const char* quiet : {"b", "c"}) {
      arrive(store, quiet, 1);
      CHECK(store.rows.at(store.sent.back().order).partner == quiet);  // in the turn in which it came
    }
    serve(store, 1);
  }
  CHECK(store.sent.size() >= 100);  // and the POS has as much to do as its rate allows
  CHECK(store.sent.size() <= 110);
}

TEST_CASE("4.6 due before backlog: late orders have every fourth placement, and so neither starves") {
  Script store(fair_policy());
  arrive(store, "a", 90);
  CHECK(serve(store, 62) == std::string(63, 'a'));
  CHECK(store.engine->gateway().book().pos_line().due() == 0);
  CHECK(store.engine->gateway().book().pos_line().backlog() == 27);
  arrive(store, "b", 8);
  arrive(store, "c", 2);
  CHECK(serve(store, 13) == "abcbacbbabbbab");  // the first was on its way
}

TEST_CASE("4.6 due before backlog: an order whose age nobody knows after a reboot is due once more") {
  Script store(fair_policy());
  arrive(store, "a", 80);
  store.pass(2 * due_for_ms);  // the POS says nothing, and has as many requests as it may have
  const std::size_t waiting = store.engine->gateway().book().pos_line().backlog();
  REQUIRE(waiting > 0);
  store.now.wall_trusted = false;
  store.restart(true);
  CHECK(store.engine->gateway().book().pos_line().due() == waiting);
  CHECK(store.engine->gateway().book().pos_line().backlog() == 0);
  store.now.wall_trusted = true;
  store.turn();  // now it is known
  CHECK(store.engine->gateway().book().pos_line().due() == 0);
}

TEST_CASE("4.6 due before backlog: a person's answer makes a parked order due anew") {
  Policy policy = fair_policy();
  policy.pos.can_query = false;
  Script store(policy);
  store.arrive("K-1");
  store.release("K-1");
  store.pos(PosOutcome::in_doubt);
  REQUIRE(store.phase("K-1") == Phase::parked);
  arrive(store, "a", 80);
  CHECK(serve(store, 70).size() == 70);
  store.resolve("K-1", Resolution::not_placed);
  CHECK(serve(store, 1) == "akiosk");  // the first was on its way
}

TEST_CASE("4.6 admission: new orders come into a turn by partner, not as they came") {
  Policy policy = fair_policy();
  policy.load.inputs_per_turn_max = 4;
  Script store(policy);
  store.turn();
  for (int i = 0; i < 10; ++i) CHECK_FALSE(store.engine->offer(store.order("A-" + std::to_string(i), "a")));
  for (int i = 0; i < 2; ++i) CHECK_FALSE(store.engine->offer(store.order("B-" + std::to_string(i), "b")));
  store.turn();
  CHECK(store.rows.size() == 4);
  CHECK(store.row("A-1", "a").partner_order_id == "A-1");
  CHECK(store.row("B-1", "b").partner_order_id == "B-1");
  while (store.engine->inputs_waiting() > 0) store.turn();
  CHECK(store.rows.size() == 12);
}

TEST_CASE("4.6 admission: everything else goes before new orders, which keep a quarter of the turn") {
  Policy policy = fair_policy();
  policy.load.inputs_per_turn_max = 4;
  Script store(policy);
  for (int i = 0; i < 8; ++i) store.arrive("K-" + std::to_string(i));
  for (int i = 0; i < 6; ++i) CHECK_FALSE(store.engine->offer(store.order("A-" + std::to_string(i), "a")));
  for (int i = 0; i < 8; ++i) {
    ReleaseArrived release;
    release.caller = store.next_caller();
    release.orders.push_back({std::pair{std::string("kiosk"), "K-" + std::to_string(i)}});
    CHECK_FALSE(store.engine->offer(std::move(release)));
  }
  store.turn();
  CHECK(store.count(EventType::order_released) == 4);  // three of K, and A-0 at once
  CHECK(store.phase("K-2") != Phase::held);
  CHECK(store.phase("K-3") == Phase::held);
  CHECK(store.rows.size() == 9);
}

TEST_CASE("4.6 admission: a cancel does not overtake its own order") {
  Policy policy = fair_policy();
  policy.load.inputs_per_turn_max = 2;
  Script store(policy);
  for (int i = 0; i < 4; ++i) CHECK_FALSE(store.engine->offer(store.order("K-" + std::to_string(i))));
  CancelArrived cancel;
  cancel.caller = store.next_caller();
  cancel.orders.push_back({std::pair{std::string("kiosk"), std::string("K-3")}});
  CHECK_FALSE(store.engine->offer(std::move(cancel)));
  while (store.engine->inputs_waiting() > 0) store.turn();
  CHECK(store.history("K-3") == "accepted cancelled");
}

TEST_CASE("4.6 admission: a release does not overtake a cancel that waits in its order's lane") {
  Policy policy = fair_policy();
  policy.load.inputs_per_turn_max = 2;
  Script store(policy);
  for (int i = 0; i < 3; ++i) CHECK_FALSE(store.engine->offer(store.order("K-" + std::to_string(i))));
  CancelArrived cancel;
  cancel.caller = store.next_caller();
  cancel.orders.push_back({std::pair{std::string("kiosk"), std::string("K-0")}});
  CHECK_FALSE(store.engine->offer(std::move(cancel)));
  store.turn();
  REQUIRE(store.phase("K-0") == Phase::held);  // the cancel is still in the lane
  ReleaseArrived release;
  release.caller = store.next_caller();
  release.orders.push_back({std::pair{std::string("kiosk"), std::string("K-0")}});
  CHECK_FALSE(store.engine->offer(std::move(release)));
  while (store.engine->inputs_waiting() > 0) store.turn();
  CHECK(store.history("K-0") == "accepted cancelled");
}

TEST_CASE(
    "4.6 admission: a lane that is full answers at once and without a turn; others come in, and so does "
    "MQTT") {
  Policy policy = fair_policy();
  policy.load.lane_orders_max = 3;
  Script store(policy);
  for (int i = 0; i < 3; ++i) CHECK_FALSE(store.engine->offer(store.order("A-" + std::to_string(i), "a")));
  const OrderArrived fourth = store.order("A-3", "a");
  const auto answer = store.engine->offer(fourth);
  REQUIRE(answer);
  CHECK(answer->kind == AnswerKind::too_many);
  CHECK(answer->caller == fourth.caller);
  CHECK(answer->retry_after_s > 0);
  CHECK(store.engine->orders_turned_away() == 1);
  CHECK_FALSE(store.engine->offer(store.order("B-0", "b")));
  OrderArrived by_mqtt = store.order("A-4", "a");
  by_mqtt.source = Source::mqtt;
  CHECK_FALSE(store.engine->offer(std::move(by_mqtt)));
  store.turn();
  CHECK(store.rows.size() == 5);
  CHECK_FALSE(store.engine->offer(store.order("A-3", "a")));
}

TEST_CASE("4.6 a chatty partner: it alone is turned away, and one without a rate never is") {
  Policy policy = fair_policy();
  policy.partners["a"].rate_per_minute = 60;
  Script store(policy);
  for (int i = 0; i < 100; ++i) CHECK_FALSE(store.engine->turn_away("a", store.now));
  const auto answer = store.engine->turn_away("a", store.now);
  REQUIRE(answer);
  CHECK(answer->kind == AnswerKind::too_many);
  CHECK(answer->retry_after_s == 10);
  for (int i = 0; i < 1000; ++i) CHECK_FALSE(store.engine->turn_away("b", store.now));
  CHECK_FALSE(store.engine->turn_away("nobody", store.now));
  store.pass(chatty_window_ms);
  CHECK_FALSE(store.engine->turn_away("a", store.now));
}

TEST_CASE(
    "4.6 too busy before collapse: who would wait half of expire_minutes is rejected; a quiet partner is "
    "not") {
  Policy policy = fair_policy();
  policy.pos.expire_ms = 100 * second_ms;
  Script store(policy);
  arrive(store, "a", 51);  // one is sent, fifty wait
  CHECK(store.engine->gateway().expected_wait_ms("a") == 51 * second_ms);
  CHECK(store.engine->gateway().expected_wait_ms("b") == 2 * second_ms);
  store.arrive("A-1", "a");
  CHECK(store.phase("A-1", "a") == Phase::rejected);
  CHECK(store.row("A-1", "a").reason == Reason::too_busy);
  store.arrive("B-1", "b");
  CHECK(store.phase("B-1", "b") == Phase::queued);
  store.arrive("K-1");  // waits for its release: by then the line may be short
  CHECK(store.phase("K-1") == Phase::held);
  CHECK(serve(store, 3).size() == 4);
  store.arrive("A-2", "a");
  CHECK(store.phase("A-2", "a") == Phase::queued);
}

TEST_CASE("4.6 too busy before collapse: a store that gets more than its POS takes lets nothing expire") {
  Policy policy = fair_policy();
  policy.pos.expire_ms = 10 * minute_ms;
  policy.pos.complete_after_ms = minute_ms;
  Script store(policy);
  int taken = 0;
  constexpr Milliseconds apart_ms = 800;  // the POS takes one a second
  for (int i = 0; i < 2'400; ++i) {
    const std::string id = "A-" + std::to_string(i);
    store.arrive(id, "a");
    if (store.phase(id, "a") != Phase::rejected) ++taken;
    store.pass(apart_ms);
    while (store.open_requests() > 0) store.pos(PosOutcome::took, "T-" + std::to_string(i));
  }
  int expired = 0;
  for (const EventRecord& event : store.events) expired += event.type == EventType::order_expired ? 1 : 0;
  CHECK(expired == 0);
  CHECK(taken < 2'400);
  CHECK(taken > 1'800);  // the POS has enough to do all the time
}

TEST_CASE("4.6 too busy before collapse: a POS that is slower than its rate is taken for as slow as it is") {
  for (const std::int64_t rate_per_s : {std::int64_t{0}, std::int64_t{50}}) {
    CAPTURE(rate_per_s);
    Policy policy = fair_policy();
    policy.pos.rate_per_s = rate_per_s;
    policy.pos.requests_max = 2;
    policy.pos.expire_ms = 10 * minute_ms;
    Script store(policy);
    int taken = 0;
    for (int i = 0; i < 600; ++i) {  // one a second, and two in eight seconds are placed
      const std::string id = "A-" + std::to_string(i);
      store.arrive(id, "a");
      if (store.phase(id, "a") != Phase::rejected) ++taken;
      store.pass(second_ms);
      if (i % 8 != 7) continue;
      for (int placed = 0; placed < 2; ++placed)
        store.pos(PosOutcome::took, "T-" + std::to_string(2 * i + placed));
    }
    store.pass(second_ms);
    CHECK(store.engine->gateway().expected_wait_ms("a") > 4 * minute_ms);
    CHECK(taken < 300);
    CHECK(taken > 150);  // what it places, and half of expire_minutes' worth that waits
    CHECK(store.count(EventType::order_expired) == 0);
  }
}

TEST_CASE("4.6 too busy before collapse: whatever would go to the POS at once is judged, whoever let it go") {
  Policy policy = fair_policy();
  policy.pos.expire_ms = 100 * second_ms;
  policy.partners["a"].release = ReleaseMode::on_event;
  Script store(policy);
  for (int i = 0; i < 52; ++i) {
    store.arrive("F-" + std::to_string(i), "a");
    store.release("F-" + std::to_string(i), "a");
  }
  store.release("E-1", "a");
  store.arrive("E-1", "a");
  CHECK(store.phase("E-1", "a") == Phase::rejected);
  OrderArrived at_once = store.order("T-1", "a");
  at_once.order.release.mode = ReleaseMode::at_time;
  at_once.order.release.at_wall_ms = store.now.wall_ms - minute_ms;
  store.give(at_once);
  CHECK(store.phase("T-1", "a") == Phase::rejected);
  OrderArrived later = store.order("T-2", "a");
  later.order.release.mode = ReleaseMode::at_time;
  later.order.release.at_wall_ms = store.now.wall_ms + minute_ms;
  store.give(later);
  CHECK(store.phase("T-2", "a") == Phase::held);
}

TEST_CASE("4.6 questions: a POS that is slow with them still gets new orders with half of its requests") {
  Policy policy = default_policy();
  policy.pos.requests_max = 4;
  Script store(policy);
  for (int i = 0; i < 6;
       ++i) {  // two answers are lost together with a clear one, so that the breaker stays closed
    const std::string id = "D-" + std::to_string(i);
    store.arrive(id);
    store.release(id);
    store.pos(PosOutcome::in_doubt);
    store.arrive("C-" + id);
    store.release("C-" + id);
    store.pos(PosOutcome::took, "T-" + id);
  }
  store.pass(policy.pos.max_processing_ms);  // the questions are due
  CHECK(store.open_requests() == 4);         // nobody else waits
  for (int i = 0; i < 3; ++i) {
    store.arrive("N-" + std::to_string(i));
    store.release("N-" + std::to_string(i));
  }
  for (int i = 0; i < 2; ++i) store.pos(PosOutcome::unanswered);
  CHECK(store.phase("N-0") == Phase::sending);
  CHECK(store.phase("N-1") == Phase::sending);
  CHECK(store.phase("N-2") == Phase::queued);
  CHECK(store.open_requests() == 4);
}

TEST_CASE("4.6 a full lane: where nothing can be stored the answer does not blame the partner") {
  Policy policy = fair_policy();
  policy.load.lane_orders_max = 2;
  Script store(policy);
  store.fail_commits = true;
  store.arrive("A-0", "a");
  CHECK_FALSE(store.engine->offer(store.order("A-1", "a")));
  CHECK_FALSE(store.engine->offer(store.order("A-2", "a")));
  const auto answer = store.engine->offer(store.order("A-3", "a"));
  REQUIRE(answer);
  CHECK(answer->kind == AnswerKind::not_stored);
  CHECK(answer->retry_after_s > 0);
}

TEST_CASE(
    "4.6 too busy before collapse: a POS that was slow is tried again by whoever comes to an empty line") {
  Policy policy = fair_policy();
  policy.pos.requests_max = 1;
  policy.pos.timeout_ms = 10 * minute_ms;
  policy.pos.expire_ms = 5 * minute_ms;
  Script store(policy);
  store.arrive("A-1", "a");
  store.pass(10 * minute_ms);
  store.pos(PosOutcome::took, "T-1");
  CHECK(store.engine->gateway().expected_wait_ms("a") > policy.pos.expire_ms / 2);
  store.arrive("A-2", "a");
  CHECK(store.phase("A-2", "a") == Phase::sending);
}

TEST_CASE("4.6 too busy before collapse: a connection that dies at once does not make a POS fast") {
  Policy policy = fair_policy();
  policy.pos.requests_max = 1;
  policy.pos.rate_per_s = 0;
  policy.pos.timeout_ms = 8 * second_ms;
  Script store(policy);
  const auto placed_after = [&](const std::string& id, Milliseconds ms, PosOutcome outcome) {
    store.arrive(id, "a");
    store.pass(ms);
    store.pos(outcome, "T-" + id);
  };
  placed_after("A-1", 6 * second_ms, PosOutcome::took);
  const Milliseconds slow_ms = store.engine->gateway().expected_wait_ms("a");
  CHECK(slow_ms >= 6 * second_ms);
  placed_after("A-2", 5, PosOutcome::in_doubt);
  CHECK(store.engine->gateway().expected_wait_ms("a") == slow_ms);
  Script first(policy);
  first.arrive("A-1", "a");
  first.pass(5);
  first.pos(PosOutcome::in_doubt);
  first.arrive("A-2", "a");
  first.pass(6 * second_ms);
  first.pos(PosOutcome::took, "T-2");
  CHECK(first.engine->gateway().expected_wait_ms("a") >=
        6 * second_ms);  // not an average with what told nothing
  Script slower(policy);
  slower.arrive("A-1", "a");
  slower.pass(second_ms);
  slower.pos(PosOutcome::took, "T-1");
  const Milliseconds fast_ms = slower.engine->gateway().expected_wait_ms("a");
  slower.arrive("A-2", "a");
  slower.pass(8 * second_ms);
  slower.pos(PosOutcome::in_doubt);  // it took no less
  CHECK(slower.engine->gateway().expected_wait_ms("a") > fast_ms);
}

TEST_CASE("4.6 too busy before collapse: what a POS answers from memory says nothing about how fast it is") {
  Policy policy = fair_policy();
  policy.pos.requests_max = 1;
  policy.pos.rate_per_s = 0;
  policy.pos.timeout_ms = 8 * second_ms;
  policy.pos.deduplicates_ms = 10 * minute_ms;
  policy.pos.can_query = false;
  Script store(policy);
  store.arrive("A-1", "a");
  store.pass(policy.pos.timeout_ms);
  store.pos(PosOutcome::in_doubt);
  const Milliseconds wait_ms = store.engine->gateway().expected_wait_ms("a");
  CHECK(wait_ms >= policy.pos.timeout_ms);
  for (int i = 0; i < 600 && store.sent.size() < 2; ++i) store.pass(second_ms / 10);
  REQUIRE(store.sent.size() == 2);  // the same key again
  store.pos(PosOutcome::took, "T-1");
  REQUIRE(store.phase("A-1", "a") == Phase::placed);
  CHECK(store.engine->gateway().expected_wait_ms("a") == wait_ms);
}

TEST_CASE("4.6 too busy before collapse: whom his fallback does not send to the POS does not wait for it") {
  Policy policy = fair_policy();
  policy.pos.expire_ms = 100 * second_ms;
  Script store(policy);
  arrive(store, "b", 60);
  for (const FallbackPolicy fallback : {FallbackPolicy::park, FallbackPolicy::release}) {
    OrderArrived order = store.order("K-" + std::to_string(static_cast<int>(fallback)), "b");
    order.order.release.mode = ReleaseMode::on_event;
    order.order.release.fallback = fallback;
    order.order.release.fallback_at_wall_ms = store.now.wall_ms - minute_ms;
    store.give(order);
    CHECK(store.phase(order.order.partner_order_id, "b") ==
          (fallback == FallbackPolicy::park ? Phase::parked : Phase::rejected));
  }
}

TEST_CASE("4.6 questions: of a POS that takes one request at a time every other is a new order's") {
  Policy policy = default_policy();
  policy.pos.requests_max = 1;
  Script store(policy);
  for (int i = 0; i < 3; ++i) {
    const std::string id = "D-" + std::to_string(i);
    store.arrive(id);
    store.release(id);
    store.pos(PosOutcome::in_doubt);
    store.arrive("C-" + id);
    store.release("C-" + id);
    store.pos(PosOutcome::took, "T-" + id);
  }
  store.pass(policy.pos.max_processing_ms);  // the questions are due, and one is asked
  store.arrive("N-1");
  store.release("N-1");
  store.arrive("N-2");
  store.release("N-2");
  store.pos(PosOutcome::unanswered);
  CHECK(store.phase("N-1") == Phase::sending);
  store.pos(PosOutcome::took, "T-N1");
  CHECK(store.phase("N-2") == Phase::queued);  // a question has its turn
  store.pos(PosOutcome::unanswered);
  CHECK(store.phase("N-2") == Phase::sending);
}
