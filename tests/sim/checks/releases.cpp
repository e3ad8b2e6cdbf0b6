// I5: a placement needs a release: the order's own mode, a command that reached the gateway, a person's answer, or a time
// that may come by itself. And the release is on record.
// releases: what a release is answered: taken, refused since its order has ended, or of an order that is nobody's.
#include <algorithm>

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

// Taken, it has let the order go; of one that has ended it is refused.
void release_answered(const Scene& scene, Story& story, const Tag& tag, const codec::HttpReply& reply) {
  if (tag.way != Way::person || story.reborn) return;
  const std::string_view phase = member_text(reply.body, "phase");
  if (reply.status == 409) story.release_refused_ms = std::min(story.release_refused_ms, scene.now_ms);
  // Where rows grow old an order that has ended is no longer known.
  if (reply.status == 404 && !scene.plan.ages.on)
    scene.blame("releases", name_of(story) + " was released by its id and is not known");
  if (reply.status >= 300) return;
  const bool parked_for_it = phase == "parked" && member_text(reply.body, "reason") == "release_overdue";
  if (phase == "held" || parked_for_it || is_end_phase(phase))
    scene.blame("releases", name_of(story) + " is " + std::string(phase) + " after a release that was taken");
}

void refused_when_ended(const Scene& scene) {
  for (const Story& story : scene.ledger.stories())
    if (story.release_refused_ms != never && !story.reborn && story.ended_ms > story.release_refused_ms)
      scene.blame("releases", "a release of " + name_of(story) + " was refused before it had ended");
}

void stranger_answered(const Scene& scene, const codec::HttpReply& reply) {
  if (reply.status < 500 && reply.status != 404)
    scene.blame("releases",
                "a release by an id that is nobody's is answered " + std::to_string(reply.status));
}

void Strangers::on_refused(std::string_view data) {
  if (member_text(data, "topic").ends_with("release")) ++refused_;
}

void Strangers::judge_end(const Scene& scene) const {
  if (refused_ < acknowledged_.size())
    scene.blame("releases", std::to_string(acknowledged_.size()) +
                                " releases by tokens that are nobody's were taken, and " +
                                std::to_string(refused_) + " told as refused");
}

}  // namespace storegate::sim::check
