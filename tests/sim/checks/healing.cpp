// I13: some time after the faults ended everything that can move has moved. Judged by cause: 30 s from the end of the
// faults (or from the start of a process that came up later), and more only for whom something was in the way by design:
// the barrier for an order that was sent while things failed, the line at the POS's rate, a partner's own rate and
// time-out. Seen on the wires.
#include <algorithm>

#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

namespace {

constexpr std::int64_t moves_within_ms = 30'000;
// What the consumer sees lags behind what the gateway decided by its commit and its way through the broker.
constexpr std::int64_t lag_ms = 2000;
// A partner waits so long for an answer that was lost with the last faults, and then so long before it tries again.
constexpr std::int64_t partner_times_out_ms = 12'000;
constexpr std::int64_t partner_rests_ms = 17'000;
// Whoever sends over MQTT looks so often whether an event came, and otherwise sends again.
constexpr std::int64_t publisher_looks_every_ms = 20'000;

/// When the event after this one came.
std::int64_t next_ms(const Story& story, std::size_t event) {
  return event + 1 < story.events.size() ? story.events[event + 1].at_ms : never;
}

/// Whether it may have counted against the store's most live orders at that time.
bool may_have_waited(const Story& story, std::int64_t at_ms) {
  const auto counts = [](const Seen& seen) {
    return seen.phase == "held" || seen.phase == "queued" || seen.phase == "parked";
  };
  for (std::size_t i = 0; i < story.events.size() && story.events[i].at_ms <= at_ms + lag_ms; ++i)
    if (counts(story.events[i]) && next_ms(story, i) >= at_ms - lag_ms) return true;
  return false;
}

/// Of one that is announced; that there is no such order is believed when it was said for five minutes.
std::int64_t fetched_within_ms(const Story& story) {
  const std::int64_t believed_within_ms = story.never_there ? 7 * core::minute_ms : 0;
  return story.thin ? moves_within_ms + believed_within_ms : 0;
}

}  // namespace

Healing::Healing(const Scene& scene, std::int64_t healed_ms, std::int64_t up_ms)
    : up_ms_(up_ms), since_ms_(std::max(healed_ms, up_ms)) {
  const core::PosPolicy& pos = scene.plan.policy.pos;
  const auto& stories = scene.ledger.stories();
  const std::int64_t all = std::count_if(stories.begin(), stories.end(), [](const Story& story) {
    return !story.of_flood || story.acknowledged_ms != never || !story.events.empty();
  });
  all_by_ms_ = since_ms_ + 2 * moves_within_ms + std::max(pos.max_processing_ms, partner_rests_ms) +
               pos.timeout_ms + all * 1000 / pos.rate_per_s + lag_ms;
}

std::int64_t Healing::uplink_by_ms() const noexcept { return since_ms_ + moves_within_ms + lag_ms; }

// Everybody who waited for the POS goes at its rate.
std::int64_t Healing::line_ms(const Scene& scene) const {
  const auto& stories = scene.ledger.stories();
  const std::int64_t waiting = std::count_if(stories.begin(), stories.end(), [&](const Story& story) {
    for (std::size_t i = 0; i < story.events.size(); ++i)
      if (story.events[i].phase == "queued" && next_ms(story, i) > since_ms_) return true;
    return false;
  });
  const core::PosPolicy& pos = scene.plan.policy.pos;
  return waiting * (1000 / pos.rate_per_s + scene.plan.pos_work_ms / pos.requests_max);
}

/// An order in the line since then is out of it by this time.
std::int64_t Healing::placed_by_ms(const Scene& scene, const Story& story, std::int64_t from_ms,
                                   std::int64_t line_ms) const {
  const core::PosPolicy& pos = scene.plan.policy.pos;
  const std::int64_t plain_ms = std::max(from_ms, since_ms_) + moves_within_ms + line_ms;
  if (story.last_storm_try_ms == never) return plain_ms;
  // In doubt, after a restart also by an intent alone.
  const std::int64_t closed_ms = std::max(up_ms_, story.last_storm_try_ms + pos.timeout_ms);
  return std::max(plain_ms, closed_ms + pos.max_processing_ms + moves_within_ms + line_ms);
}

