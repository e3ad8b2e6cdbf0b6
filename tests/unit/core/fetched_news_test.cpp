// News of an order that is here: its partner's API is asked again, since some tell of a cancel in no other way.
#include "thin.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

TEST_CASE("news of an order are kept before they are answered, and fetched") {
  Script store = with_news();
  CHECK(store.last_answer().kind == AnswerKind::replayed);
  CHECK(store.row("T-1", "thin").look_again);
  REQUIRE(store.fetches.size() == 1);
  store.restart();
  store.turn();
  REQUIRE(store.fetches.size() == 1);
  store.fetch(FetchOutcome::fetched);  // nothing is new
  store.pass(lazy_ms_max);
  CHECK(store.phase("T-1", "thin") == Phase::held);
  CHECK_FALSE(store.row("T-1", "thin").look_again);
  CHECK(store.history("T-1", "thin") == "accepted");
  CHECK(store.fetches.empty());
}

TEST_CASE("news of a whole order are fetched too, and of one that nobody knows the order itself") {
  Script store(thin_policy());
  store.arrive("T-1", "thin");
  store.announce("T-1", "thin", false);
  CHECK(store.row("T-1", "thin").look_again);
  CHECK_FALSE(store.row("T-1", "thin").announced);
  CHECK(store.fetches.size() == 1);
  store.announce("T-2", "thin", false);
  CHECK(store.last_answer().kind == AnswerKind::created);
  CHECK(store.phase("T-2", "thin") == Phase::fetching);
}

TEST_CASE("a cancel that is fetched is its partner's") {
  Script store = with_news();
  OrderFetched fetched = store.ended(FetchOutcome::fetched);
  fetched.cancelled = true;
  fetched.cancel_text = "too_busy";
  SUBCASE("of an order that is held") {
    store.give(std::move(fetched));
    CHECK(store.phase("T-1", "thin") == Phase::cancelled);
    CHECK(store.row("T-1", "thin").reason == Reason::too_busy);
  }
  SUBCASE("of an order that the POS has") {
    store.release("T-1", "thin");
    store.pos(PosOutcome::took, "P/1");
    store.give(std::move(fetched));
    CHECK(store.phase("T-1", "thin") == Phase::voiding);
  }
  CHECK(store.row("T-1", "thin").cancelled_by == Actor::partner);
  CHECK_FALSE(store.row("T-1", "thin").look_again);
}

TEST_CASE("a release that is fetched is its partner's, and counts once") {
  Script store = with_news();
  OrderFetched fetched = store.ended(FetchOutcome::fetched);
  fetched.released = true;
  store.give(fetched);
  CHECK(store.phase("T-1", "thin") == Phase::sending);
  CHECK(store.row("T-1", "thin").released_by == Actor::partner);
  store.announce("T-1", "thin", false);
  OrderFetched again = store.ended(FetchOutcome::fetched);
  again.released = true;
  store.give(std::move(again));
  CHECK(store.history("T-1", "thin") == "accepted released");
}

TEST_CASE("what an order asks for is not changed by its news") {
  Script store = with_news();
  OrderFetched fetched = store.ended(FetchOutcome::fetched);
  fetched.arrived.body.canonical = "{other}";
  fetched.arrived.body_digest = {9};
  store.give(std::move(fetched));
  CHECK(store.bodies.at(store.row("T-1", "thin").number).canonical == "{b}");
  CHECK(store.row("T-1", "thin").body_digest != Digest{9});
}

TEST_CASE("news that come while a fetch is under way are fetched behind it") {
  Script store = announced();
  SUBCASE("of an order that is still to be fetched") {
    store.announce("T-1", "thin", false);
    CHECK(store.fetches.size() == 1);
    store.fetch(FetchOutcome::fetched);
    CHECK(store.phase("T-1", "thin") == Phase::held);
    CHECK(store.row("T-1", "thin").look_again);
  }
  SUBCASE("of an order with news") {
    store.fetch(FetchOutcome::fetched);
    store.announce("T-1", "thin", false);
    store.announce("T-1", "thin", false);
    CHECK(store.fetches.size() == 1);
    SUBCASE("that are there") { store.fetch(FetchOutcome::fetched); }
    SUBCASE("that are not") {
      store.fetch(FetchOutcome::gone);
      store.pass(10 * second_ms);
    }
  }
  SUBCASE("of an order that is parked meanwhile") {
    store.fetch(FetchOutcome::fetched);
    store.announce("T-1", "thin", false);
    store.release("T-1", "thin");
    store.pos(PosOutcome::cannot);
    REQUIRE(store.phase("T-1", "thin") == Phase::parked);
    store.announce("T-1", "thin", false);
    CHECK(store.fetches.size() == 1);
    store.fetch(FetchOutcome::fetched);
  }
  REQUIRE(store.fetches.size() == 1);
  OrderFetched fetched = store.ended(FetchOutcome::fetched);
  fetched.cancelled = true;
  store.give(std::move(fetched));
  CHECK(store.phase("T-1", "thin") == Phase::cancelled);
}

