// I1: every acknowledged order is found at the end, once, and has come to exactly one end that the consumer heard of.
#include <algorithm>
#include <map>

#include "core/order.hpp"
#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

std::string name_of(const Story& story) { return story.partner + "/" + story.id; }

// Bodies differ by order in the id, and among those of one order in a quantity; see parts/bodies.cpp.
void placement_is_whole(const Scene& scene, const Story& story, std::string_view body) {
  if (!names_customer(body)) scene.blame("I1", name_of(story) + " is placed without its customer");
  if (member_text(body, "partner_order_id") != story.id)
    scene.blame("I1", name_of(story) + " is placed with the body of " +
                          std::string(member_text(body, "partner_order_id")));
  if (story.acknowledged_body < 0 || story.reborn) return;
  const std::string quantity = "\"quantity\":" + std::to_string(story.acknowledged_body + 1) + ",";
  if (body.find(quantity) == std::string_view::npos)
    scene.blame("I14", name_of(story) + " is placed with another body than the one that was acknowledged");
}

void pruned_in_time(const Scene& scene, const core::Order& order, std::int64_t ended_ms,
                    std::int64_t acknowledged, bool by_size) {
  Story* story = scene.ledger.find(order.partner, order.partner_order_id);
  if (story == nullptr) return;
  story->pruned = true;
  if (scene.now_ms - story->reached_ms < scene.plan.policy.order_id_reuse_ms)
    scene.blame("I14", name_of(*story) + " is pruned while it may still be sent again");
  // A clock that ran ahead and was trusted makes things old. An order has ended when that is decided, a commit earlier.
  constexpr std::int64_t commit_ms = 2000;
  if (!by_size && scene.plan.faults.wall_jumps == 0 &&
      scene.now_ms - ended_ms + commit_ms < scene.plan.ages.retain_ms)
    scene.blame("I1", name_of(*story) + " is pruned " + std::to_string(scene.now_ms - ended_ms) +
                          " ms after its end");
  if (acknowledged >= 0 && order.last_event.sequence > acknowledged)
    scene.blame("I3", name_of(*story) + " is pruned before its last event was acknowledged");
}

namespace {

/// It has ended, its end was heard of, and it is old.
bool may_be_pruned(const Scene& scene, const Story& story) {
  const Seen* last = story.last();
  if (!scene.plan.ages.on || last == nullptr || !is_end_phase(last->phase)) return false;
  return story.pruned || scene.now_ms - story.reached_ms >= scene.plan.policy.order_id_reuse_ms;
}

void judge(const Scene& scene, const Story& story, const std::vector<const RowSeen*>& rows) {
  if (story.reborn) return;
  if (rows.size() > 1)
    return scene.blame("I1", name_of(story) + " has " + std::to_string(rows.size()) + " rows");
  if (rows.empty() && may_be_pruned(scene, story)) return;
  if (rows.empty()) {
    if (story.acknowledged_body >= 0 && !story.must_be_refused)
      scene.blame("I1", name_of(story) + " was acknowledged and is gone");
    if (!story.events.empty()) scene.blame("I1", name_of(story) + " has events and no row");
    return;
  }
  if (story.must_be_refused)
    return scene.blame("I14", name_of(story) + " was taken under another order's key");
  const auto phase = core::name_of(static_cast<core::Phase>(rows.front()->phase));
  if (!is_end_phase(phase))
    return scene.blame_liveness("I1", name_of(story) + " never ended: it is " + std::string(phase));
  if (story.events.empty()) return scene.blame("I3", name_of(story) + " has a row and no event");
  if (story.last()->phase != phase)
    scene.blame("I3", name_of(story) + " is " + std::string(phase) + " and its last event says " +
                          story.last()->phase);
}

}  // namespace

void every_order_ended(const Scene& scene, const std::vector<RowSeen>& rows) {
  std::map<std::string, std::vector<const RowSeen*>> by_name;
  for (const RowSeen& row : rows) by_name[row.partner + "/" + row.id].push_back(&row);
  for (const Story& story : scene.ledger.stories()) {
    judge(scene, story, by_name[name_of(story)]);
    by_name.erase(name_of(story));
  }
  for (const auto& [name, strange] : by_name)
    scene.blame("I1", "a row of an order that nobody sent: " + name);
}

}  // namespace storegate::sim::check