void Healing::judge_order(const Scene& scene, const Story& story, std::int64_t line_ms) const {
  const auto late = [&](std::int64_t by_ms, std::int64_t came_ms) {
    if (by_ms == never) return false;
    const std::int64_t seen_by_ms = std::max(by_ms, since_ms_ + moves_within_ms) + lag_ms;
    return seen_by_ms <= scene.now_ms && came_ms > seen_by_ms;
  };
  if (story.events.empty()) {
    if (story.acknowledged_ms != never &&
        late(std::max(story.acknowledged_ms, since_ms_) + moves_within_ms + fetched_within_ms(story), never))
      scene.blame_liveness("I13", name_of(story) + " was acknowledged and no event of it came");
    return;
  }
  for (std::size_t i = 0; i < story.events.size(); ++i) {
    const Seen& seen = story.events[i];
    const std::int64_t moved_ms = next_ms(story, i);
    if (moved_ms <= since_ms_) continue;
    const auto soon_ms = [&](std::int64_t asked_ms) {
      return asked_ms == never ? never : std::max({asked_ms, seen.at_ms, since_ms_}) + moves_within_ms;
    };
    if (seen.phase == "queued" && late(placed_by_ms(scene, story, seen.at_ms, line_ms), moved_ms))
      scene.blame_liveness("I13", name_of(story) + " waited too long for the POS");
    if (seen.phase == "held" && late(soon_ms(story.release_acknowledged_ms), moved_ms))
      scene.blame_liveness("I13", "the release of " + name_of(story) + " came to nothing");
    // It has to be fetched once more first.
    if (seen.phase == "held" && late(soon_ms(story.courier_heard_ms), moved_ms - moves_within_ms))
      scene.blame_liveness("I13", name_of(story) + " is held, and its courier waits");
    const bool refused = story.first_named("cancel_refused") != nullptr;
    if (seen.phase == "placed" && !refused && late(soon_ms(story.cancel_acknowledged_ms), moved_ms))
      scene.blame_liveness("I13", "the cancel of " + name_of(story) + " still waits");
  }
}

// Who sent it has heard, unless the store had no room for it.
void Healing::judge_sender(const Scene& scene, const Story& story) const {
  if (story.must_be_refused || story.of_flood ||
      (story.door_closed_ms != never && story.door_closed_ms >= since_ms_))
    return;
  const auto& stories = scene.ledger.stories();
  const std::int64_t as_late = std::count_if(stories.begin(), stories.end(), [&](const Story& other) {
    return other.partner == story.partner && other.settled_ms > since_ms_;
  });
  const std::int64_t rate = scene.plan.policy.partners.find(story.partner)->second.rate_per_minute;
  const std::int64_t by_ms =
      since_ms_ + moves_within_ms + lag_ms +
      (story.over_mqtt ? 2 * publisher_looks_every_ms + fetched_within_ms(story)
                       : partner_times_out_ms + partner_rests_ms + as_late * core::minute_ms / rate);
  if (by_ms <= scene.now_ms && story.settled_ms > by_ms)
    scene.blame_liveness("I13", name_of(story) + ": who sent it did not hear what became of it");
}

namespace {
/// The kitchen had enough to do with what had waited.
bool was_too_much(const Story& probe) {
  return probe.first_answer.find(R"("reason":"too_busy")") != std::string::npos;
}
}  // namespace

void Healing::judge_probe(const Scene& scene, const Story& probe, std::int64_t line_ms) const {
  if (was_too_much(probe)) return;
  const bool told_full = probe.door_closed_ms != never;
  if (!told_full && probe.acknowledged_ms == never) return;  // at the door: judge_sender's
  if (probe.tickets_in_all() == 1 &&
      (told_full || probe.first_ticket_ms <= probe.acknowledged_ms + moves_within_ms + line_ms))
    return;
  const auto& stories = scene.ledger.stories();
  const std::int64_t waiting = std::count_if(stories.begin(), stories.end(), [&](const Story& story) {
    return may_have_waited(story, probe.door_closed_ms);
  });
  if (told_full && waiting >= scene.plan.policy.live_orders_max) return;
  scene.blame_liveness("I13", "an order sent after the faults ended has no ticket in time");
}

void probe_has_ticket(const Scene& scene, const Story& probe) {
  if (probe.tickets_in_all() != 1 && !was_too_much(probe))
    scene.blame_liveness("I13", "an order sent after the faults ended has no ticket");
}

void Healing::judge(const Scene& scene, const Story& probe) const {
  const std::int64_t line = line_ms(scene);
  for (const Story& story : scene.ledger.stories()) {
    if (story.reborn) continue;
    judge_order(scene, story, line);
    judge_sender(scene, story);
  }
  judge_probe(scene, probe, line);
}

}  // namespace storegate::sim::check
