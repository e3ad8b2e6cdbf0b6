// A person keys an order in whose request is on its way, or that is parked already: it is not sent again, a cancel of it waits
// for that person's answer, and each call is told of once.
#include <string>

#include "answering.hpp"
#include "print.hpp"
#include "script.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

namespace {

void call(Script& store, const std::string& id) {
  PersonCalled input;
  input.caller = store.next_caller();
  input.orders.push_back({std::pair{std::string("kiosk"), id}});
  store.give(std::move(input));
}

/// From a doubt on: asked behind the barrier, and once more after a look at the POS's health.
void not_found_twice(Script& store, const Policy& policy) {
  store.pass(policy.pos.max_processing_ms);
  store.pos(PosOutcome::not_found);
  store.pass(policy.pos.ask_interval_ms);
  store.pos(PosOutcome::healthy);
  store.pos(PosOutcome::not_found);
}

}  // namespace

// ---------------------------------------------------------------- while the POS may take it

TEST_CASE("an order that is keyed in by hand while it is sent is not sent again, over a restart too [I2]") {
  Policy policy = default_policy();
  policy.pos.can_query = true;
  Script store(policy);
  store.arrive("K-1");
  store.release("K-1");
  call(store, "K-1");
  CHECK(store.last_answer().kind == AnswerKind::done);
  CHECK(store.phase("K-1") == Phase::sending);
  CHECK(store.row("K-1").reason == Reason::by_hand);
  SUBCASE("not delivered") { store.pos(PosOutcome::not_delivered); }
  SUBCASE("not now") { store.pos(PosOutcome::not_now); }
  SUBCASE("not found, twice") {
    store.pos(PosOutcome::in_doubt);
    not_found_twice(store, policy);
  }
  SUBCASE("not found, twice, after a restart") {
    store.restart();
    store.turn();
    not_found_twice(store, policy);
  }
  SUBCASE("the POS cannot read it") { store.pos(PosOutcome::cannot); }
  SUBCASE("the POS refuses it") { store.pos(PosOutcome::refused, "", "item_unavailable"); }
  SUBCASE("a cancel waits for the person too") {
    store.cancel("K-1");
    store.pos(PosOutcome::not_delivered);
  }
  CHECK(store.phase("K-1") == Phase::parked);
  CHECK(store.row("K-1").reason == Reason::by_hand);
  CHECK_FALSE(store.row("K-1").in_doubt);
  CHECK(store.history("K-1") == "accepted released parked");
  store.release("K-1");
  store.pass(2 * hour_ms);
  CHECK(store.phase("K-1") == Phase::parked);
  CHECK(store.sent.size() == 1);
}

TEST_CASE(
    "a second try that waits is put away, and one that cannot be asked for is a person's at once [I2]") {
  Policy policy = default_policy();
  policy.pos.deduplicates_ms = 10 * minute_ms;
  bool can_query = false;
  SUBCASE("the POS can be asked") { can_query = true; }
  SUBCASE("the POS cannot be asked") {}
  policy.pos.can_query = can_query;
  for (const bool restarts : {false, true}) {
    CAPTURE(restarts);
    Script store(policy);
    store.arrive("K-1");
    store.release("K-1");
    if (restarts) {
      call(store, "K-1");
      store.restart();
      store.turn();
    } else {
      store.pos(PosOutcome::in_doubt);
      call(store, "K-1");
    }
    store.pass(policy.pos.max_processing_ms);
    CHECK(store.sent.size() == 1);
    if (can_query) {
      REQUIRE(store.open_requests() == 1);
      CHECK(store.requests[0].first == PosRequest::ask);
      store.pos(PosOutcome::found, "T-1");
      CHECK(store.phase("K-1") == Phase::placed);
    } else {
      CHECK(store.phase("K-1") == Phase::parked);
      CHECK(store.row("K-1").reason == Reason::in_doubt);
      CHECK(store.row("K-1").in_doubt);
    }
    CHECK(store.sent.size() == 1);
  }
}

TEST_CASE("what the POS took all the same is placed, and is no longer a person's") {
  Script store;
  store.arrive("K-1");
  store.release("K-1");
  call(store, "K-1");
  store.pos(PosOutcome::took, "T-1");
  CHECK(store.phase("K-1") == Phase::placed);
  CHECK(store.row("K-1").reason == Reason::none);
}

TEST_CASE("a call that could not be stored changes nothing: the order goes on [I8]") {
  Script store;
  store.arrive("K-1");
  store.release("K-1");
  store.fail_commits = true;
  call(store, "K-1");
  CHECK(store.last_answer().kind == AnswerKind::not_stored);
  CHECK(untold(store).empty());
  store.fail_commits = false;
  store.pass(second_ms);
  store.pos(PosOutcome::not_delivered);
  CHECK(store.book_phase("K-1") == Phase::queued);
  call(store, "K-1");  // it comes again, and is told of now
  CHECK(store.phase("K-1") == Phase::parked);
  CHECK(untold(store) == "accepted by_hand");
}

