// Releases: by event, at once, by time, by the fallback; early, twice, late.
#include "print.hpp"
#include "script.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

namespace {

OrderArrived promised(Script& store, const std::string& id, Milliseconds in_ms) {
  OrderArrived input = store.order(id);
  input.order.promised_at_wall_ms = store.now.wall_ms + in_ms;
  return input;
}

}  // namespace

TEST_CASE("a release sends the order, with its intent in the same commit [I5]") {
  Script store;
  store.arrive("K-1");
  const std::size_t commits = store.commits;
  store.release("K-1");
  CHECK(store.commits == commits + 1);
  CHECK(store.phase("K-1") == Phase::sending);
  CHECK(store.row("K-1").released_by == Actor::person);
  REQUIRE(store.sent.size() == 1);
  CHECK(store.sent[0].body == "{b}");
  store.pos(PosOutcome::took, "T-1");
  CHECK(store.phase("K-1") == Phase::placed);
  CHECK(store.row("K-1").pos_reference == "T-1");
  CHECK(store.history("K-1") == "accepted released placed");
}

TEST_CASE("an immediate order is accepted, then released, and answered as queued") {
  Script store;
  store.arrive("C-1", "counter");
  CHECK(store.last_answer().order->phase == Phase::queued);
  CHECK(store.history("C-1", "counter") == "accepted released");
  CHECK(store.sent.size() == 1);
}

TEST_CASE("a release before its order releases it on arrival, also across a restart [I5]") {
  Script store;
  store.release("K-1");
  CHECK(store.last_answer().kind == AnswerKind::done);
  store.restart();
  store.arrive("K-1");
  CHECK(store.history("K-1") == "accepted released");
  CHECK(store.sent.size() == 1);
}

TEST_CASE("a second release changes nothing, one of an ended order is a conflict") {
  Script store;
  store.arrive("K-1");
  store.release("K-1");
  store.release("K-1");
  CHECK(store.last_answer().kind == AnswerKind::done);
  CHECK(store.count(EventType::order_released) == 1);
  CHECK(store.sent.size() == 1);
  store.arrive("K-2");
  store.cancel("K-2");
  store.release("K-2");
  CHECK(store.last_answer().kind == AnswerKind::conflict);
}

TEST_CASE("a release by a wrong token or an unknown id finds nothing [I5]") {
  Script store;
  store.arrive("K-1");
  ReleaseToken token = store.row("K-1").release_token;
  token.secret[0] = static_cast<std::uint8_t>(token.secret[0] ^ 1);
  store.give(ReleaseArrived{store.next_caller(), Source::api, Actor::person, {{token}}, {}});
  CHECK(store.last_answer().kind == AnswerKind::not_found);
  CHECK(store.phase("K-1") == Phase::held);
  store.give(
      ReleaseArrived{store.next_caller(), Source::api, Actor::cloud, {{store.row("K-1").release_token}}, {}});
  CHECK(store.phase("K-1") == Phase::sending);
}

TEST_CASE("several releases in one message share one commit and one answer") {
  Script store;
  ReleaseArrived input;
  input.caller = store.next_caller();
  for (const char* id : {"K-1", "K-2", "K-3"}) {
    store.arrive(id);
    input.orders.push_back({std::pair<std::string, std::string>{"kiosk", id}});
  }
  const std::size_t commits = store.commits;
  const std::size_t answers = store.answers.size();
  store.give(input);
  CHECK(store.commits == commits + 1);
  CHECK(store.answers.size() == answers + 1);
  CHECK(store.sent.size() == 3);
}

TEST_CASE("the fallback acts at the promised time minus the preparation, not before") {
  for (const FallbackPolicy fallback :
       {FallbackPolicy::release, FallbackPolicy::park, FallbackPolicy::cancel}) {
    Policy policy = default_policy();
    policy.partners["kiosk"].fallback = fallback;
    Script store(policy);
    store.give(promised(store, "K-1", 30 * minute_ms));
    store.pass(22 * minute_ms - 1);
    CHECK(store.phase("K-1") == Phase::held);
    store.pass(1);
    if (fallback == FallbackPolicy::release) CHECK(store.phase("K-1") == Phase::sending);
    if (fallback == FallbackPolicy::park) CHECK(store.phase("K-1") == Phase::parked);
    if (fallback == FallbackPolicy::cancel) CHECK(store.phase("K-1") == Phase::cancelled);
  }
}

