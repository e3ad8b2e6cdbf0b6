// I4: whoever was told that a cancel was taken before the intent to place it went to the disk must never see a ticket;
// and every cancel that was taken comes to something.
#include <algorithm>

#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

void placement_after_cancel(const Scene& scene, const Story& story) {
  const bool asked_instead = scene.plan.policy.pos.can_query && story.resolve_reached_ms == never;
  if (asked_instead && story.cancel_acknowledged_ms != never)
    scene.blame("I4", name_of(story) + " is sent again though it is to be cancelled and could be asked for");
  if (story.intent_ms == never) scene.blame("I2", name_of(story) + " is placed without an intent");
  if (story.intent_ms >= story.cancel_acknowledged_ms && story.cancel_acknowledged_ms != never)
    scene.blame("I4", name_of(story) + " is placed though its cancel was acknowledged at " +
                          std::to_string(story.cancel_acknowledged_ms) + " ms");
}

void intent_noted(const Scene& scene, Story& story, const core::Order& row) {
  const auto is_it = [&](const core::Stamp& known) { return known == row.intent; };
  if (std::any_of(story.intents.begin(), story.intents.end(), is_it)) return;
  if (row.cancel_wanted) scene.blame("I4", name_of(story) + " is tried anew though its cancel is remembered");
  story.intents.push_back(row.intent);
  story.intent_ms = scene.now_ms;
}

// What is told as cancelled, or as never cooked, has no ticket in the kitchen; what is told as completed had one.
void ends_are_the_kitchens(const Scene& scene) {
  for (const Story& story : scene.ledger.stories()) {
    const Seen* last = story.last();
    if (last == nullptr) continue;
    const bool never_cooked =
        last->phase == "cancelled" || last->phase == "expired" || last->phase == "rejected";
    // A void names one ticket; a reprint that a person ordered beside it is that person's.
    const int standing = story.tickets_in_all() - story.voided - story.reprints_asked;
    if (never_cooked && (standing > 0 || (story.keyed_in && !story.reborn)))
      scene.blame("I4", name_of(story) + " is " + last->phase + " though its ticket stands");
    const bool only_tried = story.test && scene.plan.policy.test_orders == core::TestOrders::simulate;
    if (last->phase == "completed" && story.tickets_in_all() == 0 && !only_tried && !story.keyed_in)
      scene.blame("I1", name_of(story) + " is completed and was never cooked");
  }
}

void no_cancel_dropped(const Scene& scene) {
  for (const Story& story : scene.ledger.stories()) {
    const Seen* last = story.last();
    if (last == nullptr) continue;
    if (last->phase != "completed") continue;  // cancelled, or ended before there was anything to cancel
    const bool refusal_told = story.refusals > 0 || story.reborn;
    if (story.told_too_late && !refusal_told)
      scene.blame("I4", "the cancel of " + name_of(story) + " came too late, and no event says so");
    if (story.cancel_acknowledged_ms == never || story.first_named("cancel_refused") != nullptr) continue;
    if (story.ended_ms <= story.cancel_acknowledged_ms && refusal_told) continue;
    scene.blame("I4", "the cancel of " + name_of(story) + " was acknowledged and then dropped");
  }
}

}  // namespace storegate::sim::check
