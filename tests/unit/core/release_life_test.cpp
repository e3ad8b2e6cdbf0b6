// Release, point by point: every mode, every fallback, who let it go and why, and the tokens that are not the order's.
#include <algorithm>

#include "print.hpp"
#include "script.hpp"

using namespace storegate::core;
using namespace storegate::core::testing;

namespace {

/// "by person", "by clock: fallback": what the order's newest release says.
std::string release_of(const Script& store, const std::string& id, const std::string& partner = "kiosk") {
  const OrderNumber number = store.row(id, partner).number;
  std::string text;
  for (const EventRecord& event : store.events) {
    if (event.order != number || event.type != EventType::order_released) continue;
    text = "by " + std::string(name_of(event.actor));
    for (const auto& [name, value] : event.details) text += ": " + std::get<std::string>(value);
    CHECK(store.row(id, partner).released_by == event.actor);
  }
  return text;
}

void release_as(Script& store, Actor actor, const OrderRef& ref, Source source = Source::webhook) {
  ReleaseArrived input;
  input.caller = store.next_caller();
  input.source = source;
  input.actor = actor;
  input.orders.push_back(ref);
  if (source == Source::mqtt) input.letter = {"stores/test/in/release", "{}"};
  store.give(std::move(input));
}

OrderRef pair_of(const std::string& id) { return {std::pair<std::string, std::string>{"kiosk", id}}; }

ReleaseToken other_secret(ReleaseToken token) {
  token.secret[15] = static_cast<std::uint8_t>(token.secret[15] ^ 1U);
  return token;
}

}  // namespace

TEST_CASE("4.1 release: each way is recorded with who and why") {
  Script store;
  store.arrive("C-1", "counter");
  CHECK(release_of(store, "C-1", "counter") == "by policy: immediate");

  for (const Actor actor : {Actor::partner, Actor::cloud, Actor::person}) {
    const std::string id = "K-" + std::string(name_of(actor));
    store.arrive(id);
    release_as(store, actor, pair_of(id));
    CHECK(release_of(store, id) == "by " + std::string(name_of(actor)));
  }

  release_as(store, Actor::cloud, pair_of("K-early"));
  store.arrive("K-early");
  CHECK(release_of(store, "K-early") == "by cloud: early");

  store.arrive("K-fallback");
  OrderArrived timed = store.order("K-timed");
  timed.order.release.mode = ReleaseMode::at_time;
  timed.order.release.at_wall_ms = store.now.wall_ms + 10 * minute_ms;
  store.give(timed);
  store.pass(hour_ms);
  CHECK(release_of(store, "K-fallback") == "by clock: fallback");
  CHECK(release_of(store, "K-timed") == "by clock: at_time");
}

TEST_CASE("4.1 release: what the order says of its release comes before the partner's default") {
  Policy policy = default_policy();
  policy.partners["kiosk"].fallback = FallbackPolicy::park;
  Script store(policy);
  OrderArrived at_once = store.order("K-1");
  at_once.order.release.mode = ReleaseMode::immediate;
  store.give(at_once);
  CHECK(store.phase("K-1") == Phase::sending);

  OrderArrived sooner = store.order("K-2");
  sooner.order.release.fallback_at_wall_ms = store.now.wall_ms + 5 * minute_ms;
  sooner.order.release.fallback = FallbackPolicy::cancel;
  store.give(sooner);
  store.arrive("K-3");
  store.pass(5 * minute_ms - 1);
  CHECK(store.phase("K-2") == Phase::held);
  store.pass(1);
  CHECK(store.phase("K-2") == Phase::cancelled);
  CHECK(store.row("K-2").reason == Reason::timed_out);
  store.pass(25 * minute_ms);
  CHECK(store.phase("K-3") == Phase::parked);
}

