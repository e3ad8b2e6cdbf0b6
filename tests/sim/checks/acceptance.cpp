// The rules once more, each as a reason with what it is about.
#include "sim/checks/acceptance.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>
#include <string>

namespace storegate::sim::check {

namespace {

struct Rule {
  std::string_view reason;
  std::string_view why;
};
enum : std::size_t {
  by_partner,
  by_pause,
  by_hours,
  by_currency,
  by_promise,
  by_deadline,
  by_sending,
  by_orders,
  by_items,
  by_test
};
// As a partner has to act on them; items and prices, which are judged elsewhere, stand between.
constexpr std::array<Rule, 10> rules{{{"store_closed", "partner"},
                                      {"store_closed", "paused"},
                                      {"store_closed", "hours"},
                                      {"invalid_order", "currency"},
                                      {"timed_out", "promised_at"},
                                      {"timed_out", "placed_at"},
                                      {"timed_out", "sent_at"},
                                      {"too_busy", "orders"},
                                      {"too_busy", "items"},
                                      {"other", "test"}}};
constexpr std::array<std::string_view, 8> ranks{"store_closed",     "invalid_order",  "item_unknown",
                                                "item_unavailable", "price_mismatch", "timed_out",
                                                "too_busy",         "other"};

// A turn that comes late looks at what is waiting before it looks what is done cooking.
constexpr std::int64_t turn_late_ms = 3000;
constexpr std::int64_t asleep_ms_max = 65'000;

std::size_t rank_of(std::string_view reason) {
  return static_cast<std::size_t>(std::find(ranks.begin(), ranks.end(), reason) - ranks.begin());
}

/// The inside of `"reasons":[…]`, "" if there is none.
std::string_view reasons_in(std::string_view body) {
  constexpr std::string_view name = R"("reasons":[)";
  const std::size_t at = body.find(name);
  if (at == std::string_view::npos) return {};
  body.remove_prefix(at + name.size());
  return body.substr(0, body.find(']'));
}

/// An order that may be in the kitchen, by its row.
enum class Cooking : std::uint8_t { no, perhaps, yes };

Cooking cooking(const Scene& scene, const core::Now& now, const core::Order& order) {
  switch (order.phase) {
    case core::Phase::queued:
    case core::Phase::sending:
    case core::Phase::voiding: return Cooking::yes;
    case core::Phase::placed: break;
    default: return Cooking::no;
  }
  if (order.pos_status != core::PosStatus::unknown) return Cooking::yes;
  // What the POS said first is written some time; until then the row does not show it.
  const bool may_have_said = scene.plan.policy.pos.watch_ms > 0 || scene.plan.follow_up.pos_tells;
  if (order.placed.boot != now.boot) return Cooking::perhaps;
  const std::int64_t cooked_ms = order.placed.steady_ms + scene.plan.policy.prep_ms;
  if (cooked_ms > now.steady_ms) return Cooking::yes;
  const std::int64_t late_ms = scene.plan.faults.suspends > 0 ? asleep_ms_max : turn_late_ms;
  return now.steady_ms - cooked_ms > late_ms && !may_have_said ? Cooking::no : Cooking::perhaps;
}

}  // namespace

struct Acceptance::Marks {
  std::uint32_t must = 0;
  std::uint32_t may = 0;
  void set_must(std::size_t rule) { must |= 1U << rule; }
  void set_may(std::size_t rule) { may |= 1U << rule; }
};

void Acceptance::on_clock_changed(std::int64_t now_ms, const Clock& clock) {
  if (!right_) last_wrong_ms_ = now_ms;
  trusted_ = clock.trusted();
  right_ = clock.trusted() && clock.error_ms() == 0;
  if (!right_) last_wrong_ms_ = now_ms;
}

// The word that reached the gateway last counts, if it was taken; while it is being decided, or when its answer never
// came to be, nobody knows.
void Acceptance::judge_pause(const Scene& scene, Marks& marks) const {
  const StoreWord* last = nullptr;
  for (const StoreWord& word : scene.ledger.store_words()) {
    if (word.reached_ms > scene.now_ms || word.refused) continue;
    if (last == nullptr || word.reached_ms >= last->reached_ms) last = &word;
  }
  if (last == nullptr) return;
  if (!last->taken || last->answered_ms >= scene.now_ms) return marks.set_may(by_pause);
  if (!last->paused) return;
  if (last->until_ms == never) return marks.set_must(by_pause);
  if (!right_ || last_wrong_ms_ >= last->reached_ms) return marks.set_may(by_pause);
  if (scene.now_ms < last->until_ms) marks.set_must(by_pause);
}

void Acceptance::judge_store(const Scene& scene, const Story& story, Marks& marks) const {
  const core::Policy& policy = scene.plan.policy;
  if (!policy.partners.find(story.partner)->second.enabled) marks.set_must(by_partner);
  if (story.foreign_currency) marks.set_must(by_currency);
  if (story.test && policy.test_orders == core::TestOrders::reject) marks.set_must(by_test);
  judge_pause(scene, marks);
  if (!policy.hours) return;
  const Closed& closed = scene.plan.closed;
  if (right_ && scene.now_ms >= closed.from_ms && scene.now_ms < closed.until_ms) marks.set_must(by_hours);
  if (!right_ && trusted_) marks.set_may(by_hours);
}

void Acceptance::judge_times(const Scene& scene, const Story& story, Marks& marks) const {
  if (!trusted_) return;
  const core::Policy& policy = scene.plan.policy;
  const std::int64_t within_ms = policy.partners.find(story.partner)->second.decide_within_ms;
  if (!right_) {
    marks.set_may(by_promise);
    if (within_ms > 0) marks.set_may(story.placed_ms ? by_deadline : by_sending);
    return;
  }
  if (story.promised_ms && *story.promised_ms < scene.now_ms - policy.pos.expire_ms)
    marks.set_must(by_promise);
  // When an announcement was sent on says nothing of its order.
  const auto since = story.placed_ms || story.thin ? story.placed_ms : story.sent_ms;
  if (within_ms > 0 && since && *since < scene.now_ms - within_ms)
    marks.set_must(story.placed_ms ? by_deadline : by_sending);
}

// What was there before and stays is there while the turn decides; what comes or goes in it may be.
void Acceptance::judge_kitchen(const Scene& scene, const core::Now& now, const Fold& rows,
                               const core::Changes& changes, const core::Order& order, Marks& marks) const {
  const core::Policy& policy = scene.plan.policy;
  if (policy.kitchen_orders_max == 0 && policy.kitchen_items_max == 0) return;
  if (order.test && policy.test_orders == core::TestOrders::simulate) return;
  std::int64_t orders_least = 0, items_least = 0, orders_most = 0, items_most = 0;
  const auto count = [&](Cooking before, Cooking after, std::int64_t items) {
    if (before == Cooking::yes && after == Cooking::yes) ++orders_least, items_least += items;
    if (before != Cooking::no || after != Cooking::no) ++orders_most, items_most += items;
  };
  const auto after_of = [&](core::OrderNumber number) -> const core::Order* {
    for (const core::Order& changed : changes.orders)
      if (changed.number == number) return &changed;
    return nullptr;
  };
  std::set<core::OrderNumber> seen;
  rows.for_each_live([&](const core::Order& before) {
    seen.insert(before.number);
    const core::Order* after = after_of(before.number);
    // It passes through the phases that count within one turn: cancelled while it is queued, say.
    const Cooking now_is = cooking(scene, now, before);
    // Of one that is announced nobody knows its items before it is fetched.
    const std::int64_t items =
        after == nullptr ? before.item_count : std::max(before.item_count, after->item_count);
    count(now_is, after == nullptr ? now_is : cooking(scene, now, *after), items);
    if (after != nullptr && now_is == Cooking::no && cooking(scene, now, *after) == Cooking::no)
      ++orders_most, items_most += items;
  });
  for (const core::Order& fresh : changes.orders) {
    if (fresh.number == order.number || seen.contains(fresh.number)) continue;
    ++orders_most, items_most += fresh.item_count;
  }
  // By a clock that is an hour slow an order is for later, and the kitchen does not count.
  if (trusted_ && !right_) orders_least = items_least = -order.item_count;
  if (policy.kitchen_orders_max > 0) {
    if (orders_least + 1 > policy.kitchen_orders_max) marks.set_must(by_orders);
    if (orders_most + 1 > policy.kitchen_orders_max) marks.set_may(by_orders);
  }
  if (policy.kitchen_items_max > 0) {
    if (items_least + order.item_count > policy.kitchen_items_max) marks.set_must(by_items);
    if (items_most + order.item_count > policy.kitchen_items_max) marks.set_may(by_items);
  }
}

void Acceptance::judge(const Scene& scene, const Clock& clock, const Fold& rows,
                       const core::Changes& changes) const {
  if (changes.bodies.empty()) return;
  const core::Now now = clock.now(scene.now_ms);
  for (const core::OrderBody& body : changes.bodies) {
    const auto row = std::find_if(changes.orders.begin(), changes.orders.end(),
                                  [&](const core::Order& order) { return order.number == body.number; });
    Story* story =
        row == changes.orders.end() ? nullptr : scene.ledger.find(row->partner, row->partner_order_id);
    if (story == nullptr) continue;
    if (story->thin && body.canonical.empty()) continue;  // it ended unseen
    Marks marks;
    judge_store(scene, *story, marks);
    judge_times(scene, *story, marks);
    judge_kitchen(scene, now, rows, changes, *row, marks);
    Hearing& hearing = story->hearing;
    if (hearing.judged && !hearing.fixed) {  // the try before this one may have been written all the same
      hearing.may |= marks.may | marks.must | hearing.must;
      hearing.must &= marks.must;
    } else {
      hearing = {true, false, marks.must, marks.may | marks.must};
    }
  }
}

void Acceptance::written(const Scene& scene, const core::Changes& changes) {
  if (changes.bodies.empty()) return;
  for (const core::Order& order : changes.orders) {
    Story* story = scene.ledger.find(order.partner, order.partner_order_id);
    if (story != nullptr && story->hearing.judged) story->hearing.fixed = true;
  }
}

void Acceptance::told(const Scene& scene, const Story& story, std::string_view phase, std::string_view body) {
  if (!story.hearing.judged || story.unseen || story.reborn || story.must_be_refused || phase == "cancelled")
    return;
  std::string_view left = reasons_in(body);
  if (phase == "rejected" && left.empty())
    return scene.blame("acceptance", name_of(story) + " is rejected and no reason is told");
  if (left == R"({"reason":"too_busy"})") return;  // no room at the door: nothing else was looked at
  if (phase == "rejected" && member_text(body, "reason") != member_text(left, "reason"))
    scene.blame("acceptance", name_of(story) + ": the first reason told is not the order's");
  std::uint32_t told = 0;
  std::size_t rank = 0;
  while (!left.empty()) {
    const std::string_view one = left.substr(0, left.find('}'));
    left.remove_prefix(std::min(left.size(), one.size() + 1));
    const std::string_view reason = member_text(one, "reason");
    const std::string_view why = member_text(one, "why");
    if (reason.empty()) continue;
    if (rank_of(reason) < rank)
      scene.blame("acceptance", name_of(story) + ": " + std::string(reason) + " is told too late");
    rank = rank_of(reason);
    for (std::size_t rule = 0; rule < rules.size(); ++rule)
      if (rules[rule].reason == reason && rules[rule].why == why) told |= 1U << rule;
  }
  for (std::size_t rule = 0; rule < rules.size(); ++rule) {
    const std::string text = std::string(rules[rule].reason) + " (" + std::string(rules[rule].why) + ")";
    const auto has = [&](std::uint32_t bits) { return ((bits >> rule) & 1U) != 0; };
    if (has(story.hearing.must) && !has(told))
      scene.blame("acceptance",
                  name_of(story) + " is " + std::string(phase) + ", and it should hear " + text);
    if (has(told) && !has(story.hearing.may))
      scene.blame("acceptance", name_of(story) + " hears " + text + " for nothing");
  }
}

void placement_is_no_test(const Scene& scene, const Story& story) {
  if (story.test && scene.plan.policy.test_orders == core::TestOrders::simulate)
    scene.blame("acceptance", name_of(story) + " is a test that is not to be cooked, and goes to the POS");
  if (story.last() != nullptr && story.last()->phase == "rejected")
    scene.blame("acceptance", name_of(story) + " was rejected, and goes to the POS");
}

}  // namespace storegate::sim::check
