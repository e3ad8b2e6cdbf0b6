// Gateway: the cancel of an order that the POS has. A void that was answered clearly decides; one that was not may have been
// carried out all the same, so the ticket is looked at before anything is concluded from a later refusal or from silence.
#include <algorithm>

#include "core/gateway.hpp"

namespace storegate::core {

namespace {

/// The POS was not reached, or told us to come later: it has not had its say.
bool had_no_say(PosOutcome outcome) {
  return outcome == PosOutcome::not_delivered || outcome == PosOutcome::not_now;
}

}  // namespace

void Gateway::start_void(Entry& entry, const Facts& facts, Turn& turn) {
  remember_cancel(entry, facts, turn);
  const bool nameless = entry.order.pos_reference.empty();  // a person said that it is placed
  if (nameless && !policy_.pos.can_query) {
    keep_placed(entry, Reason::too_late, turn);
    return;
  }
  entry.order.cancel_asked = stamp_of(turn.now);
  entry.order.phase = Phase::voiding;
  entry.soft = Soft{};
  entry.soft.next_request = nameless ? PosRequest::ask : PosRequest::cancel;
  entry.soft.next_ms = turn.now.steady_ms;
  changed(entry, turn);
}

void Gateway::finish_void(Entry& entry, Turn& turn) {
  finish_cancel(entry, canonical_reason_from(entry.order.cancel_text).value_or(Reason::other),
                entry.order.cancelled_by, turn);
}

// The order is where it was before the cancel, and is watched on.
void Gateway::keep_placed(Entry& entry, Reason reason, Turn& turn) {
  entry.order.cancel_wanted = false;
  entry.order.reason = reason;
  entry.soft = Soft{};
  begin_watch(entry, turn.now);
  const bool was_ready = entry.order.pos_status == PosStatus::ready;
  move_and_emit(entry, was_ready ? Phase::ready : Phase::placed, EventType::order_cancel_refused, Actor::pos,
                turn);
}

void Gateway::refuse_void(Entry& entry, PosStatus status, Turn& turn) {
  keep_placed(entry, Reason::too_late, turn);
  see_status(entry, status, turn);
}

void Gateway::void_again(Entry& entry, Turn& turn) {
  entry.soft.doubting = false;  // the ticket stands
  entry.soft.next_request = PosRequest::cancel;
  back_off(entry, {}, turn.now);
}

// How a ticket is looked at: by its reference, or by the key; nothing where the POS cannot be asked at all.
std::optional<PosRequest> Gateway::look() const noexcept {
  if (policy_.pos.watch_ms > 0) return PosRequest::watch;
  if (policy_.pos.can_query) return PosRequest::ask;
  return {};
}

// A person said that the order is placed; asked by its key, the POS names the ticket.
void Gateway::take_reference(Entry& entry, const PosAnswered& input, Turn& turn) {
  const bool names_it = input.outcome == PosOutcome::found || input.outcome == PosOutcome::found_voided;
  if (!names_it || !entry.order.pos_reference.empty() || input.pos_reference.empty()) return;
  if (book_.find_reference(input.pos_reference) != no_order) return;  // another order's
  entry.order.pos_reference = input.pos_reference;
  book_.add_reference(input.pos_reference, entry.order.number);
  changed(entry, turn);
}

Happening Gateway::happening_in_void(const PosAnswered& input, const Entry& entry) const {
  const bool is_ours = input.pos_reference == entry.order.pos_reference;
  switch (input.outcome) {
    case PosOutcome::voided: return Happening::voided;
    case PosOutcome::too_late: return Happening::void_refused;
    case PosOutcome::shown: return happening_of(input.pos_status);
    case PosOutcome::found: return is_ours ? happening_of(input.pos_status) : Happening::void_silent;
    case PosOutcome::found_voided: return is_ours ? Happening::pos_shows_voided : Happening::void_silent;
    default: return Happening::void_silent;
  }
}

// "Too late" is also what a POS says of a ticket that is void already: by a void of ours whose answer was lost, or by its
// own people.
bool Gateway::may_be_void_already(const Soft& soft) const noexcept {
  return policy_.pos.watch_ms > 0 || (soft.doubting && policy_.pos.can_query);
}

void Gateway::void_answered(Entry& entry, const PosAnswered& input, Turn& turn) {
  Soft& soft = entry.soft;
  const bool looked = input.request != PosRequest::cancel;
  const bool nameless = entry.order.pos_reference.empty();
  const bool no_say = had_no_say(input.outcome);
  take_reference(entry, input, turn);
  if (!looked && input.outcome == PosOutcome::unanswered) soft.doubting = true;
  Facts facts{Actor::pos, {}, {}, {}, input.retry_after_ms, input.pos_status};
  Happening happening = happening_in_void(input, entry);
  const bool unclear = happening == Happening::void_silent || happening == Happening::void_refused;
  if (unclear && soft.told != PosStatus::unknown && !look()) {
    happening = happening_of(soft.told);
    facts.pos_status = soft.told;
  } else if (happening == Happening::void_refused && may_be_void_already(soft)) {
    soft.void_refused = true;
    soft.next_request = *look();
    soft.next_ms = turn.now.steady_ms;
    reindex(entry, turn.now);
    return;
  } else if (soft.void_refused) {
    // Too late it was; the look tells only whether because it had been voided. What cannot be looked at is believed.
    const bool is_clear = !no_say && input.outcome != PosOutcome::unanswered;
    if (is_clear && (unclear || happening == Happening::pos_shows_open)) happening = Happening::void_refused;
  } else if (nameless) {
    if (input.outcome == PosOutcome::not_found && ++soft.not_founds >= 2)
      happening = Happening::void_refused;  // there is nothing to void it by
  } else if (!no_say && happening == Happening::void_silent) {
    soft.next_request = !looked && soft.doubting && look() ? *look() : PosRequest::cancel;
  }
  happen(entry, happening, facts, turn);
}

}  // namespace storegate::core
