// What partners are owed and what they answer, across turns that fail.
#include "answering.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

// ---------------------------------------------------------------- turns that fail

TEST_CASE("nothing is told in a turn that was not written, and its requests take no place") {
  Script store(answering());
  store.fail_commits = true;
  for (int i = 0; i < 6; ++i) store.arrive("K-" + std::to_string(i));
  CHECK(store.notices.empty());
  store.fail_commits = false;
  for (int i = 0; i < 6; ++i) store.arrive("K-" + std::to_string(i));
  CHECK(store.notices.size() == notices_at_once_max);
}

TEST_CASE("what was told before a turn that failed is written behind it") {
  Script store(answering());
  store.arrive("K-1");
  store.partner(TellOutcome::told);
  store.fail_commits = true;
  cancel_by(store, Actor::person, "K-1", "kiosk");
  store.fail_commits = false;
  store.pass(lazy_ms_max + second_ms);
  CHECK(store.phase("K-1") == Phase::held);
  CHECK(store.row("K-1").owed.empty());
}

TEST_CASE("what a partner answered in a turn that failed is decided again") {
  Script store(answering());
  store.arrive("K-1");
  store.fail_commits = true;
  store.partner(TellOutcome::decided, {}, "DENIED");
  CHECK(untold(store).empty());
  CHECK(owed(store, "K-1", "kiosk") == Notices{Notice::accepted});
  store.fail_commits = false;
  store.pass(second_ms);
  CHECK(untold(store) == "accepted decided");
  CHECK(owed(store, "K-1", "kiosk").empty());
  CHECK(store.notices.empty());
}

TEST_CASE("an order that ends in a turn that failed owes its partner what it owed before") {
  Script store(answering());
  store.arrive("K-1");
  store.fail_commits = true;
  cancel_by(store, Actor::person, "K-1", "kiosk");
  CHECK(owed(store, "K-1", "kiosk") == Notices{Notice::accepted});
  store.fail_commits = false;
  store.partner(TellOutcome::told);
  CHECK(owed(store, "K-1", "kiosk").empty());
  CHECK(store.notices.empty());
}
