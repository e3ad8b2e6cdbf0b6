// An announced order that is announced once more, with another address: the newest counts.
#include "thin.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

TEST_CASE("an order that is announced once more with another address is fetched from there at once") {
  Script store = announced();
  SUBCASE("while it is not there") {
    store.fetch(FetchOutcome::gone);
    CHECK(store.fetches.empty());
    announce_at(store, "/v2/T-1");
  }
  SUBCASE("while it is asked for: what is said of the old one says nothing") {
    FetchOutcome said = FetchOutcome::gone;
    SUBCASE("gone") {}
    SUBCASE("unreadable") { said = FetchOutcome::unreadable; }
    SUBCASE("not yet") { said = FetchOutcome::not_yet; }
    SUBCASE("another store's") { said = FetchOutcome::not_ours; }
    SUBCASE("it is there") { said = FetchOutcome::fetched; }
    announce_at(store, "/v2/T-1");
    CHECK(store.fetches.size() == 1);
    store.fetch(said);
  }
  SUBCASE("before a restart") {
    announce_at(store, "/v2/T-1");
    store.restart();
    store.turn();
  }
  CHECK(store.row("T-1", "thin").href == "/v2/T-1");
  REQUIRE(store.fetches.size() == 1);
  CHECK(store.fetches[0].href == "/v2/T-1");
  announce_at(store, "");  // an announcement without an address forgets none
  CHECK(store.row("T-1", "thin").href == "/v2/T-1");
  store.fetch(FetchOutcome::fetched);
  CHECK(store.phase("T-1", "thin") == Phase::held);
  CHECK_FALSE(store.row("T-1", "thin").look_again);
}

namespace {

/// An order that has moved while it, or news of it, was asked for at the old address.
void show_at_old_address(bool is_news, void (*show)(OrderFetched&)) {
  CAPTURE(is_news);
  Script store = announced();
  if (is_news) {
    store.fetch(FetchOutcome::fetched);
    store.announce("T-1", "thin", false);
  }
  announce_at(store, "/v2/T-1", !is_news);
  const Phase phase = store.phase("T-1", "thin");
  OrderFetched old = store.ended(FetchOutcome::fetched);
  show(old);
  store.give(std::move(old));
  CHECK(store.phase("T-1", "thin") == phase);
  REQUIRE(store.fetches.size() == 1);
  CHECK(store.fetches[0].href == "/v2/T-1");
  OrderFetched now = store.ended(FetchOutcome::fetched);
  now.cancelled = true;  // where it is, it counts
  store.give(std::move(now));
  CHECK(store.phase("T-1", "thin") == Phase::cancelled);
}

}  // namespace

TEST_CASE("what its partner shows at an old address does not end an order that has moved") {
  void (*show)(OrderFetched&) = nullptr;
  SUBCASE("not ours") {
    show = [](OrderFetched& old) { old.outcome = FetchOutcome::not_ours; };
  }
  SUBCASE("gone") {
    show = [](OrderFetched& old) { old.outcome = FetchOutcome::gone; };
  }
  SUBCASE("over") {
    show = [](OrderFetched& old) { old.over = true; };
  }
  SUBCASE("cancelled") {
    show = [](OrderFetched& old) { old.cancelled = true; };
  }
  SUBCASE("to be cooked") {
    show = [](OrderFetched& old) { old.released = true; };
  }
  for (const bool is_news : {false, true}) show_at_old_address(is_news, show);
}

TEST_CASE("a failure at an old address is a failure of its partner's, and the next try is at the new one") {
  Script store = announced();
  announce_at(store, "/v2/T-1");
  store.fetch(FetchOutcome::failed);
  CHECK(store.fetches.empty());
  store.pass(fetch_backoff_first_ms);
  REQUIRE(store.fetches.size() == 1);
  CHECK(store.fetches[0].href == "/v2/T-1");
  store.fetch(FetchOutcome::fetched);
  CHECK(store.phase("T-1", "thin") == Phase::held);
}

TEST_CASE("misses at an old address do not count against the new one") {
  Script store = announced();
  const Milliseconds from_ms = store.now.steady_ms;
  while (store.now.steady_ms - from_ms < fetch_missed_for_ms - minute_ms) {
    if (!store.fetches.empty()) store.fetch(FetchOutcome::gone);
    store.pass(second_ms);
  }
  announce_at(store, "/v2/T-1");
  for (int look = 0; look < 4; ++look) {
    if (!store.fetches.empty()) store.fetch(FetchOutcome::gone);
    store.pass(minute_ms);
  }
  CHECK(store.phase("T-1", "thin") == Phase::fetching);
}

TEST_CASE("an address that could not be stored is not used") {
  Script store = announced();
  store.fetch(FetchOutcome::gone);
  store.fail_commits = true;
  announce_at(store, "/v2/T-1");
  CHECK(store.last_answer().kind == AnswerKind::not_stored);
  store.fail_commits = false;
  store.pass(fetch_miss_ms);
  REQUIRE(store.fetches.size() == 1);
  CHECK(store.fetches[0].href == "/orders/T-1");
}
