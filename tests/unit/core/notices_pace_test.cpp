// When partners are told, how often, and what becomes of what cannot be told: outages, refusals, restarts, turns that fail.
#include "answering.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

namespace {

/// How long until the store tells a partner something again.
Milliseconds next_notice(Script& store) {
  const Milliseconds from = store.now.steady_ms;
  while (store.notices.empty() && store.now.steady_ms < from + 2 * hour_ms) store.pass(50);
  REQUIRE_FALSE(store.notices.empty());
  return store.now.steady_ms - from;
}

Policy deciding_within(Milliseconds within_ms) {
  Policy policy = answering();
  for (auto& [name, partner] : policy.partners) partner.decide_within_ms = within_ms;
  return policy;
}

}  // namespace

// ---------------------------------------------------------------- the pace

TEST_CASE("a partner gets four requests at once, and the next one when one of them has ended") {
  Script store(answering());
  for (int i = 0; i < 10; ++i) store.arrive("K-" + std::to_string(i));
  CHECK(store.notices.size() == notices_at_once_max);
  store.pass(minute_ms);
  CHECK(store.notices.size() == notices_at_once_max);  // however long they take
  for (int i = 0; i < 10; ++i) {
    REQUIRE_FALSE(store.notices.empty());
    CHECK(store.notices.front().partner_order_id == "K-" + std::to_string(i));  // as they came
    CHECK(store.notices.size() == std::min<std::size_t>(notices_at_once_max, 10U - static_cast<unsigned>(i)));
    store.partner(TellOutcome::told);
  }
}

TEST_CASE("a partner that is away is tried by one request at a time, after 1 s to 60 s with jitter") {
  Script store(answering());
  for (int i = 0; i < 10; ++i) store.arrive("K-" + std::to_string(i));
  while (!store.notices.empty()) store.partner(TellOutcome::failed);
  Milliseconds longest = 0;
  for (int i = 0; i < 12; ++i) {
    const Milliseconds waited = next_notice(store);
    CHECK(waited <= (i == 0 ? second_ms : notice_backoff_most_ms) + 50);
    if (i > 6) CHECK(waited >= notice_backoff_most_ms / 2);
    longest = std::max(longest, waited);
    store.pass(10 * second_ms);
    CHECK(store.notices.size() == 1);
    store.partner(TellOutcome::failed);
    CHECK(store.notices.empty());
  }
  CHECK(longest > notice_backoff_most_ms / 2);
  next_notice(store);
  store.partner(TellOutcome::told);  // it is back
  store.pass(notice_backoff_most_ms);
  CHECK(store.notices.size() == notices_at_once_max);
}

TEST_CASE("what was under way when a partner went away is one failure with the first of it") {
  Script store(answering());
  for (int i = 0; i < 4; ++i) store.arrive("K-" + std::to_string(i));
  for (int i = 0; i < 4; ++i) store.partner(TellOutcome::failed);
  CHECK(next_notice(store) <= second_ms + 50);
}

TEST_CASE("a partner that is away keeps no other partner's orders waiting") {
  Script store(answering());
  for (int i = 0; i < 20; ++i) store.arrive("K-" + std::to_string(i));
  while (!store.notices.empty()) store.partner(TellOutcome::failed);
  for (int i = 0; i < 20; ++i) accept(store, "C-" + std::to_string(i));
  CHECK(store.notices.empty());
}

TEST_CASE("an order whose notice fails alone does not keep its partner's other orders waiting") {
  Script store(answering());
  store.arrive("K-bad");
  Milliseconds slowest = 0;
  for (int i = 0; i < 30; ++i) {
    while (!store.notices.empty() && store.notices.front().partner_order_id == "K-bad")
      store.partner(TellOutcome::failed);
    store.arrive("K-" + std::to_string(i));
    const Milliseconds from = store.now.steady_ms;
    while (owed(store, "K-" + std::to_string(i), "kiosk").has(Notice::accepted)) {
      REQUIRE(store.now.steady_ms < from + minute_ms);
      if (store.notices.empty())
        store.pass(50);
      else
        store.partner(store.notices.front().partner_order_id == "K-bad" ? TellOutcome::failed
                                                                        : TellOutcome::told);
    }
    slowest = std::max(slowest, store.now.steady_ms - from);
    store.pass(10 * second_ms);
  }
  CHECK(slowest <= 4 * second_ms);
}

