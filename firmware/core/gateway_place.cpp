// Gateway: placing once (design.md section 4). An order whose request may have been carried out is in doubt; the
// doubt is settled by the same key again, by asking behind the barrier, or by a person, and never by hope.
#include <algorithm>
#include <utility>

#include "core/gateway.hpp"

namespace storegate::core {

namespace {

/// Of an order in `sending`: a person keys it in (remember_call).
bool is_called(const Order& order) noexcept { return order.reason == Reason::by_hand; }

}  // namespace

void Gateway::place(Entry& entry, const Facts& facts, Turn& turn) {
  Order& order = entry.order;
  order.pos_reference = facts.pos_reference;
  order.pos_status = PosStatus::unknown;
  order.placed = stamp_of(turn.now);
  order.reason = Reason::none;
  entry.soft = Soft{};
  begin_watch(entry, turn.now);
  book_.add_reference(order.pos_reference, order.number);
  move_and_emit(entry, Phase::placed, EventType::order_placed, Actor::pos, turn);
  if (order.cancel_wanted)
    start_void(entry, {order.cancelled_by, order.cancel_text, {}, {}, {}}, turn);
  else
    see_status(entry, facts.pos_status, turn);  // found where it was asked for, it may be further already
}

void Gateway::refused_by_pos(Entry& entry, const Facts& facts, bool for_good, Turn& turn) {
  Order& order = entry.order;
  if (entry.soft.doubting) {  // this try was refused; an earlier one may have been taken
    doubt(entry, turn);
    return;
  }
  order.pos_code = facts.code;
  if (is_called(order)) {
    park(entry, Reason::by_hand, false, turn);
  } else if (order.cancel_wanted) {
    finish_void(entry, turn);
  } else if (for_good) {
    finish_cancel(entry, canonical_reason_from(facts.code).value_or(Reason::other), Actor::pos, turn);
  } else {
    park(entry, Reason::pos_refused, false, turn);
  }
}

void Gateway::try_later(Entry& entry, std::optional<Milliseconds> back_off_ms, Turn& turn) {
  Soft& soft = entry.soft;
  soft.next_ms = turn.now.steady_ms;  // not reached: the POS gate says when, and the order keeps its place
  if (back_off_ms) back_off(entry, back_off_ms, turn.now);
  if (soft.doubting) {
    plan_doubt(entry, turn);
    return;
  }
  if (is_called(entry.order)) {  // a cancel waits for the person's answer
    park(entry, Reason::by_hand, false, turn);
    return;
  }
  if (entry.order.cancel_wanted) {
    finish_void(entry, turn);
    return;
  }
  // Certainly not taken. Written with the next commit: if the power goes first, the order is in doubt for nothing,
  // which costs a question and never a second ticket. A POS that cannot be asked would leave that to a person: for it
  // the row is written now.
  entry.order.phase = Phase::queued;
  if (policy_.pos.can_query)
    changed_lazily(entry, turn);
  else
    changed(entry, turn);
}

void Gateway::doubt(Entry& entry, Turn& turn) {
  Soft& soft = entry.soft;
  const Milliseconds now_ms = turn.now.steady_ms;
  if (!soft.doubting) soft.doubt_since_ms = now_ms;
  soft.doubting = true;
  entry.closed_ms = now_ms;  // the connection was closed before its outcome was reported
  soft.not_founds = 0;
  ++soft.failures;
  plan_doubt(entry, turn);
}

// The last instant at which the same key may be sent again: the request may take its whole time-out to get there, and
// the POS its whole processing time to look the key up, all before it forgets it. The window counts from the first
// byte that may have left, on this boot's clock; after a reboot it counts as over. -1: not at all.
Milliseconds Gateway::protected_until_ms(const Entry& entry, const Now& now) const {
  const Stamp& intent = entry.order.intent;
  const PosPolicy& pos = policy_.pos;
  if (pos.deduplicates_ms <= 0 || intent.boot != now.boot) return -1;
  return intent.steady_ms + pos.deduplicates_ms - pos.timeout_ms - pos.max_processing_ms;
}

void Gateway::plan_doubt(Entry& entry, Turn& turn) {
  Soft& soft = entry.soft;
  const Now& now = turn.now;
  const Milliseconds wait =
      soft.failures == 0 ? 0
                         : backoff_ms(soft.failures, pos_backoff_first_ms, pos_backoff_most_ms, generator_);
  if (!must_not_resend(entry.order) && now.steady_ms + wait <= protected_until_ms(entry, now)) {
    soft.next_request = PosRequest::place;
    soft.next_ms = now.steady_ms + wait;
  } else if (policy_.pos.can_query) {
    soft.next_request = PosRequest::ask;
    soft.next_ms = std::max(now.steady_ms, entry.closed_ms + policy_.pos.max_processing_ms);
  } else {
    park(entry, Reason::in_doubt, true, turn);
  }
  reindex(entry, now);
}

// An order that is to be cancelled is not sent again where the POS can simply be asked: that might cook it first. One that a
// person keys in is not sent again at all.
bool Gateway::must_not_resend(const Order& order) const noexcept {
  return is_called(order) || (order.cancel_wanted && policy_.pos.can_query);
}

// A second try that has not left yet is put away for a question, or for a person.
void Gateway::replan_if_resending(Entry& entry, Turn& turn) {
  const bool resending =
      entry.soft.doubting && !entry.soft.in_flight && entry.soft.next_request == PosRequest::place;
  if (resending && must_not_resend(entry.order)) plan_doubt(entry, turn);
}

// What is on its way cannot be called back. The row keeps it: whatever the POS certainly does not have is left to the person.
void Gateway::remember_call(Entry& entry, Turn& turn) {
  if (is_called(entry.order)) return;
  entry.order.reason = Reason::by_hand;
  changed(entry, turn);
  replan_if_resending(entry, turn);
}

void Gateway::note_lacking(Entry& entry, Turn& turn) {
  Soft& soft = entry.soft;
  if (++soft.not_founds < 2) {
    soft.next_request = PosRequest::check_health;
    soft.next_ms = turn.now.steady_ms + policy_.pos.ask_interval_ms;
    return;
  }
  // Behind the barrier, twice, from a healthy POS: it is not there and will not come.
  soft.doubting = false;
  soft.not_founds = 0;
  soft.next_request = PosRequest::place;
  try_later(entry, {}, turn);
}

void Gateway::ask_later(Entry& entry, std::optional<Milliseconds> retry_after_ms, Turn& turn) {
  entry.soft.not_founds = 0;
  entry.soft.next_request = PosRequest::ask;
  back_off(entry, retry_after_ms, turn.now);
}

void Gateway::back_off(Entry& entry, std::optional<Milliseconds> retry_after_ms, const Now& now) {
  ++entry.soft.failures;
  const Milliseconds wait =
      backoff_ms(entry.soft.failures, pos_backoff_first_ms, pos_backoff_most_ms, generator_);
  entry.soft.next_ms = now.steady_ms + std::max(wait, std::min(retry_after_ms.value_or(0), minute_ms));
}

}  // namespace storegate::core
