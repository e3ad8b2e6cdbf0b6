// Gateway: an order arrives. Repeats are found first, then the door's limits, then what the store can cook.
#include <algorithm>
#include <utility>

#include "core/gateway.hpp"

namespace storegate::core {

void Gateway::arrived(const OrderArrived& input, Turn& turn) {
  const CanonicalOrder& order = input.order;
  if (policy_.partners.find(order.partner) == policy_.partners.end()) {
    refuse_arrival(input, AnswerKind::unknown_partner, "no partner of this name is configured", 0, turn);
    return;
  }
  if (answer_repeat(input, turn)) return;
  if (turn.from_reserve && input.source != Source::mqtt) {
    answer(input.caller, AnswerKind::not_stored, nullptr, turn);
    return;
  }

  TokenBucket& door = doors_[order.partner];
  const bool too_many = !door.take(turn.now.steady_ms);
  const bool full = static_cast<std::int64_t>(book_.live()) >= policy_.live_orders_max;
  // Over MQTT nobody hears a 429 or 503, and a message that is not taken blocks the releases behind it:
  // such an order is taken and rejected, on a full disk too.
  if (input.source != Source::mqtt && too_many) {
    const std::int64_t wait_s = std::max<std::int64_t>(1, (door.wait_ms() + second_ms - 1) / second_ms);
    refuse_arrival(input, AnswerKind::too_many, "more new orders than this partner's rate allows", wait_s,
                   turn);
    return;
  }
  const bool no_space = room_ != StorageRoom::enough;
  if (input.source != Source::mqtt && no_space) {
    refuse_arrival(input, AnswerKind::full,
                   room_ == StorageRoom::disk_low ? "the disk has less free space than this store keeps"
                                                  : "the database is as large as it may be",
                   retry_after_no_space_s, turn);
    return;
  }
  if (input.source != Source::mqtt && full) {
    refuse_arrival(input, AnswerKind::full, "as many live orders as this store takes", retry_after_full_s,
                   turn);
    return;
  }

  const std::string identity = Book::identity_of(order.partner, order.partner_order_id);
  const auto early = [&](EarlyKind kind) {
    const EarlyMark* mark = book_.find_early(kind, identity);
    return mark != nullptr && beyond_reuse(*mark, turn.now) ? nullptr : mark;  // meant for an earlier order
  };
  const EarlyMark* cancelled_early = early(EarlyKind::cancel);
  const EarlyMark* released_early = early(EarlyKind::release);
  const bool no_room = too_many || full || no_space || turn.from_reserve;
  Refusals refusals;
  if (no_room)
    refusals.add(Reason::too_busy);
  else
    refusals = judge(input, released_early != nullptr, turn.now);

  Entry& entry = book_.add(new_order(input, turn), witnessed_ms(turn.now));
  if (cancelled_early != nullptr) {
    // The tombstone: it was cancelled before it came, so it is never cooked.
    entry.order.cancelled_by = cancelled_early->actor;
    entry.order.cancel_text = cancelled_early->text;
    entry.order.phase = Phase::cancelled;
    entry.order.reason = canonical_reason_from(cancelled_early->text).value_or(Reason::other);
    emit(entry, EventType::order_cancelled, {}, cancelled_early->actor, turn);
  } else if (!refusals.none()) {
    entry.order.phase = Phase::rejected;
    entry.order.reason = refusals.first();
    entry.order.refusals = pack(refusals.list());
    emit(entry, EventType::order_rejected, {}, Actor::policy, turn);
  } else {
    accept(entry, released_early, turn);
  }
  for (const EarlyKind kind : {EarlyKind::release, EarlyKind::cancel}) {
    if (const EarlyMark* spent = book_.find_early(kind, identity)) {
      turn.changes.early_spent.push_back(*spent);
      book_.drop_early(kind, identity);
    }
  }
  entry.order.arrival_phase = entry.order.phase;
  entry.order.arrival_reason = entry.order.reason;
  reindex(entry, turn.now);
  answer(input.caller, AnswerKind::created, &entry, turn);
}

bool Gateway::answer_repeat(const OrderArrived& input, Turn& turn) {
  OrderNumber by_key = input.idempotency_key.empty() ? no_order : book_.find_key(input.idempotency_key);
  OrderNumber by_identity =
      book_.find_identity(Book::identity_of(input.order.partner, input.order.partner_order_id));
  for (OrderNumber* known : {&by_key, &by_identity}) {
    const Entry* live = book_.find(*known);
    const EndedOrder* ended = book_.find_ended(*known);
    if (live == nullptr && (ended == nullptr || beyond_reuse(*ended, turn.now))) *known = no_order;
  }
  if (by_key == no_order && by_identity == no_order) return false;

  const OrderNumber number = by_key != no_order ? by_key : by_identity;
  const Entry* live = book_.find(number);
  const Digest& digest = live != nullptr ? live->order.body_digest : book_.find_ended(number)->body_digest;
  if (digest != input.body_digest ||
      (by_key != no_order && by_identity != by_key && by_identity != no_order)) {
    refuse_arrival(input, AnswerKind::conflict,
                   by_key != no_order ? "this Idempotency-Key was used with another body"
                                      : "this order was sent before with another body",
                   0, turn);
    return true;
  }
  if (by_key == no_order && !input.idempotency_key.empty()) {
    if (book_.add_alias(input.idempotency_key, number)) {
      turn.changes.key_aliases.push_back({input.idempotency_key, number});
      turn.urgent = true;
    }
  }
  answer_first_again(input, number, turn);
  return true;
}

void Gateway::answer_first_again(const OrderArrived& input, OrderNumber number, Turn& turn) {
  if (input.caller == nobody) return;
  const Entry* entry = book_.find(number);
  answer(input.caller, AnswerKind::replayed, entry, turn);
  Answer& replay = std::get<Answer>(turn.effects.back());
  replay.first = true;
  if (entry == nullptr) {
    replay.row = number;
    return;
  }
  replay.order->phase = entry->order.arrival_phase;
  replay.order->reason = entry->order.arrival_reason;
  replay.order->pos_reference.clear();
  replay.order->updated_wall_ms = entry->order.arrived.wall_ms;
}

void Gateway::refuse_arrival(const OrderArrived& input, AnswerKind kind, std::string why,
                             std::int64_t retry_s, Turn& turn) {
  if (!input.letter.topic.empty()) message_refused(input.letter, why, {}, turn);
  answer(input.caller, kind, nullptr, turn, std::move(why));
  if (input.caller != nobody) std::get<Answer>(turn.effects.back()).retry_after_s = retry_s;
}

Order Gateway::new_order(const OrderArrived& input, Turn& turn) {
  const Now& now = turn.now;
  Order order;
  order.number = OrderNumber{value_of(book_.last_number) + 1};
  book_.last_number = order.number;
  order.id = make_order_id(now.wall_ms, order.number, generator_);
  order.release_token = make_release_token(order.number, generator_);
  order.partner = input.order.partner;
  order.partner_order_id = input.order.partner_order_id;
  order.business_day = local_time_(now.wall_ms).date;
  order.idempotency_key = input.idempotency_key;
  order.traceparent = input.traceparent;
  order.body_digest = input.body_digest;
  order.test = input.order.test;
  for (const Item& item : input.order.items) order.item_count += item.quantity;
  order.arrived = {now.steady_ms, now.wall_ms, now.boot};  // as read: people see it, no deadline rests on it
  order.updated_wall_ms = now.wall_ms;
  plan_release(order, input.order, now);
  OrderBody body = input.body;
  body.number = order.number;
  if (turn.from_reserve || room_ != StorageRoom::enough) {  // nobody will send it; its event needs the rest
    body.canonical.clear();
    body.raw.clear();
  }
  turn.changes.bodies.push_back(std::move(body));
  return order;
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

void Gateway::accept(Entry& entry, const EarlyMark* released_early, Turn& turn) {
  entry.order.phase = Phase::held;
  emit(entry, EventType::order_accepted, {}, Actor::policy, turn);
  if (released_early != nullptr)
    do_release(entry, released_early->actor, "early", turn);
  else if (entry.order.release_mode == ReleaseMode::immediate)
    do_release(entry, Actor::policy, "immediate", turn);
}

}  // namespace storegate::core