TEST_CASE("\"not now\" waits as long as the partner says, for all of its orders, and ten minutes at most") {
  for (const Milliseconds asked_ms : {30 * second_ms, 3 * hour_ms}) {
    Script store(answering());
    store.arrive("K-1");
    store.arrive("K-2");
    store.partner(TellOutcome::not_now, asked_ms);
    store.partner(TellOutcome::not_now, asked_ms);
    store.arrive("K-3");
    CHECK(store.notices.empty());
    const Milliseconds waited = next_notice(store);
    CHECK(waited >= std::min(asked_ms, notice_pause_most_ms));
    CHECK(waited <= std::min(asked_ms, notice_pause_most_ms) + 50);
    CHECK(store.notices.size() == 1);
  }
}

TEST_CASE("a failure that says for how long is waited for, and may have been done") {
  Script store(answering());
  store.arrive("K-1");
  store.partner(TellOutcome::failed, 90 * second_ms);  // 503
  store.pass(90 * second_ms - 1);
  CHECK(store.notices.empty());
  SUBCASE("a cancel meanwhile tells of both") {
    cancel_by(store, Actor::person, "K-1", "kiosk");
    CHECK(owed(store, "K-1", "kiosk") == Notices{Notice::accepted, Notice::cancelled});
  }
  SUBCASE("and \"decided\" to the next try is no news") {
    store.pass(1);
    REQUIRE(store.notices.size() == 1);
    store.partner(TellOutcome::decided);
    CHECK(untold(store).empty());
  }
}

TEST_CASE("what the partner did not hear is told again until it does") {
  Script store(answering());
  store.arrive("K-1");
  for (const TellOutcome outcome : {TellOutcome::failed, TellOutcome::not_now, TellOutcome::failed}) {
    store.partner(outcome);
    CHECK(owed(store, "K-1", "kiosk") == Notices{Notice::accepted});
    next_notice(store);
    CHECK(store.notices.front().notice == Notice::accepted);
  }
  store.partner(TellOutcome::told);
  store.pass(hour_ms * 2);
  CHECK(owed(store, "K-1", "kiosk").empty());
  CHECK(untold(store).empty());
}

// ---------------------------------------------------------------- a partner that knows better

TEST_CASE(
    "a partner that has decided otherwise is told no more of it, head office hears, and its truth is "
    "fetched") {
  for (const bool fetches : {true, false}) {
    Policy policy = answering();
    policy.partners["kiosk"].fetches = fetches;
    Script store(policy);
    store.arrive("K-1");
    store.partner(TellOutcome::decided, {}, "ORDER_\"DENIED\"\nn\xc3\xa3o");
    CHECK(untold(store) == "accepted decided");
    const EventRecord& event = last_untold(store);
    CHECK(event.order == no_order);
    CHECK(detail(event, "order_id") == text_of(store.row("K-1").id));
    CHECK(detail(event, "partner") == "kiosk");
    CHECK(detail(event, "partner_order_id") == "K-1");
    CHECK(detail(event, "partner_said") == "ORDER_\"DENIED\"?n??o");
    CHECK(store.row("K-1").look_again == fetches);
    CHECK(store.row("K-1").owed.empty());  // with the event
    store.pass(2 * hour_ms);
    CHECK(store.notices.empty());
  }
}

TEST_CASE("\"decided\" settles what comes before it too, and leaves what comes behind") {
  Script store(answering());
  place(store, "C-1", "T-1");
  cancel_by(store, Actor::partner, "C-1");
  store.pos(PosOutcome::too_late);
  store.tells("T-1", PosStatus::ready);
  REQUIRE(store.notices.front().notice == Notice::cancel_refused);
  REQUIRE(owed(store, "C-1") == Notices{Notice::ready, Notice::cancel_refused});
  store.partner(TellOutcome::decided);
  CHECK(owed(store, "C-1").empty());
  CHECK(untold(store) == "cancel_refused decided");

  store.arrive("C-2", "counter");
  store.pos(PosOutcome::took, "T-2");
  store.partner(TellOutcome::decided);
  CHECK(owed(store, "C-2") == Notices{Notice::placed});
}

