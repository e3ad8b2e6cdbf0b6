// I9: whatever the clocks show, no order is released before its time by the boot-time clock. That time is computed from
// the interface pages, not from the code, for every moment at which the order may have been decided.
#include <algorithm>
#include <cstdlib>

#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

namespace {
// Readings of the clock are taken at the turn, not at arrival.
constexpr std::int64_t tolerance_ms = 1500;
constexpr std::int64_t tolerated_error_ms = 1500;
// One that is further ahead is not believed that a hold ended; one that is further behind is seen to be wrong.
constexpr std::int64_t believed_error_ms = 25 * core::hour_ms;
// From the door to its turn; a machine that sleeps meanwhile adds its sleep, which is a minute at most.
constexpr std::int64_t decided_within_ms = 20'000;
constexpr std::int64_t asleep_ms_max = 60'000;
// Until the consumer has heard of it; the uplink may have been reconnecting.
constexpr std::int64_t hold_ends_within_ms = 32'000;
}  // namespace

namespace {
/// It came and may not have been decided; one that was fetched is known to have been by its row.
bool may_be_undecided(const Story& story) {
  return story.thin ? story.fetched_open_ms != never && story.decided_ms == never
                    : story.reached_ms != never && story.acknowledged_ms == never;
}
}  // namespace

void ClockWatch::on_reached(const Scene& scene, const Clock& clock, Story& story) {
  if (story.mode == core::ReleaseMode::immediate) return;
  const core::PartnerPolicy& partner = scene.plan.policy.partners.find(story.partner)->second;
  const bool at_time = story.mode == core::ReleaseMode::at_time;
  const std::int64_t shown_ms = scene.now_ms + clock.error_ms();
  std::int64_t span_ms = partner.fallback_without_promise_ms;
  const std::optional<std::int64_t>& asked_ms = at_time ? story.at_ms : story.fallback_at_ms;
  if (clock.trusted() && asked_ms) {
    span_ms = std::max<std::int64_t>(0, *asked_ms - shown_ms);
  } else if (clock.trusted() && story.promised_ms) {
    const std::int64_t base_ms = *story.promised_ms - scene.plan.policy.prep_ms - shown_ms;
    if (base_ms > 0)
      span_ms = base_ms + (at_time ? 0 : partner.fallback_ms);
    else if (at_time)
      span_ms = 0;
  }
  // It may be decided a while later, when its promise is too near to count.
  const std::int64_t asleep_ms = scene.plan.faults.suspends > 0 ? asleep_ms_max : 0;
  const bool near =
      !at_time && !asked_ms && story.promised_ms &&
      *story.promised_ms - scene.plan.policy.prep_ms - shown_ms <= decided_within_ms + asleep_ms;
  const std::int64_t longest_ms = near ? std::max(span_ms, partner.fallback_without_promise_ms) : span_ms;
  const std::int64_t ends_ms = scene.now_ms + longest_ms + asleep_ms;
  story.hold_ends_ms = story.hold_ends_ms == never ? ends_ms : std::max(story.hold_ends_ms, ends_ms);
  story.hold_may_end_ms = std::min(story.hold_may_end_ms, scene.now_ms + span_ms);
  if (story.mode == core::ReleaseMode::on_event && story.fallback != core::FallbackPolicy::release) return;
  story.clock_may_release_ms = std::min(story.clock_may_release_ms, scene.now_ms + span_ms);
}

void ClockWatch::on_changed(const Scene& scene, const Clock& clock) {
  for (Story& story : scene.ledger.stories())
    if (may_be_undecided(story)) on_reached(scene, clock, story);
  if (lying_) lied_ms_ = scene.now_ms;
  if (misleads_) misled_ms_ = scene.now_ms;
  const std::int64_t error_ms = clock.error_ms();
  lying_ = clock.trusted() && std::abs(error_ms) > tolerated_error_ms;
  // Stamps of the clock as it was before are judged by it.
  misleads_ =
      clock.trusted() && std::any_of(errors_ms_.begin(), errors_ms_.end(), [&](std::int64_t before_ms) {
        const std::int64_t moved_ms = std::abs(error_ms - before_ms);
        return moved_ms > tolerated_error_ms && moved_ms < believed_error_ms;
      });
  errors_ms_.push_back(error_ms);
}

// A clock that was trusted and wrong may have judged the deadline after a reboot: nobody can know.
bool ClockWatch::may_be_mistaken(const Clock& clock, const Story& story) const {
  return clock.boots() != story.boot && (misleads_ || misled_ms_ >= story.reached_ms);
}

void ClockWatch::placement_is_in_time(const Scene& scene, const Clock& clock, const Story& story) const {
  if (story.mode == core::ReleaseMode::immediate || story.clock_may_release_ms == never) return;
  if (story.release_reached_ms != never || story.resolve_reached_ms != never) return;
  if (may_be_mistaken(clock, story)) return;
  if (scene.now_ms >= story.clock_may_release_ms - tolerance_ms) return;
  scene.blame("I9", name_of(story) + " is placed " +
                        std::to_string(story.clock_may_release_ms - scene.now_ms) + " ms before its time");
}

void ClockWatch::hold_ended_in_time(const Scene& scene, const Clock& clock, const Story& story) const {
  const Seen& seen = story.events.back();
  const bool by_fallback = seen.by == "clock" || (seen.name == "parked" && seen.reason != "by_hand");
  if (seen.previous_phase != "held" || !by_fallback || story.reborn) return;
  if (scene.now_ms >= story.hold_may_end_ms - tolerance_ms || may_be_mistaken(clock, story)) return;
  scene.blame("I9", name_of(story) + " is " + seen.name + " by its fallback " +
                        std::to_string(story.hold_may_end_ms - scene.now_ms) + " ms before its time");
}

// Where the clocks were right all the time, every hold ends by itself in time: nothing was in its way but a process that
// was not up.
void holds_end_in_time(const Scene& scene, std::int64_t since_ms) {
  if (!clocks_stay_right(scene.plan)) return;
  for (const Story& story : scene.ledger.stories()) {
    if (story.hold_ends_ms == never || story.reborn) continue;
    const std::int64_t by_ms = std::max(story.hold_ends_ms, since_ms) + hold_ends_within_ms;
    for (std::size_t i = 0; i < story.events.size(); ++i) {
      const bool last = i + 1 == story.events.size();
      if (story.events[i].phase != "held" || (!last && story.events[i + 1].at_ms <= by_ms)) continue;
      scene.blame_liveness("I9", name_of(story) + " was still held at " + std::to_string(by_ms) +
                                     " ms, its hold ended at " + std::to_string(story.hold_ends_ms) + " ms");
    }
  }
}

}  // namespace storegate::sim::check
