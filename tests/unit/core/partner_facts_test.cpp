// What whoever answers a partner has to know of an order, the store itself or a cloud by its events; and orders that are
// another store's.
#include "answering.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

namespace {

OrderArrived order_for_later(Script& store, Milliseconds in_ms) {
  OrderArrived input = store.order("C-1", "counter");
  input.order.fulfilment = FulfilmentType::pickup;
  input.order.release = {ReleaseMode::at_time, store.now.wall_ms + in_ms, {}, {}};
  return input;
}

Policy fetching_answering() {
  Policy policy = answering();
  policy.partners["kiosk"].fetches = true;
  return policy;
}

/// Of the event by which an order was accepted.
Details accepted_details(const Script& store) {
  const auto found = std::find_if(store.events.begin(), store.events.end(), [](const EventRecord& event) {
    return event.type == EventType::order_accepted;
  });
  REQUIRE(found != store.events.end());
  return found->details;
}

}  // namespace

// ---------------------------------------------------------------- by its event

TEST_CASE("an accepted order's event says when its food will be there, where the store can tell") {
  Policy policy = default_policy();
  policy.prep_ms = 12 * minute_ms;
  Script store(policy);
  const auto ready_at = [](Milliseconds in_ms) {
    return Details{{"ready_at_ms", std::int64_t{start_wall_ms + in_ms}}};
  };
  SUBCASE("made at once: by the store's own measure") {
    store.arrive("C-1", "counter");
    CHECK(accepted_details(store) == ready_at(12 * minute_ms));
  }
  SUBCASE("promised: as promised") {
    OrderArrived input = store.order("C-1", "counter");
    input.order.promised_at_wall_ms = start_wall_ms + 40 * minute_ms;
    store.give(std::move(input));
    CHECK(accepted_details(store) == ready_at(40 * minute_ms));
  }
  SUBCASE("for later: when it is begun, and cooked") {
    store.give(order_for_later(store, 20 * minute_ms));
    Details expected = ready_at(32 * minute_ms);
    expected.emplace_back("for_later", true);
    CHECK(accepted_details(store) == expected);
  }
  SUBCASE("nobody knows when the driver comes") {
    store.arrive("K-1");
    CHECK(accepted_details(store).empty());
  }
  SUBCASE("nobody knows the time") {
    store.now.wall_trusted = false;
    store.arrive("C-1", "counter");
    CHECK(accepted_details(store).empty());
  }
}

// ---------------------------------------------------------------- by a notice

TEST_CASE("a partner hears that its order for later is begun when it is released, and not before") {
  Script store(answering());
  store.give(order_for_later(store, 20 * minute_ms));
  REQUIRE(store.notices.back().notice == Notice::accepted);
  store.partner(TellOutcome::told);
  store.pass(20 * minute_ms - 1);
  CHECK(store.notices.empty());
  SUBCASE("at its time") { store.pass(1); }
  SUBCASE("by whoever wants it sooner") { store.release("C-1", "counter"); }
  REQUIRE(store.notices.size() == 1);
  CHECK(store.notices.back().notice == Notice::begun);
  CHECK(store.notices.back().at_wall_ms == store.now.wall_ms);
  store.pos(PosOutcome::took, "T-1");
  store.pass(second_ms);
  store.partner(TellOutcome::told);
  CHECK(store.notices.back().notice == Notice::placed);
}

TEST_CASE("a person who lets go an order for later begins it, once") {
  Script store(answering());
  store.give(order_for_later(store, 20 * minute_ms));
  store.partner(TellOutcome::told);
  SUBCASE("that was never released") {
    PersonCalled called;
    called.orders.push_back({std::pair{std::string("counter"), std::string("C-1")}});
    store.give(std::move(called));
    REQUIRE(store.phase("C-1", "counter") == Phase::parked);
    CHECK(store.notices.empty());
    store.resolve("C-1", Resolution::not_placed, "counter");
    REQUIRE(store.notices.size() == 1);
    CHECK(store.notices.back().notice == Notice::begun);
  }
  SUBCASE("that had begun") {
    store.release("C-1", "counter");
    REQUIRE(store.notices.size() == 1);
    store.partner(TellOutcome::told);
    store.pos(PosOutcome::cannot);
    store.resolve("C-1", Resolution::not_placed, "counter");
    CHECK(store.phase("C-1", "counter") == Phase::sending);
    CHECK(store.notices.empty());
  }
}

