// The rules of fetching once more, from outside.
#include "sim/checks/fetch.hpp"

#include <algorithm>

#include "core/order.hpp"

namespace storegate::sim::check {

namespace {

constexpr std::int64_t at_once_most = 4;
constexpr int tries_before_given_up = 3;
constexpr int looks_most = 8;
constexpr std::int64_t hour_ms = 60 * core::minute_ms;
// From a decision to its commit; a machine that sleeps meanwhile adds its sleep.
constexpr std::int64_t tolerance_ms = 1500;
constexpr std::int64_t asleep_ms_max = 65'000;
// However late an order is, it is asked for so long after a start.
constexpr std::int64_t after_start_ms = 10 * core::minute_ms;
constexpr std::int64_t looked_at_within_ms = core::minute_ms;

bool is_decided(const Story& story) { return story.decided_ms != never; }

std::int64_t within_ms(const Scene& scene, const Story& story) {
  const std::int64_t wanted_ms = scene.plan.policy.partners.find(story.partner)->second.fetch_within_ms;
  return wanted_ms > 0 ? wanted_ms : hour_ms;
}

}  // namespace

void FetchWatch::begin(const Scene& scene, const core::Loaded& loaded) {
  open_.clear();
  gone_.clear();
  unreadable_.clear();
  looks_.clear();
  released_.clear();
  decided_to_ms_ = -1;
  loaded_ms_ = scene.now_ms;
  for (const core::Order& order : loaded.live)
    found(scene, order.partner, order.partner_order_id, order.phase, order.body_digest);
  for (const core::Loaded::Ended& order : loaded.ended)
    found(scene, order.partner, order.partner_order_id, order.phase, order.body_digest);
}

void FetchWatch::found(const Scene& scene, const std::string& partner, const std::string& id,
                       core::Phase phase, const core::Digest& body) {
  Story* story = scene.ledger.find(partner, id);
  if (story == nullptr || !story->thin) return;
  if (phase == core::Phase::fetching) story->taken_unseen = true;
  if (phase == core::Phase::fetching || is_decided(*story)) return;
  story->decided_ms = scene.now_ms;
  story->unseen = phase == core::Phase::rejected && body == core::Digest{};
}

void FetchWatch::asked(const Scene& scene, std::uint64_t call, std::size_t index) {
  if (index == SIZE_MAX) return scene.blame("fetch", "an order is fetched that nobody announced");
  Story& story = scene.ledger.story(index);
  for (const auto& [other, of] : open_)
    if (of == index) scene.blame("fetch", name_of(story) + " is fetched twice at once");
  open_.emplace(call, index);
  const auto at_once = std::count_if(open_.begin(), open_.end(), [&](const auto& other) {
    return scene.ledger.story(other.second).partner == story.partner;
  });
  if (at_once > at_once_most) scene.blame("fetch", std::to_string(at_once) + " orders are fetched at once");
  if (story.announced_ms == never) scene.blame("fetch", name_of(story) + " is fetched and was not announced");
  // Of one that is decided there must be news, which were announced after it was looked at last.
  if (is_decided(story) && story.announced_ms < story.looked_at_ms)
    scene.blame("fetch", name_of(story) + " is fetched again though nothing was announced since");
  if (const auto looks = looks_.find(index); looks != looks_.end() &&
                                             looks->second.announced_ms == story.announced_ms &&
                                             looks->second.count >= looks_most)
    scene.blame("fetch", name_of(story) + " is fetched again and again");
  const std::int64_t asleep_ms = scene.plan.faults.suspends > 0 ? asleep_ms_max : 0;
  const bool is_judged = clocks_stay_right(scene.plan);
  if (!is_decided(story) && story.acknowledged_ms != never && is_judged &&
      scene.now_ms > std::max(story.acknowledged_ms + within_ms(scene, story),
                              loaded_ms_ + std::min(after_start_ms, within_ms(scene, story))) +
                         tolerance_ms + asleep_ms)
    scene.blame("fetch", name_of(story) + " is fetched though its time is over");
  story.asked_ms = decided_to_ms_;
}

void FetchWatch::ended(std::uint64_t call) { open_.erase(call); }

void FetchWatch::heard(const Scene& scene, std::size_t index, const core::OrderFetched& fetched) {
  Story& story = scene.ledger.story(index);
  using Outcome = core::FetchOutcome;
  if (fetched.outcome == Outcome::gone) ++gone_[index];
  if (fetched.outcome == Outcome::unreadable) ++unreadable_[index];
  if (fetched.outcome != Outcome::fetched) return;
  if (is_decided(story)) {
    Looks& looks = looks_[index];
    if (looks.announced_ms != story.announced_ms) looks = {story.announced_ms, 0};
    ++looks.count;
  }
  if (fetched.released) {
    story.released_by.insert("partner");
    story.release_reached_ms = std::min(story.release_reached_ms, scene.now_ms);
    if (!is_decided(story)) released_.insert(index);
  }
  if (!fetched.cancelled) {
    if (!is_decided(story)) story.fetched_open_ms = scene.now_ms;
    return;
  }
  story.cancelled_by.insert("partner");
  story.cancel_reached_ms = std::min(story.cancel_reached_ms, scene.now_ms);
}

// Rejected without having been seen: its time was over, or its partner said often enough that there is no such order.
void FetchWatch::judge_given_up(const Scene& scene, const Story& story, const core::Order& order) const {
  if (order.reason == core::Reason::timed_out) {
    if (clocks_stay_right(scene.plan) &&
        scene.now_ms - story.reached_ms < within_ms(scene, story) - tolerance_ms)
      scene.blame("fetch", name_of(story) + " is given up after " +
                               std::to_string(scene.now_ms - story.reached_ms) + " ms");
    return;
  }
  const auto times = [&](const std::map<std::size_t, int>& counts) {
    const auto index = static_cast<std::size_t>(&story - scene.ledger.stories().data());
    const auto found = counts.find(index);
    return found == counts.end() ? 0 : found->second;
  };
  // Over MQTT one for which there is no room is taken all the same, and rejected at once.
  if (order.reason == core::Reason::too_busy && story.over_mqtt && !story.taken_unseen) return;
  if (order.reason != core::Reason::invalid_order)
    scene.blame("fetch",
                name_of(story) + " is rejected unseen for " + std::string(core::name_of(order.reason)));
  else if (times(gone_) + times(unreadable_) < tries_before_given_up)
    scene.blame("fetch", name_of(story) + " is given up at the first word");
}

void FetchWatch::written(const Scene& scene, const core::Changes& changes) {
  for (const core::Order& order : changes.orders) {
    Story* story = scene.ledger.find(order.partner, order.partner_order_id);
    if (story == nullptr || !story->thin || story->reborn) continue;
    if (!order.look_again && order.phase != core::Phase::fetching)
      story->looked_at_ms = std::max(story->looked_at_ms, story->asked_ms);
    if (order.phase == core::Phase::fetching) story->taken_unseen = true;
    if (order.phase == core::Phase::fetching || is_decided(*story)) continue;
    story->decided_ms = scene.now_ms;
    // What was typed in says nothing of its courier.
    const bool released = released_.contains(static_cast<std::size_t>(story - scene.ledger.stories().data()));
    if (released && order.phase == core::Phase::held && story->whole_reached_ms == never)
      scene.blame("fetch", name_of(*story) + " is held though its courier waited when it was fetched");
    const bool seen = std::any_of(
        changes.bodies.begin(), changes.bodies.end(),
        [&](const core::OrderBody& body) { return body.number == order.number && !body.canonical.empty(); });
    story->unseen = order.phase == core::Phase::rejected && !seen;
    if (story->unseen) judge_given_up(scene, *story, order);
    if (seen && story->fetched_open_ms == never && order.phase != core::Phase::cancelled)
      scene.blame("fetch", name_of(*story) + " is decided and its partner gave nothing of it");
  }
}

void FetchWatch::judge_end(const Scene& scene, std::int64_t healed_ms) {
  for (const Story& story : scene.ledger.stories()) {
    if (!story.thin || story.reborn || story.acknowledged_ms == never) continue;
    // That there is no such order is believed when it was said for five minutes.
    const std::int64_t within = looked_at_within_ms + (story.never_there ? 7 * core::minute_ms : 0);
    const std::int64_t by_ms = std::max(story.acknowledged_ms, healed_ms) + within;
    if (story.decided_ms > by_ms)
      scene.blame_liveness("fetch", name_of(story) + " was announced and is not fetched");
    const Seen* last = story.last();
    if (last == nullptr || story.news_heard_ms == never || last->phase != "completed") continue;
    if (story.first_named("cancel_refused") != nullptr || story.refusals > 0) continue;
    const std::int64_t looked_by_ms = std::max(story.news_heard_ms, healed_ms) + looked_at_within_ms;
    if (story.ended_ms > looked_by_ms)
      scene.blame("fetch",
                  name_of(story) + " was cancelled by its partner, who announced it, and is completed");
  }
}

}  // namespace storegate::sim::check
