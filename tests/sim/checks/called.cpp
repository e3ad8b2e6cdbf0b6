// called: what a person has been called to key in is not cooked by the store as well. From the moment at which such a call
// is acknowledged no placement of its order leaves, no second try under the same key either, before a person's answer has
// come that it is to be sent; whatever ends or begins in between. What had left by then may arrive.
#include <algorithm>
#include <utility>

#include "core/order.hpp"
#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

namespace {

/// Not long before its id may be another order's: whom a call means then nobody can say.
bool means_it(const Scene& scene, const Story& story) {
  constexpr std::int64_t near_ms = 2 * core::minute_ms;
  const std::int64_t first_ms = std::min(story.reached_ms, scene.now_ms);
  return !story.reborn && scene.now_ms - first_ms < scene.plan.policy.order_id_reuse_ms - near_ms;
}

}  // namespace

void call_reached(const Scene& scene, std::size_t index) {
  Call& call = scene.ledger.calls()[index];
  ++call.times_reached;
  call.reached_ms = std::min(call.reached_ms, scene.now_ms);
  if (call.story == SIZE_MAX || call.untold != core::Notice::accepted) return;
  ++scene.ledger.story(call.story).times_called;
}

void call_acknowledged(const Scene& scene, std::size_t index) {
  Call& call = scene.ledger.calls()[index];
  call.acknowledged = true;
  const std::int64_t reached_ms = std::exchange(call.reached_ms, never);
  if (reached_ms == never) return;  // two were under way at once, and this is the second's answer
  if (call.story == SIZE_MAX || call.untold != core::Notice::accepted) return;
  Story& story = scene.ledger.story(call.story);
  if (means_it(scene, story)) story.called_ms = std::max(story.called_ms, reached_ms);
}

void placement_after_call(const Scene& scene, const Story& story) {
  // An answer that came after the call was decided after it.
  if (story.called_ms > story.send_again_reached_ms && !story.reborn)
    scene.blame("called", name_of(story) + " goes to the POS though a person was called to key it in at " +
                              std::to_string(story.called_ms) + " ms");
}

// Each call parks its order once: one that a person has answered for is not that person's again.
void parked_for_a_call(const Scene& scene, const Story& story) {
  const auto is_it = [](const Seen& seen) { return seen.name == "parked" && seen.reason == "by_hand"; };
  if (!is_it(story.events.back()) || story.reborn) return;
  const auto times = std::count_if(story.events.begin(), story.events.end(), is_it);
  if (times > story.times_called)
    scene.blame("called", name_of(story) + " is parked for a person for the " + std::to_string(times) +
                              ". time, and " + std::to_string(story.times_called) + " calls came");
}

void resolved_moves(const Scene& scene, const Story& story, const codec::HttpReply& reply) {
  if (reply.status < 300 && member_text(reply.body, "phase") == "parked")
    scene.blame("called", name_of(story) + " is still parked though a person's answer was taken");
}

void CallsTold::on_event(const Scene& scene, std::string_view data) {
  const auto name = std::tuple(std::string(member_text(data, "partner")),
                               std::string(member_text(data, "partner_order_id")),
                               std::string(member_text(data, "notice")));
  const std::uint64_t times = ++told_[name];
  std::uint64_t reached = 0;
  for (const Call& call : scene.ledger.calls())
    if (name_of_call(call) == name) reached += call.times_reached;
  if (times > reached)
    scene.blame("called", "a call of a person to " + std::get<0>(name) + "/" + std::get<1>(name) + " (" +
                              std::get<2>(name) + ") is told " + std::to_string(times) + " times, and came " +
                              std::to_string(reached) + " times");
}

void CallsTold::judge_end(const Scene& scene) const {
  for (const Call& call : scene.ledger.calls())
    if (call.acknowledged && !told_.contains(name_of_call(call)))
      scene.blame("called", "a call of a person to " + call.partner + "/" + call.id + " (" +
                                std::string(core::name_of(call.untold)) +
                                ") was acknowledged, and no event tells of it");
}

CallsTold::Name CallsTold::name_of_call(const Call& call) {
  return {call.partner, call.id, std::string(core::name_of(call.untold))};
}

}  // namespace storegate::sim::check
