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
}  // namespace

void ClockWatch::on_reached(const Scene& scene, const Clock& clock, Story& story) {
  if (story.mode == core::ReleaseMode::immediate) return;
  if (story.mode == core::ReleaseMode::on_event && story.fallback != core::FallbackPolicy::release) return;
  const core::PartnerPolicy& partner = scene.plan.policy.partners.find(story.partner)->second;
  const bool at_time = story.mode == core::ReleaseMode::at_time;
  const std::int64_t shown_ms = scene.now_ms + clock.error_ms();
  std::int64_t span_ms = partner.fallback_without_promise_ms;
  if (clock.trusted() && at_time && story.at_ms) {
    span_ms = std::max<std::int64_t>(0, *story.at_ms - shown_ms);
  } else if (clock.trusted() && story.promised_ms) {
    const std::int64_t base_ms = *story.promised_ms - scene.plan.policy.prep_ms - shown_ms;
    if (base_ms > 0)
      span_ms = base_ms + (at_time ? 0 : partner.fallback_ms);
    else if (at_time)
      span_ms = 0;
  }
  story.clock_may_release_ms = std::min(story.clock_may_release_ms, scene.now_ms + span_ms);
}

void ClockWatch::on_changed(const Scene& scene, const Clock& clock) {
  for (Story& story : scene.ledger.stories())
    if (story.reached_ms != never && story.acknowledged_ms == never) on_reached(scene, clock, story);
  if (lying_) lied_ms_ = scene.now_ms;
  lying_ = clock.trusted() && std::abs(clock.error_ms()) > tolerated_error_ms;
}

// A clock that was trusted and wrong may have judged the deadline after a reboot: nobody can know.
void ClockWatch::placement_is_in_time(const Scene& scene, const Clock& clock, const Story& story) const {
  if (story.mode == core::ReleaseMode::immediate || story.clock_may_release_ms == never) return;
  if (story.release_reached_ms != never || story.resolve_reached_ms != never) return;
  const bool rebooted = clock.boots() != story.boot;
  if (rebooted && (lying_ || lied_ms_ >= story.reached_ms)) return;
  if (scene.now_ms >= story.clock_may_release_ms - tolerance_ms) return;
  scene.blame("I9", name_of(story) + " is placed " +
                        std::to_string(story.clock_may_release_ms - scene.now_ms) + " ms before its time");
}

}  // namespace storegate::sim::check
