// moves: every phase that a commit gives an order is one that the table of moves lets follow the one before, and so is
// every event's. The table is the page in firmware/core/README.md; what the gateway does is seen in the rows it wrote.
#include "core/moves.hpp"

#include <string>

#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

namespace {

std::string from_text(std::optional<core::Phase> from) {
  return from ? std::string(core::name_of(*from)) : "its arrival";
}

}  // namespace

void PhaseWatch::take(const Scene& scene, core::OrderNumber number, core::Phase phase) {
  const auto at = static_cast<std::size_t>(core::value_of(number));
  if (at >= phases_.size()) phases_.resize(at + 1);
  const std::optional<core::Phase> before = phases_[at];
  phases_[at] = phase;
  const bool named =
      before ? core::may_follow_in_one_commit(*before, phase) : core::may_arrive_in_one_commit(phase);
  if (!named)
    scene.blame("moves", "order " + std::to_string(at) + " went from " + from_text(before) + " to " +
                             std::string(core::name_of(phase)) + ", which the table does not name");
}

// A start may find one commit done that the last life did not see succeed.
void PhaseWatch::begin(const Scene& scene, const core::Loaded& loaded) {
  for (const core::Order& order : loaded.live) take(scene, order.number, order.phase);
  for (const core::Loaded::Ended& order : loaded.ended) take(scene, order.number, order.phase);
}

void PhaseWatch::written(const Scene& scene, const core::Changes& changes) {
  for (const core::Order& order : changes.orders) take(scene, order.number, order.phase);
  for (const core::EventRecord& event : changes.events) {
    if (event.order == core::no_order) continue;
    const bool named = event.previous_phase ? core::may_lead(*event.previous_phase, event.phase)
                                            : core::arrival_phases.has(event.phase);
    if (!named)
      scene.blame("moves", "event " + std::to_string(event.position.sequence) + " tells of a move from " +
                               from_text(event.previous_phase) + " to " +
                               std::string(core::name_of(event.phase)) + ", which the table does not name");
  }
}

}  // namespace storegate::sim::check
