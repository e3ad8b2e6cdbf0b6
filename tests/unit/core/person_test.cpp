// What a person can do is what the table of moves lets happen: each action that is shown changes something, and each
// that is not shown changes nothing.
#include "core/person.hpp"

#include <algorithm>

#include "print.hpp"
#include "script.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

namespace {

std::string shown(const Order& order) {
  std::string text;
  for (const PersonAction action : actions_for(order))
    text.append(text.empty() ? "" : " ").append(name_of(action));
  return text;
}

/// A store whose order K-1 is parked for the reason.
Script parked(Reason reason) {
  Policy policy = default_policy();
  policy.pos.can_query = false;
  policy.partners["kiosk"].fallback = FallbackPolicy::park;
  Script store(policy);
  store.arrive("K-1");
  if (reason == Reason::release_overdue) {
    store.pass(hour_ms);
  } else if (reason == Reason::by_hand) {
    PersonCalled call;
    call.orders.push_back({std::pair{std::string("kiosk"), std::string("K-1")}});
    store.give(std::move(call));
  } else {
    store.release("K-1");
    store.pos(reason == Reason::in_doubt ? PosOutcome::in_doubt : PosOutcome::cannot);
    store.pass(policy.pos.max_processing_ms);  // nothing comes any more
  }
  REQUIRE(store.phase("K-1") == Phase::parked);
  REQUIRE(store.row("K-1").reason == reason);
  return store;
}

void act(Script& store, PersonAction action) {
  switch (action) {
    case PersonAction::placed: return store.resolve("K-1", Resolution::placed);
    case PersonAction::not_placed: return store.resolve("K-1", Resolution::not_placed);
    case PersonAction::reprint: return store.resolve("K-1", Resolution::reprint);
    case PersonAction::cancel: return store.cancel("K-1");
    case PersonAction::release: return store.release("K-1");
  }
}

}  // namespace

TEST_CASE("4.5 parked list: what a person can do depends on why the order is parked") {
  CHECK(shown(parked(Reason::in_doubt).row("K-1")) == "placed not_placed reprint cancel");
  CHECK(shown(parked(Reason::pos_refused).row("K-1")) == "placed not_placed reprint cancel");
  CHECK(shown(parked(Reason::release_overdue).row("K-1")) == "placed not_placed reprint cancel release");
  CHECK(shown(parked(Reason::by_hand).row("K-1")) == "placed not_placed reprint cancel");
  for (const Reason reason : {Reason::in_doubt, Reason::by_hand}) {
    Script asked = parked(reason);
    asked.cancel("K-1");  // noted for the person's answer: nothing new to ask for
    CHECK(shown(asked.row("K-1")) == "placed not_placed reprint");
  }
}

TEST_CASE("4.5 parked list: every action that is shown changes the order, and none that is not") {
  for (const Reason reason :
       {Reason::in_doubt, Reason::pos_refused, Reason::release_overdue, Reason::by_hand}) {
    for (std::size_t i = 0; i < person_action_count; ++i) {
      const auto action = static_cast<PersonAction>(i);
      CAPTURE(name_of(reason));
      CAPTURE(name_of(action));
      Script store = parked(reason);
      const auto open = actions_for(store.row("K-1"));
      const bool is_shown = std::find(open.begin(), open.end(), action) != open.end();
      const Order before = store.row("K-1");
      act(store, action);
      const Order& after = store.row("K-1");
      const bool changed = after.phase != before.phase || after.cancel_wanted != before.cancel_wanted ||
                           after.last_event != before.last_event;
      CHECK(changed == is_shown);
    }
  }
}

TEST_CASE("4.5 parked list: an order that is not parked shows what is open, an end nothing") {
  Script store;
  store.arrive("K-1");
  CHECK(shown(store.row("K-1")) == "cancel release");
  store.release("K-1");
  CHECK(shown(store.row("K-1")) == "cancel");
  store.pos(PosOutcome::took, "T-1");
  CHECK(shown(store.row("K-1")) == "cancel");
  store.cancel("K-1");
  CHECK(shown(store.row("K-1")).empty());
  store.pos(PosOutcome::voided);
  CHECK(shown(store.row("K-1")).empty());
}

