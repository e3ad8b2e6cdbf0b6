// Gateway: what becomes of a placed order at the POS. It is asked how its tickets stand, few at a time and behind everything
// else, or tells by itself; both ways what is new becomes a move, and what is old or goes backwards nothing.
#include <algorithm>
#include <utility>

#include "core/gateway.hpp"

namespace storegate::core {

bool Gateway::is_watched(const Entry& entry) const noexcept {
  return policy_.pos.watch_ms > 0 && !entry.order.pos_reference.empty();
}

std::optional<Milliseconds> Gateway::watch_ms_of(const Entry& entry) const noexcept {
  if (!is_watched(entry) || entry.soft.watch.attempt != 0) return {};
  return entry.soft.watch.next_ms;
}

void Gateway::begin_watch(Entry& entry, const Now& now) {
  entry.soft.watch = Watch{};
  if (is_watched(entry)) plan_watch(entry, now);
}

void Gateway::plan_watch(Entry& entry, const Now& now) {
  Watch& watch = entry.soft.watch;
  const Milliseconds most_ms = std::max(watch_most_ms, policy_.pos.watch_ms);
  watch.next_ms = now.steady_ms +
                  (watch.pushed ? backoff_ms(1, watch_pushed_ms, watch_pushed_ms, generator_)
                                : backoff_ms(1 + watch.unchanged, policy_.pos.watch_ms, most_ms, generator_));
}

// ---------------------------------------------------------------- asking

// A POS that is away is tried by whoever waits to be placed; by a question only if nobody does, and one at a time. Without
// that a quiet store would never hear again of what it placed.
bool Gateway::may_watch(Milliseconds steady_ms) const {
  if (pos_.reachable()) return true;
  return book_.pos_line().empty() && pos_.may_start(watch_pace_.in_flight(), steady_ms);
}

void Gateway::dispatch_watches(Turn& turn) {
  const Milliseconds now_ms = turn.now.steady_ms;
  for (auto first = book_.first_to_watch(); first && first->first <= now_ms; first = book_.first_to_watch()) {
    if (!may_watch(now_ms) || !watch_pace_.take_token(now_ms)) return;
    Entry& entry = *book_.find(first->second);
    book_.save(entry);
    entry.soft.watch.attempt = next_attempt_++;
    watch_pace_.started(entry.soft.watch.attempt, !pos_.reachable());
    turn.effects.emplace_back(
        WatchOrder{entry.order.number, entry.soft.watch.attempt, entry.order.pos_reference});
    reindex(entry, turn.now);
  }
}

std::optional<Milliseconds> Gateway::watch_wake_ms() const {
  const auto first = book_.first_to_watch();
  if (!first || !watch_pace_.has_room()) return {};
  const Milliseconds at_ms = std::max(first->first, watch_pace_.earliest_ms());
  if (pos_.reachable()) return at_ms;
  if (!book_.pos_line().empty()) return {};
  const auto probe_ms = pos_.probe_ms(watch_pace_.in_flight());
  if (!probe_ms) return {};
  return std::max(at_ms, *probe_ms);
}

void Gateway::watch_answered(const PosAnswered& input, bool probe, Turn& turn) {
  note_watch_health(input, probe, turn);
  Entry* entry = book_.find(input.order);
  const bool is_meant = entry != nullptr && !is_end(entry->order.phase);
  if (!is_meant || entry->soft.watch.attempt != input.attempt) {  // it has ended, or is being voided
    ++stale_answers_;
    return;
  }
  book_.save(*entry);
  Watch& watch = entry->soft.watch;
  watch.attempt = 0;
  if (input.outcome == PosOutcome::shown) {
    const bool is_news = input.pos_status > entry->order.pos_status;
    watch.failures = 0;
    watch.unchanged = is_news ? 0 : watch.unchanged + 1;
    watch.pushed = watch.pushed && !is_news;  // the POS ought to have told it
    plan_watch(*entry, turn.now);
    see_status(*entry, input.pos_status, turn);
    const bool still_there = entry->order.phase == Phase::placed || entry->order.phase == Phase::ready;
    const bool was_last = std::exchange(entry->soft.watch.last_look_ms, std::nullopt).has_value();
    if (still_there && was_last && completion_ms(*entry, turn.now) <= turn.now.steady_ms)
      happen(*entry, Happening::completion_due, {}, turn);
  } else if (input.outcome == PosOutcome::not_delivered || input.outcome == PosOutcome::not_now) {
    watch.next_ms = turn.now.steady_ms;  // says nothing about this order: it is the next one again
  } else {
    watch.next_ms =
        turn.now.steady_ms + backoff_ms(++watch.failures, policy_.pos.watch_ms,
                                        std::max(watch_failed_most_ms, policy_.pos.watch_ms), generator_);
  }
  reindex(*entry, turn.now);
}

void Gateway::note_watch_health(const PosAnswered& input, bool probe, Turn& turn) {
  const Milliseconds now_ms = turn.now.steady_ms;
  const bool was_away = !pos_.reachable();
  if (input.outcome == PosOutcome::shown) {
    watch_pace_.on_answer();
    if (pos_.on_answer())
      emit_plain(EventType::gateway_alarm_cleared, {{"alarm", std::string("pos_unreachable")}}, turn);
    return;
  }
  // A POS that has enough of questions may well take orders: its "not now" holds for questions alone.
  if (input.outcome == PosOutcome::not_now) watch_pace_.on_not_now(now_ms, input.retry_after_ms, generator_);
  if (was_away || input.outcome == PosOutcome::not_delivered)
    pos_.on_failure(now_ms, input.retry_after_ms, probe, generator_);
}

// ---------------------------------------------------------------- what is seen

Happening Gateway::happening_of(PosStatus status) noexcept {
  switch (status) {
    case PosStatus::ready: return Happening::pos_shows_ready;
    case PosStatus::completed: return Happening::pos_shows_completed;
    case PosStatus::voided: return Happening::pos_shows_voided;
    case PosStatus::unknown:
    case PosStatus::open:
    case PosStatus::preparing: break;
  }
  return Happening::pos_shows_open;
}

// Tickets go forwards only: what says less than is known was overtaken on its way.
void Gateway::see_status(Entry& entry, PosStatus status, Turn& turn) {
  if (status <= entry.order.pos_status) return;
  entry.order.pos_status = status;
  changed_lazily(entry, turn);
  happen(entry, happening_of(status), {Actor::pos, {}, {}, {}, {}, status}, turn);
}

void Gateway::moved_at_pos(Entry& entry, Outcome outcome, Turn& turn) {
  entry.order.reason = Reason::none;  // of a cancel that was refused
  if (outcome == Outcome::make_ready) {
    move_and_emit(entry, Phase::ready, EventType::order_ready, Actor::pos, turn);
  } else if (outcome == Outcome::complete_by_pos) {
    move_and_emit(entry, Phase::completed, EventType::order_completed, Actor::pos, turn);
  } else {
    entry.order.cancelled_by = Actor::pos;  // whoever asked for it before was refused
    finish_cancel(entry, Reason::other, Actor::pos, turn);
  }
}

void Gateway::status_seen(const PosStatusSeen& input, Turn& turn) {
  Entry* entry = book_.find(book_.find_reference(input.pos_reference));
  if (entry == nullptr || entry->order.pos_reference != input.pos_reference)
    return answer(input.caller, AnswerKind::not_found, nullptr, turn, "no order here has this ticket");
  book_.save(*entry);
  const Phase phase = entry->order.phase;
  if (phase == Phase::placed || phase == Phase::ready) {
    Watch& watch = entry->soft.watch;
    watch.pushed = true;
    watch.unchanged = 0;
    if (is_watched(*entry)) plan_watch(*entry, turn.now);
    see_status(*entry, input.status, turn);
  } else if (phase == Phase::voiding && input.status >= PosStatus::ready) {
    // The void has the word, unless there is nothing left to void: what is told may have been overtaken.
    if (input.status == PosStatus::voided)
      happen(*entry, Happening::pos_shows_voided, {Actor::pos, {}, {}, {}, {}}, turn);
    else
      entry->soft.told = std::max(entry->soft.told, input.status);
  }
  reindex(*entry, turn.now);
  answer(input.caller, AnswerKind::done, nullptr, turn);
}

// ---------------------------------------------------------------- the end nobody tells of

// Whoever is to be taken for completed is asked about first: his ticket may have been voided since the last answer.
bool Gateway::look_once_more(Entry& entry, Turn& turn) {
  Watch& watch = entry.soft.watch;
  if (!is_watched(entry) || watch.last_look_ms) return false;
  book_.save(entry);
  watch.last_look_ms = turn.now.steady_ms;
  watch.next_ms = std::min(watch.next_ms, turn.now.steady_ms);
  reindex(entry, turn.now);
  return true;
}

Milliseconds Gateway::completion_ms(const Entry& entry, const Now& now) const {
  if (policy_.pos.complete_after_ms <= 0) return never_ms;
  return steady_or_load(entry.order.placed, now) + policy_.pos.complete_after_ms;
}

}  // namespace storegate::core
