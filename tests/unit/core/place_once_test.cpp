// Placing once, for each kind of POS (design.md section 4): no second ticket by machine, ever.
#include "print.hpp"
#include "script.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

namespace {

Policy pos_that(Milliseconds deduplicates_ms, bool can_query) {
  Policy policy = default_policy();
  policy.pos.deduplicates_ms = deduplicates_ms;
  policy.pos.can_query = can_query;
  return policy;
}

void send_one(Script& store) {
  store.arrive("K-1");
  store.release("K-1");
}

}  // namespace

TEST_CASE("4.5 retry: an order that was certainly not taken is sent again freely, under the same key") {
  for (const PosOutcome outcome : {PosOutcome::not_delivered, PosOutcome::not_now, PosOutcome::not_taken}) {
    Script store(pos_that(0, false));
    send_one(store);
    store.pos(outcome);
    CHECK(store.book_phase("K-1") == Phase::queued);
    store.pass(second_ms);
    REQUIRE(store.sent.size() == 2);
    CHECK(store.sent[1].key == store.sent[0].key);
    CHECK(store.phase("K-1") == Phase::sending);
  }
}

TEST_CASE("4.5 doubt: where the POS de-duplicates, the same key again, but only inside the window [I2]") {
  Script store(pos_that(60 * second_ms, false));
  send_one(store);
  store.pos(PosOutcome::in_doubt);
  store.pass(second_ms);
  REQUIRE(store.sent.size() == 2);
  CHECK(store.sent[1].key == store.sent[0].key);
  while (store.phase("K-1") == Phase::sending) {
    while (store.open_requests() > 0) {
      // Each resend must be able to arrive and be processed before the window closes.
      CHECK(store.now.steady_ms + 38'000 <= store.row("K-1").intent.steady_ms + 60 * second_ms);
      store.pos(PosOutcome::in_doubt);
    }
    store.pass(second_ms);
  }
  CHECK(store.phase("K-1") == Phase::parked);
  CHECK(store.row("K-1").reason == Reason::in_doubt);
}

TEST_CASE("4.5 doubt: after a reboot the window counts as over [I2]") {
  Script store(pos_that(10 * minute_ms, false));
  send_one(store);
  store.restart(true);
  store.pass(minute_ms);
  CHECK(store.sent.size() == 1);
  CHECK(store.phase("K-1") == Phase::parked);
}

TEST_CASE("4.5 doubt: after a restart within the boot the window still holds [I2]") {
  Script store(pos_that(10 * minute_ms, false));
  send_one(store);
  store.restart();
  store.pass(second_ms);
  CHECK(store.sent.size() == 2);
}

TEST_CASE("4.5 doubt: where the POS can be asked, nothing before the barrier, and found means placed [I2]") {
  Script store(pos_that(0, true));
  send_one(store);
  store.pos(PosOutcome::in_doubt);
  store.pass(30 * second_ms - 1);
  CHECK(store.open_requests() == 0);
  store.pass(1);
  REQUIRE(store.open_requests() == 1);
  CHECK(store.requests[0].first == PosRequest::ask);
  store.pos(PosOutcome::found, "T-9");
  CHECK(store.phase("K-1") == Phase::placed);
  CHECK(store.row("K-1").pos_reference == "T-9");
  CHECK(store.sent.size() == 1);
}

TEST_CASE("4.5 doubt: only not found, twice, 5 s apart, with health between permits a second send [I2]") {
  Script store(pos_that(0, true));
  send_one(store);
  store.pos(PosOutcome::in_doubt);
  store.pass(30 * second_ms);
  store.pos(PosOutcome::not_found);
  store.pass(5 * second_ms - 1);
  CHECK(store.open_requests() == 0);
  store.pass(1);
  REQUIRE(store.open_requests() == 1);
  CHECK(store.requests[0].first == PosRequest::check_health);
  store.pos(PosOutcome::healthy);
  REQUIRE(store.open_requests() == 1);
  CHECK(store.requests[0].first == PosRequest::ask);
  CHECK(store.sent.size() == 1);
  store.pos(PosOutcome::not_found);
  CHECK(store.sent.size() == 2);
  CHECK(store.phase("K-1") == Phase::sending);
}

TEST_CASE(
    "4.5 doubt: any other answer between leaves the order in doubt and starts the two askings anew [I2]") {
  for (const PosOutcome outcome :
       {PosOutcome::unanswered, PosOutcome::not_taken, PosOutcome::not_now, PosOutcome::not_delivered}) {
    Script store(pos_that(0, true));
    send_one(store);
    store.pos(PosOutcome::in_doubt);
    store.pass(30 * second_ms);
    store.pos(PosOutcome::not_found);
    store.pass(5 * second_ms);
    store.pos(outcome);
    store.pass(15 * second_ms);
    REQUIRE(store.open_requests() == 1);
    CHECK(store.requests[0].first == PosRequest::ask);
    store.pos(PosOutcome::not_found);
    CHECK(store.sent.size() == 1);
  }
}

TEST_CASE("4.5 doubt: the barrier starts anew after a restart [I2]") {
  Script store(pos_that(0, true));
  send_one(store);
  store.pass(29 * second_ms);
  store.restart();
  store.pass(30 * second_ms - 1);
  CHECK(store.open_requests() == 0);
  store.pass(1);
  REQUIRE(store.open_requests() == 1);
  CHECK(store.requests[0].first == PosRequest::ask);
}

TEST_CASE("4.5 doubt: where the POS can do neither, parked at once, and a person decides [I2]") {
  Script store(pos_that(0, false));
  send_one(store);
  store.pos(PosOutcome::in_doubt);
  CHECK(store.phase("K-1") == Phase::parked);
  CHECK(store.history("K-1") == "accepted released parked");
  store.pass(hour_ms);
  store.restart();
  store.pass(hour_ms);
  CHECK(store.sent.size() == 1);
}

TEST_CASE(
    "4.5 parked: a person's answer: placed, not placed under the same key, or a reprint under its own") {
  const auto parked = [] {
    Script store(pos_that(0, false));
    send_one(store);
    store.pos(PosOutcome::in_doubt);
    store.pass(pos_that(0, false).pos.max_processing_ms);
    return store;
  };
  Script placed = parked();
  placed.resolve("K-1", Resolution::placed);
  CHECK(placed.phase("K-1") == Phase::placed);
  CHECK(placed.sent.size() == 1);
  Script again = parked();
  again.resolve("K-1", Resolution::not_placed);
  REQUIRE(again.sent.size() == 2);
  CHECK(again.sent[1].key == again.sent[0].key);
  CHECK_FALSE(again.sent[1].reprint);
  Script reprint = parked();
  reprint.resolve("K-1", Resolution::reprint);
  REQUIRE(reprint.sent.size() == 2);
  CHECK(reprint.sent[1].key == reprint.sent[0].key + ":r1");
  CHECK(reprint.sent[1].reprint);
  CHECK(reprint.history("K-1") == "accepted released parked resolved");
}

TEST_CASE("4.5 parked: only a parked order can be resolved") {
  Script store;
  store.arrive("K-1");
  store.resolve("K-1", Resolution::reprint);
  CHECK(store.last_answer().kind == AnswerKind::conflict);
  CHECK(store.phase("K-1") == Phase::held);
}

TEST_CASE("4.5 parked: an order in doubt keeps its cancel for the person's answer [I4]") {
  for (const Resolution resolution : {Resolution::placed, Resolution::not_placed}) {
    Script store(pos_that(0, false));
    send_one(store);
    store.pos(PosOutcome::in_doubt);
    store.cancel("K-1");
    CHECK(store.phase("K-1") == Phase::parked);
    store.pass(pos_that(0, false).pos.max_processing_ms);
    store.resolve("K-1", resolution);
    if (resolution == Resolution::placed) {
      CHECK(store.history("K-1") == "accepted released parked resolved cancel_refused");
    } else {
      CHECK(store.phase("K-1") == Phase::cancelled);
    }
    CHECK(store.sent.size() == 1);
  }
}

TEST_CASE("4.5 retry: an order the POS cannot read is parked, and nothing sends it again by itself") {
  Script store;
  send_one(store);
  store.pos(PosOutcome::cannot);
  CHECK(store.phase("K-1") == Phase::parked);
  CHECK(store.row("K-1").reason == Reason::pos_refused);
  store.pass(hour_ms);
  CHECK(store.sent.size() == 1);
  store.cancel("K-1");
  CHECK(store.phase("K-1") == Phase::cancelled);
}

TEST_CASE(
    "4.5 doubt: a refusal of the second try says nothing of the first, which may have been taken [I2]") {
  for (const PosOutcome outcome :
       {PosOutcome::refused, PosOutcome::cannot, PosOutcome::not_now, PosOutcome::not_delivered}) {
    Script store(pos_that(60 * second_ms, true));
    send_one(store);
    store.pos(PosOutcome::in_doubt);
    store.pass(second_ms);
    REQUIRE(store.sent.size() == 2);
    store.pos(outcome);
    CHECK(store.phase("K-1") == Phase::sending);
    CHECK(store.book_phase("K-1") == Phase::sending);
  }
}

TEST_CASE("4.5 doubt: an answer that names another order's ticket is no answer [I2]") {
  Script store(pos_that(0, true));
  send_one(store);
  store.pos(PosOutcome::took, "T-1");
  store.arrive("K-2");
  store.release("K-2");
  store.pos(PosOutcome::took, "T-1");
  CHECK(store.phase("K-2") == Phase::sending);
  store.pass(30 * second_ms);
  store.pos(PosOutcome::found, "T-2");
  CHECK(store.row("K-2").pos_reference == "T-2");
}

TEST_CASE("4.5 expiry: an order in doubt whose POS stays away is parked after expire_minutes [I1]") {
  Script store(pos_that(0, true));
  send_one(store);
  store.pos(PosOutcome::in_doubt);
  const Milliseconds limit = store.now.steady_ms + hour_ms;
  while (store.phase("K-1") == Phase::sending && store.now.steady_ms < limit) {
    while (store.open_requests() > 0) store.pos(PosOutcome::not_delivered);
    store.pass(second_ms);
  }
  CHECK(store.phase("K-1") == Phase::parked);
  CHECK(store.sent.size() == 1);
}

TEST_CASE("4.5 breaker: a POS that is away is tried by one request at a time, with growing pauses [I13]") {
  Script store;
  for (int i = 0; i < 20; ++i) {
    store.arrive("K-" + std::to_string(i));
    store.release("K-" + std::to_string(i));
  }
  while (store.open_requests() > 0) store.pos(PosOutcome::not_delivered);
  const std::size_t before = store.sent.size();
  Milliseconds last = store.now.steady_ms;
  for (int tries = 0; tries < 30; ++tries) {
    while (store.open_requests() == 0) store.pass(50);
    CHECK(store.open_requests() == 1);
    CHECK(store.now.steady_ms - last >= 200);
    CHECK(store.now.steady_ms - last <= 15'100);
    last = store.now.steady_ms;
    store.pos(PosOutcome::not_delivered);
  }
  CHECK(store.sent.size() == before + 30);
  CHECK(store.count(EventType::gateway_alarm_raised) == 1);
  while (store.open_requests() == 0) store.pass(50);
  int reference = 0;
  while (store.open_requests() > 0) store.pos(PosOutcome::took, "T-" + std::to_string(++reference));
  CHECK(reference == 20);
  CHECK(store.count(EventType::gateway_alarm_cleared) == 1);
}

TEST_CASE("the POS gets no more than its rate and its number of requests at once") {
  Policy policy = default_policy();
  policy.pos.rate_per_s = 5;
  policy.pos.requests_max = 3;
  Script store(policy);
  for (int i = 0; i < 20; ++i) {
    store.arrive("K-" + std::to_string(i));
    store.release("K-" + std::to_string(i));
  }
  CHECK(store.open_requests() == 3);
  int reference = 0;
  while (store.open_requests() > 0) store.pos(PosOutcome::took, "T-" + std::to_string(++reference));
  CHECK(reference == 4);  // of five, two are kept for partners within their share: it has one of them
  store.pass(second_ms);
  CHECK(store.sent.size() > 5);
  CHECK(store.sent.size() <= 10);
}

TEST_CASE("a POS that is tried again, but has no token yet, is waited for without a turn at every instant") {
  Policy policy = default_policy();
  policy.pos.rate_per_s = 1;
  Script store(policy);
  store.arrive("K-1");
  store.release("K-1");
  store.pos(PosOutcome::not_delivered);
  store.advance(store.now.steady_ms + 500);  // its back-off is over by now; the token comes after a second
  CHECK(store.open_requests() == 0);
  REQUIRE(!store.engine->wants_turn(store.now));
  store.pass(500);
  CHECK(store.open_requests() == 1);
}

TEST_CASE(
    "4.5 doubt: of an order to be cancelled a POS that can be asked is asked, and not sent it again [I4]") {
  enum class When { before_the_doubt, after_it, before_a_restart };
  for (const When when : {When::before_the_doubt, When::after_it, When::before_a_restart}) {
    CAPTURE(static_cast<int>(when));
    Script store(pos_that(10 * minute_ms, true));
    store.arrive("K-1");
    store.release("K-1");
    if (when == When::before_the_doubt) store.cancel("K-1");
    store.pos(PosOutcome::in_doubt);
    if (when != When::before_the_doubt) store.cancel("K-1");
    if (when == When::before_a_restart) store.restart();
    store.pass(40 * second_ms);
    REQUIRE(store.open_requests() == 1);
    REQUIRE(store.requests[0].first == PosRequest::ask);
    store.pos(PosOutcome::not_found);
    store.pass(5 * second_ms);
    store.pos(PosOutcome::healthy);
    store.pos(PosOutcome::not_found);
    CHECK(store.phase("K-1") == Phase::cancelled);
    CHECK(store.sent.size() == 1);
  }
}

TEST_CASE(
    "an order whose last event is lost is put before a person, and nothing happens to it by itself [I2]") {
  Script store;
  store.arrive("HELD");
  store.arrive("RELEASED");
  send_one(store);
  for (const char* id : {"HELD", "RELEASED", "K-1"}) store.unsure.push_back(store.row(id).number);
  store.restart();
  store.fail_commits = true;
  store.release("RELEASED");  // comes before it was parked, and its turn is undone
  store.fail_commits = false;
  store.pass(second_ms);
  for (const char* id : {"HELD", "RELEASED", "K-1"}) {
    CHECK(store.phase(id) == Phase::parked);
    CHECK(store.row(id).reason == Reason::in_doubt);
    CHECK(store.row(id).in_doubt);
    CHECK(store.history(id).ends_with("parked"));
  }
  store.release("HELD");
  store.pass(24 * hour_ms);
  CHECK(store.sent.size() == 1);  // K-1, before the restart
  store.resolve("K-1", Resolution::placed);
  CHECK(store.phase("K-1") == Phase::placed);
  store.resolve("HELD", Resolution::not_placed);
  CHECK(store.sent.size() == 2);
}

TEST_CASE(
    "an order that waits for its late release and has lost its last event is put before a person too [I2]") {
  Policy policy = default_policy();
  policy.partners["kiosk"].fallback = FallbackPolicy::park;
  Script store(policy);
  store.arrive("K-1");
  store.pass(24 * hour_ms);
  REQUIRE(store.row("K-1").reason == Reason::release_overdue);
  store.unsure.push_back(store.row("K-1").number);
  store.restart();
  store.arrive("OTHER");  // the first turn writes
  store.release("K-1");   // it may have been released, placed and cooked since that row
  store.pass(hour_ms);
  CHECK(store.sent.empty());
  CHECK(store.row("K-1").reason == Reason::in_doubt);
  store.cancel("K-1");
  CHECK(store.phase("K-1") == Phase::parked);
}

TEST_CASE("when everything whose last event is lost stands before a person, the engine comes to rest") {
  Script store;
  send_one(store);
  store.unsure.push_back(store.row("K-1").number);
  store.restart();
  store.pass(second_ms);
  REQUIRE(store.row("K-1").in_doubt);
  store.unsure.push_back(store.row("K-1").number);
  store.restart();
  store.turn();
  CHECK_FALSE(store.engine->wants_turn(store.now));
}