TEST_CASE("\"decided\" to a second try means that the first one got through: nobody need know") {
  Script store(answering());
  store.arrive("K-1");
  store.partner(TellOutcome::failed);
  next_notice(store);
  store.partner(TellOutcome::decided);
  CHECK(untold(store).empty());
  CHECK(owed(store, "K-1", "kiosk").empty());
}

TEST_CASE("\"decided\" to the first try that the partner let in is news") {
  Script store(answering());
  store.arrive("K-1");
  store.partner(TellOutcome::not_now);
  next_notice(store);
  store.partner(TellOutcome::decided);
  CHECK(untold(store) == "accepted decided");
}

TEST_CASE("an ended order's truth need not be fetched") {
  Policy policy = answering();
  policy.partners["kiosk"].fetches = true;
  Script store(policy);
  accept(store, "K-1", "kiosk");
  cancel_by(store, Actor::person, "K-1", "kiosk");
  store.partner(TellOutcome::decided);
  CHECK_FALSE(store.row("K-1").look_again);
  CHECK(untold(store) == "cancelled decided");
}

TEST_CASE("an order that is gone at its partner is told nothing more, and head office hears of it once") {
  Script store(answering());
  store.arrive("C-1", "counter");
  store.pos(PosOutcome::took, "T-1");
  store.partner(TellOutcome::gone, {}, std::string(300, 'x'));
  CHECK(untold(store) == "accepted gone");
  CHECK(detail(last_untold(store), "partner_said") == std::string(partner_words_max, 'x'));
  CHECK(owed(store, "C-1").empty());
  CHECK(store.notices.empty());
  store.tells("T-1", PosStatus::ready);  // what happens from now on is told all the same
  CHECK(store.notices.size() == 1);
}

TEST_CASE("an answer to what has been overtaken alarms nobody") {
  for (const TellOutcome outcome : {TellOutcome::decided, TellOutcome::gone, TellOutcome::failed}) {
    Script store(answering());
    store.arrive("K-1");
    cancel_by(store, Actor::partner, "K-1", "kiosk");
    store.partner(outcome);
    CHECK(untold(store).empty());
    CHECK(owed(store, "K-1", "kiosk").empty() == (outcome == TellOutcome::gone));
  }
}

// ---------------------------------------------------------------- deadlines

TEST_CASE("a decision that could not be told within the partner's deadline is given up, at that moment") {
  for (const Milliseconds within_ms : {Milliseconds{0}, 11 * minute_ms}) {
    CAPTURE(within_ms);
    const Milliseconds deadline_ms = within_ms == 0 ? hour_ms : within_ms;
    Script store(deciding_within(within_ms));
    store.arrive("K-1");
    store.partner(TellOutcome::not_now, hour_ms);
    store.pass(deadline_ms - 1);
    while (!store.notices.empty()) {  // asked again after ten minutes
      store.partner(TellOutcome::not_now, hour_ms);
    }
    CHECK(untold(store).empty());
    store.pass(1);
    CHECK(untold(store) == "accepted given_up");
    CHECK(store.row("K-1").owed.empty());
    CHECK(last_untold(store).details.size() == 5);  // the partner has said nothing
  }
}

TEST_CASE("a notice that is given up wakes no order whose request is at the POS [I2]") {
  Policy policy = deciding_within(11 * minute_ms);
  policy.pos.expire_ms = 5 * minute_ms;
  Script store(policy);
  store.arrive("C-1", "counter");
  REQUIRE(store.requests.size() == 1);  // its placement is on the wire, and stays there
  store.partner(TellOutcome::not_now, hour_ms);
  store.pass(11 * minute_ms - 1);
  while (!store.notices.empty()) store.partner(TellOutcome::not_now, hour_ms);
  store.pass(1);
  CHECK(untold(store) == "accepted given_up");
  CHECK(store.phase("C-1", "counter") == Phase::sending);
  store.pos(PosOutcome::took, "T-1");
  CHECK(store.phase("C-1", "counter") == Phase::placed);
}

