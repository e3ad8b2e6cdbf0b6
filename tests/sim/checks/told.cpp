// What a partner must have heard follows from the order's events alone.
#include "sim/checks/told.hpp"

#include <algorithm>
#include <string>

namespace storegate::sim::check {

namespace {
constexpr std::int64_t at_once_most = 4;

// However late it is, a partner is tried for so long, from when something was owed or from the start.
constexpr std::int64_t tried_for_ms = 60'000;
// From a decision to its commit.
constexpr std::int64_t tolerance_ms = 2000;

bool says_accepted(std::string_view what) { return what == "accept_pos_order" || what == "confirm"; }
bool says_refused(std::string_view what) { return what == "deny_pos_order"; }
/// Open Delivery's applications hear of a rejection by the same word.
bool says_cancelled(std::string_view what) { return what == "cancel" || what == "requestCancellation"; }

/// A row says so.
bool is_known(const Story& story, std::string_view what) {
  if (says_accepted(what)) return story.accepted_written;
  if (says_refused(what) || what == "requestCancellation")
    return story.refused_written || story.ended_written;
  if (what == "readyForPickup") return story.ready_written;
  if (what == "denyCancellation") return story.cancel_refused_written;
  return story.ended_written;
}

std::string_view text_in(const core::Details& details, std::string_view name) {
  for (const auto& [key, value] : details)
    if (const auto* text = key == name ? std::get_if<std::string>(&value) : nullptr) return *text;
  return {};
}

bool was_cancelled_by_partner(const Story& story) {
  const Seen* last = story.last();
  return last->name == "cancelled" && (last->by == "partner" || last->by == "customer");
}
}  // namespace

void TellWatch::begin(const Scene& scene, const core::Loaded& loaded) {
  open_.clear();
  loaded_ms_ = scene.now_ms;
  for (const core::Order& order : loaded.live) {
    Story* story = scene.ledger.find(order.partner, order.partner_order_id);
    if (story == nullptr) continue;
    story->accepted_written |= order.owed.has(core::Notice::accepted);
    story->refused_written |= order.owed.has(core::Notice::rejected);
    story->ended_written |=
        order.owed.has(core::Notice::cancelled) || order.owed.has(core::Notice::cancel_agreed);
    // It was told, or given up by a commit that nobody saw.
    story->accept_told |= order.phase != core::Phase::fetching && !order.owed.has(core::Notice::accepted);
    story->ready_written |= order.owed.has(core::Notice::ready);
    story->cancel_refused_written |= order.owed.has(core::Notice::cancel_refused);
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
  const auto at_once = std::count_if(open_.begin(), open_.end(), [&](const auto& other) {
    return scene.ledger.story(other.second).partner == story.partner;
  });
  if (at_once > at_once_most) scene.blame("told", std::to_string(at_once) + " notices are under way at once");
  const auto blame = [&](std::string_view why) {
    scene.blame("told", "the partner of " + name_of(story) + " is told " + std::string(what) + " " +
                            std::string(why));
  };
  if (!is_known(story, what)) blame("and no row says so");
  if (what == "readyForPickup" && !story.accept_told && !story.untold_written)
    blame("before it is told that the order is accepted");
  if (story.end_taken && !story.reborn && (says_accepted(what) || what == "readyForPickup"))
    blame("after it has taken that the order is not made");
  story.accept_told |= says_accepted(what);
}

void TellWatch::taken(Story& story, std::string_view what) {
  story.end_taken |= says_refused(what) || says_cancelled(what) || what == "acceptCancellation";
}

void TellWatch::written(const Scene& scene, const core::Changes& changes) {
  for (const core::EventRecord& event : changes.events) {
    if (event.type == core::EventType::gateway_partner_untold) given_up(scene, event);
    if (event.order == core::no_order) continue;
    const auto row = std::find_if(changes.orders.begin(), changes.orders.end(),
                                  [&](const core::Order& order) { return order.number == event.order; });
    Story* story =
        row == changes.orders.end() ? nullptr : scene.ledger.find(row->partner, row->partner_order_id);
    if (story == nullptr || !story->thin) continue;
    using enum core::EventType;
    const bool decides = event.type == order_accepted || event.type == order_rejected;
    if (decides) story->decision_owed_ms = std::min(story->decision_owed_ms, scene.now_ms);
    if (event.type == order_accepted) story->accepted_written = true;
    if (event.type == order_rejected) story->refused_written = true;
    if (event.type == order_ready) story->ready_written = true;
    if (event.type == order_cancel_refused) story->cancel_refused_written = true;
    if (event.type == order_cancelled || event.type == order_expired) story->ended_written = true;
  }
}

// Of a call of a person "called" knows. Only a decision has a time by which it means nothing any more; no storm lasts as long as anything else is tried.
void TellWatch::given_up(const Scene& scene, const core::EventRecord& event) const {
  Story* story =
      scene.ledger.find(text_in(event.details, "partner"), text_in(event.details, "partner_order_id"));
  if (story == nullptr || text_in(event.details, "why") == "by_hand") return;
  story->untold_written = true;
  if (text_in(event.details, "why") != "given_up" || story->reborn) return;
  const std::int64_t within_ms = scene.plan.policy.partners.find(story->partner)->second.decide_within_ms;
  const std::string_view notice = text_in(event.details, "notice");
  if (notice == "accepted") story->announced_ms = scene.now_ms;  // its truth is looked at
  const bool has_time = within_ms > 0 && (notice == "accepted" || notice == "rejected");
  // A cancel that came before a decision was told is told as one.
  const std::int64_t owed_ms =
      std::max(story->decision_owed_ms == never ? 0 : story->decision_owed_ms, loaded_ms_);
  if (!has_time)
    scene.blame("told", "the partner of " + name_of(*story) + " is given up");
  else if (scene.now_ms + tolerance_ms < std::max(story->reached_ms + within_ms, owed_ms + tried_for_ms))
    scene.blame("told", "the partner of " + name_of(*story) + " is given up after " +
                            std::to_string(scene.now_ms - story->reached_ms) + " ms");
}

void TellWatch::on_untold(const Scene& scene, std::string_view data) {
  Story* story = scene.ledger.find(member_text(data, "partner"), member_text(data, "partner_order_id"));
  if (story == nullptr || !story->thin)
    return scene.blame("told", "an event tells of a partner that nobody was to tell");
  story->untold = true;
}

void TellWatch::judge_end(const Scene& scene, const Story& story, const PartnersView& view) {
  if (story.events.empty() || story.reborn) return;
  const std::string_view decided = view.decided;
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
  if (phase == "completed" && taken && story.ready_written && !view.is_ready && story.partner == open_partner)
    blame("it was to be told that it is ready");
  const Seen* refused = story.first_named("cancel_refused");
  const bool was_answered = (phase == "cancelled" && story.last()->by == "partner") ||
                            (refused != nullptr && refused->by == "partner");
  if (was_answered && view.waits_for_word) blame("it was to be told what becomes of the cancel it asked for");
}

}  // namespace storegate::sim::check
