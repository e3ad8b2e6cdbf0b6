// Size: a database that has a bound keeps to it. From four fifths of it on what has ended and was sent goes early; beyond it
// no new order is taken, and what lives grows by its own events only.
#include <algorithm>

#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

namespace {
// What comes until it is noticed, with the WAL of it, which is copied when it has 200 pages; and what lives already.
constexpr std::int64_t more_bytes = 1024 * 1024;

void keep_since(std::int64_t& since_ms, bool holds, std::int64_t now_ms) {
  since_ms = !holds ? -1 : since_ms < 0 ? now_ms : since_ms;
}
}  // namespace

void SizeWatch::on_measured(const Scene& scene, std::int64_t used_bytes) {
  const std::int64_t bound = scene.plan.max_bytes;
  if (bound == 0) return;
  keep_since(above_since_ms_, used_bytes > bound, scene.now_ms);
  keep_since(large_since_ms_, used_bytes > bound / 5 * 4, scene.now_ms);
  if (used_bytes > bound + more_bytes)
    scene.blame("size", "the database takes " + std::to_string(used_bytes) + " bytes, it may have " +
                            std::to_string(bound));
}

void SizeWatch::on_pruned(const Scene& scene, storage::Journal& journal, const storage::PruneLimits& limits,
                          core::Position last) {
  core::Position sent = limits.events_through;
  if (sent.epoch != last.epoch) return;
  sent.sequence = std::min(sent.sequence, last.sequence - limits.events_kept);
  if (sent.sequence <= 0) return;
  const auto found = journal.find_event(sent);
  if (found && *found)
    scene.blame("size", "the database is too large and keeps event " + std::to_string(sent.sequence) +
                            ", which was sent");
}

}  // namespace storegate::sim::check
