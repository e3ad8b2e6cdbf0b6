// Follow-up: what a ticket has come to at the POS becomes its event within a bound, and no event says what the POS did not;
// nobody is taken for completed before the time; questions are few at once and few a second. Seen on the POS's wire and at
// the consumer.
#include <algorithm>
#include <string>

#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

namespace {

using core::PosStatus;

constexpr std::string_view rule = "follow";
constexpr std::int64_t tolerance_ms = 1000;
// From the POS's answer to the consumer: a commit, and the way through the broker.
constexpr std::int64_t lag_ms = 5000;
// A quiet ticket is asked about so often; one that the POS tells of, or whose questions had failed, so often.
constexpr std::int64_t asked_within_ms = 60'000;
constexpr std::int64_t asked_late_within_ms = 300'000;
// A ticket voided so shortly before its order is taken for completed may be missed: the last look was under way.
constexpr std::int64_t last_look_ms = 65'000;
constexpr std::int64_t window_ms = 10'000;

bool has_clock_faults(const Plan& plan) {
  return plan.faults.wall_jumps > 0 || (plan.faults.boots_in_1970 && plan.faults.power_cuts > 0);
}

bool can_look(const Plan& plan) { return plan.policy.pos.watch_ms > 0 && !plan.follow_up.shows_nothing; }

std::int64_t said_ms(const Story& story, PosStatus status) {
  return story.said_ms[static_cast<std::size_t>(status)];
}

/// When the ticket that the consumer knows of was voided, by whomever.
std::int64_t voided_ms(const Story& story) {
  const auto moves = story.moves.find(story.reference);
  if (moves == story.moves.end() || moves->second.back().status != PosStatus::voided) return never;
  return moves->second.back().at_ms;
}

}  // namespace

// ---------------------------------------------------------------- each event, as it comes

void event_is_the_pos(const Scene& scene, const Story& story) {
  const bool is_simulated = story.reference.starts_with("TEST-");  // a test order, which no POS ever sees
  if (story.reborn || is_simulated) return;
  const Seen& seen = story.events.back();
  const auto must_have_said = [&](PosStatus status) {
    if (said_ms(story, status) > scene.now_ms)
      scene.blame(rule, name_of(story) + " is told as " + seen.name + " and the POS never showed it as " +
                            std::string(core::name_of(status)));
  };
  if (seen.name == "ready") must_have_said(PosStatus::ready);
  if (seen.name == "completed" && seen.reason != "assumed") must_have_said(PosStatus::completed);
  if (seen.name == "cancelled" && (seen.previous_phase == "placed" || seen.previous_phase == "ready"))
    must_have_said(PosStatus::voided);
  if (seen.name == "completed" && seen.reason == "assumed" && !has_clock_faults(scene.plan) &&
      story.first_ticket_ms != never &&
      scene.now_ms < story.first_ticket_ms + scene.plan.policy.pos.complete_after_ms - tolerance_ms)
    scene.blame(rule, name_of(story) + " is taken for completed " +
                          std::to_string(scene.now_ms - story.first_ticket_ms) + " ms after its ticket");
  if (seen.name == "cancel_refused" && seen.reason == "too_late" && can_look(scene.plan) &&
      voided_ms(story) < story.last_void_asked_ms)
    scene.blame(rule, name_of(story) + ": a cancel is refused though its ticket was voided at " +
                          std::to_string(voided_ms(story)) + " ms");
}

// ---------------------------------------------------------------- questions on the wire

void Questions::asked(const Scene& scene, std::uint64_t call, const Story* story) {
  // A void's own look is not one of these.
  if (story == nullptr || story->cancel_reached_ms != never) return;
  const core::PosPolicy& pos = scene.plan.policy.pos;
  open_.insert(call);
  recent_.push_back(scene.now_ms);
  while (recent_.front() <= scene.now_ms - window_ms) recent_.pop_front();
  if (static_cast<std::int64_t>(open_.size()) > pos.watch_max)
    scene.blame(rule, std::to_string(open_.size()) + " tickets are asked about at once");
  // Those that waited for a commit come out a little later than they were drawn.
  const auto most = pos.watch_rate_per_s * (window_ms / 1000 + 1) + pos.watch_max;
  if (static_cast<std::int64_t>(recent_.size()) > most)
    scene.blame(rule, std::to_string(recent_.size()) + " tickets are asked about within 10 s");
}

