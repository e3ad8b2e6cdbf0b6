// Lanes by partner and kind of request. How often an API failed in a row is counted only where that is certain, so the gateway
// has counted at least as often and waits at least as long.
#include "sim/checks/api_pace.hpp"

#include <algorithm>

namespace storegate::sim::check {

namespace {

constexpr std::int64_t first_ms = 1000;
constexpr std::int64_t doublings_most = 6;
constexpr std::int64_t later_most_ms = 10 * core::minute_ms;
// A turn and its commit on a slow disk, and turns that were written since: a machine that sleeps, or a disk that stalls for longer,
// keeps everybody waiting.
constexpr std::int64_t lag_ms = 8000;
constexpr std::int64_t turns_least = 4;

std::int64_t ceiling_ms(ApiPaceWatch::Kind kind) {
  return kind == ApiPaceWatch::Kind::fetch ? 15'000 : core::minute_ms;
}

std::int64_t whole_ms(ApiPaceWatch::Kind kind, std::int64_t times) {
  return std::min(ceiling_ms(kind), first_ms << std::min(times - 1, doublings_most));
}

/// No answer to what was asked.
bool is_failure(int status) { return status == 0 || status == 401 || status == 429 || status >= 500; }

std::string described(const std::pair<std::string, ApiPaceWatch::Kind>& name) {
  return name.first + "'s API for " + (name.second == ApiPaceWatch::Kind::fetch ? "orders" : "notices");
}

}  // namespace

void ApiPaceWatch::begin(const Scene& scene, const core::Loaded& loaded) {
  lanes_.clear();
  for (const core::Order& order : loaded.live) note(scene, order);
}

void ApiPaceWatch::on_turn_begins(const Scene& scene, bool whole, std::int64_t woke_ms) {
  for (auto& [name, lane] : lanes_) {
    if (whole && lane.known.times != lane.heard.times) lane.known_since_ms = scene.now_ms;
    if (whole) lane.known = lane.heard;
    judge_waiting(scene, name, lane, woke_ms);
  }
}

// Another partner's outage is no reason to wait.
void ApiPaceWatch::judge_waiting(const Scene& scene, const Name& name, const Lane& lane,
                                 std::int64_t woke_ms) {
  if (!lane.open.empty() || lane.waiting.empty() || lane.turns < turns_least) return;
  const auto oldest =
      std::min_element(lane.waiting.begin(), lane.waiting.end(),
                       [](const auto& left, const auto& right) { return left.second < right.second; });
  const bool is_there = lane.heard.times == 0;
  const std::int64_t since_ms = std::max({lane.touched_ms, oldest->second, woke_ms});
  const std::int64_t by_ms =
      std::max(since_ms + (is_there ? 0 : ceiling_ms(name.second)), lane.heard.later_ms) + lag_ms;
  if (scene.now_ms > by_ms)
    scene.blame("pace", oldest->first + " waits for " + described(name) +
                            ", which nobody has asked anything for " +
                            std::to_string(scene.now_ms - lane.touched_ms) + " ms");
}

void ApiPaceWatch::asked(const Scene& scene, Kind kind, std::uint64_t call, const Story& story) {
  const Name name{story.partner, kind};
  Lane& lane = lanes_[name];
  const Failing& known = lane.known;
  if (known.times > 0 && !lane.open.empty())
    scene.blame("pace", described(name) + " is away and gets " + std::to_string(lane.open.size() + 1) +
                            " requests at once");
  if (known.times > 0 && scene.now_ms - known.at_ms < whole_ms(kind, known.times) / 2)
    scene.blame("pace", described(name) + " failed " + std::to_string(known.times) +
                            " times in a row and is tried again after " +
                            std::to_string(scene.now_ms - known.at_ms) + " ms");
  if (scene.now_ms < known.later_ms)
    scene.blame("pace", described(name) + " is asked " + std::to_string(known.later_ms - scene.now_ms) +
                            " ms before the time it named");
  lane.open.emplace(call, scene.now_ms);
  lane.touch(scene.now_ms);
  lane.waiting.erase(story.id);
  lane.tried.insert(story.id);
}

void ApiPaceWatch::heard(const Scene& scene, std::uint64_t call, int status, std::int64_t retry_after_s) {
  for (auto& [name, lane] : lanes_) {
    const auto found = lane.open.find(call);
    if (found == lane.open.end()) continue;
    const std::int64_t asked_ms = found->second;
    lane.open.erase(found);
    lane.touch(scene.now_ms);
    if (!is_failure(status)) {
      lane.heard = lane.known = {};
      return;
    }
    const std::int64_t later_ms = scene.now_ms + std::min(retry_after_s * 1000, later_most_ms);
    lane.heard.later_ms = std::max(lane.heard.later_ms, later_ms);
    // What was asked before the last failure was known fails with it.
    const bool is_another =
        lane.heard.times == 0 || (lane.known.times == lane.heard.times && asked_ms > lane.known_since_ms);
    if (!is_another) return;
    ++lane.heard.times;
    lane.heard.at_ms = scene.now_ms;
    return;
  }
}

void ApiPaceWatch::note(const Scene& scene, const core::Order& order) {
  const auto policy = scene.plan.policy.partners.find(order.partner);
  if (policy == scene.plan.policy.partners.end()) return;
  if (policy->second.fetches) note(scene, Kind::fetch, order, order.phase == core::Phase::fetching);
  if (!policy->second.tells.empty()) note(scene, Kind::tell, order, !order.owed.empty());
}

void ApiPaceWatch::note(const Scene& scene, Kind kind, const core::Order& order, bool waits) {
  Lane& lane = lanes_[{order.partner, kind}];
  if (!waits)
    lane.waiting.erase(order.partner_order_id);
  else if (!lane.tried.contains(order.partner_order_id) &&
           lane.waiting.try_emplace(order.partner_order_id, scene.now_ms).second && lane.waiting.size() == 1)
    lane.turns = 0;
}

// While there is no room nothing is fetched, and after a failed sync nothing more is written.
void ApiPaceWatch::written(const Scene& scene, const core::Changes& changes) {
  for (auto& [name, lane] : lanes_) {
    if (changes.from_reserve)
      lane.touch(scene.now_ms);
    else
      ++lane.turns;
  }
  for (const core::Order& order : changes.orders) note(scene, order);
}

void ApiPaceWatch::on_commit_failed(const Scene& scene) {
  for (auto& [name, lane] : lanes_) lane.touch(scene.now_ms);
}

}  // namespace storegate::sim::check
