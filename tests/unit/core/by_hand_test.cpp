// A partner that has an order keyed in by a person: what waits here is parked and not cooked as well; and what is said of an
// order whose repeat differs.
#include "answering.hpp"
#include "print.hpp"
#include "script.hpp"
#include "thin.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

namespace {

void call(Script& store, const std::string& id, const std::string& partner = "kiosk",
          Notice untold = Notice::accepted) {
  PersonCalled input;
  input.caller = store.next_caller();
  input.orders.push_back({std::pair{partner, id}});
  input.untold = untold;
  input.why = "FAILED";
  store.give(std::move(input));
}

}  // namespace

TEST_CASE("an order that is keyed in by hand is parked and never cooked by its fallback or its driver [I2]") {
  Script store;
  store.arrive("K-1");
  call(store, "K-1");
  CHECK(store.last_answer().kind == AnswerKind::done);
  CHECK(store.phase("K-1") == Phase::parked);
  CHECK(store.row("K-1").reason == Reason::by_hand);
  CHECK(store.history("K-1") == "accepted parked");
  store.pass(2 * hour_ms);
  store.release("K-1");
  CHECK(store.phase("K-1") == Phase::parked);
  CHECK(store.sent.empty());
  const EventRecord& told = last_untold(store);
  CHECK(detail(told, "partner") == "kiosk");
  CHECK(detail(told, "partner_order_id") == "K-1");
  CHECK(untold(store) == "accepted by_hand");
  CHECK(detail(told, "partner_said") == "FAILED");
}

TEST_CASE("one that waits for the POS is taken back from it, and a person's answer settles it [I2]") {
  Script store;
  store.arrive("K-0");
  store.release("K-0");  // on its way
  call(store, "K-0");
  CHECK(store.phase("K-0") == Phase::sending);  // too late: the POS may have it
  Policy policy = default_policy();
  policy.pos.requests_max = 1;
  Script busy(policy);
  busy.arrive("C-1", "counter");
  busy.arrive("C-2", "counter");
  REQUIRE(busy.phase("C-2", "counter") == Phase::queued);
  call(busy, "C-2", "counter");
  CHECK(busy.phase("C-2", "counter") == Phase::parked);
  busy.pos(PosOutcome::took, "T-1");
  busy.pass(hour_ms);
  CHECK(busy.sent.size() == 1);
  busy.resolve("C-2", Resolution::placed, "counter");
  CHECK(busy.phase("C-2", "counter") == Phase::placed);
  CHECK(busy.sent.size() == 1);
}

TEST_CASE(
    "a person whom the partner calls to an order that is made, over or unknown is told of it, and nothing "
    "moves") {
  Script store;
  store.arrive("C-1", "counter");
  store.pos(PosOutcome::took, "T-1");
  call(store, "C-1", "counter");
  CHECK(store.phase("C-1", "counter") == Phase::placed);
  store.arrive("K-1");
  store.cancel("K-1");
  call(store, "K-1", "kiosk", Notice::cancelled);
  CHECK(store.phase("K-1") == Phase::cancelled);
  call(store, "nobody's");
  CHECK(untold(store) == "accepted by_hand, cancelled by_hand, accepted by_hand");
  store.arrive("K-2");
  call(store, "K-2", "kiosk", Notice::cancelled);  // about a cancel: nobody keys it in
  CHECK(store.phase("K-2") == Phase::held);
}

TEST_CASE(
    "an order that comes behind the call, or a restart, is parked as it comes and cooked by nobody else "
    "[I2]") {
  Script store;
  call(store, "K-1");
  call(store, "C-1", "counter");  // whose orders are made at once
  CHECK(store.last_answer().kind == AnswerKind::done);
  SUBCASE("at once") {}
  SUBCASE("behind a restart") { store.restart(); }
  store.arrive("K-1");
  store.arrive("C-1", "counter");
  CHECK(store.phase("K-1") == Phase::parked);
  CHECK(store.phase("C-1", "counter") == Phase::parked);
  CHECK(store.row("C-1", "counter").reason == Reason::by_hand);
  CHECK(store.history("K-1") == "accepted parked");
  CHECK(store.engine->gateway().book().early_count() == 0);
  store.release("K-1");
  store.pass(2 * hour_ms);
  CHECK(store.sent.empty());
  store.resolve("K-1", Resolution::not_placed);
  CHECK(store.sent.size() == 1);
}

