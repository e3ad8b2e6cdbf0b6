// What is sold out: two layers, words that end, the POS's lists and prices.
#include <doctest/doctest.h>

#include "print.hpp"
#include "script.hpp"

namespace storegate::core {
namespace {

using testing::Script;
using Listed = PosListed::Outcome;

Policy asking_policy() {
  Policy policy = testing::default_policy();
  policy.pos.availability_poll_ms = minute_ms;
  return policy;
}

Policy pricing_policy() {
  Policy policy = testing::default_policy();
  policy.pos.menu_poll_ms = 10 * minute_ms;
  policy.pos.check_prices = true;
  return policy;
}

/// item, available, by: of each change that was told, "taco off person" and so on.
std::string told(const Script& store) {
  std::string text;
  for (const EventRecord& event : store.events) {
    if (event.type != EventType::item_availability_changed) continue;
    const auto& d = event.details;
    text += (text.empty() ? "" : ", ") + std::get<std::string>(d[0].second) +
            (std::get<bool>(d[1].second) ? " on " : " off ") + std::get<std::string>(d[3].second);
  }
  return text;
}

/// Sends an order of one taco with this modifier; "" = none.
Reason reason_of(Script& store, const std::string& id, const std::string& modifier = "",
                 std::int64_t price = 0) {
  OrderArrived input = store.order(id, "kiosk", id);
  input.order.items[0].unit_price = Money{199};
  if (!modifier.empty()) input.order.items[0].modifiers.push_back({modifier, "", 1, Money{price}, {}});
  store.give(std::move(input));
  return store.row(id).reason;
}

}  // namespace

TEST_CASE("4.2 availability: an item is to be had only if people and the POS both let it be") {
  Script store(asking_policy());
  store.turn();
  store.pos_list(Listed::listed, {"taco"});
  CHECK(reason_of(store, "K-1") == Reason::item_unavailable);
  store.say("taco", true);  // a word does not outweigh the POS
  CHECK(reason_of(store, "K-2") == Reason::item_unavailable);
  store.say("taco", false);
  store.pass(2 * minute_ms);
  store.pos_list(Listed::listed);  // nor the POS a word
  CHECK(reason_of(store, "K-3") == Reason::item_unavailable);
  store.say("taco", true);
  CHECK(reason_of(store, "K-4") == Reason::none);
  CHECK(told(store) == "taco off pos, taco on person");
}

TEST_CASE(
    "4.2 availability: a modifier that is off rejects the order, by a word and by the POS's list alike") {
  Script store(asking_policy());
  store.turn();
  store.say("salt", false);
  store.pos_list(Listed::listed, {"lime"});
  CHECK(reason_of(store, "K-1", "salt") == Reason::item_unavailable);
  CHECK(reason_of(store, "K-2", "lime") == Reason::item_unavailable);
  CHECK(reason_of(store, "K-3", "rice") == Reason::none);
  AvailabilityArrived list;
  list.full = true;
  list.items.push_back({"taco", true, {}});
  store.give(std::move(list));
  CHECK(reason_of(store, "K-4", "rice") == Reason::none);  // a full list says nothing of modifiers
}

TEST_CASE("4.2 availability: both layers are there after a restart, the POS's list by what is off alone") {
  Script store(asking_policy());
  store.turn();
  store.pos_list(Listed::listed, {"taco", "soup"});
  store.say("cola", false);
  CHECK(store.availability.size() == 3);
  store.restart(true);
  CHECK(reason_of(store, "K-1") == Reason::item_unavailable);
  CHECK(reason_of(store, "K-2", "cola") == Reason::item_unavailable);
  store.pos_list(Listed::listed, {"soup"});
  CHECK(store.availability.size() == 2);
  CHECK(reason_of(store, "K-3") == Reason::none);
  CHECK(told(store) == "soup off pos, taco off pos, cola off person, taco on pos");
}

TEST_CASE("4.2 availability: only changes of both together are told and written") {
  Script store(asking_policy());
  store.turn();
  store.say("taco", false, store.now.wall_ms + hour_ms);
  const std::size_t commits = store.commits;
  store.say("taco", false, store.now.wall_ms + hour_ms);
  store.pos_list(Listed::listed, {});
  store.pass(30 * second_ms);
  CHECK(store.commits == commits);
  CHECK(told(store) == "taco off person");
  store.say("taco", false, store.now.wall_ms + 2 * hour_ms);  // its time is a part of what is told
  CHECK(told(store) == "taco off person, taco off person");
}

TEST_CASE("4.2 availability: a word ends by the clock, with an event, many in one commit") {
  Script store;
  AvailabilityArrived list;
  for (int i = 0; i < 300; ++i)
    list.items.push_back({"item-" + std::to_string(i), false, store.now.wall_ms + hour_ms});
  store.give(std::move(list));
  const std::size_t commits = store.commits;
  store.pass(hour_ms - 1);
  CHECK(store.commits == commits);
  store.pass(1);
  CHECK(store.commits == commits + 1);
  CHECK(store.count(EventType::item_availability_changed) == 600);
  CHECK(std::get<std::string>(store.events.back().details[3].second) == "clock");
  CHECK_FALSE(store.availability.begin()->second.item.until_wall_ms);
  store.restart();
  store.turn();
  CHECK(store.count(EventType::item_availability_changed) == 600);
}

TEST_CASE(
    "4.2 availability: no clock that jumps or is not trusted ends a word early, and a right one ends it late "
    "[I9]") {
  Script store;
  store.say("taco", false, store.now.wall_ms + hour_ms);
  store.now.wall_ms += 20LL * 365 * 24 * hour_ms;
  store.turn();
  CHECK(reason_of(store, "K-1") == Reason::item_unavailable);
  store.now.wall_trusted = false;
  store.turn();
  store.pass(2 * hour_ms);
  CHECK(reason_of(store, "K-2") == Reason::item_unavailable);
  store.now.wall_ms = testing::start_wall_ms;  // set back: its time is still to come
  store.now.wall_trusted = true;
  store.turn();
  CHECK(reason_of(store, "K-3") == Reason::item_unavailable);
  CHECK(told(store) == "taco off person");
  store.pass(hour_ms);
  CHECK(reason_of(store, "K-4") == Reason::none);
  CHECK(told(store) == "taco off person, taco on clock");
}

TEST_CASE(
    "4.2 availability: a word whose time was over while nothing ran ends with the first turn, if the clock "
    "is trusted") {
  Script store;
  store.say("taco", false, store.now.wall_ms + hour_ms);
  store.now.wall_ms = 1000;  // 1970
  store.now.wall_trusted = false;
  store.restart(true);
  store.turn();
  CHECK(reason_of(store, "K-1") == Reason::item_unavailable);
  store.now.wall_ms = testing::start_wall_ms + 2 * hour_ms;
  store.now.wall_trusted = true;
  store.turn();
  CHECK(told(store) == "taco off person, taco on clock");
}

TEST_CASE("4.2 availability: a turn that is undone leaves both layers, and its list is taken again") {
  Script store(asking_policy());
  store.turn();
  store.say("taco", false, store.now.wall_ms + hour_ms);
  store.fail_commits = true;
  store.say("taco", true);
  CHECK(store.last_answer().kind == AnswerKind::not_stored);
  store.pos_list(Listed::listed, {"soup"});
  store.fail_commits = false;
  CHECK(told(store) == "taco off person");
  store.pass(second_ms);
  CHECK(told(store) == "taco off person, soup off pos");
  CHECK(reason_of(store, "K-1") == Reason::item_unavailable);
  store.pass(hour_ms);
  CHECK(told(store) == "taco off person, soup off pos, taco on clock");
}

TEST_CASE("4.2 availability: a full list ends what it does not name, and says so") {
  Script store;
  store.say("taco", true);
  store.say("soup", false);
  AvailabilityArrived list;
  list.actor = Actor::cloud;
  list.full = true;
  list.items.push_back({"cola", true, {}});
  store.give(list);
  CHECK(told(store) == "soup off person, taco off cloud");  // the soup stays what it was: not to be had
  CHECK(reason_of(store, "K-1") == Reason::item_unknown);
  store.say("taco", true, {}, Actor::cloud);
  CHECK(told(store) == "soup off person, taco off cloud, taco on cloud");
  CHECK(reason_of(store, "K-2") == Reason::none);
}

TEST_CASE("4.2 availability: more items than are kept are refused, over MQTT with a dead letter") {
  Script store;
  AvailabilityArrived list;
  for (std::size_t i = 0; i < stock_items_max; ++i) list.items.push_back({std::to_string(i), false, {}});
  store.give(std::move(list));
  CHECK(store.availability.size() == stock_items_max);
  store.say("one more", false);
  CHECK(store.last_answer().kind == AnswerKind::conflict);
  CHECK(store.last_answer().why.find("20000 items") != std::string::npos);
  CHECK(store.availability.size() == stock_items_max);
  store.say("17", true);  // a word on one that is kept is taken
  CHECK(store.last_answer().kind == AnswerKind::done);
  AvailabilityArrived message;
  message.caller = store.next_caller();
  message.letter = {"stores/test/in/availability", "{}"};
  message.items.push_back({"one more", false, {}});
  store.give(std::move(message));
  CHECK(store.last_answer().kind == AnswerKind::done);
  CHECK(store.dead_letters.size() == 1);
}

TEST_CASE("4.2 availability: a person's word that is over already is refused, the cloud's only comes late") {
  Script store;
  store.say("taco", false, store.now.wall_ms);
  CHECK(store.last_answer().kind == AnswerKind::conflict);
  CHECK(store.last_answer().why == "the end lies in the past");
  CHECK(told(store).empty());
  AvailabilityArrived message;
  message.caller = store.next_caller();
  message.letter = {"stores/test/in/availability", "{}"};
  message.items.push_back({"taco", false, store.now.wall_ms - hour_ms});
  store.give(std::move(message));
  CHECK(store.last_answer().kind == AnswerKind::done);
  CHECK(reason_of(store, "K-1") == Reason::none);
  store.now.wall_trusted = false;  // then nobody knows what is past
  store.say("soup", false, 1000);
  CHECK(store.last_answer().kind == AnswerKind::done);
}

// ---------------------------------------------------------------- asking the POS

TEST_CASE(
    "4.2 availability: the POS's list is asked for at once, then at its interval, one request at a time") {
  Script store(asking_policy());
  store.turn();
  REQUIRE(store.lists.size() == 1);
  store.pass(hour_ms);
  CHECK(store.lists.size() == 1);  // no answer yet
  store.pos_list(Listed::listed);
  store.pass(44 * second_ms);
  CHECK(store.lists.empty());
  store.pass(32 * second_ms);
  CHECK(store.lists.size() == 1);
}

TEST_CASE("4.2 availability: a list that fails changes nothing and is asked for less and less often") {
  Script store(asking_policy());
  store.turn();
  store.pos_list(Listed::listed, {"taco"});
  Milliseconds last_ms = 0;
  for (int i = 0; i < 12; ++i) {
    const Milliseconds asked_ms = store.now.steady_ms;
    while (store.lists.empty()) store.pass(second_ms);
    last_ms = store.now.steady_ms - asked_ms;
    CHECK(last_ms <= list_poll_most_ms);
    store.pos_list(Listed::failed, {"soup"});
  }
  CHECK(last_ms >= list_poll_most_ms / 2);
  CHECK(told(store) == "taco off pos");
  CHECK(reason_of(store, "K-1") == Reason::item_unavailable);
}

TEST_CASE("4.2 availability: a POS without a list is believed the second time, and then asked once an hour") {
  Script store(asking_policy());
  store.turn();
  store.pos_list(Listed::listed, {"taco"});
  store.pass(2 * minute_ms);
  store.pos_list(Listed::no_list);
  CHECK(told(store) == "taco off pos");
  store.pass(2 * minute_ms);
  store.pos_list(Listed::no_list);
  CHECK(told(store) == "taco off pos, taco on pos");
  store.pass(40 * minute_ms);
  CHECK(store.lists.empty());
  store.pass(40 * minute_ms);
  CHECK(store.lists.size() == 1);
}

TEST_CASE(
    "4.2 availability: while the POS is not reached nobody asks it for lists, since the one try belongs to "
    "orders") {
  Script store(asking_policy());
  store.turn();
  store.pos_list(Listed::listed);
  store.arrive("C-1", "counter");
  store.pos(PosOutcome::not_delivered);
  CHECK_FALSE(store.engine->gateway().pos_reachable());
  for (int i = 0; i < 5; ++i) {
    store.pass(20 * second_ms);
    REQUIRE(store.open_requests() == 1);
    store.pos(PosOutcome::not_delivered);
  }
  CHECK(store.lists.empty());
  store.pass(20 * second_ms);
  store.pos(PosOutcome::took, "T1");
  CHECK(store.lists.size() == 1);
}

TEST_CASE(
    "4.2 availability: a refusal at placing asks the POS anew, at most every 5 s, and tells the partner who "
    "cancelled") {
  Script store(asking_policy());
  store.turn();
  store.pos_list(Listed::listed);
  store.pass(10 * second_ms);
  store.arrive("C-1", "counter");
  store.pos(PosOutcome::refused, "", "item_unavailable");
  CHECK(store.phase("C-1", "counter") == Phase::cancelled);
  CHECK(store.row("C-1", "counter").reason == Reason::item_unavailable);
  CHECK(store.row("C-1", "counter").cancelled_by == Actor::pos);
  CHECK(store.events.back().actor == Actor::pos);
  REQUIRE(store.lists.size() == 1);
  store.arrive("C-2", "counter");
  store.pos(PosOutcome::refused, "", "item_unavailable");  // while it is being asked
  store.pos_list(Listed::listed);
  CHECK(store.lists.empty());
  store.pass(5 * second_ms);
  REQUIRE(store.lists.size() == 1);
  store.pos_list(Listed::listed, {"taco"});
  store.arrive("C-3", "counter");
  CHECK(store.row("C-3", "counter").reason == Reason::item_unavailable);
  CHECK(store.phase("C-3", "counter") == Phase::rejected);
}

TEST_CASE("4.2 availability: a POS that is no longer asked has nothing off") {
  Script store(asking_policy());
  store.turn();
  store.pos_list(Listed::listed, {"taco"});
  store.engine->gateway().set_policy(testing::default_policy(), store.now);
  CHECK(reason_of(store, "K-1") == Reason::item_unavailable);  // its order came first
  CHECK(reason_of(store, "K-2") == Reason::none);
  CHECK(told(store) == "taco off pos, taco on pos");
}

// ---------------------------------------------------------------- prices

TEST_CASE(
    "4.2 price: what differs from the POS's menu by more than the tolerance is rejected, items and "
    "modifiers") {
  Script store(pricing_policy());
  store.turn();
  CHECK(reason_of(store, "K-0") == Reason::none);  // nobody knows the prices yet
  store.pos_list(Listed::listed, {}, {{"taco", Money{200}}, {"salt", Money{5}}});
  CHECK(reason_of(store, "K-1") == Reason::none);
  CHECK(reason_of(store, "K-2", "salt", 6) == Reason::none);
  CHECK(reason_of(store, "K-3", "salt", 7) == Reason::price_mismatch);
  CHECK(reason_of(store, "K-4", "lime", 90) == Reason::none);  // not on the menu
  store.pass(20 * minute_ms);
  store.pos_list(Listed::listed, {}, {{"taco", Money{201}}});
  CHECK(reason_of(store, "K-5") == Reason::price_mismatch);
  store.pass(20 * minute_ms);
  store.pos_list(Listed::failed);
  CHECK(reason_of(store, "K-6") == Reason::price_mismatch);
}

TEST_CASE("4.2 price: an old menu, and one of an earlier process, are no ground to reject") {
  Script store(pricing_policy());
  store.turn();
  store.pos_list(Listed::listed, {}, {{"taco", Money{300}}});
  CHECK(reason_of(store, "K-1") == Reason::price_mismatch);
  store.pass(25 * hour_ms);
  CHECK(reason_of(store, "K-2") == Reason::none);
  store.pos_list(Listed::listed, {}, {{"taco", Money{300}}});
  CHECK(reason_of(store, "K-3") == Reason::price_mismatch);
  store.restart();
  CHECK(reason_of(store, "K-4") == Reason::none);
}

}  // namespace storegate::core
