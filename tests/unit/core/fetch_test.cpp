// Orders that are only announced: kept, fetched, and judged as those that arrive.
#include "thin.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

TEST_CASE("an announced order is kept before it is answered, and fetched after that") {
  Script store(thin_policy());
  store.fail_commits = true;
  store.announce("T-1", "thin");
  CHECK(store.last_answer().kind == AnswerKind::not_stored);
  CHECK(store.fetches.empty());
  store.fail_commits = false;
  store.announce("T-1", "thin");
  CHECK(store.last_answer().kind == AnswerKind::created);
  CHECK(store.last_answer().order->phase == Phase::fetching);
  const Order& row = store.row("T-1", "thin");
  CHECK(row.phase == Phase::fetching);
  CHECK(row.announced);
  CHECK(row.href == "/orders/T-1");
  CHECK(row.body_digest == Digest{});
  CHECK(row.last_event == Position{});
  CHECK(store.bodies.empty());
  CHECK(store.events.empty());
  REQUIRE(store.fetches.size() == 1);
  CHECK(store.fetches[0].order == row.number);
  CHECK(store.fetches[0].partner == "thin");
  CHECK(store.fetches[0].partner_order_id == "T-1");
  CHECK(store.fetches[0].href == "/orders/T-1");
}

TEST_CASE("an announcement of nobody's, or of a partner that is not asked, is refused") {
  Script store(thin_policy());
  for (const char* partner : {"nobody", "kiosk"}) {
    store.announce("T-1", partner);
    CHECK(store.last_answer().kind == AnswerKind::unknown_partner);
    CHECK_FALSE(store.last_answer().why.empty());
  }
  CHECK(store.rows.empty());
  CHECK(store.fetches.empty());
}

TEST_CASE("what is fetched is judged as an order that arrives") {
  Script store = announced();
  OrderFetched fetched = store.ended(FetchOutcome::fetched);
  fetched.arrived.order.test = true;
  fetched.arrived.order.items[0].quantity = 3;
  store.give(fetched);
  const Order& row = store.row("T-1", "thin");
  CHECK(row.phase == Phase::held);
  CHECK(row.test);
  CHECK(row.item_count == 3);
  CHECK(row.body_digest == fetched.arrived.body_digest);
  CHECK(row.release_mode == ReleaseMode::on_event);
  CHECK(row.release_due.is_set());
  CHECK(body_of(store, "T-1").canonical == "{b}");
  REQUIRE(store.events.size() == 1);
  CHECK(store.events[0].type == EventType::order_accepted);
  CHECK_FALSE(store.events[0].previous_phase);
  CHECK(store.events[0].previous == Position{});
  CHECK(store.events[0].token_shown);
  CHECK(store.fetches.empty());

  store.say("taco", false);
  store.announce("T-2", "thin");
  store.fetch(FetchOutcome::fetched);
  CHECK(store.phase("T-2", "thin") == Phase::rejected);
  CHECK(refusals_of(store, "T-2") == std::vector<Refusal>{{Reason::item_unavailable, "taco"}});
  CHECK(body_of(store, "T-2").canonical == "{b}");
}

TEST_CASE("an immediate order goes to the POS in the commit that has it fetched") {
  Script store(thin_policy());
  store.announce("S-1", "slim");
  store.fetch(FetchOutcome::fetched);
  CHECK(store.phase("S-1", "slim") == Phase::sending);
  CHECK(store.history("S-1", "slim") == "accepted released");
  CHECK(store.open_requests() == 1);
  CHECK(store.commits == 2);
}

TEST_CASE("a repeat of an announcement hears the first answer, as long as the order's id is remembered") {
  Script store = announced();
  store.announce("T-1", "thin");
  CHECK(store.last_answer().kind == AnswerKind::replayed);
  CHECK(store.last_answer().order->phase == Phase::fetching);
  CHECK(store.fetches.size() == 1);
  store.fetch(FetchOutcome::fetched);
  store.announce("T-1", "thin");
  CHECK(store.last_answer().kind == AnswerKind::replayed);
  CHECK(store.last_answer().order->phase == Phase::fetching);
  store.cancel("T-1", "thin");
  for (int life = 0; life < 2; ++life) {
    store.announce("T-1", "thin");
    CHECK(store.last_answer().kind == AnswerKind::replayed);
    CHECK(store.last_answer().row == store.row("T-1", "thin").number);
    CHECK(store.last_answer().first);
    store.restart();
  }
  CHECK(store.rows.size() == 1);
}

