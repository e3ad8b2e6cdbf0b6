// Gateway: what cloud, partner and person ask for: releases, cancels, a person's answer, and the moves of an order that
// lie before the POS.
#include <array>
#include <string_view>
#include <utility>

#include "core/gateway.hpp"

namespace storegate::core {

namespace {

Reason reason_of_text(const std::string& text) { return canonical_reason_from(text).value_or(Reason::other); }

constexpr std::size_t cancel_text_bytes_max = 500;

/// Reasons of a command on several orders: no further one is told once they have this length.
constexpr std::size_t whys_bytes_max = 1000;

/// Of several answers the one that counts.
constexpr int severity_of(AnswerKind kind) noexcept {
  return kind == AnswerKind::done ? 0 : kind == AnswerKind::conflict ? 1 : kind == AnswerKind::full ? 3 : 2;
}

}  // namespace

// The longest beginning of it that is kept and cuts no UTF-8 sequence in two.
std::string Gateway::cancel_text_of(const std::string& text) {
  if (text.size() <= cancel_text_bytes_max) return text;
  const auto goes_on = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U;
  };
  std::size_t end = cancel_text_bytes_max;
  while (end > 0 && goes_on(end)) --end;
  return text.substr(0, end);
}

// ---------------------------------------------------------------- which order is meant

Gateway::Found Gateway::find(const OrderRef& ref, const Now& now) {
  OrderNumber number = no_order;
  if (const auto* id = std::get_if<OrderId>(&ref.by))
    number = number_of(*id);
  else if (const auto* token = std::get_if<ReleaseToken>(&ref.by))
    number = token->order;
  else {
    const auto& [partner, partner_order_id] = std::get<2>(ref.by);
    number = book_.find_identity(Book::identity_of(partner, partner_order_id));
  }
  const auto is_meant = [&](const OrderId& id, const ReleaseToken& token) {
    if (const auto* wanted = std::get_if<OrderId>(&ref.by)) return *wanted == id;
    if (const auto* wanted = std::get_if<ReleaseToken>(&ref.by)) return *wanted == token;
    return true;
  };
  Found found;
  Entry* entry = book_.find(number);
  const EndedOrder* ended = book_.find_ended(number);
  const auto is_new_by_now = [&](const auto& known) {
    return ref.by.index() == 2 && beyond_reuse(known, now);
  };
  if (entry != nullptr && is_meant(entry->order.id, entry->order.release_token) && !is_new_by_now(*entry)) {
    found.live = entry;
  } else if (ended != nullptr && is_meant(ended->id, ended->release_token) && !is_new_by_now(*ended)) {
    found.ended = number;
    found.ended_phase = ended->phase;
  } else if (ref.by.index() == 1 && (entry != nullptr || ended != nullptr)) {
    found.mistaken = entry != nullptr ? entry->order.id : ended->id;
  }
  return found;
}

// A release or cancel that names an order nobody has sent yet is kept for it. not_found: there is nothing to keep it by;
// full: there is no room, and whoever sends it again later may find some.
AnswerKind Gateway::keep_early(const OrderRef& ref, const EarlyMark& early, Turn& turn) {
  const auto* pair = std::get_if<2>(&ref.by);
  if (pair == nullptr || policy_.partners.find(pair->first) == policy_.partners.end())
    return AnswerKind::not_found;
  const bool renews = book_.find_early(early.kind, Book::identity_of(pair->first, pair->second)) != nullptr;
  // A quarter is not for releases: without one an order waits, without its cancel or its call of a person it is cooked.
  const std::size_t most = early.kind == EarlyKind::release ? early_marks_max * 3 / 4 : early_marks_max;
  if (!renews && book_.early_count() >= most) return AnswerKind::full;
  EarlyMark mark = early;
  mark.partner = pair->first;
  mark.partner_order_id = pair->second;
  mark.at = stamp_of(turn.now);
  book_.put_early(mark);
  turn.changes.early.push_back(std::move(mark));
  turn.urgent = true;
  return AnswerKind::done;
}

