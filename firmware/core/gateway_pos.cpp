// Gateway: the POS line. Who goes next, what is asked of the POS, and what its answer means for the order.
#include <cstdlib>
#include <utility>

#include "core/gateway.hpp"

namespace storegate::core {

void Gateway::dispatch(Turn& turn) {
  for (OrderNumber number = book_.first_in_line(); number != no_order; number = book_.first_in_line()) {
    if (!pos_.may_start(book_.in_flight(), turn.now.steady_ms)) return;
    if (!start_next(*book_.find(number), turn)) return;
  }
}

bool Gateway::start_next(Entry& entry, Turn& turn) {
  const bool resend = entry.order.phase == Phase::sending && entry.soft.next_request == PosRequest::place;
  const bool to_be_cancelled = entry.order.cancel_wanted && policy_.pos.can_query;
  if (resend && (to_be_cancelled || turn.now.steady_ms > protected_until_ms(entry, turn.now))) {
    // The window went by while it waited, or before a restart: the key would no longer protect it. Or it is better asked.
    book_.save(entry);
    plan_doubt(entry, turn);
    reindex(entry, turn.now);
    return true;
  }
  const bool places = entry.order.phase == Phase::queued || resend;
  if (places && !pos_.take_token(turn.now.steady_ms)) return false;
  happen(entry, Happening::turn_at_pos, {}, turn);
  return true;
}

void Gateway::send(Entry& entry, Turn& turn) {
  // The intent: on disk before the first byte leaves, since the effect below is carried out after the commit.
  entry.order.phase = Phase::sending;
  entry.order.intent = stamp_of(turn.now);
  entry.soft.doubting = false;
  entry.soft.not_founds = 0;
  changed(entry, turn);
  request(entry, PosRequest::place, turn);
}

void Gateway::request(Entry& entry, PosRequest request, Turn& turn) {
  const Order& order = entry.order;
  const std::uint64_t attempt = next_attempt_++;
  entry.soft.in_flight = request;
  entry.soft.attempt = attempt;
  switch (request) {
    case PosRequest::place:
      turn.changes.bodies_wanted.push_back(order.number);
      turn.effects.emplace_back(
          PlaceOrder{order.number, attempt, pos_key_of(order), display_code_of(order.id), order.reprints > 0,
                     std::string{},
                     // A commit that stalls must not carry a second try past what its key protects.
                     entry.soft.doubting ? protected_until_ms(entry, turn.now) : never_ms});
      return;
    case PosRequest::ask: turn.effects.emplace_back(AskPos{order.number, attempt, pos_key_of(order)}); return;
    case PosRequest::check_health: turn.effects.emplace_back(CheckPosHealth{order.number, attempt}); return;
    case PosRequest::cancel:
      turn.effects.emplace_back(VoidOrder{order.number, attempt, order.pos_reference});
      return;
    case PosRequest::watch:
      turn.effects.emplace_back(WatchOrder{order.number, attempt, order.pos_reference});
      return;
  }
}

void Gateway::pos_answered(const PosAnswered& input, Turn& turn) {
  if (input.request == PosRequest::watch && watch_pace_.ended(input.attempt))
    return watch_answered(input, turn);
  Entry* entry = book_.find(input.order);
  if (entry == nullptr || entry->soft.in_flight != input.request || entry->soft.attempt != input.attempt) {
    ++stale_answers_;
    return;
  }
  note_pos_health(input, turn);
  // A refusal for good: the POS knows better than its last list what is to be had.
  if (input.outcome == PosOutcome::refused) poll_of(PosList::availability).hurry(turn.now.steady_ms);
  book_.save(*entry);
  entry->soft.in_flight.reset();
  if (entry->order.phase == Phase::voiding) return void_answered(*entry, input, turn);
  Facts facts;
  facts.actor = Actor::pos;
  facts.pos_reference = input.pos_reference;
  facts.code = input.code;
  facts.retry_after_ms = input.retry_after_ms;
  facts.pos_status = input.pos_status;
  // A POS that answered "not this one, not now" may take others: this order makes room in the line.
  if (input.outcome == PosOutcome::not_now || input.outcome == PosOutcome::not_taken) {
    facts.retry_after_ms = input.retry_after_ms.value_or(0);
  }
  happen(*entry, happening_of(input), facts, turn);
}

void Gateway::note_pos_health(const PosAnswered& input, Turn& turn) {
  switch (input.outcome) {
    case PosOutcome::not_delivered:
      if (input.code == code_not_in_time) return;  // never sent: it says nothing about the POS
      [[fallthrough]];
    case PosOutcome::not_now: pos_.on_failure(turn.now.steady_ms, input.retry_after_ms, generator_); return;
    case PosOutcome::not_taken:
      // A POS that cannot be asked answers 404 to that alone; it may well take orders.
      if (input.request == PosRequest::place) pos_.on_failure(turn.now.steady_ms, {}, generator_);
      return;
    case PosOutcome::in_doubt: pos_.on_doubt(turn.now.steady_ms, generator_); return;
    case PosOutcome::unanswered: return;  // that order backs off; it says nothing about taking others
    case PosOutcome::cannot:
      if (input.code == code_body_damaged) return;  // never sent
      break;
    default: break;
  }
  if (pos_.on_answer()) {
    emit_plain(EventType::gateway_alarm_cleared, {{"alarm", std::string("pos_unreachable")}}, turn);
  }
}

Happening Gateway::happening_of(const PosAnswered& input) const {
  switch (input.outcome) {
    case PosOutcome::took:
    case PosOutcome::found: {
      // An answer that names another order's ticket says nothing about ours.
      const OrderNumber owner = book_.find_reference(input.pos_reference);
      if (owner == no_order || owner == input.order) return Happening::pos_took;
      return input.request == PosRequest::place ? Happening::pos_in_doubt : Happening::pos_silent;
    }
    case PosOutcome::refused: return Happening::pos_refused;
    case PosOutcome::cannot: return Happening::pos_cannot;
    case PosOutcome::in_doubt: return Happening::pos_in_doubt;
    case PosOutcome::found_voided: return Happening::pos_had_voided;
    case PosOutcome::not_found: return Happening::pos_lacks;
    case PosOutcome::healthy: return Happening::pos_healthy;
    case PosOutcome::voided:
    case PosOutcome::too_late:
    case PosOutcome::shown:
    case PosOutcome::not_taken:
    case PosOutcome::not_now:
    case PosOutcome::not_delivered:
    case PosOutcome::unanswered: break;
  }
  return input.request == PosRequest::place ? Happening::pos_not_now : Happening::pos_silent;
}

}  // namespace storegate::core
