// Gateway: the POS line. Who goes next, what is asked of the POS, and what its answer means for the order.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>

#include "core/gateway.hpp"

namespace storegate::core {

namespace {

/// A read error that passes is over by then; the tries are 0.5 to 15 s apart.
constexpr std::int64_t body_reads_most = 6;

/// The POS worked on it, as far as anybody can tell: how long that took says how many it takes.
bool is_placement_done(const PosAnswered& input) noexcept {
  if (input.request != PosRequest::place) return false;
  return input.outcome == PosOutcome::took || input.outcome == PosOutcome::refused ||
         input.outcome == PosOutcome::in_doubt;
}

}  // namespace

void Gateway::dispatch(Turn& turn) {
  for (OrderNumber number = next_in_line(turn.now); number != no_order; number = next_in_line(turn.now)) {
    if (!pos_.may_start(watch_pace_.in_flight(), turn.now.steady_ms)) return;
    if (!start_next(*book_.find(number), turn)) return;
  }
}

// A POS that is away and gave no clear answer to a question is tried by a placement next: many doubts would otherwise
// take every probe, though it may well take orders.
OrderNumber Gateway::next_in_line(const Now& now) {
  const PosLine& line = book_.pos_line();
  const OrderNumber before = line.first_before_placements();
  const bool placement_first =
      line.placements() > 0 && (pos_.wants_placement() || !pos_.questions_may_start());
  if (before != no_order && !placement_first) return before;
  const OrderNumber placement = next_placement(now);
  return placement != no_order ? placement : line.first_behind_placements();
}

// no_order: none may go now. What stands behind the placements need not wait for their tokens.
OrderNumber Gateway::next_placement(const Now& now) {
  const PosLine& line = book_.pos_line();
  if (line.placements() == 0) return no_order;
  if (!pos_.has_token(now.steady_ms)) {
    pos_.wait_for_token(now.steady_ms);
    return no_order;
  }
  if (!pos_.is_scarce(now.steady_ms)) return line.first_placement(line_turn_);
  // Whoever has waited longest for its share; `look` refuses all, and only looks.
  const auto again_ms = [&](const std::string& partner) {
    const auto again = line_turn_.share_again_ms.find(partner);
    return again == line_turn_.share_again_ms.end() ? Milliseconds{0} : again->second;
  };
  Milliseconds first_ms = never_ms;
  const auto look = [&](const std::string& partner) {
    first_ms = std::min(first_ms, again_ms(partner));
    return false;
  };
  OrderNumber within_share = line.first_placement_of(line_turn_, look);
  if (within_share == no_order && first_ms <= now.steady_ms)
    within_share = line.first_placement_of(
        line_turn_, [&](const std::string& partner) { return again_ms(partner) == first_ms; });
  if (within_share == no_order) pos_.wait_for_token(now.steady_ms);
  return within_share;
}

bool Gateway::start_next(Entry& entry, Turn& turn) {
  const bool resend = entry.order.phase == Phase::sending && entry.soft.next_request == PosRequest::place;
  if (resend && (must_not_resend(entry.order) || turn.now.steady_ms > protected_until_ms(entry, turn.now))) {
    // The window went by while it waited, or before a restart: the key would no longer protect it. Or it is better asked.
    book_.save(entry);
    plan_doubt(entry, turn);
    reindex(entry, turn.now);
    return true;
  }
  const bool scarce = pos_.is_scarce(turn.now.steady_ms);
  const bool places = entry.order.phase == Phase::queued || resend;
  if (places && !pos_.take_token(turn.now.steady_ms)) return false;
  if (entry.order.phase == Phase::queued) note_turn(entry, scarce, turn.now);
  happen(entry, Happening::turn_at_pos, {}, turn);
  return true;
}

// Of the reserve a partner has as many as its weight says in the time in which, by the weights of all partners, it would
// have its turn; they are beside its turns and use up none.
void Gateway::note_turn(const Entry& entry, bool scarce, const Now& now) {
  const std::string& partner = entry.order.partner;
  const std::int64_t weight = std::max<std::int64_t>(policy_.weight_of(partner), 1);
  if (!scarce || entry.line->line_class != line_due) {
    placed_from(line_turn_, entry.line->line_class, partner, weight);
    return;
  }
  line_turn_.due_in_a_row = std::min(line_turn_.due_in_a_row + 1, backlog_every - 1);
  std::int64_t all = 0;
  for (const auto& [name, other] : policy_.partners) all += std::max<std::int64_t>(other.weight, 1);
  const Milliseconds pause_ms = all * second_ms / (weight * policy_.pos.rate_per_s);
  Milliseconds& again_ms = line_turn_.share_again_ms[partner];
  again_ms = std::max(again_ms, now.steady_ms - (weight - 1) * pause_ms) + pause_ms;
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
  // A second try is a question too: whether the first one was taken.
  pos_.started(attempt, request == PosRequest::place && !entry.soft.doubting, turn.now.steady_ms);
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
  if (input.request == PosRequest::watch) {
    if (const auto probe = watch_pace_.ended(input.attempt)) return watch_answered(input, *probe, turn);
  }
  if (const auto ended = pos_.ended(input.attempt, turn.now.steady_ms)) {
    note_pos_health(input, ended->probe, turn);
    // A second try may be answered from memory. A suspended machine was not waiting for the POS.
    if (ended->places && is_placement_done(input))
      pos_.note_placement(std::min(ended->took_ms, policy_.pos.timeout_ms),
                          input.outcome == PosOutcome::in_doubt && ended->took_ms < policy_.pos.timeout_ms);
  }
  Entry* entry = book_.find(input.order);
  if (entry == nullptr || entry->soft.in_flight != input.request || entry->soft.attempt != input.attempt) {
    ++stale_answers_;
    return;
  }
  // A refusal for good: the POS knows better than its last list what is to be had.
  if (input.outcome == PosOutcome::refused) poll_of(PosList::availability).hurry(turn.now.steady_ms);
  book_.save(*entry);
  entry->soft.in_flight.reset();
  // A body that the disk does not give, again and again, is as good as damaged: a person hears of it before it expires.
  const bool unread = input.code == code_body_unread;
  entry->soft.unread = unread ? entry->soft.unread + 1 : 0;
  if (entry->order.phase == Phase::voiding) return void_answered(*entry, input, turn);
  Facts facts;
  facts.actor = Actor::pos;
  facts.pos_reference = input.pos_reference;
  facts.code = input.code;
  facts.retry_after_ms = input.retry_after_ms;
  facts.pos_status = input.pos_status;
  // A POS that answered "not this one, not now" may take others: this order makes room in the line.
  if (input.outcome == PosOutcome::not_now || input.outcome == PosOutcome::not_taken ||
      input.code == code_body_unread) {
    facts.retry_after_ms = input.retry_after_ms.value_or(0);
  }
  const bool gone = entry->soft.unread >= body_reads_most;
  if (gone) facts.code = code_body_damaged;
  happen(*entry, gone ? Happening::pos_cannot : happening_of(input), facts, turn);
}

void Gateway::note_pos_health(const PosAnswered& input, bool probe, Turn& turn) {
  switch (input.outcome) {
    case PosOutcome::not_delivered:
      // Never sent: it says nothing about the POS.
      if (input.code == code_not_in_time || input.code == code_body_unread) return;
      [[fallthrough]];
    case PosOutcome::not_now:
      pos_.on_failure(turn.now.steady_ms, input.retry_after_ms, probe, generator_);
      return;
    case PosOutcome::not_taken:
      // A POS that cannot be asked answers 404 to that alone; it may well take orders.
      if (input.request == PosRequest::place)
        pos_.on_failure(turn.now.steady_ms, {}, probe, generator_);
      else
        pos_.on_question_unanswered(turn.now.steady_ms, false, generator_);
      return;
    case PosOutcome::in_doubt: pos_.on_doubt(turn.now.steady_ms, probe, generator_); return;
    case PosOutcome::unanswered:  // that order backs off; it says nothing about taking others
      pos_.on_question_unanswered(turn.now.steady_ms, true, generator_);
      return;
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