// What a refused command was about, for whoever reads of it later. Never its token.
Details Gateway::named(const OrderRef& ref, const Found& found) const {
  if (const auto* pair = std::get_if<2>(&ref.by))
    return {{"partner", pair->first}, {"partner_order_id", pair->second}};
  if (const auto* id = std::get_if<OrderId>(&ref.by)) return {{"order_id", text_of(*id)}};
  const EndedOrder* ended = book_.find_ended(found.ended);
  if (found.live != nullptr) return {{"order_id", text_of(found.live->order.id)}};
  return ended == nullptr ? Details{} : Details{{"order_id", text_of(ended->id)}};
}

// A webhook that comes again says nothing new. One that names no order here is known again by the name it gave.
CallTold Gateway::call_of(const OrderRef& ref, const Found& found, Notice untold) const {
  CallTold call{found.live != nullptr ? found.live->order.number : found.ended, {}, untold};
  if (call.order != no_order) return call;
  if (const auto* pair = std::get_if<2>(&ref.by))
    call.identity = Book::identity_of(pair->first, pair->second);
  else if (const auto* id = std::get_if<OrderId>(&ref.by))
    call.identity = text_of(*id);
  return call;
}

template <typename Command>
void Gateway::command(const Command& input, Happening happening, EarlyMark early, Turn& turn) {
  early.actor = input.actor;
  // Several orders have one answer: done if all went well, otherwise the worst of what was refused, with every reason.
  AnswerKind kind = AnswerKind::done;
  Found shown;
  std::string whys;
  for (const OrderRef& ref : input.orders) {
    const Found found = find(ref, turn.now);
    const auto [one, why] = command_one(ref, found, happening, early, turn);
    // Over MQTT nobody hears an answer, and a partner that can do nothing about it is answered 200: a cancel that comes
    // to nothing is told by an event.
    const bool is_lost =
        one == AnswerKind::not_found || (one == AnswerKind::full && input.source == Source::mqtt);
    const bool is_refused = one == AnswerKind::conflict && happening == Happening::cancel;
    // A webhook that comes again, or stands in a list that could not be acknowledged, says nothing new.
    const bool is_repeat =
        is_refused && input.source == Source::webhook &&
        !book_.note_refused_cancel(found.live != nullptr ? found.live->order.number : found.ended);
    const bool is_told = is_lost || (is_refused && !is_repeat);
    if (is_told && !input.letter.topic.empty()) message_refused(input.letter, why, named(ref, found), turn);
    if (found.mistaken)
      turn.effects.emplace_back(
          ReportWrongToken{std::get<ReleaseToken>(ref.by).order, *found.mistaken, input.source});
    if (severity_of(one) >= severity_of(kind)) {
      kind = one;
      shown = found;
    }
    if (!why.empty() && whys.size() < whys_bytes_max) {
      if (!whys.empty()) whys += "; ";
      if (input.orders.size() > 1) whys += "order " + std::to_string(&ref - input.orders.data() + 1) + ": ";
      whys += why;
    }
  }
  answer(input.caller, kind, shown.live, turn, kind == AnswerKind::done ? std::string() : std::move(whys));
  if (input.caller == nobody) return;
  auto& given = std::get<Answer>(turn.effects.back());
  given.row = shown.ended;
  if (kind == AnswerKind::full) given.retry_after_s = retry_after_no_room_s;
}

// What came of a command for one order, and why not if it was refused.
std::pair<AnswerKind, std::string> Gateway::command_one(const OrderRef& ref, const Found& found,
                                                        Happening happening, const EarlyMark& early,
                                                        Turn& turn) {
  const auto keep = [&](const OrderRef& of) -> std::pair<AnswerKind, std::string> {
    const AnswerKind kept = keep_early(of, early, turn);
    if (kept == AnswerKind::full)
      return {kept, "too many releases and cancels wait for their orders already"};
    return {kept, kept == AnswerKind::done ? "" : "no such order in this store"};
  };
  if (found.live == nullptr && found.ended == no_order) return keep(ref);
  const Phase phase = found.live != nullptr ? found.live->order.phase : found.ended_phase;
  const Outcome outcome = found.live != nullptr
                              ? happen(*found.live, happening, {early.actor, early.text, {}, {}, {}}, turn)
                              : outcome_of(happening, phase);
  if (outcome == Outcome::remember_release) {  // kept as one that came before its order
    const Order& order = found.live->order;
    return keep({std::pair{order.partner, order.partner_order_id}});
  }
  if (outcome != Outcome::refuse) return {AnswerKind::done, {}};
  return {AnswerKind::conflict, "the order is " + std::string(name_of(phase)) + " already"};
}

