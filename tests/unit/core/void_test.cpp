// The cancel of an order that the POS has: what a void that was not answered clearly may have done, and who hears what.
#include "print.hpp"
#include "script.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

namespace {

Policy watching(bool can_query = true) {
  Policy policy = default_policy();
  policy.pos.can_query = can_query;
  policy.pos.watch_ms = 20 * second_ms;
  return policy;
}

/// A placed order whose void is on its way.
void begin_void(Script& store, const std::string& text = "") {
  store.arrive("K-1");
  store.release("K-1");
  store.pos(PosOutcome::took, "T-1");
  store.cancel("K-1", "kiosk", text);
  REQUIRE(store.requests.back().first == PosRequest::cancel);
}

PosRequest next_request(Script& store) {
  for (int i = 0; i < 60 && store.open_requests() == 0; ++i) store.pass(second_ms);
  REQUIRE(store.open_requests() > 0);
  return store.requests.front().first;
}

}  // namespace

TEST_CASE("4.3 cancel: a void without a clear answer is looked at before another is asked") {
  struct Row {
    PosStatus seen;
    Phase phase;
    const char* history;
  };
  for (const Row& row :
       {Row{PosStatus::voided, Phase::cancelled, "accepted released placed cancelled"},
        Row{PosStatus::ready, Phase::ready, "accepted released placed cancel_refused ready"},
        Row{PosStatus::completed, Phase::completed, "accepted released placed cancel_refused completed"},
        Row{PosStatus::preparing, Phase::voiding, "accepted released placed"}}) {
    Script store(watching());
    begin_void(store);
    store.pos(PosOutcome::unanswered);
    CHECK(next_request(store) == PosRequest::watch);
    store.shows(row.seen);
    CHECK(store.phase("K-1") == row.phase);
    CHECK(store.history("K-1") == row.history);
    if (row.phase == Phase::voiding) CHECK(next_request(store) == PosRequest::cancel);
    if (row.phase == Phase::ready) CHECK(store.rows.begin()->second.pos_status == PosStatus::ready);
  }
}

TEST_CASE("4.3 cancel: a POS that is asked by key says as much of a void as one that shows tickets") {
  Policy policy = watching();
  policy.pos.watch_ms = 0;
  Script store(policy);
  begin_void(store, "too_busy");
  store.pos(PosOutcome::unanswered);
  CHECK(next_request(store) == PosRequest::ask);
  store.pos(PosOutcome::found_voided, "T-9");  // another's: says nothing
  CHECK(store.phase("K-1") == Phase::voiding);
  CHECK(next_request(store) == PosRequest::cancel);
  store.pos(PosOutcome::unanswered);
  CHECK(next_request(store) == PosRequest::ask);
  store.pos(PosOutcome::found_voided, "T-1");
  CHECK(store.phase("K-1") == Phase::cancelled);
  CHECK(store.row("K-1").reason == Reason::too_busy);
}

TEST_CASE("4.3 cancel: 'too late' after a void whose answer was lost is not believed before a look") {
  for (const bool was_voided : {false, true}) {
    Script store(watching());
    begin_void(store);
    store.pos(PosOutcome::unanswered);
    next_request(store);
    store.pos(PosOutcome::unanswered);  // the look says nothing
    CHECK(next_request(store) == PosRequest::cancel);
    store.pos(PosOutcome::too_late);
    CHECK(store.phase("K-1") == Phase::voiding);
    CHECK(next_request(store) == PosRequest::watch);
    store.shows(was_voided ? PosStatus::voided : PosStatus::preparing);
    CHECK(store.phase("K-1") == (was_voided ? Phase::cancelled : Phase::placed));
    CHECK(store.history("K-1") ==
          (was_voided ? "accepted released placed cancelled" : "accepted released placed cancel_refused"));
  }
}

