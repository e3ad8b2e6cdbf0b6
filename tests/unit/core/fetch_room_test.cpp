// Announced orders where there is no room for them, and those that somebody sends as a whole.
#include "thin.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

// ---------------------------------------------------------------- no room

TEST_CASE(
    "where there is no room an announcement is refused, and over MQTT it is an order that is rejected") {
  Script store(thin_policy());
  store.give(StorageMeasured{StorageRoom::disk_low});
  store.announce("T-1", "thin");
  CHECK(store.last_answer().kind == AnswerKind::full);
  CHECK(store.last_answer().retry_after_s == retry_after_no_space_s);
  OrderAnnounced input;
  input.source = Source::mqtt;
  input.partner = "thin";
  input.partner_order_id = "T-1";
  input.letter = {"in/order", "bytes"};
  store.give(input);
  CHECK(store.row("T-1", "thin").phase == Phase::rejected);
  CHECK(store.row("T-1", "thin").reason == Reason::too_busy);
  CHECK(store.history("T-1", "thin") == "rejected");
  CHECK(store.fetches.empty());
  CHECK(store.dead_letters.empty());
}

TEST_CASE(
    "an announcement over MQTT blocks nothing behind it: rejected from the reserve, taken beyond the rate") {
  Policy policy = thin_policy();
  policy.partners["thin"].rate_per_minute = 1;
  Script store(policy);
  OrderAnnounced input;
  input.source = Source::mqtt;
  input.partner = "thin";
  input.letter = {"in/order", "bytes"};
  SUBCASE("a full disk") {
    store.disk_full = true;
    input.caller = store.next_caller();
    input.partner_order_id = "T-1";
    store.give(input);
    CHECK(store.last_answer().kind == AnswerKind::created);
    CHECK(store.history("T-1", "thin") == "rejected");
  }
  SUBCASE("the rate") {
    for (const char* id : {"T-1", "T-2", "T-3"}) {
      input.partner_order_id = id;
      store.give(input);
      CHECK(store.phase(id, "thin") == Phase::fetching);
    }
    CHECK(store.fetches.size() == 3);
  }
}

TEST_CASE("a fetched order whose commit fails leaves nothing of itself in the kitchen") {
  Policy policy = thin_policy();
  policy.partners["thin"].release = ReleaseMode::immediate;
  policy.kitchen_items_max = 100;
  Script store = announced(policy);
  store.fail_commits = true;
  store.fetch(FetchOutcome::fetched);
  CHECK(store.engine->gateway().book().kitchen().items == 0);
  CHECK(store.engine->gateway().book().kitchen().orders == 0);
}

TEST_CASE("an announcement counts against its partner's rate and the live orders") {
  Policy policy = thin_policy();
  policy.partners["thin"].rate_per_minute = 1;
  policy.live_orders_max = 2;
  Script store = announced(policy);
  store.announce("T-2", "thin");
  CHECK(store.last_answer().kind == AnswerKind::too_many);
  CHECK(store.last_answer().retry_after_s > 0);
  store.arrive("K-1");
  store.announce("S-1", "slim");
  CHECK(store.last_answer().kind == AnswerKind::full);
}

TEST_CASE("what is fetched where there is no room is fetched again when there is") {
  Script store = announced();
  SUBCASE("too little space") {
    store.give(StorageMeasured{StorageRoom::database_full});
    store.fetch(FetchOutcome::fetched);
    store.give(StorageMeasured{StorageRoom::enough});
  }
  SUBCASE("none at all") {
    store.disk_full = true;
    store.fetch(FetchOutcome::fetched);
    store.disk_full = false;
  }
  CHECK(store.phase("T-1", "thin") == Phase::fetching);
  CHECK(store.fetches.empty());
  store.pass(499);
  CHECK(store.fetches.empty());
  store.pass(501);
  store.fetch(FetchOutcome::fetched);
  CHECK(store.phase("T-1", "thin") == Phase::held);
}