TEST_CASE("a release of an order that is still to be fetched waits for it, also over a restart") {
  Script store = announced();
  SUBCASE("named by its partner's id") { store.release("T-1", "thin"); }
  SUBCASE("named by its own") {
    ReleaseArrived input;
    input.caller = store.next_caller();
    input.orders.push_back({store.row("T-1", "thin").id});
    store.give(std::move(input));
  }
  CHECK(store.last_answer().kind == AnswerKind::done);
  CHECK(store.phase("T-1", "thin") == Phase::fetching);
  store.restart();
  store.turn();
  store.fetch(FetchOutcome::fetched);
  CHECK(store.phase("T-1", "thin") == Phase::sending);
  CHECK(store.history("T-1", "thin") == "accepted released");
  CHECK(store.events.back().details == Details{{"why", std::string("early")}});
}

TEST_CASE("a release that came before the announcement waits for what is fetched") {
  Script store(thin_policy());
  store.release("T-1", "thin");
  store.announce("T-1", "thin");
  CHECK(store.phase("T-1", "thin") == Phase::fetching);
  store.fetch(FetchOutcome::fetched);
  CHECK(store.phase("T-1", "thin") == Phase::sending);
}

TEST_CASE("a release that waited for an order that never came goes with it") {
  Script store = announced();
  store.release("T-1", "thin");
  CHECK(store.engine->gateway().book().early_count() == 1);
  SUBCASE("cancelled") { store.cancel("T-1", "thin"); }
  SUBCASE("given up") { store.pass(60 * minute_ms); }
  CHECK(store.engine->gateway().book().early_count() == 0);
  store.restart();
  CHECK(store.engine->gateway().book().early_count() == 0);
}

TEST_CASE("an order that was fetched behind a reboot is held its span, whatever the clocks showed") {
  Script store = announced();
  store.now.wall_trusted = false;
  store.now.wall_ms = second_ms;
  store.restart(true);
  store.turn();
  store.fetch(FetchOutcome::fetched);
  REQUIRE(store.phase("T-1", "thin") == Phase::held);
  store.restart(true);
  store.pass(25 * minute_ms);  // of the 30 without a promise
  CHECK(store.phase("T-1", "thin") == Phase::held);
  store.pass(5 * minute_ms);
  CHECK(store.phase("T-1", "thin") == Phase::sending);
}

TEST_CASE("the trace is the announcement's, or if that had none what the order came with") {
  for (const char* traceparent : {"", "00-announced"}) {
    Script store(thin_policy());
    OrderAnnounced input;
    input.partner = "thin";
    input.partner_order_id = "T-1";
    input.traceparent = traceparent;
    store.give(std::move(input));
    OrderFetched fetched = store.ended(FetchOutcome::fetched);
    fetched.arrived.traceparent = "00-fetched";
    store.give(std::move(fetched));
    CHECK(store.row("T-1", "thin").traceparent == (*traceparent == 0 ? "00-fetched" : traceparent));
  }
}

TEST_CASE("what its partner wants cooked now is released by it") {
  Script store = announced();
  OrderFetched fetched = store.ended(FetchOutcome::fetched);
  fetched.released = true;
  store.give(std::move(fetched));
  CHECK(store.phase("T-1", "thin") == Phase::sending);
  CHECK(store.row("T-1", "thin").released_by == Actor::partner);
  CHECK(store.events.back().details.empty());
}

TEST_CASE("an order that is cancelled before it is fetched is never cooked") {
  Script store(thin_policy());
  std::string canonical;
  SUBCASE("while it is fetched") {
    store.announce("T-1", "thin");
    store.cancel("T-1", "thin", "too_busy");
    CHECK(store.last_answer().kind == AnswerKind::done);
    store.fetch(FetchOutcome::fetched);
    CHECK(store.engine->gateway().stale_answers() == 1);
  }
  SUBCASE("before it was announced") {
    store.cancel("T-1", "thin", "too_busy");
    store.announce("T-1", "thin");
    CHECK(store.last_answer().order->phase == Phase::cancelled);
    CHECK(store.fetches.empty());
  }
  SUBCASE("by its partner, as is told with it") {
    store.announce("T-1", "thin");
    OrderFetched fetched = store.ended(FetchOutcome::fetched);
    fetched.released = true;
    fetched.cancelled = true;
    fetched.cancelled_by = Actor::customer;
    fetched.cancel_text = "too_busy";
    store.give(std::move(fetched));
    CHECK(store.row("T-1", "thin").cancelled_by == Actor::customer);
    canonical = "{b}";
  }
  const Order& row = store.row("T-1", "thin");
  CHECK(row.phase == Phase::cancelled);
  CHECK(row.reason == Reason::too_busy);
  CHECK(row.cancel_text == "too_busy");
  CHECK(body_of(store, "T-1").canonical == canonical);
  REQUIRE(store.history("T-1", "thin") == "cancelled");
  CHECK_FALSE(store.events.back().previous_phase);
  CHECK(store.sent.empty());
  store.announce("T-1", "thin");
  CHECK(store.last_answer().kind == AnswerKind::replayed);
}