TEST_CASE(
    "news are fetched from the newest address, over a restart too, and none is taken of an order that "
    "ended") {
  Script store = with_news();
  announce_at(store, "/v2/T-1", false);
  CHECK(store.row("T-1", "thin").href == "/v2/T-1");
  store.restart();
  store.turn();
  REQUIRE(store.fetches.size() == 1);
  CHECK(store.fetches[0].href == "/v2/T-1");
  store.cancel("T-1", "thin");
  announce_at(store, "/v3/T-1", false);
  CHECK(store.row("T-1", "thin").href == "/v2/T-1");
}

TEST_CASE("news that come while it is asked for an order that is none yet have it asked for at once") {
  Script store = announced();
  store.announce("T-1", "thin", false);
  store.fetch(FetchOutcome::not_yet);
  REQUIRE(store.fetches.size() == 1);
  store.fetch(FetchOutcome::not_yet);  // of after the news
  CHECK(store.fetches.empty());
}

TEST_CASE("a repeat of an announcement is no news of an order that is being fetched") {
  Script store = announced();
  store.announce("T-1", "thin");
  store.fetch(FetchOutcome::fetched);
  CHECK_FALSE(store.row("T-1", "thin").look_again);
  CHECK(store.fetches.empty());
}

TEST_CASE("news that cannot be fetched are told of, and the order stays as it is") {
  Script store = with_news();
  const auto for_long = [&](FetchOutcome outcome) {
    const Milliseconds first_ms = store.now.steady_ms;
    while (store.count(EventType::gateway_message_refused) == 0) {
      if (!store.fetches.empty()) store.fetch(outcome);
      store.pass(second_ms);
    }
    CHECK(store.now.steady_ms - first_ms >= fetch_missed_for_ms);
  };
  SUBCASE("nothing that can be read, for five minutes") { for_long(FetchOutcome::unreadable); }
  SUBCASE("its partner has no such order, for five minutes") { for_long(FetchOutcome::gone); }
  SUBCASE("no answer for an hour, however soon its partner wants a decision") {
    Policy policy = thin_policy();
    policy.partners["thin"].fetch_within_ms = 11 * minute_ms;
    store.engine->gateway().set_policy(policy, store.now);

    store.fetches.clear();
    store.pass(60 * minute_ms - 1);
    CHECK(store.count(EventType::gateway_message_refused) == 0);
    store.pass(1);
  }
  SUBCASE("its partner is not asked any more") {
    Policy policy = thin_policy();
    policy.partners["thin"].fetches = false;
    store.restart();
    store.engine->gateway().set_policy(policy, store.now);
    store.turn();
    CHECK(store.fetches.empty());
    store.pass(60 * minute_ms);
  }
  CHECK(store.count(EventType::gateway_message_refused) == 1);
  REQUIRE(store.dead_letters.size() == 1);
  CHECK(store.dead_letters[0].topic == "webhook/thin");
  CHECK_FALSE(store.row("T-1", "thin").look_again);
  CHECK(store.count(EventType::order_cancelled) == 0);
}

TEST_CASE("news are waited for as long as the order is not cooked, however long its partner is away") {
  Policy policy = thin_policy();
  policy.partners["thin"].fallback_without_promise_ms = 24 * hour_ms;
  Script store = announced(policy);
  store.fetch(FetchOutcome::fetched);
  store.announce("T-1", "thin", false);
  for (int hour = 0; hour < 5; ++hour) {
    if (!store.fetches.empty()) store.fetch(FetchOutcome::failed);
    store.pass(hour_ms);
  }
  CHECK(store.count(EventType::gateway_message_refused) == 0);
  CHECK(store.row("T-1", "thin").look_again);
  REQUIRE(store.fetches.size() == 1);
  OrderFetched fetched = store.ended(FetchOutcome::fetched);
  fetched.cancelled = true;
  store.give(std::move(fetched));
  CHECK(store.phase("T-1", "thin") == Phase::cancelled);
}

TEST_CASE("of an order that has ended there is nothing to look at") {
  Script store = with_news();
  store.cancel("T-1", "thin");
  store.fetch(FetchOutcome::failed);
  store.announce("T-1", "thin", false);
  CHECK(store.last_answer().kind == AnswerKind::replayed);
  store.restart();
  store.pass(2 * hour_ms);
  CHECK(store.fetches.empty());
  CHECK(store.count(EventType::gateway_message_refused) == 0);
}