TEST_CASE("what happened later is given up an hour after it happened, whatever the decision's deadline") {
  Script store(deciding_within(11 * minute_ms));
  accept(store, "C-1");
  store.pass(30 * minute_ms);
  store.pos(PosOutcome::took, "T-1");
  stay_away(store, hour_ms - 1);
  CHECK(untold(store).empty());
  stay_away(store, 2);
  CHECK(untold(store) == "placed given_up");
}

TEST_CASE("a request that is under way at the deadline is waited for") {
  Script store(deciding_within(11 * minute_ms));
  store.arrive("K-1");
  store.pass(20 * minute_ms);
  CHECK(untold(store).empty());
  SUBCASE("and counts") {
    store.partner(TellOutcome::told);
    CHECK(untold(store).empty());
  }
  SUBCASE("and is not repeated") {
    store.partner(TellOutcome::failed);
    CHECK(untold(store) == "accepted given_up");
    CHECK(owed(store, "K-1", "kiosk").empty());
  }
}

TEST_CASE("however late it is, a partner is tried for a minute, after a restart too and by any wall clock") {
  for (const Milliseconds clock_error_ms : {Milliseconds{0}, -40 * 24 * hour_ms, 40 * 24 * hour_ms}) {
    CAPTURE(clock_error_ms);
    Script store(deciding_within(11 * minute_ms));
    store.arrive("K-1");
    store.pass(10 * minute_ms);
    store.now.wall_ms += clock_error_ms;
    store.restart(true);
    store.turn();
    REQUIRE(store.notices.size() == 1);  // at once
    stay_away(store, 50 * second_ms);
    CHECK(untold(store).empty());
    stay_away(store, 11 * minute_ms);
    CHECK(untold(store) == "accepted given_up");
  }
}

// ---------------------------------------------------------------- restarts

TEST_CASE("after a restart all that is owed is due, and told in its order") {
  Script store(answering());
  store.arrive("C-1", "counter");
  store.pos(PosOutcome::took, "T-1");
  store.partner(TellOutcome::told);  // not written yet when the power goes
  REQUIRE(store.notices.front().notice == Notice::placed);
  store.restart(true);
  store.turn();
  REQUIRE(store.notices.size() == 1);
  CHECK(store.notices.front().notice == Notice::accepted);
  store.partner(TellOutcome::decided);  // as it knows
  CHECK(untold(store).empty());
  CHECK(store.notices.front().notice == Notice::placed);
  store.partner(TellOutcome::told);
  store.pass(lazy_ms_max);
  CHECK(store.row("C-1", "counter").owed.empty());
}

TEST_CASE("an answer to a request of an earlier process, or a second answer, counts for nothing") {
  Script store(answering());
  store.arrive("K-1");
  const TellPartner asked = store.notices.front();
  const PartnerTold answer{asked.order, asked.attempt + 100, TellOutcome::told, {}, {}};
  store.give(answer);
  CHECK(store.engine->gateway().stale_answers() == 1);
  CHECK(owed(store, "K-1", "kiosk") == Notices{Notice::accepted});
  store.partner(TellOutcome::told);
  store.give(PartnerTold{asked.order, asked.attempt, TellOutcome::gone, {}, {}});
  CHECK(store.engine->gateway().stale_answers() == 2);
  CHECK(untold(store).empty());
}

// ---------------------------------------------------------------- ended orders

TEST_CASE(
    "an ended order stays until its partner has been told, over a restart too, and then leaves the book") {
  Script store(answering());
  accept(store, "K-1", "kiosk");
  cancel_by(store, Actor::person, "K-1", "kiosk");
  CHECK(is_in_book(store, "K-1", "kiosk"));
  CHECK(store.engine->gateway().book().live() == 0);
  store.restart(true);
  store.turn();
  CHECK(is_in_book(store, "K-1", "kiosk"));
  CHECK(store.engine->gateway().book().live() == 0);
  REQUIRE(store.notices.size() == 1);
  CHECK(store.notices.front().notice == Notice::cancelled);
  store.partner(TellOutcome::told);
  store.pass(lazy_ms_max);
  CHECK_FALSE(is_in_book(store, "K-1", "kiosk"));
  store.arrive("K-1");
  CHECK(store.last_answer().kind == AnswerKind::replayed);
}

