// The loop: one commit a turn, nothing acted before it, everything undone when it fails.
#include "print.hpp"
#include "script.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

TEST_CASE("all inputs of a turn share one commit") {
  Script store;
  for (int i = 0; i < 20; ++i) CHECK_FALSE(store.engine->offer(store.order("K-" + std::to_string(i))));
  store.turn();
  CHECK(store.commits == 1);
  CHECK(store.rows.size() == 20);
  CHECK(store.answers.size() == 20);
}

TEST_CASE("a whole life costs three commits") {
  Script store;
  store.arrive("K-1");
  store.release("K-1");
  store.pos(PosOutcome::took, "T-1");
  CHECK(store.commits == 3);
}

TEST_CASE("a failed commit undoes the turn: callers hear it, the book is as before, nothing leaves [I1]") {
  Script store;
  store.arrive("K-1");
  const Position last = store.engine->gateway().book().last_event;
  store.fail_commits = true;
  store.arrive("K-2");
  CHECK(store.last_answer().kind == AnswerKind::not_stored);
  store.release("K-1");
  CHECK(store.last_answer().kind == AnswerKind::not_stored);
  store.cancel("K-9");
  CHECK(store.last_answer().kind == AnswerKind::not_stored);
  CHECK(store.sent.empty());
  CHECK(store.engine->gateway().book().last_event == last);
  CHECK(store.engine->gateway().book().live() == 1);
  CHECK(store.engine->gateway().book().early_count() == 0);
  store.fail_commits = false;
  store.arrive("K-2");
  CHECK(store.last_answer().kind == AnswerKind::created);
  CHECK(value_of(store.row("K-2").number) == value_of(store.row("K-1").number) + 1);
  store.release("K-1");
  CHECK(store.phase("K-1") == Phase::sending);
  std::int64_t sequence = 0;
  for (const EventRecord& event : store.events) CHECK(event.position.sequence == ++sequence);
}

TEST_CASE("the POS's answer outlives a failed commit, and its order is not sent meanwhile [I2]") {
  Script store;
  store.arrive("K-1");
  store.release("K-1");
  store.fail_commits = true;
  store.pos(PosOutcome::took, "T-1");
  CHECK(store.phase("K-1") == Phase::sending);
  CHECK(store.sent.size() == 1);
  store.fail_commits = false;
  store.pass(second_ms);
  CHECK(store.phase("K-1") == Phase::placed);
  CHECK(store.sent.size() == 1);
}

TEST_CASE("after a failed sync nothing is decided any more until a restart") {
  Script store;
  store.arrive("K-1");
  store.fail_commits = store.fail_syncs = true;
  store.arrive("K-2");
  store.fail_commits = store.fail_syncs = false;
  CHECK(store.engine->stopped());
  store.arrive("K-3");
  CHECK(store.last_answer().kind == AnswerKind::not_stored);
  store.release("K-1");
  CHECK(store.sent.empty());
  store.restart();
  store.release("K-1");
  CHECK(store.sent.size() == 1);
}

TEST_CASE("what nobody waits for rides on the next commit, or is written after five seconds") {
  Script store;
  store.arrive("K-1");
  store.release("K-1");
  const std::size_t commits = store.commits;
  store.pos(PosOutcome::not_delivered);
  CHECK(store.commits == commits);
  CHECK(store.phase("K-1") == Phase::sending);
  CHECK(store.book_phase("K-1") == Phase::queued);
  store.cancel("K-1");
  CHECK(store.commits == commits + 1);
  CHECK(store.phase("K-1") == Phase::cancelled);

  store.engine->outbox().on_connected(20);
  store.engine->outbox().on_read_started();
  OutgoingEvent event;
  event.record = store.events[0];
  store.engine->outbox().on_read({event});
  REQUIRE(store.engine->outbox().next_to_publish());
  CHECK(store.engine->on_published(store.events[0].position, true));
  const std::size_t idle = store.commits;
  REQUIRE(store.engine->wants_turn(store.now));
  store.turn();
  CHECK_FALSE(store.engine->wants_turn(store.now));
  store.pass(lazy_marks_ms_max - 1);
  CHECK(store.commits == idle);
  store.pass(1);
  CHECK(store.commits == idle + 1);
}

