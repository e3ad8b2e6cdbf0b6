// Cancels: before, during and after placing; never dropped, never cooked when they came first.
#include "print.hpp"
#include "script.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

TEST_CASE("a cancel before the intent means no ticket [I4]") {
  Script store;
  store.arrive("K-1");
  store.cancel("K-1", "kiosk", "too_busy");
  CHECK(store.phase("K-1") == Phase::cancelled);
  CHECK(store.row("K-1").reason == Reason::too_busy);
  store.release("K-1");
  store.pass(hour_ms);
  CHECK(store.sent.empty());
  CHECK(store.history("K-1") == "accepted cancelled");
}

TEST_CASE(
    "a cancel before its order leaves a tombstone: the order is answered cancelled and never sent [I4]") {
  Script store;
  store.cancel("K-1");
  store.restart();
  store.arrive("K-1");
  CHECK(store.last_answer().kind == AnswerKind::created);
  CHECK(store.last_answer().order->phase == Phase::cancelled);
  CHECK(store.history("K-1") == "cancelled");
  store.release("K-1");
  CHECK(store.sent.empty());
}

TEST_CASE(
    "a cancel and a release in one turn: whichever was first decides, and a cancel that lost is voided "
    "[I4]") {
  Script first;
  first.arrive("K-1");
  CancelArrived cancel{first.next_caller(),
                       Source::api,
                       Actor::cloud,
                       {{std::pair<std::string, std::string>{"kiosk", "K-1"}}},
                       {},
                       {}};
  ReleaseArrived release{first.next_caller(), Source::api, Actor::cloud, cancel.orders, {}};
  CHECK_FALSE(first.engine->offer(cancel));
  first.give(release);
  CHECK(first.phase("K-1") == Phase::cancelled);
  CHECK(first.sent.empty());

  Script second;
  second.arrive("K-1");
  CHECK_FALSE(second.engine->offer(release));
  second.give(cancel);
  // Both lie before the turn's dispatch: the intent was never written.
  CHECK(second.phase("K-1") == Phase::cancelled);
  CHECK(second.sent.empty());
}

TEST_CASE(
    "4.3 cancel: what is answered 200 though nothing comes of it is told by an event, which names the "
    "order") {
  Script store;
  store.arrive("K-1", "counter");
  store.pos(PosOutcome::took, "T-1");
  store.pass(240 * minute_ms);
  REQUIRE(store.phase("K-1", "counter") == Phase::completed);
  CancelArrived cancel;
  cancel.caller = store.next_caller();
  cancel.source = Source::webhook;
  cancel.actor = Actor::partner;
  cancel.orders = {{std::pair<std::string, std::string>{"counter", "K-1"}}};
  cancel.letter.topic = "webhook/counter";
  store.give(cancel);
  REQUIRE(store.count(EventType::gateway_message_refused) == 1);
  const Details webhook{{"topic", std::string("webhook/counter")},
                        {"why", std::string("the order is completed already")},
                        {"bytes", std::int64_t{0}},
                        {"partner", std::string("counter")},
                        {"partner_order_id", std::string("K-1")}};
  CHECK(store.events.back().details == webhook);

  const OrderId id = store.row("K-1", "counter").id;
  cancel.source = Source::mqtt;
  for (const OrderRef& ref : {OrderRef{id}, OrderRef{store.row("K-1", "counter").release_token}}) {
    cancel.orders = {ref};
    store.give(cancel);
    CHECK(store.events.back().details.back() == Details::value_type{"order_id", text_of(id)});
  }
}

TEST_CASE("4.3 cancel: a webhook that comes again is told of once, a message of the cloud's each time") {
  Script store;
  store.arrive("K-1", "counter");
  store.pos(PosOutcome::took, "T-1");
  store.pass(240 * minute_ms);
  CancelArrived cancel;
  cancel.source = Source::webhook;
  cancel.actor = Actor::partner;
  cancel.orders = {{std::pair<std::string, std::string>{"counter", "K-1"}}};
  cancel.letter.topic = "webhook/counter";
  const auto give = [&] {
    cancel.caller = store.next_caller();
    store.give(cancel);
  };
  store.fail_commits = true;
  give();
  CHECK(store.last_answer().kind == AnswerKind::not_stored);
  store.fail_commits = false;
  for (int times = 0; times < 3; ++times) {
    give();
    CHECK(store.last_answer().kind == AnswerKind::conflict);
    CHECK_FALSE(store.last_answer().why.empty());
    CHECK(store.dead_letters.size() == 1);
    CHECK(store.count(EventType::gateway_message_refused) == 1);
  }
  const std::size_t commits = store.commits;
  give();
  CHECK(store.commits == commits);
  cancel.source = Source::mqtt;
  cancel.letter.topic = "stores/test/in/cancel";
  for (int times = 2; times < 4; ++times) {
    give();
    CHECK(store.count(EventType::gateway_message_refused) == static_cast<std::size_t>(times));
  }
}

