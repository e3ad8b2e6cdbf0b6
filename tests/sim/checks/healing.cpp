// I13: some time after the faults ended everything that can move has moved. Seen at the consumer: no order released, or
// cancelled after it was placed, before the end of the faults still waits; and an order sent since, the probe, has its
// ticket, unless the store held as many others as it takes when the probe last came.
#include <algorithm>

#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

namespace {
// What the consumer sees lags behind what the gateway decided by its commit and its way through the broker.
constexpr std::int64_t lag_ms = 1000;

/// Whether it may have counted against the store's most live orders at that time.
bool may_have_waited(const Story& story, std::int64_t at_ms) {
  const auto counts = [](const Seen& seen) {
    return seen.phase == "held" || seen.phase == "queued" || seen.phase == "parked";
  };
  for (std::size_t i = 0; i < story.events.size() && story.events[i].at_ms <= at_ms + lag_ms; ++i) {
    const std::int64_t until_ms = i + 1 < story.events.size() ? story.events[i + 1].at_ms : never;
    if (counts(story.events[i]) && until_ms >= at_ms - lag_ms) return true;
  }
  return false;
}
}  // namespace

void everything_moved(const Scene& scene, std::int64_t healed_ms) {
  for (const Story& story : scene.ledger.stories()) {
    const Seen* last = story.last();
    if (last == nullptr) {
      if (story.acknowledged_ms < healed_ms && !story.must_be_refused)
        scene.blame_liveness("I13", name_of(story) + " was acknowledged and no event of it came");
      continue;
    }
    if (last->phase == "queued" && last->at_ms < healed_ms)
      scene.blame_liveness("I13", name_of(story) + " still waits for the POS");
    const bool cancel_waits = last->phase == "placed" && story.cancel_acknowledged_ms < healed_ms &&
                              story.first_named("cancel_refused") == nullptr;
    if (cancel_waits) scene.blame_liveness("I13", "the cancel of " + name_of(story) + " still waits");
  }
}

void probe_was_served(const Scene& scene, const Story& probe, std::int64_t full_ms) {
  if (probe.tickets_in_all() == 1) return;
  const auto& stories = scene.ledger.stories();
  const std::int64_t waiting = std::count_if(
      stories.begin(), stories.end(), [&](const Story& story) { return may_have_waited(story, full_ms); });
  if (full_ms >= 0 && waiting >= scene.plan.policy.live_orders_max) return;
  scene.blame_liveness("I13", "an order sent after the faults ended has no ticket");
}

}  // namespace storegate::sim::check
