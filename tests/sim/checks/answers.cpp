// I14: whoever sends the same again hears the same, to the byte, over kills and cuts; another body under the same id or
// key is a 409 and changes nothing.
#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

void order_answered(const Scene& scene, Story& story, const Tag& tag, const codec::HttpReply& reply) {
  if (story.reborn) return;
  const bool taken = reply.status >= 200 && reply.status < 300;
  if (taken && story.must_be_refused)
    return scene.blame("I14", name_of(story) + " was taken under a key that belongs to another order");
  if (reply.status == 409 && tag.body == story.acknowledged_body)
    return scene.blame("I14", name_of(story) + ", acknowledged before, is refused as a conflict");
  const std::uint32_t others = story.bodies_reached & ~(1U << static_cast<unsigned>(tag.body));
  if (reply.status == 409 && !story.must_be_refused && others == 0)
    return scene.blame("I14", name_of(story) + " is refused as a conflict with nothing");
  if (!taken) {
    if (reply.status != 409 && reply.status != 429 && reply.status != 503)
      scene.blame("I14", name_of(story) + " is answered with " + std::to_string(reply.status));
    return;
  }
  if (story.acknowledged_body >= 0 && tag.body != story.acknowledged_body)
    return scene.blame("I14", name_of(story) + " was acknowledged with two different bodies");
  if (story.acknowledged_body < 0) {
    story.acknowledged_body = tag.body;
    story.acknowledged_ms = scene.now_ms;
  }
  if (story.first_answer.empty()) story.first_answer = reply.body;
  if (story.first_answer != reply.body)
    scene.blame("I14", name_of(story) + " has another answer than before: " + reply.body + " and not " +
                           story.first_answer);
}

void whole_answered(const Scene& scene, Story& story, const codec::HttpReply& reply) {
  if (story.reborn) return;
  if (reply.status == 409 && story.decided_ms == never)
    scene.blame("I14", name_of(story) + " is refused as a conflict, and its partner has given nothing of it");
  if (reply.status >= 300 && reply.status != 409 && reply.status != 429 && reply.status != 503)
    scene.blame("I14", name_of(story) + " is answered with " + std::to_string(reply.status));
  if (reply.status >= 300) return;
  if (member_text(reply.body, "phase") == "fetching")
    scene.blame("fetch", name_of(story) + " was taken as a whole, and is still to be fetched");
  if (story.acknowledged_body >= 0) return;
  story.acknowledged_body = 0;
  story.acknowledged_ms = scene.now_ms;
}

}  // namespace storegate::sim::check
