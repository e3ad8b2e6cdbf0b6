// I8: a full disk is answered with 503 (that nothing of it was acknowledged is I1's to see); within 5 s after there is
// room again it is over.
#include <algorithm>

#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

namespace {
constexpr std::int64_t normal_within_ms = 5000;
// Measured every 2 s, behind a commit that may be slow, and decided in the next turn.
constexpr std::int64_t noticed_within_ms = 5000;
}  // namespace

void reserve_serves(const Scene& scene, const storage::CommitResult& result, const core::Changes& changes,
                    std::int64_t reserve_left) {
  if (!changes.from_reserve) return;
  for (const core::OrderBody& body : changes.bodies)
    if (!body.canonical.empty()) scene.blame("I8", "a new order is taken from the reserve");
  if (result.written || result.written.error().code != core::ErrorCode::disk_full || reserve_left == 0)
    return;
  scene.blame("I8", "running orders stop on a full disk though the reserve holds " +
                        std::to_string(reserve_left) + " bytes");
}

void no_order_without_space(const Scene& scene, std::string_view rule, const Tag& tag,
                            const codec::HttpReply& reply, const Story& story, std::int64_t since_ms,
                            std::int64_t up_ms) {
  if (tag.about != About::order || reply.status >= 300 || since_ms < 0) return;
  const std::int64_t noticed_ms = std::max(since_ms, up_ms) + noticed_within_ms;
  if (scene.plan.faults.suspends > 0 || scene.now_ms <= noticed_ms || story.reached_ms <= noticed_ms) return;
  scene.blame(rule, name_of(story) + " is taken though there has been no room for it for " +
                        std::to_string(scene.now_ms - since_ms) + " ms");
}

void answer_after_room(const Scene& scene, const Tag& tag, const codec::HttpReply& reply,
                       std::int64_t roomy_since_ms, bool serving) {
  if (tag.about != About::order || reply.status != 503 || !serving || roomy_since_ms < 0) return;
  if (scene.now_ms <= roomy_since_ms + normal_within_ms) return;
  if (reply.body.find("could not be stored") == std::string::npos &&
      reply.body.find("less free space") == std::string::npos)
    return;  // as many orders as the store takes
  scene.blame_liveness("I8", "an order is refused for want of room " +
                                 std::to_string(scene.now_ms - roomy_since_ms) +
                                 " ms after there was room again");
}

}  // namespace storegate::sim::check