TEST_CASE(
    "4.5 retry: an order whose bytes the disk did not give is tried again later, and is not the POS's to "
    "blame") {
  Script store;
  store.arrive("K-1");
  store.fail_reads = true;
  store.release("K-1");
  store.turn();
  CHECK(store.phase("K-1") != Phase::parked);
  CHECK(store.open_requests() == 0);
  CHECK(store.engine->gateway().pos_reachable());
  int tries = 0;
  for (const std::size_t commits = store.commits; store.commits < commits + 4 && tries < 10'000; ++tries)
    store.pass(10);
  CHECK(tries >= 25);  // not turn after turn
  store.fail_reads = false;
  store.pass(minute_ms);
  CHECK(store.sent.size() == 1);
  store.pos(PosOutcome::took, "T-1");
  CHECK(store.phase("K-1") == Phase::placed);
}

TEST_CASE(
    "4.5 retry: an order whose bytes the disk does not give is before a person long before it expires "
    "[I10]") {
  Script store;
  store.arrive("K-1");
  store.arrive("K-2");
  store.fail_reads = true;
  store.release("K-1");
  const Milliseconds began_ms = store.now.steady_ms;
  while (store.phase("K-1") != Phase::parked && store.now.steady_ms < began_ms + 10 * minute_ms)
    store.pass(100);
  CHECK(store.now.steady_ms < began_ms + 2 * minute_ms);
  CHECK(store.row("K-1").pos_code == "body_damaged");
  CHECK(store.sent.empty());
}

TEST_CASE("an order whose body is damaged never goes to the POS but before a person [I10]") {
  Script store;
  store.arrive("K-1");
  for (auto& [number, body] : store.bodies) body.canonical.clear();
  store.release("K-1");
  CHECK(store.sent.empty());
  store.turn();
  CHECK(store.phase("K-1") == Phase::parked);
  CHECK(store.row("K-1").pos_code == "body_damaged");
}

TEST_CASE("the book after a restart equals the book before it, and due work is found again") {
  Script store;
  for (int i = 0; i < 5; ++i) store.arrive("K-" + std::to_string(i));
  store.release("K-0");
  store.pos(PosOutcome::took, "T-0");
  store.cancel("K-0");
  store.release("K-1");
  store.cancel("K-2");
  const auto before = store.engine->gateway().book().count_by_phase();
  store.restart();
  CHECK(store.engine->gateway().book().count_by_phase() == before);
  store.pass(31 * second_ms);
  bool asked = false;
  bool voiding = false;
  for (const auto& [request, answer] : store.requests) {
    asked = asked || request == PosRequest::ask;
    voiding = voiding || request == PosRequest::cancel;
  }
  CHECK(asked);
  CHECK(voiding);
}

TEST_CASE("a message nobody understands is kept, told and acknowledged") {
  Script store;
  store.give(MessageRefused{store.next_caller(), {"stores/test/in/order", "{"}, "not JSON"});
  CHECK(store.last_answer().kind == AnswerKind::done);
  REQUIRE(store.dead_letters.size() == 1);
  CHECK(store.dead_letters[0].bytes == "{");
  CHECK(store.count(EventType::gateway_message_refused) == 1);
}

TEST_CASE("a connection without its session asks for a snapshot; the start is told with its epoch") {
  Script store;
  store.give(GatewayStarted{"epoch-1", {}, "created", "0"});
  store.give(UplinkConnected{true});
  CHECK(store.count(EventType::gateway_snapshot_requested) == 0);
  store.give(UplinkConnected{false});
  CHECK(store.count(EventType::gateway_snapshot_requested) == 1);
  CHECK(store.count(EventType::gateway_started) == 1);
}

TEST_CASE("the engine wakes for a read of events that failed, and does not spin until then") {
  Script store;
  store.arrive("K-1");
  Outbox& outbox = store.engine->outbox();
  outbox.on_connected(10);
  outbox.on_read_started();
  outbox.on_read({});
  int turns = 0;
  for (; store.engine->wants_turn(store.now) && turns < 10; ++turns) store.turn();
  CHECK(turns <= 1);
  const auto wake = store.engine->next_wake_ms();
  REQUIRE(wake);
  CHECK(*wake == store.now.steady_ms + read_again_after_ms);
  CHECK_FALSE(outbox.wanted_read());
  store.pass(read_again_after_ms);
  CHECK(outbox.wanted_read());
}

TEST_CASE("a row that a turn changed which was not written is not written for it later") {
  Script store;
  store.arrive("K-1");
  store.fail_commits = true;
  store.release("K-1");
  store.fail_commits = false;
  store.arrive("K-2");
  CHECK(store.last_written == std::vector<std::string>{"K-2"});
}