TEST_CASE(
    "4.5 parked: nobody can have looked while the POS may still carry it out, the first time and again "
    "[I2]") {
  Policy policy = default_policy();
  policy.pos.can_query = false;
  Script store(policy);
  store.arrive("K-1");
  store.release("K-1");
  for (int doubts = 0; doubts < 2; ++doubts) {
    CAPTURE(doubts);
    store.pos(PosOutcome::in_doubt);
    REQUIRE(store.phase("K-1") == Phase::parked);
    for (const Resolution early : {Resolution::not_placed, Resolution::reprint}) {
      store.resolve("K-1", early);
      CHECK(store.last_answer().kind == AnswerKind::conflict);
    }
    store.pass(policy.pos.max_processing_ms - 1);
    store.resolve("K-1", Resolution::not_placed);
    CHECK(store.last_answer().kind == AnswerKind::conflict);
    CHECK(store.last_answer().why.find("again in 1 s") != std::string::npos);
    store.pass(1);
    store.resolve("K-1", Resolution::not_placed);
    CHECK(store.last_answer().kind == AnswerKind::done);
  }
  CHECK(store.sent.size() == 3);
  store.pos(PosOutcome::in_doubt);
  store.resolve("K-1", Resolution::placed);  // who has seen the ticket has seen it
  CHECK(store.phase("K-1") == Phase::placed);
}

TEST_CASE("4.5 parked: whoever asked for long may be answered at once [I2]") {
  Policy policy = default_policy();
  policy.pos.expire_ms = 2 * minute_ms;
  Script store(policy);
  store.arrive("K-1");
  store.release("K-1");
  store.pos(PosOutcome::in_doubt);
  for (int i = 0; i < 600 && store.phase("K-1") != Phase::parked; ++i) {
    while (store.open_requests() > 0) store.pos(PosOutcome::unanswered);
    store.pass(second_ms);
  }
  REQUIRE(store.phase("K-1") == Phase::parked);
  store.resolve("K-1", Resolution::not_placed);
  CHECK(store.last_answer().kind == AnswerKind::done);
}

TEST_CASE("4.5 parked: nothing is called cancelled that may still come [I4]") {
  Policy policy = default_policy();
  policy.pos.can_query = false;
  Script store(policy);
  store.arrive("K-1");
  store.release("K-1");
  store.pos(PosOutcome::in_doubt);
  store.cancel("K-1");
  store.resolve("K-1", Resolution::not_placed);
  CHECK(store.last_answer().kind == AnswerKind::conflict);
  CHECK(store.phase("K-1") == Phase::parked);
  store.pass(policy.pos.max_processing_ms);
  store.resolve("K-1", Resolution::not_placed);
  CHECK(store.phase("K-1") == Phase::cancelled);
}

TEST_CASE(
    "4.5 parked: an answer that could not be stored was none, and none is taken soon after a restart [I2]") {
  Policy policy = default_policy();
  policy.pos.can_query = false;
  Script store(policy);
  store.arrive("K-1");
  store.release("K-1");
  store.pos(PosOutcome::in_doubt);
  store.pass(policy.pos.max_processing_ms);
  store.fail_commits = true;
  store.resolve("K-1", Resolution::not_placed);
  CHECK(store.last_answer().kind == AnswerKind::not_stored);
  store.fail_commits = false;
  store.pass(second_ms);
  store.resolve("K-1", Resolution::not_placed);
  CHECK(store.last_answer().kind == AnswerKind::done);
  store.restart();  // it is on its way
  store.pass(0);
  REQUIRE(store.phase("K-1") == Phase::parked);
  store.resolve("K-1", Resolution::not_placed);
  CHECK(store.last_answer().kind == AnswerKind::conflict);
  store.pass(policy.pos.max_processing_ms - 1500);
  store.resolve("K-1", Resolution::not_placed);
  CHECK(store.last_answer().why.find("again in 2 s") != std::string::npos);
  store.pass(1500);
  store.resolve("K-1", Resolution::not_placed);
  CHECK(store.last_answer().kind == AnswerKind::done);
}
