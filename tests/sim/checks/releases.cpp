// I5: a placement needs a release: the order's own mode, a command that reached the gateway, a person's answer, or a time
// that may come by itself. And the release is on record.
#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

void placement_is_released(const Scene& scene, const Story& story) {
  if (story.mode == core::ReleaseMode::immediate) return;
  if (story.release_reached_ms != never || story.resolve_reached_ms != never) return;
  if (story.clock_may_release_ms == never)
    scene.blame("I5", name_of(story) + " is placed and nobody released it");
}

void releases_on_record(const Scene& scene) {
  for (const Story& story : scene.ledger.stories()) {
    if (story.tickets_in_all() == 0) continue;
    if (story.first_named("released") != nullptr || story.first_named("resolved") != nullptr) continue;
    scene.blame("I5", name_of(story) + " has a ticket and no event of its release");
  }
}

}  // namespace storegate::sim::check