TEST_CASE("an order that its partner does not have, or nobody can read, is asked for for five minutes") {
  Policy policy = thin_policy();
  Milliseconds believed_ms = fetch_missed_for_ms;
  FetchOutcome outcome = FetchOutcome::gone;
  std::string subject = "gone";
  SUBCASE("gone") {}
  SUBCASE("unreadable") { outcome = FetchOutcome::unreadable, subject = "unreadable"; }
  SUBCASE("or for half of the time there is") {
    policy.partners["thin"].fetch_within_ms = 4 * minute_ms;
    believed_ms = 2 * minute_ms;
  }
  Script store = announced(policy);
  for (const Milliseconds wait_ms : {10 * second_ms, 20 * second_ms}) {
    store.fetch(outcome);
    CHECK(store.phase("T-1", "thin") == Phase::fetching);
    store.pass(wait_ms - 1);
    CHECK(store.fetches.empty());
    store.pass(1);
    REQUIRE(store.fetches.size() == 1);
  }
  const Milliseconds first_ms = store.now.steady_ms - 30 * second_ms;
  while (store.phase("T-1", "thin") == Phase::fetching) {
    CHECK(store.now.steady_ms - first_ms <= believed_ms + fetch_miss_most_ms);
    if (!store.fetches.empty()) store.fetch(outcome);
    store.pass(second_ms);
  }
  CHECK(store.now.steady_ms - first_ms >= believed_ms);
  CHECK(refusals_of(store, "T-1") == std::vector<Refusal>{{Reason::invalid_order, subject}});
  CHECK(store.events.back().actor == Actor::policy);
  CHECK(body_of(store, "T-1").canonical.empty());
  CHECK(store.history("T-1", "thin") == "rejected");
  CHECK_FALSE(store.events.back().previous_phase);
  CHECK(store.fetches.empty());
}

TEST_CASE("an order that is over at its partner before it was here is not cooked") {
  Script store = announced();
  OrderFetched fetched = store.ended(FetchOutcome::fetched);
  fetched.over = true;
  SUBCASE("where there is room") {}
  SUBCASE("where there is none") { store.give(StorageMeasured{StorageRoom::disk_low}); }
  store.give(fetched);
  CHECK(store.phase("T-1", "thin") == Phase::rejected);
  CHECK(refusals_of(store, "T-1") == std::vector<Refusal>{{Reason::timed_out, "over"}});
  CHECK(body_of(store, "T-1").canonical.empty());
}

TEST_CASE("another order than the one that was asked for is none that can be read") {
  Script store = announced();
  OrderFetched fetched = store.ended(FetchOutcome::fetched);
  SUBCASE("under another id") { fetched.arrived.order.partner_order_id = "T-2"; }
  SUBCASE("of another partner") { fetched.arrived.order.partner = "slim"; }
  store.give(std::move(fetched));
  CHECK(store.phase("T-1", "thin") == Phase::fetching);
  CHECK(store.rows.size() == 1);
  store.pass(10 * second_ms);
  store.fetch(FetchOutcome::fetched);
  CHECK(store.phase("T-1", "thin") == Phase::held);
}

TEST_CASE("an answer that nobody waits for any more is counted and used for nothing") {
  Script store = announced();
  OrderFetched old = store.ended(FetchOutcome::fetched);
  store.restart();
  store.turn();
  REQUIRE(store.fetches.size() == 1);
  old.attempt = store.fetches[0].attempt + 1;
  store.give(old);
  CHECK(store.phase("T-1", "thin") == Phase::fetching);
  CHECK(store.engine->gateway().stale_answers() == 1);
  store.fetch(FetchOutcome::fetched);
  CHECK(store.phase("T-1", "thin") == Phase::held);
}