TEST_CASE("4.3 cancel: a webhook that cancels the next order of the same id is told of again") {
  Policy policy = default_policy();
  policy.order_id_reuse_ms = 300 * minute_ms;
  Script store(policy);
  CancelArrived cancel;
  cancel.source = Source::webhook;
  cancel.orders = {{std::pair<std::string, std::string>{"counter", "K-1"}}};
  cancel.letter.topic = "webhook/counter";
  for (int order = 1; order < 3; ++order) {
    store.arrive("K-1", "counter");
    REQUIRE(store.last_answer().kind == AnswerKind::created);
    store.pos(PosOutcome::took, "T-" + std::to_string(order));
    store.pass(240 * minute_ms);
    store.give(cancel);
    store.give(cancel);
    CHECK(store.dead_letters.size() == static_cast<std::size_t>(order));
    store.pass(70 * minute_ms);
  }
}

TEST_CASE(
    "4.3 cancel: with no room for more of what comes before its order, whoever can is told to come again") {
  Script store;
  CancelArrived many;
  for (std::size_t i = 0; i < early_marks_max; ++i)
    many.orders.push_back({std::pair<std::string, std::string>{"kiosk", "E-" + std::to_string(i)}});
  store.give(many);
  store.release("K-1");
  CHECK(store.last_answer().kind == AnswerKind::full);
  store.cancel("K-1");
  CHECK(store.last_answer().kind == AnswerKind::full);
  CHECK(store.last_answer().retry_after_s == 60);
  CancelArrived from_cloud;
  from_cloud.source = Source::mqtt;
  from_cloud.orders.push_back({std::pair<std::string, std::string>{"kiosk", "K-1"}});
  from_cloud.letter = {"stores/test/in/cancel", "{}"};
  store.give(from_cloud);
  CHECK(store.count(EventType::gateway_message_refused) == 1);
  CHECK(store.dead_letters.size() == 1);
  store.cancel("E-7");
  CHECK(store.last_answer().kind == AnswerKind::done);
}

TEST_CASE("a cancel while sending is done when the outcome is known [I4]") {
  struct Row {
    PosOutcome outcome;
    Phase phase;
    const char* history;
  };
  for (const Row& row : {Row{PosOutcome::took, Phase::voiding, "accepted released placed"},
                         Row{PosOutcome::not_delivered, Phase::cancelled, "accepted released cancelled"},
                         Row{PosOutcome::not_now, Phase::cancelled, "accepted released cancelled"},
                         Row{PosOutcome::refused, Phase::cancelled, "accepted released cancelled"},
                         Row{PosOutcome::cannot, Phase::cancelled, "accepted released cancelled"},
                         Row{PosOutcome::in_doubt, Phase::sending, "accepted released"}}) {
    Script store;
    store.arrive("K-1");
    store.release("K-1");
    store.cancel("K-1");
    CHECK(store.last_answer().kind == AnswerKind::done);
    CHECK(store.last_answer().order->phase == Phase::sending);
    store.pos(row.outcome, "T-1");
    CHECK(store.phase("K-1") == row.phase);
    CHECK(store.history("K-1") == row.history);
    CHECK(store.sent.size() == 1);
  }
}

TEST_CASE("a remembered cancel survives a restart in doubt and is never sent again [I4]") {
  Script store;
  store.arrive("K-1");
  store.release("K-1");
  store.cancel("K-1");
  store.restart();
  store.pass(30 * second_ms);
  REQUIRE(store.open_requests() == 1);
  CHECK(store.requests[0].first == PosRequest::ask);
  store.pos(PosOutcome::not_found);
  store.pass(5 * second_ms);
  store.pos(PosOutcome::healthy);
  store.pos(PosOutcome::not_found);
  CHECK(store.phase("K-1") == Phase::cancelled);
  CHECK(store.sent.size() == 1);
}