TEST_CASE("4.6 admission: a call of a person does not overtake its order, which waits in a full lane [I2]") {
  Policy policy = default_policy();
  policy.load.inputs_per_turn_max = 2;
  policy.load.lane_orders_max = 3;
  Script store(policy);
  for (int i = 0; i < 3; ++i) CHECK_FALSE(store.engine->offer(store.order("K-" + std::to_string(i))));
  REQUIRE(store.engine->offer(store.order("K-3")));  // the lane is full
  PersonCalled called;
  called.caller = store.next_caller();
  called.orders.push_back({std::pair{std::string("kiosk"), std::string("K-2")}});
  CHECK_FALSE(store.engine->offer(std::move(called)));
  store.turn();
  CHECK(store.engine->gateway().book().early_count() == 0);  // it waits behind its order
  while (store.engine->inputs_waiting() > 0) store.turn();
  CHECK(store.history("K-2") == "accepted parked");
  CHECK(store.phase("K-1") == Phase::held);
}

TEST_CASE("one that is still to be fetched is parked when it is here, also if its driver has come [I2]") {
  Script store = announced();
  store.release("T-1", "thin");
  call(store, "T-1", "thin");
  CHECK(store.phase("T-1", "thin") == Phase::fetching);
  store.fetch(FetchOutcome::fetched);
  CHECK(store.phase("T-1", "thin") == Phase::parked);
  store.pass(2 * hour_ms);
  CHECK(store.sent.empty());
}

TEST_CASE("an early call gives way to a cancel, and one about a cancel leaves nothing behind") {
  Script store;
  call(store, "K-1");
  store.cancel("K-1");
  store.arrive("K-1");
  CHECK(store.phase("K-1") == Phase::cancelled);
  call(store, "K-2", "kiosk", Notice::cancelled);
  call(store, "N-1", "nobody");
  CHECK(store.last_answer().kind == AnswerKind::done);
  CHECK(store.engine->gateway().book().early_count() == 0);
  store.arrive("K-2");
  CHECK(store.phase("K-2") == Phase::held);
}

TEST_CASE("where no more can be kept the call is to come again, and releases leave it room [I2]") {
  Script store;
  ReleaseArrived releases;
  for (std::size_t i = 0; i < early_marks_max; ++i)
    releases.orders.push_back({std::pair<std::string, std::string>{"kiosk", "E-" + std::to_string(i)}});
  store.give(std::move(releases));
  call(store, "K-1");
  CHECK(store.last_answer().kind == AnswerKind::done);
  CancelArrived cancels;
  for (std::size_t i = 0; i < early_marks_max; ++i)
    cancels.orders.push_back({std::pair<std::string, std::string>{"kiosk", "F-" + std::to_string(i)}});
  store.give(std::move(cancels));
  call(store, "K-2");
  CHECK(store.last_answer().kind == AnswerKind::full);
  CHECK(store.last_answer().retry_after_s > 0);
}

TEST_CASE("it is parked for the person after a restart too") {
  Script store;
  store.arrive("K-1");
  call(store, "K-1");
  store.restart();
  store.pass(2 * hour_ms);
  CHECK(store.phase("K-1") == Phase::parked);
  store.resolve("K-1", Resolution::not_placed);
  CHECK(store.sent.size() == 1);
}

TEST_CASE("whoever sends an order again in other words hears what became of it, live or ended") {
  Script store;
  store.arrive("K-1");
  store.give(store.order("K-1", "kiosk", "other"));
  CHECK(store.last_answer().kind == AnswerKind::conflict);
  REQUIRE(store.last_answer().order);
  CHECK(store.last_answer().order->phase == Phase::held);
  CHECK(store.last_answer().stands == Phase::held);
  store.cancel("K-1");
  store.give(store.order("K-1", "kiosk", "other"));
  CHECK(store.last_answer().kind == AnswerKind::conflict);
  CHECK(store.last_answer().row == store.row("K-1").number);
  CHECK(store.last_answer().first);
  CHECK(store.last_answer().stands == Phase::cancelled);
  store.give(store.order("K-1"));
  CHECK(store.last_answer().kind == AnswerKind::replayed);
  CHECK(store.last_answer().stands == Phase::cancelled);
}

TEST_CASE("under a key of another order nobody hears of that order") {
  Script store;
  OrderArrived first = store.order("K-1");
  first.idempotency_key = "key";
  store.give(std::move(first));
  OrderArrived second = store.order("C-1", "counter", "other");
  second.idempotency_key = "key";
  store.give(std::move(second));
  CHECK(store.last_answer().kind == AnswerKind::conflict);
  CHECK_FALSE(store.last_answer().order);
  CHECK(store.last_answer().row == no_order);
}
