// What is given up of what a partner was to be told, and how its order then stands with it.
#include "answering.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

namespace {

/// The partner wants a decision within eleven minutes, and its API can be asked for an order.
Policy asking() {
  Policy policy = answering();
  for (auto& [name, partner] : policy.partners) {
    partner.decide_within_ms = 11 * minute_ms;
    partner.fetches = true;
  }
  return policy;
}

}  // namespace

TEST_CASE("an acceptance that is given up has its order looked at, since its partner may have cancelled it") {
  Script store(asking());
  store.arrive("K-1");
  REQUIRE(store.phase("K-1") == Phase::held);
  stay_away(store, 11 * minute_ms - 1);
  CHECK(store.fetches.empty());
  stay_away(store, 2);
  CHECK(untold(store) == "accepted given_up");
  SUBCASE("it has, and its webhook was lost") {
    REQUIRE(store.fetches.size() == 1);
    OrderFetched fetched = store.ended(FetchOutcome::fetched);
    fetched.cancelled = true;
    store.give(std::move(fetched));
    CHECK(store.phase("K-1") == Phase::cancelled);
  }
  SUBCASE("it has not") {
    REQUIRE(store.fetches.size() == 1);
    store.fetch(FetchOutcome::fetched);
    store.pass(lazy_ms_max);
    CHECK(store.phase("K-1") == Phase::held);
    CHECK_FALSE(store.row("K-1").look_again);
  }
  SUBCASE("and not forgotten in a restart") {
    store.restart(true);
    store.turn();
    CHECK(store.fetches.size() == 1);
  }
}

TEST_CASE("what else is given up has no order looked at: it is cooked, or has ended") {
  Script store(asking());
  accept(store, "C-1");
  store.pos(PosOutcome::took, "T-1");
  stay_away(store, hour_ms + 1);
  CHECK(untold(store) == "placed given_up");
  CHECK_FALSE(store.row("C-1", "counter").look_again);
  CHECK(store.fetches.empty());
}

TEST_CASE("a partner that cannot be asked is not, and its order goes on") {
  Policy policy = asking();
  policy.partners["kiosk"].fetches = false;
  Script store(policy);
  store.arrive("K-1");
  stay_away(store, 11 * minute_ms + 1);
  CHECK(untold(store) == "accepted given_up");
  CHECK(store.fetches.empty());
  CHECK_FALSE(store.row("K-1").look_again);
  CHECK(store.phase("K-1") == Phase::held);
}
