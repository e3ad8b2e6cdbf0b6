// Alarms: each is raised once and cleared once within a life of the process, the uplink's only when it has been away for
// so long, and by then for certain. Goes by committed events and by when the connection was there.
#include <algorithm>

#include "sim/checks/checks.hpp"
#include "sim/checks/fairness.hpp"

namespace storegate::sim::check {

namespace {
// The turn that raises it, and its commit on a slow disk.
constexpr std::int64_t decided_within_ms = 5000;
// What lies further apart are two losses, not one silence.
constexpr std::int64_t silence_gap_ms = 110'000;

/// A commit that fails, and a machine that sleeps, put an alarm off.
bool is_put_off(const Scene& scene) {
  const Faults& faults = scene.plan.faults;
  return faults.suspends > 0 || faults.full_disks > 0 || faults.disk_errors > 0 || faults.failed_syncs > 0;
}

/// The POS works: a placement was answered, and with its own order's ticket for certain.
bool is_clear(const Scene& scene, core::PosRequest request, const PosReply& reply) {
  const bool taken = reply.status == 201 && scene.plan.faults.pos_confused_of_1000 == 0;
  const bool of_an_order = taken || reply.status == 400 || reply.status == 409 || reply.status == 422;
  return request == core::PosRequest::place && of_an_order && reply.body.ends_with('}');
}
}  // namespace

void AlarmWatch::on_loaded(std::int64_t now_ms) {
  raised_.clear();
  down_since_ms_ = now_ms;
  pos_answered_ms_ = pos_due_ms_ = away_since_ms_ = never;
  silent_since_ms_ = silent_until_ms_ = -1;
}

// A silence begins anew with whatever else was heard: so it is none the gateway sees as shorter.
void AlarmWatch::on_pos_heard(const Scene& scene, core::PosRequest request, const PosReply& reply) {
  if (request == core::PosRequest::watch && reply.status == 0) return;
  if (!is_away(request, reply))
    away_since_ms_ = never;
  else if (away_since_ms_ == never && request != core::PosRequest::watch)
    away_since_ms_ = scene.now_ms;
  if (reply.status != 0 || !reply.written) {
    silent_since_ms_ = -1;
    pos_due_ms_ = never;
    if (is_clear(scene, request, reply)) pos_answered_ms_ = scene.now_ms;
    return;
  }
  const bool goes_on = silent_since_ms_ >= 0 && scene.now_ms < silent_until_ms_ + silence_gap_ms;
  if (!goes_on) silent_since_ms_ = scene.now_ms;
  silent_until_ms_ = scene.now_ms;
  // Of each the gateway knows when the turn decides that has it.
  if (silent_until_ms_ >= silent_since_ms_ + scene.plan.policy.pos_alarm_after_ms + decided_within_ms)
    pos_due_ms_ = std::min(pos_due_ms_, scene.now_ms);
}

void AlarmWatch::on_turn_ended(const Scene& scene) const {
  const std::int64_t after_ms = scene.plan.policy.pos_alarm_after_ms + decided_within_ms;
  if (away_since_ms_ != never && scene.now_ms > away_since_ms_ + after_ms && !is_put_off(scene) &&
      !raised_.contains("pos_unreachable"))
    scene.blame("alarm",
                "the POS is away since " + std::to_string(away_since_ms_) + " ms and nobody was told");
  const bool is_back = pos_answered_ms_ != never && pos_raised_ms_ < pos_answered_ms_;
  if (is_back && scene.now_ms > pos_answered_ms_ + decided_within_ms && !is_put_off(scene) &&
      raised_.contains("pos_unreachable"))
    scene.blame("alarm",
                "the POS is back since " + std::to_string(pos_answered_ms_) + " ms and nobody was told");
  if (pos_due_ms_ != never && scene.now_ms > pos_due_ms_ + decided_within_ms && !is_put_off(scene) &&
      !raised_.contains("pos_unreachable"))
    scene.blame("alarm", "the POS has answered nothing from " + std::to_string(silent_since_ms_) + " to " +
                             std::to_string(silent_until_ms_) + " ms and nobody was told");
}

void AlarmWatch::on_written(const Scene& scene, const core::Changes& changes) {
  for (const core::EventRecord& event : changes.events) {
    const bool raised = event.type == core::EventType::gateway_alarm_raised;
    if (!raised && event.type != core::EventType::gateway_alarm_cleared) continue;
    const auto* name = std::get_if<std::string>(&event.details.front().second);
    if (name == nullptr) return scene.blame("alarm", "an alarm without a name");
    if (raised && *name == "pos_unreachable") pos_raised_ms_ = scene.now_ms;
    const bool changed = raised ? raised_.insert(*name).second : raised_.erase(*name) > 0;
    if (!changed)
      scene.blame("alarm", *name + (raised ? " is raised twice" : " is cleared and was not raised"));
    const auto& limit = scene.plan.policy.alarms.uplink_after_ms;
    if (raised && *name == "uplink_unreachable" && (!limit || away_ms(scene) < *limit))
      scene.blame("alarm", "the uplink has been away for " + std::to_string(away_ms(scene)) + " ms only");
    // What was heard while the turn and its commit were under way it did not know.
    const std::int64_t known_ms = scene.now_ms - decided_within_ms;
    if (raised && *name == "pos_unreachable" && pos_answered_ms_ < known_ms &&
        scene.now_ms < pos_answered_ms_ + scene.plan.policy.pos_alarm_after_ms)
      scene.blame("alarm", "the POS is called away " + std::to_string(scene.now_ms - pos_answered_ms_) +
                               " ms after it answered");
  }
}

std::int64_t AlarmWatch::away_ms(const Scene& scene) const noexcept {
  return down_since_ms_ < 0 ? last_away_ms_ : scene.now_ms - down_since_ms_;
}

void AlarmWatch::on_connected(const Scene& scene) {
  const auto& limit = scene.plan.policy.alarms.uplink_after_ms;
  last_away_ms_ = away_ms(scene);
  down_since_ms_ = -1;
  if (limit && !is_put_off(scene) && last_away_ms_ > *limit + decided_within_ms &&
      !raised_.contains("uplink_unreachable"))
    scene.blame("alarm",
                "the uplink was away for " + std::to_string(last_away_ms_) + " ms and nobody was told");
}

void AlarmWatch::on_lost(std::int64_t now_ms) {
  if (down_since_ms_ < 0) down_since_ms_ = now_ms;
}

}  // namespace storegate::sim::check