TEST_CASE(
    "4.3 cancel: 'too late' where a ticket cannot be looked at is believed, at once or after the look") {
  Policy policy = watching(false);
  policy.pos.watch_ms = 0;
  Script store(policy);
  begin_void(store);
  store.pos(PosOutcome::too_late);
  CHECK(store.history("K-1") == "accepted released placed cancel_refused");
  CHECK(store.row("K-1").reason == Reason::too_late);

  Script unreadable(watching());
  begin_void(unreadable);
  unreadable.pos(PosOutcome::too_late);
  REQUIRE(next_request(unreadable) == PosRequest::watch);
  unreadable.pos(PosOutcome::unanswered);
  CHECK(unreadable.phase("K-1") == Phase::voiding);
  REQUIRE(next_request(unreadable) == PosRequest::watch);
  unreadable.pos(PosOutcome::not_taken);
  CHECK(unreadable.history("K-1") == "accepted released placed cancel_refused");
}

TEST_CASE("4.3 cancel: 'too late' after a restart may be the answer to a ticket that was voided before it") {
  Script again(watching());
  begin_void(again);
  again.restart();
  again.turn();
  REQUIRE(again.requests.front().first == PosRequest::cancel);
  again.pos(PosOutcome::too_late);
  CHECK(again.phase("K-1") == Phase::voiding);
  again.shows(PosStatus::voided);
  CHECK(again.phase("K-1") == Phase::cancelled);
}

TEST_CASE("4.3 cancel: given up for want of an answer, the order is watched on and ends as the POS has it") {
  Script store(watching());
  begin_void(store);
  for (int minute = 0; minute < 40 && store.phase("K-1") == Phase::voiding; ++minute) {
    while (store.open_requests() > 0) store.pos(PosOutcome::not_delivered);
    store.pass(minute_ms);
  }
  CHECK(store.phase("K-1") == Phase::placed);
  CHECK(store.row("K-1").reason == Reason::pos_offline);
  while (store.open_requests() > 0 && store.requests.front().first == PosRequest::cancel)
    store.requests.erase(store.requests.begin());
  CHECK(next_request(store) == PosRequest::watch);
  store.shows(PosStatus::voided);
  CHECK(store.phase("K-1") == Phase::cancelled);
  CHECK(store.row("K-1").cancelled_by == Actor::pos);
  CHECK(store.history("K-1") == "accepted released placed cancel_refused cancelled");
}

TEST_CASE("4.3 cancel: an order that a person called placed is asked for by its key, then voided") {
  struct Row {
    bool can_query;
    PosOutcome outcome;
    const char* history;
  };
  for (const Row& row : {Row{true, PosOutcome::found, "accepted released parked resolved cancelled"},
                         Row{true, PosOutcome::found_voided, "accepted released parked resolved cancelled"},
                         Row{true, PosOutcome::not_found, "accepted released parked resolved cancel_refused"},
                         Row{false, PosOutcome::found, "accepted released parked resolved cancel_refused"}}) {
    Script store(watching(row.can_query));
    store.arrive("K-1");
    store.release("K-1");
    store.pos(PosOutcome::cannot);
    store.resolve("K-1", Resolution::placed);
    store.cancel("K-1");
    if (row.can_query) {
      CHECK(next_request(store) == PosRequest::ask);
      store.pos(row.outcome, "T-7");
      if (row.outcome == PosOutcome::not_found) {
        CHECK(store.phase("K-1") == Phase::voiding);
        CHECK(next_request(store) == PosRequest::ask);
        store.pos(row.outcome);
      }
      if (row.outcome == PosOutcome::found) {
        CHECK(store.row("K-1").pos_reference == "T-7");
        CHECK(next_request(store) == PosRequest::cancel);
        store.pos(PosOutcome::voided);
      }
    }
    CHECK(store.history("K-1") == row.history);
  }
}

TEST_CASE("4.3 cancel: an unsure order called placed is voided by the reference that it has") {
  Script store(watching(false));
  store.arrive("K-1");
  store.release("K-1");
  store.pos(PosOutcome::took, "T-1");
  store.unsure = {store.row("K-1").number};
  store.restart();
  store.turn();
  REQUIRE(store.phase("K-1") == Phase::parked);
  store.cancel("K-1");
  CHECK(store.phase("K-1") == Phase::parked);
  store.resolve("K-1", Resolution::placed);
  CHECK(store.phase("K-1") == Phase::voiding);
  CHECK(next_request(store) == PosRequest::cancel);
  store.pos(PosOutcome::voided);
  CHECK(store.phase("K-1") == Phase::cancelled);
}

