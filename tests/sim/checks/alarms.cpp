// Alarms: each is raised once and cleared once within a life of the process, the uplink's only when it has been away for
// so long, and by then for certain. Goes by committed events and by when the connection was there.
#include <algorithm>

#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

namespace {
// The turn that raises it, and its commit on a slow disk.
constexpr std::int64_t decided_within_ms = 5000;
}  // namespace

void AlarmWatch::on_loaded(std::int64_t now_ms) {
  raised_.clear();
  down_since_ms_ = now_ms;
}

void AlarmWatch::on_written(const Scene& scene, const core::Changes& changes) {
  for (const core::EventRecord& event : changes.events) {
    const bool raised = event.type == core::EventType::gateway_alarm_raised;
    if (!raised && event.type != core::EventType::gateway_alarm_cleared) continue;
    const auto* name = std::get_if<std::string>(&event.details.front().second);
    if (name == nullptr) return scene.blame("alarm", "an alarm without a name");
    const bool changed = raised ? raised_.insert(*name).second : raised_.erase(*name) > 0;
    if (!changed)
      scene.blame("alarm", *name + (raised ? " is raised twice" : " is cleared and was not raised"));
    const auto& limit = scene.plan.policy.alarms.uplink_after_ms;
    if (raised && *name == "uplink_unreachable" && (!limit || away_ms(scene) < *limit))
      scene.blame("alarm", "the uplink has been away for " + std::to_string(away_ms(scene)) + " ms only");
  }
}

std::int64_t AlarmWatch::away_ms(const Scene& scene) const noexcept {
  return down_since_ms_ < 0 ? last_away_ms_ : scene.now_ms - down_since_ms_;
}

void AlarmWatch::on_connected(const Scene& scene) {
  const auto& limit = scene.plan.policy.alarms.uplink_after_ms;
  const Faults& faults = scene.plan.faults;
  last_away_ms_ = away_ms(scene);
  down_since_ms_ = -1;
  // A commit that fails, and a machine that sleeps, put it off.
  const bool put_off =
      faults.suspends > 0 || faults.full_disks > 0 || faults.disk_errors > 0 || faults.failed_syncs > 0;
  if (limit && !put_off && last_away_ms_ > *limit + decided_within_ms &&
      !raised_.contains("uplink_unreachable"))
    scene.blame("alarm",
                "the uplink was away for " + std::to_string(last_away_ms_) + " ms and nobody was told");
}

void AlarmWatch::on_lost(std::int64_t now_ms) {
  if (down_since_ms_ < 0) down_since_ms_ = now_ms;
}

}  // namespace storegate::sim::check
