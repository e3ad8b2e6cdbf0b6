// What a partner must have heard follows from the order's events alone.
#include "sim/checks/told.hpp"

#include <algorithm>
#include <string>

namespace storegate::sim::check {

namespace {
constexpr std::size_t at_once_most = 4;

bool was_cancelled_by_partner(const Story& story) {
  const Seen* last = story.last();
  return last->name == "cancelled" && (last->by == "partner" || last->by == "customer");
}
}  // namespace

void TellWatch::begin(const Scene& scene, const core::Loaded& loaded) {
  open_.clear();
  for (const core::Order& order : loaded.live) {
    Story* story = scene.ledger.find(order.partner, order.partner_order_id);
    if (story == nullptr) continue;
    story->accepted_written |= order.owed.has(core::Notice::accepted);
    story->refused_written |= order.owed.has(core::Notice::rejected);
    story->ended_written |= order.owed.has(core::Notice::cancelled);
  }
}

void TellWatch::decided(const Scene& scene, std::string_view partner, std::string_view id) {
  if (Story* story = scene.ledger.find(partner, id)) story->announced_ms = scene.now_ms;
}

void TellWatch::asked(const Scene& scene, std::uint64_t call, std::size_t index, std::string_view what) {
  if (index == SIZE_MAX) return scene.blame("told", "a partner is told of an order that nobody announced");
  Story& story = scene.ledger.story(index);
  const bool twice =
      std::any_of(open_.begin(), open_.end(), [&](const auto& other) { return other.second == index; });
  if (twice) scene.blame("told", "the partner of " + name_of(story) + " is told twice at once");
  open_.emplace(call, index);
  if (open_.size() > at_once_most)
    scene.blame("told", std::to_string(open_.size()) + " notices are under way at once");
  const bool known = what == "accept_pos_order" ? story.accepted_written
                     : what == "deny_pos_order" ? story.refused_written || story.ended_written
                                                : story.ended_written;
  if (!known)
    scene.blame("told",
                "the partner of " + name_of(story) + " is told " + std::string(what) + " and no row says so");
}

void TellWatch::written(const Scene& scene, const core::Changes& changes) {
  for (const core::EventRecord& event : changes.events) {
    if (event.order == core::no_order) continue;
    const auto row = std::find_if(changes.orders.begin(), changes.orders.end(),
                                  [&](const core::Order& order) { return order.number == event.order; });
    Story* story =
        row == changes.orders.end() ? nullptr : scene.ledger.find(row->partner, row->partner_order_id);
    if (story == nullptr || !story->thin) continue;
    using enum core::EventType;
    if (event.type == order_accepted) story->accepted_written = true;
    if (event.type == order_rejected) story->refused_written = true;
    if (event.type == order_cancelled || event.type == order_expired) story->ended_written = true;
  }
}

void TellWatch::on_untold(const Scene& scene, std::string_view data) {
  Story* story = scene.ledger.find(member_text(data, "partner"), member_text(data, "partner_order_id"));
  if (story == nullptr || !story->thin)
    return scene.blame("told", "an event tells of a partner that nobody was to tell");
  // No storm lasts as long as a partner is tried.
  if (member_text(data, "why") == "given_up")
    scene.blame("told", "the partner of " + name_of(*story) + " is given up");
  story->untold = true;
}

void TellWatch::judge_end(const Scene& scene, const Story& story, std::string_view decided) {
  if (story.events.empty() || story.reborn) return;
  const auto blame = [&](std::string_view what) {
    scene.blame_liveness("told", "the partner of " + name_of(story) + ", which is " + story.last()->phase +
                                     ", has " + (decided.empty() ? "heard nothing" : std::string(decided)) +
                                     ": " + std::string(what));
  };
  const std::string& phase = story.last()->phase;
  const bool is_cancelled = (phase == "cancelled" || phase == "expired") && !was_cancelled_by_partner(story);
  // Whatever else could not be told: one that was accepted there hears of a cancel, and of nothing but that.
  if (decided == "accepted" && (phase == "rejected" || is_cancelled)) blame("it still counts on the order");
  if (story.untold) return;
  const bool taken = decided == "accepted" || decided == "elsewhere";
  if (phase == "completed" && !taken && decided != "cancelled")
    blame("it was to be told that it is accepted");
  // Where its partner has no such order, as far as anybody could see, there is nobody to tell.
  if (phase == "rejected" && !story.unseen && decided != "denied" && decided != "cancelled" &&
      decided != "elsewhere")
    blame("it was to be told that it is rejected");
  if ((phase == "cancelled" || phase == "expired") && !was_cancelled_by_partner(story) &&
      decided != "denied" && decided != "cancelled")
    blame("it was to be told that it is cancelled");
  if (decided == "denied" && phase == "completed") blame("it was told another thing");
}

}  // namespace storegate::sim::check