TEST_CASE("4.3 cancel: of two cancels the first one's reason stays, and who asked for it") {
  Script store(watching());
  begin_void(store, "too_busy");
  CancelArrived second;
  second.caller = store.next_caller();
  second.actor = Actor::cloud;
  second.text = "store_closed";
  second.orders.push_back({std::pair<std::string, std::string>{"kiosk", "K-1"}});
  store.give(second);
  CHECK(store.last_answer().kind == AnswerKind::done);
  store.pos(PosOutcome::voided);
  CHECK(store.row("K-1").reason == Reason::too_busy);
  CHECK(store.row("K-1").cancelled_by == Actor::person);
}

TEST_CASE(
    "4.3 cancel: of an ended order nothing changes, but a completed one is refused, over MQTT by an event") {
  Script store;
  store.arrive("K-1");
  store.cancel("K-1");
  store.cancel("K-1");
  CHECK(store.last_answer().kind == AnswerKind::done);
  CHECK(store.history("K-1") == "accepted cancelled");
  store.arrive("K-2");
  store.release("K-2");
  store.pos(PosOutcome::took, "T-2");
  store.pass(240 * minute_ms);
  REQUIRE(store.phase("K-2") == Phase::completed);
  store.cancel("K-2");
  CHECK(store.last_answer().kind == AnswerKind::conflict);
  CHECK(store.dead_letters.empty());
  CancelArrived from_cloud;
  from_cloud.caller = store.next_caller();
  from_cloud.source = Source::mqtt;
  from_cloud.orders.push_back({std::pair<std::string, std::string>{"kiosk", "K-2"}});
  from_cloud.letter = {"stores/test/in/cancel", "{}"};
  store.give(from_cloud);
  REQUIRE(store.dead_letters.size() == 1);
  CHECK(store.dead_letters[0].why == "the order is completed already");
  CHECK(store.count(EventType::gateway_message_refused) == 1);
}

TEST_CASE("4.3 cancel: what the POS tells while a void is under way counts when the void has had its say") {
  Policy blind = watching(false);
  blind.pos.watch_ms = 0;
  Script store(blind);
  begin_void(store);
  store.tells("T-1", PosStatus::ready);
  CHECK(store.phase("K-1") == Phase::voiding);
  store.pos(PosOutcome::unanswered);
  CHECK(store.history("K-1") == "accepted released placed cancel_refused ready");

  Script voided(watching());
  begin_void(voided);
  voided.tells("T-1", PosStatus::voided);
  CHECK(voided.history("K-1") == "accepted released placed cancelled");
  voided.pos(PosOutcome::voided);  // the void's own answer is of yesterday
  CHECK(voided.history("K-1") == "accepted released placed cancelled");
}

TEST_CASE("4.3 cancel: voided by the POS's word and by its answer in one turn, the order ends once") {
  Script store(watching());
  begin_void(store);
  CHECK_FALSE(store.engine->offer(PosStatusSeen{store.next_caller(), "T-1", PosStatus::voided}));
  store.pos(PosOutcome::voided);
  CHECK(store.history("K-1") == "accepted released placed cancelled");
}

TEST_CASE("4.3 cancel: a ready order whose void is refused is ready still, and is not told twice") {
  Script store(watching());
  store.arrive("K-1");
  store.release("K-1");
  store.pos(PosOutcome::took, "T-1");
  store.tells("T-1", PosStatus::ready);
  store.cancel("K-1");
  REQUIRE(store.requests.front().first == PosRequest::cancel);
  store.pos(PosOutcome::too_late);
  REQUIRE(store.requests.front().first == PosRequest::watch);
  store.shows(PosStatus::ready);
  CHECK(store.phase("K-1") == Phase::ready);
  store.tells("T-1", PosStatus::ready);
  CHECK(store.history("K-1") == "accepted released placed ready cancel_refused");
}
