// I13: some time after the faults ended everything that can move has moved. Seen at the consumer: no order released, or
// cancelled after it was placed, before the end of the faults still waits.
#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

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

}  // namespace storegate::sim::check
