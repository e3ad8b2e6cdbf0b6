// Gateway: an order arrives. Repeats are found first, then the door's limits, then what the store can cook.
#include <algorithm>
#include <utility>

#include "core/gateway.hpp"

namespace storegate::core {

// Why no new order of this partner is taken now; takes one of its rate's tokens.
std::optional<Gateway::Closed> Gateway::close_door(const std::string& partner, Turn& turn) {
  if (turn.from_reserve) return Closed{AnswerKind::not_stored, "", 0};
  TokenBucket& door = doors_[partner];
  if (!door.take(turn.now.steady_ms)) {
    const std::int64_t wait_s = std::max<std::int64_t>(1, (door.wait_ms() + second_ms - 1) / second_ms);
    return Closed{AnswerKind::too_many, "more new orders than this partner's rate allows", wait_s};
  }
  if (room_ != StorageRoom::enough) {
    return Closed{AnswerKind::full,
                  room_ == StorageRoom::disk_low ? "the disk has less free space than this store keeps"
                                                 : "the database is as large as it may be",
                  retry_after_no_space_s};
  }
  if (static_cast<std::int64_t>(book_.live()) >= policy_.live_orders_max)
    return Closed{AnswerKind::full, "as many live orders as this store takes", retry_after_full_s};
  return {};
}

void Gateway::arrived(const OrderArrived& input, Turn& turn) {
  const CanonicalOrder& order = input.order;
  if (policy_.partners.find(order.partner) == policy_.partners.end()) {
    return refuse_arrival(input.caller, input.letter,
                          {AnswerKind::unknown_partner, "no partner of this name is configured", 0}, turn);
  }
  if (answer_repeat(input, turn)) return;
  // Over MQTT nobody hears a 429 or 503, and a message that is not taken blocks the releases behind it:
  // such an order is taken and rejected, on a full disk too.
  const std::optional<Closed> closed = close_door(order.partner, turn);
  if (closed && input.source != Source::mqtt)
    return refuse_arrival(input.caller, input.letter, *closed, turn);

  const Early early = early_of(Book::identity_of(order.partner, order.partner_order_id), turn.now);
  Refusals refusals;
  if (closed)
    refusals.add(Reason::too_busy);
  else
    refusals = judge(input, early.release != nullptr, turn.now);

  Order row = new_order(order.partner, order.partner_order_id, input.traceparent, turn.now);
  fill_in(row, input, turn);
  Entry& entry = book_.add(std::move(row), witnessed_ms(turn.now));
  entry.telling.promised_wall_ms = order.promised_at_wall_ms.value_or(0);
  settle(entry, refusals, early, false, turn);
  entry.order.arrival_phase = entry.order.phase;
  entry.order.arrival_reason = entry.order.reason;
  reindex(entry, turn.now);
  answer(input.caller, AnswerKind::created, &entry, turn);
}

Gateway::Early Gateway::early_of(const std::string& identity, const Now& now) const {
  const auto early = [&](EarlyKind kind) {
    const EarlyMark* mark = book_.find_early(kind, identity);
    return mark != nullptr && beyond_reuse(*mark, now) ? nullptr : mark;  // meant for an earlier order
  };
  return {early(EarlyKind::cancel), early(EarlyKind::release), early(EarlyKind::by_hand)};
}

// What becomes of an order that is here, and the first event of it. `released`: its partner wants it cooked now.
void Gateway::settle(Entry& entry, const Refusals& refusals, const Early& early, bool released, Turn& turn) {
  if (early.cancel != nullptr) {
    // The tombstone: it was cancelled before it came, so it is never cooked.
    entry.order.cancelled_by = early.cancel->actor;
    entry.order.cancel_text = early.cancel->text;
    entry.order.phase = Phase::cancelled;
    entry.order.reason = canonical_reason_from(early.cancel->text).value_or(Reason::other);
    emit(entry, EventType::order_cancelled, {}, early.cancel->actor, turn);
  } else if (!refusals.none()) {
    entry.order.phase = Phase::rejected;
    entry.order.reason = refusals.first();
    entry.order.refusals = pack(refusals.list());
    emit(entry, EventType::order_rejected, {}, Actor::policy, turn);
  } else {
    accept(entry, early.release, released, turn);
    if (early.by_hand != nullptr)
      happen(entry, Happening::person_called, {early.by_hand->actor, {}, {}, {}, {}}, turn);
  }
  spend_early(entry.order, turn);
}

void Gateway::spend_early(const Order& order, Turn& turn) {
  const std::string identity = Book::identity_of(order.partner, order.partner_order_id);
  for (const EarlyKind kind : {EarlyKind::release, EarlyKind::cancel, EarlyKind::by_hand}) {
    if (const EarlyMark* spent = book_.find_early(kind, identity)) {
      turn.changes.early_spent.push_back(*spent);
      book_.drop_early(kind, identity);
    }
  }
}

// The order of this identity, live or ended, unless it is so old that another may have its name.
OrderNumber Gateway::find_known(const std::string& identity, const Now& now) const {
  const OrderNumber number = book_.find_identity(identity);
  return is_known(number, now) ? number : no_order;
}

bool Gateway::is_known(OrderNumber number, const Now& now) const {
  if (const Entry* live = book_.find(number)) return !beyond_reuse(*live, now);
  const EndedOrder* ended = book_.find_ended(number);
  return ended != nullptr && !beyond_reuse(*ended, now);
}

bool Gateway::answer_repeat(const OrderArrived& input, Turn& turn) {
  OrderNumber by_key = input.idempotency_key.empty() ? no_order : book_.find_key(input.idempotency_key);
  if (!is_known(by_key, turn.now)) by_key = no_order;
  const OrderNumber by_identity =
      find_known(Book::identity_of(input.order.partner, input.order.partner_order_id), turn.now);
  if (by_key == no_order && by_identity == no_order) return false;

  const OrderNumber number = by_key != no_order ? by_key : by_identity;
  Entry* live = book_.find(number);
  if (live != nullptr && live->order.phase == Phase::fetching) {
    sent_whole(*live, input, turn);
    return true;
  }
  const EndedOrder* ended = book_.find_ended(number);
  const Digest& digest = live != nullptr ? live->order.body_digest : ended->body_digest;
  const bool was_here = digest != Digest{};  // it ended, and was never fetched
  if ((was_here && digest != input.body_digest) ||
      (by_key != no_order && by_identity != by_key && by_identity != no_order)) {
    answer_conflict(input, number, by_key != no_order, turn);
    return true;
  }
  if (by_key == no_order && !input.idempotency_key.empty()) {
    if (book_.add_alias(input.idempotency_key, number)) {
      turn.changes.key_aliases.push_back({input.idempotency_key, number});
      turn.urgent = true;
    }
  }
  // The first answer for one that was announced was given to whoever announced it.
  const bool announced = live != nullptr ? live->order.announced : ended->announced;
  answer_again(input.caller, number, !announced, turn);
  return true;
}

// With the order's first answer, where the order is the sender's own: some partners have to hear it all the same.
void Gateway::answer_conflict(const OrderArrived& input, OrderNumber number, bool by_key, Turn& turn) {
  const char* why = by_key ? "this Idempotency-Key was used with another body"
                           : "this order was sent before with another body";
  refuse_arrival(input.caller, input.letter, {AnswerKind::conflict, why, 0}, turn);
  if (input.caller != nobody && !by_key) show_first_answer(number, turn);
}

// `first`: with the first answer, otherwise with how the order stands.
void Gateway::answer_again(Caller caller, OrderNumber number, bool first, Turn& turn) {
  if (caller == nobody) return;
  const Entry* entry = book_.find(number);
  answer(caller, AnswerKind::replayed, entry, turn);
  if (first)
    show_first_answer(number, turn);
  else if (entry == nullptr)
    std::get<Answer>(turn.effects.back()).row = number;
}

// Puts the order as its first answer had it into the turn's last effect, an answer.
void Gateway::show_first_answer(OrderNumber number, Turn& turn) const {
  Answer& shown = std::get<Answer>(turn.effects.back());
  const Entry* entry = book_.find(number);
  shown.first = true;
  if (entry == nullptr) {
    shown.row = number;
    shown.stands = book_.find_ended(number)->phase;
    return;
  }
  const Order& order = entry->order;
  shown.stands = order.phase;
  shown.order = short_of(order);
  shown.order->phase = order.arrival_phase;
  shown.order->reason = order.arrival_reason;
  shown.order->pos_reference.clear();
  shown.order->updated_wall_ms = order.arrived.wall_ms;
}

void Gateway::refuse_arrival(Caller caller, const Letter& letter, const Closed& closed, Turn& turn) {
  if (!letter.topic.empty()) message_refused(letter, closed.why, {}, turn);
  answer(caller, closed.kind, nullptr, turn, closed.why);
  if (caller != nobody) std::get<Answer>(turn.effects.back()).retry_after_s = closed.retry_after_s;
}

Order Gateway::new_order(const std::string& partner, const std::string& partner_order_id,
                         const std::string& traceparent, const Now& now) {
  Order order;
  order.number = OrderNumber{value_of(book_.last_number) + 1};
  book_.last_number = order.number;
  order.id = make_order_id(now.wall_ms, order.number, generator_);
  order.release_token = make_release_token(order.number, generator_);
  order.partner = partner;
  order.partner_order_id = partner_order_id;
  order.business_day = local_time_(now.wall_ms).date;
  order.traceparent = traceparent;
  order.arrived = {now.steady_ms, now.wall_ms, now.boot};  // as read: people see it, no hold rests on it
  order.updated_wall_ms = now.wall_ms;
  return order;
}

// What the order itself says; its body goes with it.
void Gateway::fill_in(Order& order, const OrderArrived& input, Turn& turn) const {
  order.idempotency_key = input.idempotency_key;
  order.body_digest = input.body_digest;
  order.test = input.order.test;
  order.fulfilment = input.order.fulfilment;
  order.for_later = input.order.release.mode == ReleaseMode::at_time;
  order.item_count = 0;
  for (const Item& item : input.order.items) order.item_count += item.quantity;
  plan_release(order, input.order, turn.now);
  OrderBody body = input.body;
  body.number = order.number;
  if (turn.from_reserve || room_ != StorageRoom::enough) {  // nobody will send it; its event needs the rest
    body.canonical.clear();
    body.raw.clear();
  }
  turn.changes.bodies.push_back(std::move(body));
}

void Gateway::plan_release(Order& order, const CanonicalOrder& wish, const Now& now) const {
  const PartnerPolicy& partner = policy_.partners.find(order.partner)->second;
  order.release_mode = wish.release.mode.value_or(partner.release);
  order.fallback = wish.release.fallback.value_or(partner.fallback);
  if (order.release_mode != ReleaseMode::immediate)
    order.release_due = after(stamp_of(now), hold_ms(wish, now));
}

// How long it is held at most; 0 = it goes to the POS at once.
Milliseconds Gateway::hold_ms(const CanonicalOrder& wish, const Now& now) const {
  const PartnerPolicy& partner = policy_.partners.find(wish.partner)->second;
  const bool at_time = wish.release.mode.value_or(partner.release) == ReleaseMode::at_time;
  if (wish.release.mode.value_or(partner.release) == ReleaseMode::immediate) return 0;
  const auto from_now = [&](std::int64_t wall_ms) { return wall_ms - now.wall_ms; };
  // A clock nobody trusts cannot say how far off a promised time is: then the span without a promise counts.
  Milliseconds span = partner.fallback_without_promise_ms;
  const auto& asked = at_time ? wish.release.at_wall_ms : wish.release.fallback_at_wall_ms;
  const Milliseconds after_base = at_time ? 0 : partner.fallback_ms;
  if (now.wall_trusted && asked) {
    span = std::max<Milliseconds>(0, from_now(*asked));
  } else if (now.wall_trusted && wish.promised_at_wall_ms) {
    const Milliseconds base = from_now(*wish.promised_at_wall_ms) - policy_.prep_ms;
    if (base > 0)
      span = base + after_base;
    else if (at_time)
      span = 0;
  }
  return span;
}

void Gateway::accept(Entry& entry, const EarlyMark* released_early, bool released, Turn& turn) {
  entry.order.phase = Phase::held;
  if (entry.order.announced) entry.order.held = stamp_of(turn.now);
  const std::size_t accepted_at = turn.changes.events.size();
  emit(entry, EventType::order_accepted, {}, Actor::policy, turn);
  if (released_early != nullptr)
    do_release(entry, released_early->actor, "early", turn);
  else if (released)
    do_release(entry, Actor::partner, {}, turn);
  else if (entry.order.release_mode == ReleaseMode::immediate)
    do_release(entry, Actor::policy, "immediate", turn);
  // What a cloud that answers the partner cannot know: when the food will be there, and that it is for later.
  Details& details = turn.changes.events[accepted_at].details;
  judge_deadline(entry, turn.now);
  if (const auto ready_ms = ready_at_wall_ms(entry, turn.now)) details.emplace_back("ready_at_ms", *ready_ms);
  if (entry.order.for_later) details.emplace_back("for_later", true);
}

}  // namespace storegate::core