TEST_CASE("an order is not given up by what is kept for a full disk") {
  Script store = announced();
  store.disk_full = true;
  store.pass(70 * minute_ms);
  if (store.engine->wants_turn(store.now)) store.turn();
  CHECK(store.phase("T-1", "thin") == Phase::fetching);
  CHECK(store.reserve >= 1'000 - 12);  // ten minutes too late, a look a minute
  store.disk_full = false;
  store.pass(minute_ms);
  CHECK(store.phase("T-1", "thin") == Phase::rejected);
}

TEST_CASE("an order that its partner does not have is not rejected by what is kept for a full disk") {
  Script store = announced();
  store.fetch(FetchOutcome::gone);
  for (const Milliseconds end_ms = store.now.steady_ms + fetch_missed_for_ms; store.now.steady_ms < end_ms;) {
    store.pass(second_ms);
    if (!store.fetches.empty() && store.now.steady_ms < end_ms) store.fetch(FetchOutcome::gone);
  }
  while (store.fetches.empty()) store.pass(second_ms);
  store.disk_full = true;
  store.fetch(FetchOutcome::gone);
  CHECK(store.phase("T-1", "thin") == Phase::fetching);
  CHECK(store.reserve == 1'000);
  store.disk_full = false;
  store.pass(fetch_miss_most_ms);
  store.fetch(FetchOutcome::gone);
  CHECK(store.phase("T-1", "thin") == Phase::rejected);
}

// ---------------------------------------------------------------- sent as a whole

TEST_CASE("an announced order that somebody sends as a whole is what was waited for") {
  Script store = announced();
  OrderArrived whole = store.order("T-1", "thin");
  whole.idempotency_key = "key-1";
  store.give(whole);
  CHECK(store.last_answer().kind == AnswerKind::created);
  CHECK(store.last_answer().order->phase == Phase::held);
  CHECK(store.rows.size() == 1);
  CHECK(store.bodies.at(store.row("T-1", "thin").number).canonical == "{b}");
  store.announce("T-1", "thin", false);
  REQUIRE(store.fetches.size() == 1);  // news wait for the request that is out
  store.fetch(FetchOutcome::fetched);
  REQUIRE(store.fetches.size() == 1);
  store.fetch(FetchOutcome::fetched);
  CHECK(store.fetches.empty());
  CHECK(store.history("T-1", "thin") == "accepted");

  store.release("T-1", "thin");
  whole.caller = store.next_caller();
  store.give(whole);  // as it stands: the first answer was the announcement's
  CHECK(store.last_answer().kind == AnswerKind::replayed);
  CHECK(store.last_answer().order->phase == Phase::sending);
  store.give(store.order("T-1", "thin", "other"));
  CHECK(store.last_answer().kind == AnswerKind::conflict);
  OrderArrived other = store.order("T-2", "thin", "other");
  other.idempotency_key = "key-1";
  store.give(other);
  CHECK(store.last_answer().kind == AnswerKind::conflict);
}

TEST_CASE("an order that ended before it was fetched is not made anew by one that is sent as a whole") {
  Script store = announced();
  store.cancel("T-1", "thin");
  for (int life = 0; life < 2; ++life) {
    store.give(store.order("T-1", "thin"));
    CHECK(store.last_answer().kind == AnswerKind::replayed);
    CHECK(store.last_answer().row == store.row("T-1", "thin").number);
    CHECK_FALSE(store.last_answer().first);
    store.restart();
  }
  CHECK(store.rows.size() == 1);
}

TEST_CASE("one that is sent as a whole where there is no room is fetched when there is") {
  Script store = announced();
  OrderArrived whole = store.order("T-1", "thin");
  AnswerKind kind = AnswerKind::full;
  SUBCASE("too little space") { store.give(StorageMeasured{StorageRoom::disk_low}); }
  SUBCASE("none at all") {
    store.disk_full = true;
    kind = AnswerKind::not_stored;
  }
  SUBCASE("none at all, over MQTT: it must not block what is behind it") {
    store.disk_full = true;
    whole.source = Source::mqtt;
  }
  store.give(std::move(whole));
  CHECK(store.last_answer().kind == kind);
  CHECK(store.last_answer().retry_after_s == retry_after_no_space_s);
  CHECK(store.phase("T-1", "thin") == Phase::fetching);
  CHECK(store.fetches.size() == 1);
}