TEST_CASE("a placed order is voided: the POS's answer becomes the cancel's result") {
  for (const bool too_late : {false, true}) {
    Script store;
    store.arrive("K-1");
    store.release("K-1");
    store.pos(PosOutcome::took, "T-1");
    store.cancel("K-1");
    CHECK(store.last_answer().order->phase == Phase::voiding);
    store.cancel("K-1");
    CHECK(store.last_answer().kind == AnswerKind::done);
    REQUIRE(store.open_requests() == 1);
    CHECK(store.requests[0].first == PosRequest::cancel);
    store.pos(too_late ? PosOutcome::too_late : PosOutcome::voided);
    CHECK(store.phase("K-1") == (too_late ? Phase::placed : Phase::cancelled));
    CHECK(store.history("K-1") ==
          (too_late ? "accepted released placed cancel_refused" : "accepted released placed cancelled"));
  }
}

TEST_CASE(
    "a void the POS does not answer is asked again, also after a restart, and given up with a refusal") {
  Script store;
  store.arrive("K-1");
  store.release("K-1");
  store.pos(PosOutcome::took, "T-1");
  store.cancel("K-1");
  store.pos(PosOutcome::unanswered);
  store.pass(second_ms);
  REQUIRE(store.open_requests() == 1);
  store.restart();
  store.turn();
  REQUIRE(store.open_requests() == 1);
  CHECK(store.requests[0].first == PosRequest::cancel);
  for (int minute = 0; minute < 40 && store.phase("K-1") == Phase::voiding; ++minute) {
    while (store.open_requests() > 0) store.pos(PosOutcome::not_delivered);
    store.pass(minute_ms);
  }
  CHECK(store.phase("K-1") == Phase::placed);
  CHECK(store.row("K-1").reason == Reason::pos_offline);
  CHECK(store.history("K-1") == "accepted released placed cancel_refused");
}

TEST_CASE("a cancel of a completed order is refused") {
  Script store;
  store.arrive("K-1");
  store.release("K-1");
  store.pos(PosOutcome::took, "T-1");
  store.pass(240 * minute_ms);
  store.cancel("K-1");
  CHECK(store.last_answer().kind == AnswerKind::conflict);
}

TEST_CASE("an order the POS refuses for good is cancelled with the POS's reason") {
  Script store;
  store.arrive("K-1");
  store.release("K-1");
  store.pos(PosOutcome::refused, "", "item_unavailable");
  CHECK(store.phase("K-1") == Phase::cancelled);
  CHECK(store.row("K-1").reason == Reason::item_unavailable);
  store.arrive("K-2");
  store.release("K-2");
  store.pos(PosOutcome::refused, "", "E-4711");
  CHECK(store.row("K-2").reason == Reason::other);
  CHECK(store.row("K-2").pos_code == "E-4711");
}

TEST_CASE("a cancel's text is cut between two characters, never within one") {
  Script store;
  for (int shift = 0; shift < 4; ++shift) {
    const std::string id = "K-" + std::to_string(shift);
    store.arrive(id);
    std::string text(static_cast<std::size_t>(shift), 'x');
    while (text.size() < 600) text += "\xe2\x82\xac";  // three bytes each
    store.release(id);
    store.cancel(id, "kiosk", text);  // while it is being sent, so that the text is kept
    const std::string& kept = store.row(id).cancel_text;
    CHECK(kept.size() > 496);
    CHECK(kept.size() <= 500);
    CHECK((kept.size() - static_cast<std::size_t>(shift)) % 3 == 0);
  }
}

TEST_CASE("4.3 cancel: releases before their orders leave room for cancels") {
  Script store;
  ReleaseArrived many;
  for (std::size_t i = 0; i < early_marks_max; ++i)
    many.orders.push_back({std::pair<std::string, std::string>{"kiosk", "E-" + std::to_string(i)}});
  store.give(many);
  store.release("K-1");
  CHECK(store.last_answer().kind == AnswerKind::full);
  store.cancel("K-1");
  CHECK(store.last_answer().kind == AnswerKind::done);
  store.arrive("K-1");
  CHECK(store.phase("K-1") == Phase::cancelled);
}