void Gateway::released(const ReleaseArrived& input, Turn& turn) {
  command(input, Happening::release, EarlyMark{EarlyKind::release, {}, {}, {}, {}, {}}, turn);
}

void Gateway::cancelled(const CancelArrived& input, Turn& turn) {
  std::string text = cancel_text_of(input.text);
  command(input, Happening::cancel, EarlyMark{EarlyKind::cancel, {}, {}, {}, std::move(text), {}}, turn);
}

void Gateway::resolved(const ParkedResolved& input, Turn& turn) {
  const Found found = find(input.order, turn.now);
  if (found.live == nullptr) {
    const bool ended = found.ended != no_order;
    answer(input.caller, ended ? AnswerKind::conflict : AnswerKind::not_found, nullptr, turn,
           ended ? "the order is not parked: it is " + std::string(name_of(found.ended_phase)) : "");
    if (ended && input.caller != nobody) std::get<Answer>(turn.effects.back()).row = found.ended;
    return;
  }
  if (input.resolution != Resolution::placed && may_still_come(*found.live, turn.now)) {
    const Milliseconds left_ms = found.live->closed_ms + policy_.pos.max_processing_ms - turn.now.steady_ms;
    answer(input.caller, AnswerKind::conflict, found.live, turn,
           "the POS may still carry out what it was sent last: look into the kitchen again in " +
               std::to_string((left_ms + second_ms - 1) / second_ms) + " s, and answer then");
    return;
  }
  constexpr std::array happenings{Happening::resolved_placed, Happening::resolved_not_placed,
                                  Happening::resolved_reprint};
  const Phase phase = found.live->order.phase;
  const Outcome outcome = happen(*found.live, happenings[static_cast<std::size_t>(input.resolution)],
                                 {Actor::person, {}, {}, {}, {}}, turn);
  if (outcome == Outcome::refuse) {
    answer(input.caller, AnswerKind::conflict, found.live, turn,
           "only a parked order can be resolved; this one is " + std::string(name_of(phase)));
  } else {
    answer(input.caller, AnswerKind::done, found.live, turn);
  }
}

// Until the POS's processing time is over nobody can have looked into the kitchen and found that nothing will come. Whoever
// says so all the same has looked too early, or means an earlier doubt (a screen that was not fresh, a request that was
// late). One that is to be cancelled would be called cancelled while its ticket is cooked.
bool Gateway::may_still_come(const Entry& entry, const Now& now) const {
  return entry.order.phase == Phase::parked && entry.order.in_doubt &&
         now.steady_ms < entry.closed_ms + policy_.pos.max_processing_ms;
}

// ---------------------------------------------------------------- moves before the POS

// `why`: what let it go, where it was not simply somebody's word; "" otherwise.
void Gateway::do_release(Entry& entry, Actor actor, std::string_view why, Turn& turn) {
  entry.order.released = stamp_of(turn.now);
  entry.order.released_by = actor;
  entry.order.reason = Reason::none;
  entry.soft.next_ms = turn.now.steady_ms;
  move_and_emit(entry, Phase::queued, EventType::order_released, actor, turn);
  if (!why.empty()) turn.changes.events.back().details.emplace_back("why", std::string(why));
}

void Gateway::remember_cancel(Entry& entry, const Facts& facts, Turn& turn) {
  Order& order = entry.order;
  if (order.cancel_wanted) return;
  order.cancel_wanted = true;
  order.cancelled_by = facts.actor;
  order.cancel_text = facts.text;
  order.cancel_asked = stamp_of(turn.now);
  changed(entry, turn);
}

void Gateway::do_cancel(Entry& entry, const Facts& facts, Turn& turn) {
  remember_cancel(entry, facts, turn);
  finish_cancel(entry, reason_of_text(facts.text), facts.actor, turn);
}

