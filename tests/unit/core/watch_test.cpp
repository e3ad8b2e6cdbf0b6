// Placed orders are watched: what the POS shows or tells becomes a move once, and asking stays within its bounds.
#include "print.hpp"
#include "script.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

namespace {

Policy watched_store() {
  Policy policy = default_policy();
  policy.pos.watch_ms = 20 * second_ms;
  policy.pos.requests_max = 256;
  return policy;
}

void place(Script& store, const std::string& id, const std::string& reference) {
  store.arrive(id, "counter");
  store.pos(PosOutcome::took, reference);
}

std::size_t count_watches(const Script& store) {
  return static_cast<std::size_t>(
      std::count_if(store.requests.begin(), store.requests.end(),
                    [](const auto& one) { return one.first == PosRequest::watch; }));
}

/// How long until the next question; its answer is still open then.
Milliseconds next_watch(Script& store) {
  const Milliseconds from = store.now.steady_ms;
  while (count_watches(store) == 0) store.pass(100);
  return store.now.steady_ms - from;
}

}  // namespace

TEST_CASE("4.4 follow-up: a ticket that is made, ready and handed over is told step by step") {
  Script store(watched_store());
  place(store, "K-1", "T-1");
  CHECK(next_watch(store) <= 20 * second_ms + 100);
  store.shows(PosStatus::preparing);
  CHECK(store.history("K-1", "counter") == "accepted released placed");
  store.pass(5 * second_ms);  // written with the next commit, or within 5 s
  CHECK(store.row("K-1", "counter").pos_status == PosStatus::preparing);
  next_watch(store);
  store.shows(PosStatus::ready);
  CHECK(store.phase("K-1", "counter") == Phase::ready);
  next_watch(store);
  store.shows(PosStatus::ready);
  next_watch(store);
  store.shows(PosStatus::completed);
  CHECK(store.phase("K-1", "counter") == Phase::completed);
  CHECK(store.row("K-1", "counter").reason == Reason::none);
  CHECK(store.history("K-1", "counter") == "accepted released placed ready completed");
  CHECK(store.events.back().actor == Actor::pos);
}

TEST_CASE("4.4 follow-up: a ticket voided in the kitchen cancels the order, placed or ready") {
  for (const bool was_ready : {false, true}) {
    Script store(watched_store());
    place(store, "K-1", "T-1");
    if (was_ready) {
      next_watch(store);
      store.shows(PosStatus::ready);
    }
    next_watch(store);
    store.shows(PosStatus::voided);
    CHECK(store.phase("K-1", "counter") == Phase::cancelled);
    CHECK(store.row("K-1", "counter").reason == Reason::other);
    CHECK(store.row("K-1", "counter").cancelled_by == Actor::pos);
  }
}

TEST_CASE("4.4 follow-up: a status that goes backwards is an answer that was overtaken") {
  Script store(watched_store());
  place(store, "K-1", "T-1");
  store.tells("T-1", PosStatus::ready);
  store.tells("T-1", PosStatus::preparing);
  store.tells("T-1", PosStatus::ready);
  store.pass(6 * second_ms);
  CHECK(store.row("K-1", "counter").pos_status == PosStatus::ready);
  CHECK(store.history("K-1", "counter") == "accepted released placed ready");
}

TEST_CASE("4.4 follow-up: what was shown survives a restart, and nothing is told twice") {
  Script store(watched_store());
  place(store, "K-1", "T-1");
  next_watch(store);
  store.shows(PosStatus::ready);
  store.restart();
  store.turn();
  REQUIRE(count_watches(store) == 1);  // due at once
  store.shows(PosStatus::ready);
  CHECK(store.history("K-1", "counter") == "accepted released placed ready");
}

TEST_CASE("4.4 follow-up: a quiet ticket is asked about ever more rarely, news brings the first pace back") {
  Script store(watched_store());
  place(store, "K-1", "T-1");
  Milliseconds longest = 0;
  for (int i = 0; i < 8; ++i) {
    const Milliseconds waited = next_watch(store);
    CHECK(waited <= minute_ms + 100);
    if (i > 3) CHECK(waited >= 30 * second_ms);
    longest = std::max(longest, waited);
    store.shows(PosStatus::open);
  }
  CHECK(longest > 30 * second_ms);
  next_watch(store);
  store.shows(PosStatus::preparing);
  CHECK(next_watch(store) <= 20 * second_ms + 100);
}

