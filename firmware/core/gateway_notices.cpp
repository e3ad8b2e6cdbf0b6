// Gateway: a partner that the store itself answers hears what became of its order. What it has yet to hear stands in the
// order's row, as a set: nothing is queued beside the orders, and a restart knows all of it.
#include <algorithm>
#include <string>
#include <utility>

#include "core/gateway.hpp"

namespace storegate::core {

namespace {

constexpr Notices both(Notices left, Notices right) { return Notices::from_bits(left.bits() & right.bits()); }

/// `notices` without `last` and all that is told before it.
constexpr Notices behind(Notices notices, Notice last) {
  return Notices::from_bits(notices.bits() & ~((std::int64_t{2} << static_cast<unsigned>(last)) - 1));
}

bool is_wish_of_the_partner(const Order& order) {
  return order.cancelled_by == Actor::partner || order.cancelled_by == Actor::customer;
}

/// What an order's event is for its partner. Nothing: the release of an order that is made as soon as possible, a parking
/// and the end of the cooking are the store's own business.
std::optional<Notice> notice_of(EventType type, const Order& order) {
  switch (type) {
    case EventType::order_accepted: return Notice::accepted;
    case EventType::order_rejected: return Notice::rejected;
    case EventType::order_released:
      if (order.for_later) return Notice::begun;
      return {};
    case EventType::order_placed: return Notice::placed;
    case EventType::order_ready: return Notice::ready;
    case EventType::order_cancelled:
      return is_wish_of_the_partner(order) ? Notice::cancel_agreed : Notice::cancelled;
    case EventType::order_expired: return Notice::cancelled;
    case EventType::order_cancel_refused:
      if (is_wish_of_the_partner(order)) return Notice::cancel_refused;
      return {};
    case EventType::order_resolved:  // a person has seen its ticket
      if (order.phase == Phase::placed) return Notice::placed;
      return {};
    default: return {};
  }
}

bool is_clear(TellOutcome outcome) {
  return outcome != TellOutcome::not_now && outcome != TellOutcome::failed;
}

/// In an event, whatever a partner sent: short, and text that every reader takes.
std::string words_of(std::string text) {
  if (text.size() > partner_words_max) text.resize(partner_words_max);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

}  // namespace

// ---------------------------------------------------------------- what is owed

Notices Gateway::tells_of(const std::string& partner) const {
  const auto found = policy_.partners.find(partner);
  return found == policy_.partners.end() ? Notices{} : found->second.tells;
}

// What a cancelled order still owed gives way to its cancel. A partner that cannot have heard of an acceptance still waits for
// a decision: to it the order is rejected. One that may have would take no rejection: it hears of both.
Notice Gateway::replace_owed(Entry& entry, Notice cancel, bool is_first) const {
  const bool accepted_untold = entry.order.owed.has(Notice::accepted);
  entry.order.owed = Notices{};
  if (cancel == Notice::cancel_agreed || !(accepted_untold || is_first)) return cancel;
  const Notices tells = tells_of(entry.order.partner);
  const bool says_both = entry.telling.may_be_told(Notice::accepted) && tells.has(Notice::cancelled);
  if (!says_both && tells.has(Notice::rejected)) return Notice::rejected;
  if (accepted_untold && tells.has(Notice::cancelled)) entry.order.owed.add(Notice::accepted);
  return cancel;
}

// `is_first`: it is the order's first event.
void Gateway::owe(Entry& entry, EventType type, bool is_first, const Now& now) {
  std::optional<Notice> notice = notice_of(type, entry.order);
  if (!notice) return;
  if (*notice == Notice::cancelled || *notice == Notice::cancel_agreed)
    notice = replace_owed(entry, *notice, is_first);
  owe_notice(entry, *notice, now);
}

void Gateway::owe_notice(Entry& entry, Notice notice, const Now& now) {
  if (!tells_of(entry.order.partner).has(notice)) return;
  Telling& telling = entry.telling;
  if (entry.order.owed.empty()) {
    telling.failures = 0;
    telling.next_ms = now.steady_ms;
  }
  telling.renewed = telling.renewed || (telling.attempt != 0 && telling.notice == notice);
  if (!entry.order.owed.has(notice)) telling.doubtful.remove(notice);
  telling.owed_ms = now.steady_ms;
  entry.order.owed.add(notice);
}

// Nobody waits for this row. If the power goes before it is written, the partner is told once more and says that it has
// decided already.
void Gateway::owe_only(Entry& entry, Notices left) {
  entry.order.owed = left;
  entry.telling.doubtful = both(entry.telling.doubtful, left);
  entry.telling.failures = 0;
  write_later(entry.order.number);
}

void Gateway::load_owed(Entry& entry, const Now& now) {
  entry.telling.doubtful = entry.order.owed;
  entry.telling.next_ms = entry.telling.owed_ms = now.steady_ms;
}

// ---------------------------------------------------------------- telling

std::optional<Milliseconds> Gateway::tell_ms_of(const Entry& entry) noexcept {
  if (entry.order.owed.empty() || entry.telling.attempt != 0) return {};
  return entry.telling.next_ms;
}

void Gateway::dispatch_notices(Turn& turn) {
  const NoticeLine& line = book_.notice_line();
  for (auto partner = line.partner_behind({}); partner; partner = line.partner_behind(*partner)) {
    PartnerPace& pace = notice_paces_.try_emplace(*partner, notice_limits).first->second;
    for (auto first = line.first_of(*partner);
         first && first->first <= turn.now.steady_ms && pace.may_start(turn.now.steady_ms);
         first = line.first_of(*partner)) {
      tell(*book_.find(first->second), pace, turn);
    }
  }
}

void Gateway::tell(Entry& entry, PartnerPace& pace, Turn& turn) {
  book_.save(entry);
  const Notices spoken = both(entry.order.owed, tells_of(entry.order.partner));
  if (spoken != entry.order.owed) owe_only(entry, spoken);  // somebody else tells it by now
  if (!spoken.empty()) {
    entry.telling.attempt = next_attempt_++;
    entry.telling.notice = spoken.first();
    entry.telling.renewed = false;
    pace.started(entry.telling.attempt);
    turn.effects.emplace_back(notice_for(entry, turn.now));
  }
  reindex(entry, turn.now);
}

TellPartner Gateway::notice_for(const Entry& entry, const Now& now) const {
  const Order& order = entry.order;
  TellPartner tell;
  tell.order = order.number;
  tell.attempt = entry.telling.attempt;
  tell.notice = entry.telling.notice;
  tell.id = order.id;
  tell.partner = order.partner;
  tell.partner_order_id = order.partner_order_id;
  tell.href = order.href;
  tell.display_code = display_code_of(order.id);
  tell.pos_reference = order.pos_reference;
  tell.fulfilment = order.fulfilment;
  tell.at_wall_ms = order.updated_wall_ms;
  switch (tell.notice) {
    case Notice::accepted:
      tell.at_wall_ms = order.arrived.wall_ms;
      tell.ready_at_wall_ms = ready_at_wall_ms(entry, now);
      break;
    case Notice::begun:
      if (order.released.wall_ms >= wall_floor_ms) tell.at_wall_ms = order.released.wall_ms;
      break;
    case Notice::placed:
      if (order.placed.wall_ms >= wall_floor_ms) tell.at_wall_ms = order.placed.wall_ms;
      break;
    case Notice::rejected:
      tell.refusals = order.refusals;
      tell.reason = order.reason;
      break;
    case Notice::cancelled: tell.reason = order.reason; break;
    case Notice::cancel_refused:  // the order went on since then, and may have another reason or none
      tell.reason = order.reason == Reason::pos_offline ? Reason::pos_offline : Reason::too_late;
      break;
    case Notice::ready:
    case Notice::cancel_agreed: break;
  }
  // Noted by a clock that was not set, it is told as if it were now.
  if (tell.at_wall_ms < wall_floor_ms && now.wall_trusted) tell.at_wall_ms = now.wall_ms;
  return tell;
}

// As promised, or when it is cooked by the store's own measure; nobody can tell of an order that waits for its driver.
std::optional<std::int64_t> Gateway::ready_at_wall_ms(const Entry& entry, const Now& now) const {
  const Order& order = entry.order;
  if (!now.wall_trusted || is_end(order.phase)) return {};
  if (entry.telling.promised_wall_ms > now.wall_ms) return entry.telling.promised_wall_ms;
  if (order.released.is_set()) return now.wall_ms + policy_.prep_ms;
  const Milliseconds due_ms = entry.soft.due_ms;
  if (order.release_mode != ReleaseMode::at_time || order.phase != Phase::held || due_ms == never_ms)
    return {};
  return now.wall_ms + std::max<Milliseconds>(0, due_ms - now.steady_ms) + policy_.prep_ms;
}

Milliseconds Gateway::notice_wake_ms() const {
  const NoticeLine& line = book_.notice_line();
  Milliseconds wake_ms = never_ms;
  for (auto partner = line.partner_behind({}); partner; partner = line.partner_behind(*partner)) {
    if (const auto from_ms = earliest_ms(notice_paces_, *partner))
      wake_ms = std::min(wake_ms, std::max(*from_ms, line.first_of(*partner)->first));
  }
  return wake_ms;
}

// ---------------------------------------------------------------- what came of it

void Gateway::partner_told(const PartnerTold& input, Turn& turn) {
  const bool was_asked =
      note_end(notice_paces_, input.attempt, is_clear(input.outcome), input.retry_after_ms, turn.now)
          .has_value();
  Entry* entry = book_.find(input.order);
  if (!was_asked || entry == nullptr ||
      entry->telling.attempt != input.attempt) {  // it owed nothing any more, and has ended
    ++stale_answers_;
    return;
  }
  book_.save(*entry);
  entry->telling.attempt = 0;
  take_partners_answer(*entry, input, turn);
  reindex(*entry, turn.now);
}

void Gateway::take_partners_answer(Entry& entry, const PartnerTold& input, Turn& turn) {
  Order& order = entry.order;
  Telling& telling = entry.telling;
  const Notice notice = telling.notice;
  Notices left = order.owed;
  switch (input.outcome) {
    case TellOutcome::told:
      if (!telling.renewed) left.remove(notice);
      owe_only(entry, left);
      return;
    case TellOutcome::decided: {
      // On a second try it means that the first one got through.
      if (order.owed.has(notice) && !telling.doubtful.has(notice))
        note_untold(entry, notice, "decided", input.why, turn);
      owe_only(entry, behind(order.owed, notice));
      if (fetches(order.partner) && !is_end(order.phase)) look_again(entry, turn);
      return;
    }
    case TellOutcome::gone:
      if (order.owed.has(notice)) note_untold(entry, notice, "gone", input.why, turn);
      owe_only(entry, {});
      if (fetches(order.partner) && !is_end(order.phase)) look_again(entry, turn);  // it may have ended there
      return;
    case TellOutcome::not_now: return;  // nothing was done; the partner's pace says when it is asked again
    case TellOutcome::failed:
      if (order.owed.has(notice)) telling.doubtful.add(notice);
      telling.next_ms = turn.now.steady_ms + backoff_ms(++telling.failures, notice_backoff_first_ms,
                                                        notice_backoff_most_ms, generator_);
      return;
  }
}

// ---------------------------------------------------------------- what cannot be told

// never_ms: nothing is owed, or an answer is awaited first. How long ago an order arrived is judged by witnessed time, so
// that no wall clock, wrong or right, gives up what was never tried.
Milliseconds Gateway::tell_until_ms(const Entry& entry, const Now& now) const {
  if (entry.order.owed.empty() || entry.telling.attempt != 0) return never_ms;
  const Notice notice = entry.order.owed.first();
  const Milliseconds owed_ms = entry.telling.owed_ms;
  if (notice != Notice::accepted && notice != Notice::rejected) return owed_ms + notice_within_ms;
  const auto partner = policy_.partners.find(entry.order.partner);
  const Milliseconds within_ms = partner == policy_.partners.end() || partner->second.decide_within_ms <= 0
                                     ? notice_within_ms
                                     : partner->second.decide_within_ms;
  const Milliseconds age_ms = witnessed_ms(now) - entry.witnessed_ms;
  return std::max(now.steady_ms - age_ms + within_ms, owed_ms + notice_tried_for_ms);
}

void Gateway::give_up_notices(Entry& entry, Turn& turn) {
  book_.save(entry);
  while (tell_until_ms(entry, turn.now) <= turn.now.steady_ms) {
    const Notice notice = entry.order.owed.first();
    note_untold(entry, notice, "given_up", {}, turn);
    owe_only(entry, behind(entry.order.owed, notice));
    // A partner that heard of no acceptance in time may have cancelled it, and its news may be lost.
    const bool may_have_ended = notice == Notice::accepted && !is_end(entry.order.phase);
    if (may_have_ended && fetches(entry.order.partner)) look_again(entry, turn);
  }
  reindex(entry, turn.now);
}

// `said`: the partner's own words, if it said any.
void Gateway::note_untold(const Entry& entry, Notice notice, const char* why, const std::string& said,
                          Turn& turn) {
  if (!tells_of(entry.order.partner).has(notice)) return;
  Details details{{"order_id", text_of(entry.order.id)},
                  {"partner", entry.order.partner},
                  {"partner_order_id", entry.order.partner_order_id},
                  {"notice", std::string(name_of(notice))},
                  {"why", std::string(why)}};
  if (!said.empty()) details.emplace_back("partner_said", words_of(said));
  emit_plain(EventType::gateway_partner_untold, std::move(details), turn);
}

// ---------------------------------------------------------------- a person whom the partner has called

// One that is not here, or still to be fetched, leaves a mark: if the order comes after all, it is parked at once.
void Gateway::person_called(const PersonCalled& input, Turn& turn) {
  const EarlyMark mark{EarlyKind::by_hand, {}, {}, Actor::partner, {}, {}};
  AnswerKind kind = AnswerKind::done;
  for (const OrderRef& ref : input.orders) {
    const Found found = find(ref, turn.now);
    const bool is_to_come =
        found.live != nullptr ? found.live->order.phase == Phase::fetching : found.ended == no_order;
    if (input.untold == Notice::accepted && is_to_come) {
      if (keep_early(ref, mark, turn) == AnswerKind::full) kind = AnswerKind::full;
    } else if (input.untold == Notice::accepted && found.live != nullptr) {
      happen(*found.live, Happening::person_called, {Actor::partner, {}, {}, {}, {}}, turn);
    }
    Details details = named(ref, found);
    details.emplace_back("notice", std::string(name_of(input.untold)));
    details.emplace_back("why", "by_hand");
    const CallTold told = call_of(ref, found, input.untold);
    if (!input.why.empty()) details.emplace_back("partner_said", words_of(input.why));
    if (book_.note_call(told)) emit_plain(EventType::gateway_partner_untold, std::move(details), turn);
  }
  answer(input.caller, kind, nullptr, turn,
         kind == AnswerKind::full ? "too many calls wait for their orders already" : "");
  if (kind == AnswerKind::full && input.caller != nobody)
    std::get<Answer>(turn.effects.back()).retry_after_s = retry_after_no_room_s;
}

}  // namespace storegate::core
