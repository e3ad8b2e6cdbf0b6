// A full disk: orders that are there move on from the reserve, no order is taken, and nothing is acknowledged that
// was not written.
#include "print.hpp"
#include "script.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

namespace {

OrderArrived over_mqtt(Script& store, const std::string& id) {
  OrderArrived order = store.order(id);
  order.source = Source::mqtt;
  order.letter.topic = "stores/test/in/order";
  order.body.raw = "raw";
  order.body.shared = "shared";
  return order;
}

AnswerKind answer_to(const Script& store, Caller caller) {
  for (const Answer& answer : store.answers)
    if (answer.caller == caller) return answer.kind;
  throw std::runtime_error("no answer");
}

}  // namespace

TEST_CASE("on a full disk running orders finish and new ones hear 503 [I8]") {
  Script store;
  store.arrive("K-1");
  store.arrive("K-2");
  store.disk_full = true;
  store.arrive("K-3");
  CHECK(store.last_answer().kind == AnswerKind::not_stored);
  CHECK(store.rows.size() == 2);
  store.release("K-1");
  CHECK(store.last_answer().kind == AnswerKind::done);
  store.pos(PosOutcome::took, "T-1");
  store.turn();
  CHECK(store.phase("K-1") == Phase::placed);
  store.cancel("K-2");
  CHECK(store.phase("K-2") == Phase::cancelled);
  store.arrive("K-2");  // a repeat of an order that is there needs no room
  CHECK(store.last_answer().kind == AnswerKind::replayed);
  store.disk_full = false;
  store.arrive("K-3");
  CHECK(store.last_answer().kind == AnswerKind::created);
  std::int64_t sequence = 0;
  for (const EventRecord& event : store.events) CHECK(event.position.sequence == ++sequence);
}

TEST_CASE("a turn that holds new orders and a release is repeated at once with the release alone [I8]") {
  Script store;
  store.arrive("K-1");
  store.disk_full = true;
  const OrderArrived first = store.order("K-2");
  const OrderArrived last = store.order("K-3");
  ReleaseArrived release;
  release.caller = store.next_caller();
  release.orders.push_back({std::pair<std::string, std::string>{"kiosk", "K-1"}});
  CHECK_FALSE(store.engine->offer(first));
  CHECK_FALSE(store.engine->offer(release));
  CHECK_FALSE(store.engine->offer(last));
  store.turn();
  CHECK(store.answers.size() == 1);  // of K-1's arrival: nothing is answered yet
  REQUIRE(store.engine->wants_turn(store.now));
  CHECK(store.engine->next_wake_ms().value_or(never_ms) <= store.now.steady_ms);
  store.turn();
  CHECK(answer_to(store, first.caller) == AnswerKind::not_stored);
  CHECK(answer_to(store, release.caller) == AnswerKind::done);
  CHECK(answer_to(store, last.caller) == AnswerKind::not_stored);
  CHECK(store.sent.size() == 1);
}

TEST_CASE("on a full disk an order over MQTT is rejected and does not block the release behind it [I8]") {
  Script store;
  store.arrive("K-1");
  store.disk_full = true;
  store.give(over_mqtt(store, "M-1"));
  CHECK(store.last_answer().kind == AnswerKind::created);
  CHECK(store.phase("M-1") == Phase::rejected);
  CHECK(store.row("M-1").reason == Reason::too_busy);
  CHECK(store.history("M-1") == "rejected");
  const OrderBody& body = store.bodies.at(store.row("M-1").number);
  CHECK(body.canonical.empty());
  CHECK(body.raw.empty());
  CHECK(body.shared == "shared");
  MessageRefused useless{store.next_caller(), {"stores/test/in/order", std::string(5000, 'x')}, "not JSON"};
  store.give(useless);
  CHECK(store.last_answer().kind == AnswerKind::done);
  CHECK(store.dead_letters.back().bytes.empty());
  CHECK(store.dead_letters.back().why == "not JSON");
  store.release("K-1");
  CHECK(store.sent.size() == 1);
}

TEST_CASE("with the reserve used up too everything is refused, and goes on when there is room [I8]") {
  Script store;
  store.arrive("K-1");
  store.release("K-1");
  store.disk_full = true;
  store.reserve = 0;
  store.give(over_mqtt(store, "M-1"));
  CHECK(store.last_answer().kind == AnswerKind::not_stored);
  store.pos(PosOutcome::took, "T-1");
  CHECK(store.phase("K-1") == Phase::sending);
  CHECK_FALSE(store.engine->wants_turn(store.now));  // not at once: the disk would be asked without a pause
  store.disk_full = false;
  store.pass(second_ms);
  CHECK(store.phase("K-1") == Phase::placed);
  CHECK(store.sent.size() == 1);
}

TEST_CASE("what came while a commit failed stays behind what was in it") {
  for (const bool full : {true, false}) {
    Script store;
    store.arrive("K-1");
    store.release("K-1");
    const PosAnswered took = [&] {
      PosAnswered answer = store.requests.front().second;
      answer.outcome = PosOutcome::took;
      answer.pos_reference = "T-1";
      return answer;
    }();
    store.requests.clear();
    CHECK_FALSE(store.engine->offer(UplinkConnected{false}));
    CHECK_FALSE(store.engine->offer(took));
    Changes changes = store.engine->begin_turn(store.now);
    CancelArrived cancel;
    cancel.caller = store.next_caller();
    cancel.orders.push_back({std::pair<std::string, std::string>{"kiosk", "K-1"}});
    CHECK_FALSE(store.engine->offer(cancel));
    Committed failed;
    failed.written = false;
    failed.disk_full = full;
    CHECK(store.engine->finish_turn(std::move(failed), store.now).empty());
    store.advance(store.now.steady_ms + second_ms);
    while (store.engine->wants_turn(store.now)) store.turn();
    // The cancel finds the order placed; before the POS's word it would find it being sent.
    CHECK(store.last_answer().caller == cancel.caller);
    CHECK(store.last_answer().order->phase == Phase::voiding);
    CHECK(store.history("K-1") == "accepted released placed");
    CHECK(store.count(EventType::gateway_snapshot_requested) == 1);
  }
}
