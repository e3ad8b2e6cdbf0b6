// who: an event that says that somebody released or cancelled an order tells the truth: that command reached the gateway,
// by that way, or a time came by itself; so does one that says who answered for a parked order, or opened and paused the
// store. A token that is not the order's is nobody's word, and is reported.
#include <algorithm>
#include <string>

#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

namespace {

bool is_command(std::string_view by) {
  return by == "partner" || by == "cloud" || by == "person" || by == "customer";
}

/// Early: it was there before its order. Late: it found the order parked, since its hold was over.
bool is_why_true(const Scene& scene, const Story& story, const Seen& seen) {
  if (seen.previous_phase == "parked") return seen.why == "late";
  if (seen.why == "early")
    return story.release_reached_ms <= (story.thin ? seen.at_ms : story.acknowledged_ms);
  const bool came_early = story.release_acknowledged_ms < story.reached_ms && !scene.plan.ages.on;
  return seen.why.empty() && !came_early;
}

bool is_release_true(const Scene& scene, const Story& story, const Seen& seen) {
  if (seen.by == "policy") return story.mode == core::ReleaseMode::immediate && seen.why == "immediate";
  if (seen.by == "clock") {
    const bool at_time = story.mode == core::ReleaseMode::at_time;
    return story.clock_may_release_ms != never && seen.why == (at_time ? "at_time" : "fallback");
  }
  return is_command(seen.by) && story.released_by.contains(seen.by) && is_why_true(scene, story, seen);
}

bool is_cancel_true(const Story& story, const Seen& seen) {
  if (is_command(seen.by)) return story.cancelled_by.contains(seen.by);
  if (seen.by == "pos") return true;  // the checkers "refused" and "follow" know
  return seen.by == "clock" && seen.previous_phase == "held" && seen.reason == "timed_out" &&
         story.mode == core::ReleaseMode::on_event && story.fallback == core::FallbackPolicy::cancel &&
         story.hold_may_end_ms != never;
}

/// A hold that is over parks an order where that is its fallback.
bool is_parked_truly(const Story& story, const Seen& seen) {
  if (seen.previous_phase != "held" || seen.reason == "by_hand") return true;  // "called" knows
  return seen.reason == "release_overdue" && story.mode == core::ReleaseMode::on_event &&
         story.fallback == core::FallbackPolicy::park && story.hold_may_end_ms != never;
}

/// A person's answers, in the order in which the cloud has them.
constexpr std::uint32_t said_placed = 1U;

bool is_resolved_truly(const Story& story, const Seen& seen) {
  const std::uint32_t wanted = seen.phase == "placed" ? said_placed : ~said_placed;
  return seen.by == "person" && (story.answers_reached & wanted) != 0;
}

}  // namespace

void told_by_somebody(const Scene& scene, const Story& story) {
  if (story.reborn) return;  // the events of two orders
  const Seen& seen = story.events.back();
  if (seen.name == "released" && !is_release_true(scene, story, seen))
    scene.blame("who", name_of(story) + " is told to be released by '" + seen.by + "' (" + seen.why +
                           "), who did not");
  if (seen.name == "cancelled" && !is_cancel_true(story, seen))
    scene.blame("who", name_of(story) + " is told to be cancelled by '" + seen.by + "', who did not");
  if (seen.name == "resolved" && !is_resolved_truly(story, seen))
    scene.blame("who", name_of(story) + " is told to be resolved as " + seen.phase + " by '" + seen.by +
                           "', who did not");
  if (seen.name == "parked" && !is_parked_truly(story, seen))
    scene.blame("who", name_of(story) + " is parked by a fallback that is not its own");
}

// ---------------------------------------------------------------- the store

namespace {

std::string until_text(std::int64_t until_ms) {
  return until_ms == never ? "null" : std::to_string(world_began_ms + until_ms);
}

/// A member that is a number or null.
std::string plain_member(std::string_view data, std::string_view name) {
  std::string wanted = "\"";
  wanted.append(name).append("\":");
  const std::size_t at = data.find(wanted);
  if (at == std::string_view::npos) return {};
  data.remove_prefix(at + wanted.size());
  return std::string(data.substr(0, data.find_first_of(",}")));
}

bool said_by_person(const Scene& scene, std::string_view status, std::string_view until) {
  const auto& words = scene.ledger.store_words();
  return std::any_of(words.begin(), words.end(), [&](const StoreWord& word) {
    return word.reached_ms != never && status == (word.paused ? "paused" : "open") &&
           until == until_text(word.until_ms);
  });
}

}  // namespace

void StoreTold::on_event(const Scene& scene, std::string_view data) {
  constexpr std::int64_t clock_margin_ms = 3000;
  const std::string status(member_text(data, "status"));
  const std::string by(member_text(data, "by"));
  const std::string until = plain_member(data, "until_ms");
  if (status == status_ && until == until_)
    scene.blame("who", "the store is told to be " + status + " anew, and was");
  const bool ends = status == "open" && status_ == "paused" && until_ != "null";
  const bool too_early = ends && clocks_stay_right(scene.plan) &&
                         world_began_ms + scene.now_ms < std::stoll(until_) - clock_margin_ms;
  const bool is_true =
      by == "clock" ? ends && !too_early : by == "person" && said_by_person(scene, status, until);
  if (!is_true)
    scene.blame("who", "the store is told to be " + status + " by '" + by + "', who did not say so");
  status_ = status;
  until_ = until;
}

void StoreTold::judge_end(const Scene& scene) const {
  const StoreWord* last = nullptr;
  for (const StoreWord& word : scene.ledger.store_words()) {
    if (word.reached_ms == never || word.refused) continue;
    if (last == nullptr || word.reached_ms >= last->reached_ms) last = &word;
  }
  if (last != nullptr && last->taken && !last->paused && status_ != "open")
    scene.blame("who", "the store was opened at the end, and its consumer was not told");
}

// ---------------------------------------------------------------- nobody

void wrong_token_reported(const Scene& scene, Story& story) {
  if (story.wrong_tokens == 0)
    scene.blame("who", name_of(story) + ": a wrong token is reported and nobody used one");
}

}  // namespace storegate::sim::check