TEST_CASE("an ended order that is still to be told is answered as any ended order is") {
  Script store(answering());
  place(store, "C-1", "T-1");
  store.tells("T-1", PosStatus::ready);
  store.tells("T-1", PosStatus::completed);
  REQUIRE(is_in_book(store, "C-1"));
  CHECK(store.engine->gateway().book().kitchen().orders == 0);
  store.arrive("C-1", "counter");
  CHECK(store.last_answer().kind == AnswerKind::replayed);
  CHECK(store.last_answer().order->phase == store.row("C-1", "counter").arrival_phase);
  store.cancel("C-1", "counter");
  CHECK(store.last_answer().kind == AnswerKind::conflict);
  store.release("C-1", "counter");
  CHECK(store.last_answer().kind == AnswerKind::conflict);
  store.resolve("C-1", Resolution::placed, "counter");
  CHECK(store.last_answer().kind == AnswerKind::conflict);
  store.tells("T-1", PosStatus::voided);
  CHECK(store.last_answer().kind == AnswerKind::not_found);
  CHECK(store.history("C-1", "counter") == "accepted released placed ready completed");
}

TEST_CASE("the POS may use an ended order's reference again before its partner has been told") {
  for (const bool restarted : {false, true}) {
    Script store(answering());
    place(store, "C-1", "T-1");
    store.tells("T-1", PosStatus::ready);
    store.tells("T-1", PosStatus::completed);
    if (restarted) store.restart();
    REQUIRE(is_in_book(store, "C-1"));
    store.arrive("C-2", "counter");
    store.pos(PosOutcome::took, "T-1");
    CHECK(store.phase("C-2", "counter") == Phase::placed);
  }
}

TEST_CASE("an id is free again after its reuse time, though its old order is still to be told") {
  Policy policy = answering();
  policy.order_id_reuse_ms = minute_ms;
  policy.partners["kiosk"].fallback_without_promise_ms = hour_ms;
  Script store(policy);
  accept(store, "K-1", "kiosk");
  store.pass(2 * minute_ms);
  cancel_by(store, Actor::person, "K-1", "kiosk");
  REQUIRE(is_in_book(store, "K-1", "kiosk"));
  cancel_by(store, Actor::partner, "K-1", "kiosk");  // of the next one
  store.arrive("K-1");
  CHECK(store.last_answer().kind == AnswerKind::created);
  CHECK(store.phase("K-1") == Phase::cancelled);
  CHECK(store.rows.size() == 2);
  while (!store.notices.empty()) store.partner(TellOutcome::told);
  store.pass(lazy_ms_max);
  store.arrive("K-1");
  CHECK(store.last_answer().kind == AnswerKind::replayed);
}

TEST_CASE("an ended order is not noted anew when the clock is set, and rot makes it nobody's question") {
  Script store(answering());
  accept(store, "C-1");
  store.pos(PosOutcome::refused);
  const std::int64_t ended_wall_ms = store.row("C-1", "counter").updated_wall_ms;
  store.now.wall_ms += hour_ms;
  store.turn();
  store.pass(lazy_ms_max);
  CHECK(store.row("C-1", "counter").updated_wall_ms == ended_wall_ms);
  store.unsure = {store.row("C-1", "counter").number};
  store.restart();
  store.turn();
  CHECK(store.phase("C-1", "counter") == Phase::cancelled);
  CHECK(store.notices.size() == 1);
}

TEST_CASE("a partner's outage that was noted in a turn that failed is noted once") {
  Script store(answering());
  for (int i = 0; i < 4; ++i) store.arrive("K-" + std::to_string(i));
  store.fail_commits = true;
  store.partner(TellOutcome::failed);
  store.fail_commits = false;
  store.pass(second_ms / 2);  // the turn that decides it again
  CHECK(store.notices.size() == 3);
  while (!store.notices.empty()) store.partner(TellOutcome::failed);
  CHECK(next_notice(store) <= second_ms + 50);
}