TEST_CASE("without a promise, or with one that is past, the fallback counts from the arrival") {
  Script store;
  store.give(promised(store, "K-1", 5 * minute_ms));
  store.arrive("K-2");
  store.pass(30 * minute_ms - 1);
  CHECK(store.phase("K-1") == Phase::held);
  CHECK(store.phase("K-2") == Phase::held);
  store.pass(1);
  CHECK(store.phase("K-1") == Phase::sending);
  CHECK(store.phase("K-2") == Phase::sending);
}

TEST_CASE("an order parked for want of a release goes on when the release comes after all") {
  Policy policy = default_policy();
  policy.partners["kiosk"].fallback = FallbackPolicy::park;
  Script store(policy);
  store.arrive("K-1");
  store.pass(hour_ms);
  CHECK(store.row("K-1").reason == Reason::release_overdue);
  store.release("K-1");
  CHECK(store.phase("K-1") == Phase::sending);
}

TEST_CASE("a clock jump releases nothing early, in either direction [I9]") {
  for (const Milliseconds jump :
       {Milliseconds{20} * 365 * 24 * hour_ms, -Milliseconds{20} * 365 * 24 * hour_ms}) {
    Script store;
    store.give(promised(store, "K-1", 60 * minute_ms));
    store.now.wall_ms += jump;
    store.pass(52 * minute_ms - 1);
    CHECK(store.phase("K-1") == Phase::held);
    store.pass(1);
    CHECK(store.phase("K-1") == Phase::sending);
  }
}

TEST_CASE("after a reboot a hold ends by the trusted clock, and runs anew while there is none [I9]") {
  Script trusted;
  trusted.give(promised(trusted, "K-1", 60 * minute_ms));
  trusted.now.wall_ms += 50 * minute_ms;
  trusted.restart(true);
  trusted.pass(2 * minute_ms - 1);
  CHECK(trusted.phase("K-1") == Phase::held);
  trusted.pass(1);
  CHECK(trusted.phase("K-1") == Phase::sending);

  Script blind;
  blind.give(promised(blind, "K-1", 60 * minute_ms));
  blind.now.wall_ms = 0;
  blind.now.wall_trusted = false;
  blind.restart(true);
  blind.pass(52 * minute_ms - blind.now.steady_ms -
             1);  // since the machine started it has passed for certain
  CHECK(blind.phase("K-1") == Phase::held);
  blind.pass(1);
  CHECK(blind.phase("K-1") == Phase::sending);
}

TEST_CASE("an at_time order is released at its time") {
  Script store;
  OrderArrived input = store.order("K-1");
  input.order.release.mode = ReleaseMode::at_time;
  input.order.release.at_wall_ms = store.now.wall_ms + 10 * minute_ms;
  store.give(input);
  store.pass(10 * minute_ms - 1);
  CHECK(store.phase("K-1") == Phase::held);
  store.pass(1);
  CHECK(store.phase("K-1") == Phase::sending);
  CHECK(store.row("K-1").released_by == Actor::clock);
}

TEST_CASE("4.5 expiry: a released order the POS never takes expires, and is not cooked later") {
  Script store;
  store.arrive("K-1");
  store.release("K-1");
  while (store.phase("K-1") != Phase::expired && store.now.wall_ms < start_wall_ms + hour_ms) {
    if (store.open_requests() > 0) store.pos(PosOutcome::not_delivered);
    store.pass(second_ms);
  }
  CHECK(store.phase("K-1") == Phase::expired);
  CHECK(store.now.wall_ms >= start_wall_ms + 30 * minute_ms);
  CHECK(store.now.wall_ms <= start_wall_ms + 31 * minute_ms);
  CHECK(store.history("K-1") == "accepted released expired");
}

TEST_CASE("a placed order the POS says nothing of is completed in the end") {
  Script store;
  store.arrive("K-1");
  store.release("K-1");
  store.pos(PosOutcome::took, "T-1");
  store.pass(240 * minute_ms);
  CHECK(store.phase("K-1") == Phase::completed);
  CHECK(store.row("K-1").reason == Reason::assumed);
}