void Questions::answered(std::uint64_t call) { open_.erase(call); }

void Questions::gone() {
  open_.clear();
  recent_.clear();
}

// ---------------------------------------------------------------- at the end

namespace {

struct Bound {
  std::int64_t since_ms = 0;
  std::int64_t within_ms = 0;
  [[nodiscard]] std::int64_t by(std::int64_t at_ms) const {
    return std::max(at_ms + within_ms, since_ms + asked_late_within_ms + within_ms);
  }
};

/// When the consumer heard of its end; never: it did not.
std::int64_t end_ms(const Story& story) {
  const auto end = std::find_if(story.events.begin(), story.events.end(),
                                [](const Seen& seen) { return is_end_phase(seen.phase); });
  return end == story.events.end() ? never : end->at_ms;
}

void judge_last_move(const Scene& scene, const Story& story, const Moved& last, const Bound& bound) {
  if (last.status != PosStatus::completed && last.status != PosStatus::voided) return;
  const std::int64_t by_ms = bound.by(last.at_ms);
  const std::int64_t ended_ms = end_ms(story);
  if (by_ms <= scene.now_ms && ended_ms > by_ms)
    scene.blame_liveness(rule, name_of(story) + " is " + std::string(core::name_of(last.status)) +
                                   " at the POS since " + std::to_string(last.at_ms) +
                                   " ms and nobody was told by " + std::to_string(by_ms) + " ms");
  const bool was_time_to_look = last.at_ms > bound.since_ms && ended_ms > last.at_ms + last_look_ms;
  if (last.status == PosStatus::voided && story.last()->phase == "completed" && was_time_to_look)
    scene.blame(rule, name_of(story) + " is completed though its ticket stands voided since " +
                          std::to_string(last.at_ms) + " ms");
}

void judge_ready(const Scene& scene, const Story& story, const Moved& ready, std::int64_t until_ms,
                 const Bound& bound) {
  const std::int64_t by_ms = bound.by(ready.at_ms);
  if (by_ms > until_ms || end_ms(story) <= by_ms || story.cancel_reached_ms != never) return;
  const Seen* told = story.first_named("ready");
  if (told == nullptr || told->at_ms > by_ms)
    scene.blame_liveness(rule, name_of(story) + " was ready from " + std::to_string(ready.at_ms) +
                                   " ms on and nobody was told by " + std::to_string(by_ms) + " ms");
}

}  // namespace

void tickets_are_followed(const Scene& scene, std::int64_t since_ms) {
  if (!can_look(scene.plan)) return;
  const core::PosPolicy& pos = scene.plan.policy.pos;
  const auto orders = static_cast<std::int64_t>(scene.ledger.stories().size());
  const std::int64_t turn_ms = orders * 1000 / std::max<std::int64_t>(pos.watch_rate_per_s, 1);
  const std::int64_t asked_ms = scene.plan.follow_up.pos_tells ? asked_late_within_ms : asked_within_ms;
  const Bound bound{since_ms, asked_ms + turn_ms + pos.timeout_ms + lag_ms};
  for (const Story& story : scene.ledger.stories()) {
    const auto moves = story.moves.find(story.reference);
    if (story.reborn || story.events.empty() || moves == story.moves.end()) continue;
    const std::vector<Moved>& all = moves->second;
    judge_last_move(scene, story, all.back(), bound);
    for (std::size_t i = 0; i < all.size(); ++i)
      if (all[i].status == PosStatus::ready)
        judge_ready(scene, story, all[i], i + 1 < all.size() ? all[i + 1].at_ms : scene.now_ms, bound);
  }
}

}  // namespace storegate::sim::check