TEST_CASE("4.1 release: late, after the fallback has acted, under each of its policies") {
  for (const FallbackPolicy fallback :
       {FallbackPolicy::release, FallbackPolicy::park, FallbackPolicy::cancel}) {
    Policy policy = default_policy();
    policy.partners["kiosk"].fallback = fallback;
    Script store(policy);
    store.arrive("K-1");
    store.pass(30 * minute_ms);
    const std::size_t sent = store.sent.size();
    release_as(store, Actor::cloud, pair_of("K-1"));
    CAPTURE(static_cast<int>(fallback));
    switch (fallback) {
      case FallbackPolicy::release:  // it goes already, and who let it go stays on record
        CHECK(store.last_answer().kind == AnswerKind::done);
        CHECK(store.sent.size() == sent);
        CHECK(release_of(store, "K-1") == "by clock: fallback");
        break;
      case FallbackPolicy::park:
        CHECK(store.last_answer().kind == AnswerKind::done);
        CHECK(store.phase("K-1") == Phase::sending);
        CHECK(release_of(store, "K-1") == "by cloud: late");
        break;
      case FallbackPolicy::cancel:
        CHECK(store.last_answer().kind == AnswerKind::conflict);
        CHECK(store.phase("K-1") == Phase::cancelled);
        CHECK(store.sent.empty());
        break;
    }
  }
}

TEST_CASE("4.1 release: a stolen token does nothing, is answered like an unknown one, and is reported [I5]") {
  Script store;
  store.arrive("K-1");
  const Order row = store.row("K-1");
  release_as(store, Actor::cloud, {other_secret(row.release_token)});
  const Answer wrong = store.last_answer();
  CHECK(store.phase("K-1") == Phase::held);
  REQUIRE(store.wrong_tokens.size() == 1);
  CHECK(store.wrong_tokens[0].id == row.id);
  CHECK(store.wrong_tokens[0].source == Source::webhook);

  ReleaseToken nowhere = row.release_token;
  nowhere.order = OrderNumber{4711};
  release_as(store, Actor::cloud, {nowhere});
  const Answer unknown = store.last_answer();
  CHECK(store.wrong_tokens.size() == 1);
  CHECK(wrong.kind == AnswerKind::not_found);
  CHECK(wrong.kind == unknown.kind);
  CHECK(wrong.why == unknown.why);
  CHECK_FALSE(wrong.order.has_value());
  CHECK(wrong.row == no_order);

  CancelArrived cancel;
  cancel.caller = store.next_caller();
  cancel.orders.push_back({other_secret(row.release_token)});
  store.give(cancel);
  CHECK(store.phase("K-1") == Phase::held);
  CHECK(store.wrong_tokens.size() == 2);

  release_as(store, Actor::cloud, {row.release_token});
  CHECK(store.phase("K-1") == Phase::sending);
  CHECK(store.wrong_tokens.size() == 2);
}

TEST_CASE(
    "4.1 release: a stolen token of an order that has ended, and over MQTT, where it becomes a dead letter") {
  Script store;
  store.arrive("K-1");
  const ReleaseToken token = store.row("K-1").release_token;
  store.cancel("K-1");
  release_as(store, Actor::cloud, {other_secret(token)}, Source::mqtt);
  CHECK(store.wrong_tokens.size() == 1);
  CHECK(store.dead_letters.size() == 1);
  CHECK(store.count(EventType::gateway_message_refused) == 1);
  for (const EventRecord& event : store.events)
    for (const auto& [name, value] : event.details)
      if (const auto* text = std::get_if<std::string>(&value))
        CHECK(text->find(text_of(token).substr(0, 30)) == std::string::npos);
}

TEST_CASE("4.1 release: a report of a stolen token waits for the commit, and is made once") {
  Script store;
  store.arrive("K-1");
  store.fail_commits = true;
  const ReleaseToken wrong = other_secret(store.row("K-1").release_token);
  store.arrive("K-2");  // its turn fails
  CHECK(store.wrong_tokens.empty());
  store.fail_commits = false;
  release_as(store, Actor::cloud, {wrong}, Source::mqtt);
  CHECK(store.wrong_tokens.size() == 1);
}