TEST_CASE("an order that does not come in time is rejected: an hour, or what its partner gives it") {
  Policy policy = thin_policy();
  Milliseconds within_ms = 60 * minute_ms;
  SUBCASE("by itself") {}
  SUBCASE("as configured") { policy.partners["thin"].fetch_within_ms = within_ms = 11 * minute_ms; }
  Script store = announced(policy);
  Milliseconds passed_ms = 0;
  SUBCASE("in one life") {}
  SUBCASE("over a restart and a reboot") {
    store.pass(minute_ms);
    store.restart();
    store.pass(minute_ms);
    store.restart(true);
    passed_ms = 2 * minute_ms;
  }
  store.pass(within_ms - passed_ms - 1);
  CHECK(store.phase("T-1", "thin") == Phase::fetching);
  store.pass(1);
  CHECK(store.phase("T-1", "thin") == Phase::rejected);
  CHECK(store.row("T-1", "thin").reason == Reason::timed_out);
  CHECK(refusals_of(store, "T-1") == std::vector<Refusal>{{Reason::timed_out, "fetch"}});
  CHECK(store.events.back().actor == Actor::clock);
  CHECK_FALSE(store.events.back().previous_phase);
}

TEST_CASE("after a start an order is asked for once more, however late it is") {
  Script store = announced();
  store.now.wall_ms += 24 * hour_ms;
  store.restart(true);
  store.turn();
  REQUIRE(store.fetches.size() == 1);
  SUBCASE("and it is there") {
    store.fetch(FetchOutcome::fetched);
    CHECK(store.phase("T-1", "thin") == Phase::held);
  }
  SUBCASE("and it is not") {
    store.pass(10 * minute_ms - 1);
    CHECK(store.phase("T-1", "thin") == Phase::fetching);
    store.pass(1);
    CHECK(store.phase("T-1", "thin") == Phase::rejected);
  }
}

TEST_CASE("what is there and no order yet is looked at again, and at once when its partner has news of it") {
  Script store = announced();
  for (int look = 0; look < 10; ++look) {
    REQUIRE(store.fetches.size() == 1);
    store.fetch(FetchOutcome::not_yet);
    CHECK(store.phase("T-1", "thin") == Phase::fetching);
    CHECK(store.fetches.empty());
    if (look % 2 == 0)
      store.pass(fetch_not_yet_ms);
    else
      store.announce("T-1", "thin", false);
  }
  store.fetch(FetchOutcome::fetched);
  CHECK(store.phase("T-1", "thin") == Phase::held);
}

TEST_CASE("one that is announced when it is to be made may have been placed long ago") {
  Policy policy = thin_policy();
  policy.partners["thin"].decide_within_ms = 10 * minute_ms;
  Script store = announced(policy);
  OrderFetched fetched = store.ended(FetchOutcome::fetched);
  fetched.arrived.order.placed_at_wall_ms = store.now.wall_ms - 5 * hour_ms;
  store.give(std::move(fetched));
  CHECK(store.phase("T-1", "thin") == Phase::held);
}

TEST_CASE("a turn that was not written leaves no trace: its fetch is decided again") {
  Script store = announced();
  store.fail_commits = true;
  store.fetch(FetchOutcome::fetched);
  CHECK(store.phase("T-1", "thin") == Phase::fetching);
  store.fail_commits = false;
  store.pass(second_ms);
  CHECK(store.phase("T-1", "thin") == Phase::held);
  CHECK(store.fetches.empty());
}

TEST_CASE("an order whose row is of the past goes before a person, and is not fetched") {
  Script store = announced();
  store.unsure = {store.row("T-1", "thin").number};
  store.restart();
  store.turn();
  CHECK(store.phase("T-1", "thin") == Phase::parked);
  CHECK(store.row("T-1", "thin").in_doubt);
  CHECK_FALSE(store.events.back().previous_phase);
  CHECK(store.fetches.empty());
}

TEST_CASE("an announced order whose row is damaged is told of by an event, once, also if a turn fails") {
  Script store(thin_policy());
  store.lost_announcements = {{OrderNumber{4}, "thin", "T-4"}, {OrderNumber{5}, "", ""}};
  store.restart();
  REQUIRE(store.engine->wants_turn(store.now));
  store.fail_commits = true;
  store.turn();
  store.fail_commits = false;
  store.pass(second_ms);
  store.arrive("K-1");
  store.pass(minute_ms);
  REQUIRE(store.count(EventType::gateway_message_refused) == 2);
  REQUIRE(store.dead_letters.size() == 2);
  CHECK(store.dead_letters[0].topic == "webhook/thin");
  CHECK(store.dead_letters[1].topic == "webhook/");
  const Details& named = store.events[0].details;
  CHECK(named[0] == Details::value_type{"topic", std::string("webhook/thin")});
  CHECK(named[3] == Details::value_type{"order_number", std::int64_t{4}});
  CHECK(named[4] == Details::value_type{"partner", std::string("thin")});
  CHECK(named[5] == Details::value_type{"partner_order_id", std::string("T-4")});
  CHECK(store.events[1].details.size() == 4);
}
