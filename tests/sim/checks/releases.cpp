// I5 and I9: a placement needs a release: the order's own mode, a command that reached the gateway, a person's answer, or
// a time that has come by the boot-time clock. And the release is on record.
#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

namespace {
// Readings of the clock are taken at the turn, not at arrival.
constexpr std::int64_t tolerance_ms = 1500;
}  // namespace

void placement_is_released(const Scene& scene, const Story& story, bool clock_excused) {
  if (story.mode == core::ReleaseMode::immediate) return;
  if (story.release_reached_ms != never || story.resolve_reached_ms != never) return;
  if (story.clock_may_release_ms == never)
    return scene.blame("I5", name_of(story) + " is placed and nobody released it");
  if (clock_excused || scene.now_ms >= story.clock_may_release_ms - tolerance_ms) return;
  scene.blame("I9", name_of(story) + " is placed " +
                        std::to_string(story.clock_may_release_ms - scene.now_ms) + " ms before its time");
}

void releases_on_record(const Scene& scene) {
  for (const Story& story : scene.ledger.stories()) {
    if (story.tickets_in_all() == 0) continue;
    if (story.first_named("released") != nullptr || story.first_named("resolved") != nullptr) continue;
    scene.blame("I5", name_of(story) + " has a ticket and no event of its release");
  }
}

}  // namespace storegate::sim::check