// ---------------------------------------------------------------- parked already

TEST_CASE("an order that waits for want of a release is not let go by its driver once it is keyed in [I2]") {
  Policy policy = default_policy();
  policy.partners["kiosk"].fallback = FallbackPolicy::park;
  Script store(policy);
  store.arrive("K-1");
  store.pass(hour_ms);
  REQUIRE(store.row("K-1").reason == Reason::release_overdue);
  call(store, "K-1");
  CHECK(store.row("K-1").reason == Reason::by_hand);
  CHECK(store.history("K-1") == "accepted parked parked");
  store.release("K-1");
  store.restart();
  store.release("K-1");
  CHECK(store.phase("K-1") == Phase::parked);
  CHECK(store.sent.empty());
  call(store, "K-1");  // once more is nothing new
  CHECK(store.history("K-1") == "accepted parked parked");
}

TEST_CASE("an order that is parked for the POS's sake keeps its reason when a person is called") {
  Policy policy = default_policy();
  policy.pos.can_query = false;
  PosOutcome outcome = PosOutcome::in_doubt;
  Reason reason = Reason::in_doubt;
  SUBCASE("in doubt") {}
  SUBCASE("refused") { outcome = PosOutcome::cannot, reason = Reason::pos_refused; }
  Script store(policy);
  store.arrive("K-1");
  store.release("K-1");
  store.pos(outcome);
  REQUIRE(store.phase("K-1") == Phase::parked);
  call(store, "K-1");
  CHECK(store.row("K-1").reason == reason);
  CHECK(store.row("K-1").in_doubt == (reason == Reason::in_doubt));
  store.release("K-1");
  CHECK(store.phase("K-1") == Phase::parked);
}

TEST_CASE("a cancel of an order that is keyed in waits for the person, whatever the answer is [I4]") {
  Script store;
  store.arrive("K-1");
  call(store, "K-1");
  store.cancel("K-1");
  CHECK(store.last_answer().kind == AnswerKind::done);
  CHECK(store.phase("K-1") == Phase::parked);
  CHECK(store.row("K-1").cancel_wanted);
  CHECK(store.history("K-1") == "accepted parked");
  SUBCASE("it was not keyed in") {
    store.resolve("K-1", Resolution::not_placed);
    CHECK(store.phase("K-1") == Phase::cancelled);
    CHECK(store.history("K-1") == "accepted parked resolved cancelled");
  }
  SUBCASE("it was: there is a ticket that cannot be voided by its key") {
    store.resolve("K-1", Resolution::placed);
    CHECK(store.history("K-1").starts_with("accepted parked resolved"));
    for (int asked = 0; asked < 2 && store.phase("K-1") == Phase::voiding; ++asked) {
      store.pass(minute_ms);
      REQUIRE(store.open_requests() == 1);
      store.pos(PosOutcome::not_found);
    }
    CHECK(store.phase("K-1") == Phase::placed);
    CHECK(store.count(EventType::order_cancel_refused) == 1);
  }
  CHECK(store.sent.empty());
}

// ---------------------------------------------------------------- told once

TEST_CASE("a call that comes again is told of once, also of an order that nobody knows") {
  Script store;
  store.arrive("K-1");
  for (int times = 0; times < 3; ++times) {
    call(store, "K-1");
    call(store, "nobody's");
    CHECK(store.last_answer().kind == AnswerKind::done);
  }
  CHECK(store.count(EventType::gateway_partner_untold) == 2);
  call(store, "another");
  CHECK(store.count(EventType::gateway_partner_untold) == 3);
  store.restart();
  call(store, "K-1");  // in another life it is told of once more
  CHECK(store.count(EventType::gateway_partner_untold) == 4);
}

TEST_CASE("the calls that are remembered are bounded: the oldest is told of once more") {
  Book book;
  book.begin_turn();
  for (std::size_t i = 0; i <= calls_told_max; ++i)
    REQUIRE(book.note_call({no_order, std::to_string(i), Notice::accepted}));
  book.keep_turn();
  book.forget_calls();
  book.begin_turn();
  CHECK_FALSE(book.note_call({no_order, "1", Notice::accepted}));
  CHECK(book.note_call({no_order, "0", Notice::accepted}));
  book.undo_turn();
  book.begin_turn();
  CHECK(book.note_call({no_order, "0", Notice::accepted}));
}
