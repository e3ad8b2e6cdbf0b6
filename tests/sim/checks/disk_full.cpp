// I8: a full disk is answered with 503 (that nothing of it was acknowledged is I1's to see); within 5 s after there is
// room again it is over.
#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

namespace {
constexpr std::int64_t normal_within_ms = 5000;
}

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

void answer_after_room(const Scene& scene, const Tag& tag, const codec::HttpReply& reply,
                       std::int64_t roomy_since_ms, bool serving) {
  if (tag.about != About::order || reply.status != 503 || !serving || roomy_since_ms < 0) return;
  if (scene.now_ms <= roomy_since_ms + normal_within_ms) return;
  if (reply.body.find("could not be stored") == std::string::npos)
    return;  // as many orders as the store takes
  scene.blame_liveness("I8", "an order is refused for want of room " +
                                 std::to_string(scene.now_ms - roomy_since_ms) +
                                 " ms after there was room again");
}

}  // namespace storegate::sim::check
