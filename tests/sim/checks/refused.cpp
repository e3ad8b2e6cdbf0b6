// refused: by the answers that the gateway heard, whatever it made of them. Where an earlier try may have been carried out,
// a refusal says nothing, and nothing is asked of the order here.
#include "sim/checks/refused.hpp"

#include <algorithm>
#include <array>

namespace storegate::sim::check {

namespace {

bool is_clear(int status) {
  constexpr std::array clear{400, 401, 403, 404, 405, 409, 413, 422, 429, 503};
  return std::find(clear.begin(), clear.end(), status) != clear.end();
}

bool means_wrong(int status) { return status == 400 || status == 413 || status == 422; }

/// A canonical reason is told as it is, any other word as "other".
std::string reason_of(std::string_view body) {
  constexpr std::array<std::string_view, 9> canonical{"item_unavailable", "item_unknown", "store_closed",
                                                      "pos_offline",      "too_busy",     "price_mismatch",
                                                      "invalid_order",    "timed_out",    "other"};
  const std::string_view code = member_text(body, "code");
  const bool known = std::find(canonical.begin(), canonical.end(), code) != canonical.end();
  return std::string(known ? code : "other");
}

std::size_t index_of(const Scene& scene, const Story& story) {
  return static_cast<std::size_t>(&story - scene.ledger.stories().data());
}

/// Somebody's cancel was there first: then it is that one's.
bool is_somebodys_cancel(const Story& story, const core::Order& row) {
  return row.phase == core::Phase::cancelled && story.cancelled_by.contains(core::name_of(row.cancelled_by));
}

// One that a person keys in is that person's, whatever the POS says.
bool is_keyed_in(const Story& story, const core::Order& row) {
  return row.phase == core::Phase::parked && row.reason == core::Reason::by_hand && story.times_called > 0;
}

}  // namespace

void RefusalWatch::begin(const Scene& scene, const core::Loaded& loaded) {
  heard_.clear();
  for (const core::Order& order : loaded.live) {  // the last process may have sent it, or died just before
    Story* story = scene.ledger.find(order.partner, order.partner_order_id);
    if (story != nullptr && order.phase == core::Phase::sending && story->tried_in_life == 0)
      story->tried_in_life = life_;
  }
  ++life_;
}

void RefusalWatch::on_post(const Scene& scene, Story& story) {
  if (heard_.contains(index_of(scene, story)) || !story.refused_for.empty())
    scene.blame("refused", name_of(story) + " is sent again though the POS refused it");
  if (story.parked_as_wrong && story.resolve_reached_ms == never)
    scene.blame("refused", name_of(story) + " is sent again as it was though the POS called it wrong");
  if (story.tried_in_life == 0) story.tried_in_life = life_;
  ++story.unclear_tries;
}

void RefusalWatch::on_heard(const Scene& scene, Story& story, const PosReply& reply) {
  if (!reply.written || !is_clear(reply.status)) return;
  --story.unclear_tries;
  const bool for_good = reply.status == 409;
  if (!for_good && !means_wrong(reply.status)) return;
  const std::string reason = for_good ? reason_of(reply.body) : std::string("pos_refused");
  if (for_good)
    story.refused_reasons.insert(reason);
  else
    story.called_wrong = true;
  // A process that has not sent all its tries does not know how those before it ended.
  if (story.unclear_tries == 0 && story.tried_in_life == life_)
    heard_[index_of(scene, story)] = {for_good, reason};
}

// A row that is still being sent was decided on before the answer came.
template <typename Visit>
void RefusalWatch::each_answered(const Scene& scene, const core::Changes& changes, Visit visit) const {
  if (heard_.empty()) return;
  for (const core::Order& row : changes.orders) {
    if (row.phase == core::Phase::sending) continue;
    Story* story = scene.ledger.find(row.partner, row.partner_order_id);
    if (story == nullptr || story->reborn) continue;
    const auto refusal = heard_.find(index_of(scene, *story));
    if (refusal != heard_.end()) visit(*story, refusal->second, row);
  }
}

void RefusalWatch::judge(const Scene& scene, const Story& story, const Refusal& refusal,
                         const core::Order& row) {
  if (is_somebodys_cancel(story, row) || is_keyed_in(story, row)) return;
  const bool is_right = refusal.for_good
                            ? row.phase == core::Phase::cancelled && row.cancelled_by == core::Actor::pos
                            : row.phase == core::Phase::parked;
  if (is_right && core::name_of(row.reason) == refusal.reason) return;
  scene.blame("refused", name_of(story) + " was refused by the POS (" + refusal.reason + ") and is " +
                             std::string(core::name_of(row.phase)) + " (" +
                             std::string(core::name_of(row.reason)) + ") by '" +
                             std::string(core::name_of(row.cancelled_by)) + "'");
}

void RefusalWatch::on_commit_begins(const Scene& scene, const core::Changes& changes) const {
  each_answered(scene, changes, [&](const Story& story, const Refusal& refusal, const core::Order& row) {
    judge(scene, story, refusal, row);
  });
}

void RefusalWatch::on_written(const Scene& scene, const core::Changes& changes) {
  std::vector<std::size_t> done;
  each_answered(scene, changes, [&](Story& story, const Refusal& refusal, const core::Order& row) {
    done.push_back(index_of(scene, story));
    if (is_somebodys_cancel(story, row) || is_keyed_in(story, row)) return;
    if (refusal.for_good)
      story.refused_for = refusal.reason;
    else
      story.parked_as_wrong = true;
  });
  for (const std::size_t story : done) heard_.erase(story);
}

void told_as_refused(const Scene& scene, const Story& story) {
  if (story.reborn) return;
  const Seen& seen = story.events.back();
  const bool by_pos = seen.by == "pos";
  if (seen.name == "cancelled" && !story.refused_for.empty() && !(by_pos && seen.reason == story.refused_for))
    scene.blame("refused", name_of(story) + " is told to be cancelled by '" + seen.by + "' (" + seen.reason +
                               "), and the POS refused it (" + story.refused_for + ")");
  const bool had_ticket = story.voided > 0 && seen.reason == "other";
  if (seen.name == "cancelled" && by_pos && seen.previous_phase == "sending" && !had_ticket &&
      !story.refused_reasons.contains(seen.reason))
    scene.blame("refused", name_of(story) + " is told to be refused by the POS (" + seen.reason +
                               "), which did not say so");
  if (seen.name == "parked" && seen.reason == "pos_refused" && !story.called_wrong)
    scene.blame("refused", name_of(story) + " is parked as wrong, and the POS did not call it so");
}

}  // namespace storegate::sim::check