TEST_CASE("an order for now is not told as begun, also where the store holds it until a time of its own") {
  Policy policy = answering();
  SUBCASE("released at once") {}
  SUBCASE("released by its driver") { policy.partners["counter"].release = ReleaseMode::on_event; }
  SUBCASE("released at a time, by the store's policy") {
    policy.partners["counter"].release = ReleaseMode::at_time;
  }
  Script store(policy);
  accept(store, "C-1");
  if (store.phase("C-1", "counter") == Phase::held) store.release("C-1", "counter");
  REQUIRE(store.row("C-1", "counter").released.is_set());
  CHECK_FALSE(owed(store, "C-1").has(Notice::begun));
}

TEST_CASE("how an order is fetched by its customer, and that it is for later, outlive a restart") {
  Script store(answering());
  store.give(order_for_later(store, 20 * minute_ms));
  CHECK(store.notices.back().fulfilment == FulfilmentType::pickup);
  store.restart();
  store.turn();
  CHECK(store.notices.back().fulfilment == FulfilmentType::pickup);
  store.partner(TellOutcome::told);
  store.pass(20 * minute_ms);
  REQUIRE(store.notices.size() == 1);
  CHECK(store.notices.back().notice == Notice::begun);
  CHECK(store.notices.back().fulfilment == FulfilmentType::pickup);
}

// ---------------------------------------------------------------- another store's

namespace {

/// So its partner's API says, as often as it is asked, for ten minutes at most.
void another_stores(Script& store, Phase until) {
  for (int s = 0; s < 600 && store.phase("K-1") != until; ++s) {
    if (!store.fetches.empty()) store.fetch(FetchOutcome::not_ours);
    store.pass(second_ms);
  }
}

}  // namespace

TEST_CASE(
    "that an order is another store's is believed like its absence, and its partner hears nothing of it") {
  Script store(fetching_answering());
  store.announce("K-1", "kiosk");
  const Milliseconds from_ms = store.now.steady_ms;
  store.fetch(FetchOutcome::not_ours);
  CHECK(store.phase("K-1") == Phase::fetching);
  another_stores(store, Phase::rejected);
  REQUIRE(store.phase("K-1") == Phase::rejected);
  CHECK(store.now.steady_ms - from_ms >= fetch_missed_for_ms);
  CHECK(store.row("K-1").refusals == pack({{Reason::invalid_order, other_store_subject}}));
  CHECK(store.history("K-1", "kiosk") == "rejected");
  CHECK(store.notices.empty());
  CHECK(owed(store, "K-1", "kiosk").empty());
  CHECK(store.fetches.empty());
  CHECK(store.requests.empty());
  CHECK(untold(store) == "rejected other_store");  // whoever set the store's id hears of it
  CHECK(detail(last_untold(store), "partner") == "kiosk");
  CHECK(detail(last_untold(store), "partner_order_id") == "K-1");
}

TEST_CASE("one wrong word about whose an order is costs nothing but time") {
  Script store(fetching_answering());
  store.announce("K-1", "kiosk");
  store.fetch(FetchOutcome::not_ours);
  store.pass(fetch_miss_ms);
  REQUIRE(store.fetches.size() == 1);
  store.fetch(FetchOutcome::fetched);
  CHECK(store.phase("K-1") == Phase::held);
  CHECK(untold(store).empty());
}

TEST_CASE("that there is no room to reject it changes nothing: it is asked for again until there is") {
  Script store(fetching_answering());
  store.announce("K-1", "kiosk");
  for (const Milliseconds end_ms = store.now.steady_ms + fetch_missed_for_ms; store.now.steady_ms < end_ms;) {
    store.pass(second_ms);
    if (!store.fetches.empty() && store.now.steady_ms < end_ms - 2 * minute_ms)
      store.fetch(FetchOutcome::not_ours);
  }
  REQUIRE(store.fetches.size() == 1);
  store.pass(minute_ms);
  store.disk_full = true;
  store.fetch(FetchOutcome::not_ours);
  CHECK(store.phase("K-1") == Phase::fetching);
  CHECK(store.fetches.empty());
  store.disk_full = false;
  store.pass(fetch_miss_most_ms);
  REQUIRE(store.fetches.size() == 1);
  store.fetch(FetchOutcome::not_ours);
  CHECK(store.phase("K-1") == Phase::rejected);
}

TEST_CASE("news that turn out to be another store's are asked for again, and then told of") {
  Script store(fetching_answering());
  store.arrive("K-1");
  store.announce("K-1", "kiosk", false);
  for (int s = 0; s < 600 && store.count(EventType::gateway_message_refused) == 0; ++s) {
    if (!store.fetches.empty()) store.fetch(FetchOutcome::not_ours);
    store.pass(second_ms);
  }
  CHECK(store.count(EventType::gateway_message_refused) == 1);
  CHECK(store.phase("K-1") == Phase::held);
  store.pass(lazy_ms_max);
  CHECK_FALSE(store.row("K-1").look_again);
  CHECK(store.fetches.empty());
}
