// Retention: what a store keeps for so long is gone so much later as housekeeping takes to come round: ended orders, sent
// events, letters nobody could read, and each customer, from the rows and from every byte of the files.
#include <algorithm>
#include <map>

#include "core/order.hpp"
#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

namespace {

/// A pass begins so long after the last one, and takes some seconds.
std::int64_t pass_ms(const Scene& scene) { return scene.plan.ages.passes_later_every_ms + 30'000; }

/// When an end was noted is told by the wall clock alone: one that ran ahead makes that late, one in 1970 early.
bool clocks_tell(const Scene& scene) {
  const Faults& faults = scene.plan.faults;
  return faults.wall_jumps == 0 && !(faults.boots_in_1970 && faults.power_cuts > 0);
}

/// When the last order came to be, as far as anybody saw.
std::int64_t newest_ms(const Scene& scene) {
  std::int64_t newest = 0;
  for (const Story& story : scene.ledger.stories()) {
    if (story.acknowledged_ms != never) newest = std::max(newest, story.acknowledged_ms);
    if (!story.events.empty()) newest = std::max(newest, story.events.front().at_ms);
  }
  return newest;
}

void events_are_pruned(const Scene& scene, const RowsLeft& left, const Since& since) {
  const std::int64_t retain_ms = scene.plan.ages.retain_ms;
  for (std::size_t i = 0; i < left.events_wall_ms.size(); ++i) {
    const std::int64_t at_ms = left.events_wall_ms[i] - world_began_ms;
    const bool kept = since.large_ms < 0 || i < since.events_kept;
    const std::int64_t old_ms = kept ? at_ms + retain_ms : std::max(at_ms, since.large_ms);
    if (at_ms >= 0 && std::max(old_ms, since.healed_ms + delivered_within_ms) + pass_ms(scene) < scene.now_ms)
      scene.blame("pruned", "an event of " + std::to_string(scene.now_ms - at_ms) + " ms ago is still there");
  }
}

/// An order goes after its last event.
bool keeps_event(const RowsLeft& left, const Since& since, const RowSeen& row) {
  if (since.large_ms < 0 || left.events_wall_ms.empty()) return false;
  const std::size_t kept = std::min(since.events_kept, left.events_wall_ms.size());
  return row.updated_wall_ms >= left.events_wall_ms[kept - 1];
}

void orders_are_pruned(const Scene& scene, const RowsLeft& left, const Since& since) {
  // What makes a repeat known goes by witnessed time: it counts from the start of this process for certain.
  const std::int64_t known_until_ms =
      std::max({newest_ms(scene), since.up_ms, since.healed_ms}) + scene.plan.policy.order_id_reuse_ms;
  for (const RowSeen& row : left.orders) {
    if (!core::is_end(static_cast<core::Phase>(row.phase)) || row.updated_wall_ms < world_began_ms ||
        keeps_event(left, since, row))
      continue;
    const std::int64_t ended_ms = row.updated_wall_ms - world_began_ms;
    const std::int64_t old_ms =
        since.large_ms < 0 ? ended_ms + scene.plan.ages.retain_ms : std::max(ended_ms, since.large_ms);
    if (std::max(old_ms, known_until_ms) + pass_ms(scene) < scene.now_ms)
      scene.blame("pruned", row.partner + "/" + row.id + " ended " + std::to_string(scene.now_ms - ended_ms) +
                                " ms ago and its row is still there");
  }
}

/// All letters are sent in the storm.
std::int64_t letters_gone_by_ms(const Scene& scene, const Since& since) {
  return since.healed_ms + delivered_within_ms + scene.plan.ages.erase_after_ms + pass_ms(scene);
}

/// The id in the number of each customer whose bytes are there.
std::vector<std::string> customers_in(const disk::Bytes& file) {
  constexpr std::string_view number = "+15550100-";  // see parts/bodies.cpp
  const std::string_view bytes{reinterpret_cast<const char*>(file.data()), file.size()};
  std::vector<std::string> found;
  for (auto at = bytes.find(number); at != std::string_view::npos; at = bytes.find(number, at + 1)) {
    const std::string_view rest = bytes.substr(at + number.size(), 12);
    found.emplace_back(rest.substr(0, rest.find('"')));
  }
  return found;
}

}  // namespace

void rows_are_pruned(const Scene& scene, const RowsLeft& left, const Since& since) {
  if (scene.plan.faults.wall_jumps > 0) return;
  events_are_pruned(scene, left, since);
  orders_are_pruned(scene, left, since);
}

void letters_are_erased(const Scene& scene, const RowsLeft& left, const Since& since) {
  if (scene.plan.faults.wall_jumps > 0 || scene.now_ms <= letters_gone_by_ms(scene, since)) return;
  if (left.letters > 0)
    scene.blame("letters", std::to_string(left.letters) + " dead letters of the storm are still there");
}

void customers_are_erased(const Scene& scene, const RowsLeft& left) {
  if (!clocks_tell(scene)) return;
  const Ages& ages = scene.plan.ages;
  for (const RowSeen& row : left.orders) {
    const Story* story = scene.ledger.find(row.partner, row.id);
    if (story == nullptr || story->reborn || story->events.empty()) continue;
    const std::int64_t ended_ms = story->last()->at_ms;
    if (row.names_customer && ended_ms + ages.erase_after_ms + pass_ms(scene) < scene.now_ms)
      scene.blame("customer", name_of(*story) + " ended long ago and its customer is still named");
    const bool cooked = story->tickets_in_all() > 0;  // what is refused on a full disk has no body
    if (!row.names_customer && cooked && ended_ms + ages.erase_after_ms > scene.now_ms)
      scene.blame("customer", name_of(*story) + " has lost its customer before its time");
  }
}

void erased_customers_leave(const Scene& scene, const disk::Disk& disk, std::string_view path,
                            const Since& since) {
  if (!scene.plan.ages.on || !clocks_tell(scene)) return;
  std::map<std::string, const Story*, std::less<>> stories;
  for (const Story& story : scene.ledger.stories()) stories[story.id] = &story;
  const auto gone_by_ms = [&](const std::string& id) {
    if (id.starts_with('x')) return letters_gone_by_ms(scene, since);
    const auto found = stories.find(id);
    if (found == stories.end() || found->second->reborn) return never;
    const Seen* last = found->second->last();
    if (last == nullptr || !is_end_phase(last->phase)) return never;
    return std::max(last->at_ms, since.healed_ms) + scene.plan.ages.erase_after_ms + pass_ms(scene);
  };
  for (const char* suffix : {"", "-wal"}) {
    const disk::Bytes* file = disk.cached(std::string(path) + suffix);
    if (file == nullptr) continue;
    for (const std::string& id : customers_in(*file))
      if (gone_by_ms(id) < scene.now_ms)
        scene.blame("customer", "the customer of " + id + " should be gone and is in the bytes of " +
                                    std::string(path) + suffix);
  }
}

void no_customer_is_left(const Scene& scene, const RowsLeft& left, const disk::Disk& disk,
                         std::string_view path) {
  for (const RowSeen& row : left.orders)
    if (row.names_customer) return;
  if (left.letters > 0) return;
  for (const char* suffix : {"", "-wal"}) {
    const disk::Bytes* file = disk.cached(std::string(path) + suffix);
    if (file == nullptr) continue;
    if (names_customer({reinterpret_cast<const char*>(file->data()), file->size()}))
      scene.blame("customer", "no row names a customer any more, and the bytes of " + std::string(path) +
                                  suffix + " still do");
  }
}

}  // namespace storegate::sim::check