TEST_CASE("4.4 follow-up: answers that say nothing back off up to five minutes and move nothing") {
  Script store(watched_store());
  place(store, "K-1", "T-1");
  Milliseconds waited = 0;
  for (int i = 0; i < 12; ++i) {
    waited = next_watch(store);
    CHECK(waited <= 5 * minute_ms + 100);
    store.pos(i % 2 == 0 ? PosOutcome::unanswered : PosOutcome::not_taken);
  }
  CHECK(waited >= 150 * second_ms);
  CHECK(store.phase("K-1", "counter") == Phase::placed);
  CHECK(store.engine->gateway().pos_reachable());
}

TEST_CASE("4.4 follow-up: few questions at a time and few a second, however many orders are placed") {
  Script store(watched_store());
  for (int i = 0; i < 50; ++i) place(store, "K-" + std::to_string(i), "T-" + std::to_string(i));
  store.pass(30 * second_ms);
  CHECK(count_watches(store) == 4);
  store.pass(minute_ms);
  CHECK(count_watches(store) == 4);  // none is answered: no other goes out
  std::size_t asked = 4;
  const Milliseconds from = store.now.steady_ms;
  while (asked < 40) {
    while (store.open_requests() > 0) store.shows(PosStatus::open);
    store.pass(100);
    asked += count_watches(store);
  }
  CHECK(store.now.steady_ms - from >= 15 * second_ms);  // 36 of them at 2 a second, 4 at once
}

TEST_CASE(
    "4.4 follow-up: questions take no place from orders, nor does their 'not now' close the POS to them") {
  Policy policy = watched_store();
  policy.pos.requests_max = 1;
  Script store(policy);
  for (int i = 0; i < 4; ++i) place(store, "K-" + std::to_string(i), "T-" + std::to_string(i));
  store.pass(30 * second_ms);
  REQUIRE(count_watches(store) == 4);
  store.arrive("L-1", "counter");
  CHECK(store.requests.back().first == PosRequest::place);
  store.pos(PosOutcome::not_now);  // to a question
  CHECK(store.engine->gateway().pos_reachable());
}

TEST_CASE("4.4 follow-up: while the POS is away nobody is asked about but by a single probe") {
  Script store(watched_store());
  for (int i = 0; i < 6; ++i) place(store, "K-" + std::to_string(i), "T-" + std::to_string(i));
  store.pass(30 * second_ms);
  REQUIRE(count_watches(store) == 4);
  while (store.open_requests() > 0) store.pos(PosOutcome::not_delivered);
  CHECK_FALSE(store.engine->gateway().pos_reachable());
  for (int i = 0; i < 10; ++i) {
    store.pass(15 * second_ms);
    CHECK(count_watches(store) == 1);
    store.pos(PosOutcome::not_delivered);
  }
  store.pass(15 * second_ms);
  store.shows(PosStatus::open);
  CHECK(store.engine->gateway().pos_reachable());
  CHECK(store.count(EventType::gateway_alarm_cleared) == 1);

  Script waiting(watched_store());  // somebody waits to be placed: that one tries
  place(waiting, "K-1", "T-1");
  waiting.arrive("K-2", "counter");
  waiting.pos(PosOutcome::not_delivered);
  for (int i = 0; i < 10; ++i) {
    waiting.pass(15 * second_ms);
    REQUIRE(waiting.open_requests() == 1);
    CHECK(waiting.requests.front().first == PosRequest::place);
    waiting.pos(PosOutcome::not_delivered);
  }
}

TEST_CASE("4.4 follow-up: a question whose order is cancelled meanwhile is answered to nobody") {
  Script store(watched_store());
  place(store, "K-1", "T-1");
  next_watch(store);
  store.cancel("K-1", "counter");
  REQUIRE(store.requests.back().first == PosRequest::cancel);
  const std::uint64_t stale = store.engine->gateway().stale_answers();
  store.shows(PosStatus::completed);
  CHECK(store.engine->gateway().stale_answers() == stale + 1);
  CHECK(store.phase("K-1", "counter") == Phase::voiding);
  store.pos(PosOutcome::voided);
  CHECK(store.history("K-1", "counter") == "accepted released placed cancelled");
}

