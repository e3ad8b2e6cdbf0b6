// What protects a second try: the POS's window for a key, and where nothing does, a row that says at once what is
// certain.
#include "print.hpp"
#include "script.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

namespace {

constexpr Milliseconds window_ms = 300 * second_ms;

Policy pos_that(Milliseconds deduplicates_ms, bool can_query) {
  Policy policy = default_policy();
  policy.pos.deduplicates_ms = deduplicates_ms;
  policy.pos.can_query = can_query;
  return policy;
}

/// An order whose first try is in doubt and whose second one has just been given out.
Script second_try(bool can_query) {
  Script store(pos_that(window_ms, can_query));
  store.arrive("K-1");
  store.release("K-1");
  store.pos(PosOutcome::in_doubt);
  while (store.sent.size() < 2) store.pass(100);
  return store;
}

}  // namespace

TEST_CASE(
    "4.5 doubt: a second try carries the last instant its key protects it at; a first one may go at any time "
    "[I2]") {
  Script store = second_try(false);
  CHECK(store.sent[0].not_after_ms == INT64_MAX);
  const PosPolicy pos;
  CHECK(store.sent[1].not_after_ms ==
        store.row("K-1").intent.steady_ms + window_ms - pos.timeout_ms - pos.max_processing_ms);
}

TEST_CASE(
    "4.5 doubt: no second try starts unless time-out and processing time still fit into the window [I2]") {
  Script store = second_try(false);
  const Milliseconds last_ms = store.sent[1].not_after_ms;
  while (store.phase("K-1") == Phase::sending) {
    CHECK(store.now.steady_ms <= last_ms);
    store.pos(PosOutcome::in_doubt);
    store.pass(15 * second_ms);
  }
  CHECK(store.phase("K-1") == Phase::parked);
  CHECK(store.row("K-1").reason == Reason::in_doubt);
  Script narrow(pos_that(38 * second_ms - 1, false));
  narrow.arrive("K-1");
  narrow.release("K-1");
  narrow.pos(PosOutcome::in_doubt);
  CHECK(narrow.phase("K-1") == Phase::parked);
}

TEST_CASE(
    "4.5 doubt: a second try that a stalled commit made too late is decided anew, and never sent [I2]") {
  for (const bool can_query : {true, false}) {
    Script store = second_try(can_query);
    const PlaceOrder late = store.sent[1];
    store.advance(late.not_after_ms +
                  1);  // the commit took that long; whoever carries it out looks at the clock
    store.requests.clear();
    store.give(not_in_time(late));
    CHECK(store.open_requests() == (can_query ? 1 : 0));
    if (can_query)
      CHECK(store.requests[0].first == PosRequest::ask);
    else
      CHECK(store.phase("K-1") == Phase::parked);
    CHECK(store.sent.size() == 2);
    CHECK(store.engine->gateway().pos_reachable());  // it was not the POS's fault
  }
}

TEST_CASE(
    "4.5 doubt: what a POS that cannot be asked certainly did not take is written at once: a cut parks "
    "nothing [I1]") {
  for (const Milliseconds deduplicates_ms : {Milliseconds{0}, window_ms}) {
    for (const PosOutcome outcome : {PosOutcome::not_delivered, PosOutcome::not_now, PosOutcome::not_taken}) {
      Script store(pos_that(deduplicates_ms, false));
      store.arrive("K-1");
      store.release("K-1");
      store.pos(outcome);
      CHECK(store.phase("K-1") == Phase::queued);
      store.restart(true);
      store.pass(second_ms);
      CHECK(store.phase("K-1") == Phase::sending);
      CHECK(store.sent.size() == 2);
    }
  }
}
