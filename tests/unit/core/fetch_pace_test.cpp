// How often a partner's API is asked for orders: few at once, one while it is away, and one partner's outage is nobody
// else's.
#include "thin.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

namespace {

std::size_t fetches_of(const Script& store, const std::string& partner) {
  std::size_t found = 0;
  for (const FetchOrder& fetch : store.fetches)
    if (fetch.partner == partner) ++found;
  return found;
}

/// Answers the oldest fetch with "not now".
void not_now(Script& store, std::optional<Milliseconds> retry_after_ms) {
  OrderFetched ended = store.ended(FetchOutcome::not_now);
  ended.retry_after_ms = retry_after_ms;
  store.give(std::move(ended));
}

}  // namespace

TEST_CASE("at most four orders of a partner are fetched at once, the others behind them") {
  Script store(thin_policy());
  for (const char* id : {"1", "2", "3", "4", "5", "6"}) store.announce(id, "thin");
  CHECK(store.fetches.size() == 4);
  store.announce("1", "slim");
  CHECK(fetches_of(store, "slim") == 1);
  store.fetch(FetchOutcome::fetched);
  CHECK(fetches_of(store, "thin") == 4);
  CHECK(store.fetches.back().partner_order_id == "5");
}

TEST_CASE("a request is under way until it ends, whatever becomes of its order") {
  Script store(thin_policy());
  for (const char* id : {"1", "2", "3", "4", "5"}) store.announce(id, "thin");
  store.cancel("1", "thin");
  CHECK(store.fetches.size() == 4);
  store.fetch(FetchOutcome::fetched);
  CHECK(store.fetches.size() == 4);
}

TEST_CASE("a partner that is away is tried by one request at a time, ever more rarely") {
  Script store(thin_policy());
  for (const char* id : {"1", "2", "3", "4", "5"}) store.announce(id, "thin");
  for (int i = 0; i < 4; ++i) store.fetch(FetchOutcome::failed);
  CHECK(store.fetches.empty());
  Milliseconds most_ms = fetch_backoff_first_ms;
  for (int probe = 0; probe < 9; ++probe) {
    store.pass(most_ms / 2 - 1);
    CHECK(store.fetches.empty());
    store.pass(most_ms / 2 + 1);
    REQUIRE(store.fetches.size() == 1);
    store.announce("new-" + std::to_string(probe), "thin");
    CHECK(store.fetches.size() == 1);
    store.fetch(FetchOutcome::failed);
    most_ms = std::min(2 * most_ms, fetch_backoff_most_ms);
  }
  CHECK(most_ms == fetch_backoff_most_ms);
  store.announce("1", "slim");
  CHECK(fetches_of(store, "slim") == 1);
  store.fetches.clear();
  store.pass(fetch_backoff_most_ms);
  REQUIRE(fetches_of(store, "thin") == 1);
  store.fetch(FetchOutcome::gone);  // a clear answer, whatever it says
  CHECK(fetches_of(store, "thin") == 4);
}

TEST_CASE("a partner that says not now is left alone as long as it says, ten minutes at most") {
  Script store(thin_policy());
  store.announce("1", "thin");
  Milliseconds asked_ms = 5 * minute_ms;
  Milliseconds left_ms = asked_ms;
  SUBCASE("five minutes") {}
  SUBCASE("a day") { asked_ms = 24 * hour_ms, left_ms = fetch_retry_after_most_ms; }
  not_now(store, asked_ms);
  store.announce("2", "thin");
  store.pass(left_ms - 1);
  CHECK(store.fetches.empty());
  store.pass(1);
  CHECK(store.fetches.size() == 1);
  store.fetch(FetchOutcome::fetched);
  CHECK(store.fetches.size() == 1);
  store.fetch(FetchOutcome::fetched);
  CHECK(store.phase("1", "thin") == Phase::held);
  CHECK(store.phase("2", "thin") == Phase::held);
}

TEST_CASE("not now without a word for how long is an outage like another") {
  Script store(thin_policy());
  store.announce("1", "thin");
  not_now(store, {});
  store.pass(fetch_backoff_first_ms / 2 - 1);
  CHECK(store.fetches.empty());
  store.pass(fetch_backoff_first_ms / 2 + 1);
  CHECK(store.fetches.size() == 1);
}

TEST_CASE("an order that alone goes wrong backs off by itself, and the others are fetched") {
  Script store(thin_policy());
  store.announce("bad", "thin");
  std::vector<Milliseconds> tried_ms;
  int next = 0;
  for (const Milliseconds end_ms = store.now.steady_ms + 5 * minute_ms; store.now.steady_ms < end_ms;) {
    store.announce("good-" + std::to_string(++next), "thin");
    while (!store.fetches.empty()) {
      const bool bad = store.fetches.front().partner_order_id == "bad";
      if (bad) tried_ms.push_back(store.now.steady_ms);
      store.fetch(bad ? FetchOutcome::failed : FetchOutcome::fetched);
    }
    store.pass(second_ms);
  }
  constexpr std::size_t tries_most = 5 * minute_ms / (fetch_backoff_most_ms / 2) + 10;
  CHECK(tried_ms.size() <= tries_most);  // and not once a second
  CHECK(tried_ms.back() - tried_ms[tried_ms.size() - 2] >= fetch_backoff_most_ms / 2);
  CHECK(store.phase("bad", "thin") == Phase::fetching);
  for (int good = 1; good < next - 2; ++good)
    CHECK(store.phase("good-" + std::to_string(good), "thin") == Phase::held);
}

TEST_CASE("a failed turn does not close the way to a partner, nor leave a request that never went") {
  Script store(thin_policy());
  store.announce("1", "thin");
  store.fail_commits = true;
  store.announce("2", "thin");  // would be fetched at once
  store.fetch(FetchOutcome::failed);
  store.fail_commits = false;
  store.pass(2 * second_ms);
  REQUIRE(store.fetches.size() == 1);
  store.fetch(FetchOutcome::fetched);
  CHECK(store.phase("1", "thin") == Phase::held);
  for (const char* id : {"2", "3", "4", "5"}) store.announce(id, "thin");
  CHECK(store.fetches.size() == 4);
}

TEST_CASE("announced orders wait for a turn in the lane of their partner, and their releases behind them") {
  Policy policy = thin_policy();
  policy.load.lane_orders_max = 2;
  Script store(policy);
  const auto announcement = [&](const std::string& id) {
    OrderAnnounced input;
    input.caller = store.next_caller();
    input.partner = "thin";
    input.partner_order_id = id;
    return input;
  };
  ReleaseArrived release;
  release.caller = store.next_caller();
  release.orders.push_back({std::pair{std::string("thin"), std::string("1")}});
  CHECK_FALSE(store.engine->offer(announcement("1")));
  CHECK_FALSE(store.engine->offer(std::move(release)));
  const auto refused = store.engine->offer(announcement("2"));
  REQUIRE(refused);
  CHECK(refused->kind == AnswerKind::too_many);
  OrderAnnounced over_mqtt = announcement("3");
  over_mqtt.source = Source::mqtt;
  CHECK_FALSE(store.engine->offer(std::move(over_mqtt)));
  OrderAnnounced news = announcement("1");  // of a cancel perhaps, and never refused for others' sake
  news.is_new = false;
  CHECK_FALSE(store.engine->offer(std::move(news)));
  store.turn();
  CHECK(store.phase("1", "thin") == Phase::fetching);
  store.fetch(FetchOutcome::fetched);
  CHECK(store.phase("1", "thin") == Phase::sending);
}