void Gateway::finish_cancel(Entry& entry, Reason reason, Actor actor, Turn& turn) {
  Order& order = entry.order;
  if (order.cancelled_by == Actor::none) order.cancelled_by = actor;
  order.cancel_wanted = false;
  order.in_doubt = false;
  order.reason = reason;
  entry.soft = Soft{};  // the answer to a void that is under way means nothing any more
  move_and_emit(entry, Phase::cancelled, EventType::order_cancelled, order.cancelled_by, turn);
}

void Gateway::follow_fallback(Entry& entry, Turn& turn) {
  const bool at_time = entry.order.release_mode == ReleaseMode::at_time;
  if (at_time || entry.order.fallback == FallbackPolicy::release) {
    do_release(entry, Actor::clock, at_time ? "at_time" : "fallback", turn);
  } else if (entry.order.fallback == FallbackPolicy::park) {
    park(entry, Reason::release_overdue, false, turn);
  } else {
    finish_cancel(entry, Reason::timed_out, Actor::clock, turn);
  }
}

void Gateway::park(Entry& entry, Reason reason, bool in_doubt, Turn& turn) {
  entry.order.reason = reason;
  entry.order.in_doubt = in_doubt;
  entry.soft = Soft{};
  move_and_emit(entry, Phase::parked, EventType::order_parked, Actor::none, turn);
}

void Gateway::resolve(Entry& entry, Outcome outcome, Turn& turn) {
  Order& order = entry.order;
  order.in_doubt = false;
  order.reason = Reason::none;
  entry.soft = Soft{};
  entry.soft.next_ms = turn.now.steady_ms;
  if (outcome == Outcome::resolve_placed) {
    order.placed = stamp_of(turn.now);
    begin_watch(entry, turn.now);
    move_and_emit(entry, Phase::placed, EventType::order_resolved, Actor::person, turn);
    if (order.cancel_wanted) start_void(entry, {order.cancelled_by, order.cancel_text, {}, {}, {}}, turn);
    return;
  }
  if (outcome == Outcome::resolve_reprint) ++order.reprints;
  const bool begins = order.for_later && !order.released.is_set();
  order.released = stamp_of(turn.now);  // expire_minutes count from the person's answer
  if (order.released_by == Actor::none) order.released_by = Actor::person;
  move_and_emit(entry, Phase::queued, EventType::order_resolved, Actor::person, turn);
  if (begins) owe_notice(entry, Notice::begun, turn.now);
  if (order.cancel_wanted) finish_cancel(entry, reason_of_text(order.cancel_text), order.cancelled_by, turn);
}

// ---------------------------------------------------------------- the gateway itself

// `about`: what the message named, as far as that is known.
void Gateway::message_refused(const Letter& letter, const std::string& why, Details about, Turn& turn) {
  // A full disk's reserve is for orders: of a useless message only what it was and why is kept.
  turn.changes.dead_letters.push_back(
      {letter.topic, turn.from_reserve ? std::string() : letter.bytes, why, turn.now.wall_ms});
  Details details{
      {"topic", letter.topic}, {"why", why}, {"bytes", static_cast<std::int64_t>(letter.bytes.size())}};
  for (auto& detail : about) details.push_back(std::move(detail));
  emit_plain(EventType::gateway_message_refused, std::move(details), turn);
}

void Gateway::events_acknowledged(const EventsAcknowledged& input, Outbox& outbox, Turn& turn) {
  std::string why;
  const std::int32_t epoch = book_.last_event.epoch;
  if (!input.epoch.empty() && input.epoch != epoch_) {
    why = "the acknowledgement is of another epoch than " + epoch_;
  } else if (input.through && !outbox.on_acknowledged({epoch, *input.through})) {
    why =
        "the acknowledgement is ahead of what this store has written: its database may have been rolled back";
  } else if (input.replay_from) {
    outbox.replay_from({epoch, *input.replay_from});
  }
  if (!why.empty()) message_refused(input.letter, why, {}, turn);
  answer(input.caller, AnswerKind::done, nullptr, turn);
}

void Gateway::gateway_started(const GatewayStarted& input, Turn& turn) {
  DetailValue previous = nullptr;
  if (input.previous_epoch) previous = *input.previous_epoch;
  emit_plain(
      EventType::gateway_started,
      {{"epoch", input.epoch}, {"previous_epoch", previous}, {"why", input.why}, {"version", input.version}},
      turn);
}

}  // namespace storegate::core