TEST_CASE(
    "4.4 follow-up: what the POS tells by itself is a fact like an answer; of a ticket nobody knows it is "
    "404") {
  Script store;  // nobody is asked about
  place(store, "K-1", "T-1");
  store.tells("T-2", PosStatus::ready);
  CHECK(store.last_answer().kind == AnswerKind::not_found);
  store.tells("T-1", PosStatus::ready);
  CHECK(store.last_answer().kind == AnswerKind::done);
  CHECK_FALSE(store.last_answer().order.has_value());  // the POS has no use for a release token
  store.fail_commits = true;
  store.tells("T-1", PosStatus::completed);
  CHECK(store.last_answer().kind == AnswerKind::not_stored);
  store.fail_commits = false;
  CHECK(store.phase("K-1", "counter") == Phase::ready);
  store.pass(second_ms);
  store.tells("T-1", PosStatus::completed);
  CHECK(store.history("K-1", "counter") == "accepted released placed ready completed");
}

TEST_CASE(
    "4.4 follow-up: where the POS tells by itself it is asked every few minutes, until it forgets to tell") {
  Script store(watched_store());
  place(store, "K-1", "T-1");
  store.tells("T-1", PosStatus::open);
  const Milliseconds waited = next_watch(store);
  CHECK(waited >= 150 * second_ms);
  CHECK(waited <= 5 * minute_ms + 100);
  store.shows(PosStatus::preparing);  // that was not told
  CHECK(next_watch(store) <= 20 * second_ms + 100);
}

TEST_CASE("4.4 follow-up: an order found where it was asked for is as far as the POS says") {
  Script store(watched_store());
  store.arrive("K-1", "counter");
  store.pos(PosOutcome::in_doubt);
  while (store.open_requests() == 0) store.pass(second_ms);
  REQUIRE(store.requests.front().first == PosRequest::ask);
  PosAnswered found = store.requests.front().second;
  store.requests.clear();
  found.outcome = PosOutcome::found;
  found.pos_reference = "T-1";
  found.pos_status = PosStatus::ready;
  store.give(found);
  CHECK(store.history("K-1", "counter") == "accepted released placed ready");
}

TEST_CASE("4.4 assumed: completed without a word, but not before its time and not without a last look") {
  Script store(watched_store());
  place(store, "K-1", "T-1");
  const Milliseconds placed_ms = store.now.steady_ms;
  while (store.now.steady_ms < placed_ms + 239 * minute_ms) {
    store.pass(second_ms);
    while (store.open_requests() > 0) store.shows(PosStatus::open);
  }
  CHECK(store.phase("K-1", "counter") == Phase::placed);
  store.pass(placed_ms + 240 * minute_ms - store.now.steady_ms);
  REQUIRE(count_watches(store) == 1);
  CHECK(store.phase("K-1", "counter") == Phase::placed);
  SUBCASE("still open") {
    store.shows(PosStatus::open);
    CHECK(store.phase("K-1", "counter") == Phase::completed);
    CHECK(store.row("K-1", "counter").reason == Reason::assumed);
  }
  SUBCASE("voided since the answer before") {
    store.shows(PosStatus::voided);
    CHECK(store.phase("K-1", "counter") == Phase::cancelled);
  }
  SUBCASE("no answer") {
    store.pass(minute_ms);
    CHECK(store.phase("K-1", "counter") == Phase::completed);
    CHECK(store.row("K-1", "counter").reason == Reason::assumed);
  }
}

TEST_CASE("4.4 follow-up: a turn that could not be written asks nobody and forgets nothing") {
  Script store(watched_store());
  place(store, "K-1", "T-1");
  next_watch(store);
  store.fail_commits = true;
  store.shows(PosStatus::ready);
  CHECK(store.phase("K-1", "counter") == Phase::placed);
  store.fail_commits = false;
  store.pass(second_ms);
  CHECK(store.phase("K-1", "counter") == Phase::ready);
  next_watch(store);
  CHECK(count_watches(store) == 1);
}
