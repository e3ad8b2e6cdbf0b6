// Gateway: what an order must meet to be accepted. Every rule is asked, so that whoever sent it hears all that is
// wrong with it at once; items and prices are in gateway_items.cpp.
#include <cstdint>
#include <optional>

#include "core/gateway.hpp"

namespace storegate::core {

namespace {
/// An order whose cooking begins later than this is meant for then: that moment counts, not the present one.
constexpr Milliseconds preorder_after_ms = 60 * minute_ms;
}  // namespace

// `released`: its release has come before it.
// `announced`: how long ago it was placed says nothing, its partner has just said that it stands, and may announce one for
// later when it is to be made; it is not waited for longer than its partner waits for a decision.
Refusals Gateway::judge(const OrderArrived& input, bool released, const Now& now, bool announced) const {
  const CanonicalOrder& order = input.order;
  Refusals refusals;
  judge_store(order, now, refusals);
  judge_order(order, refusals);
  judge_items(order, now, refusals);
  judge_prices(order, now, refusals);
  judge_times(order, now, refusals);
  if (!announced) judge_age(order, input.sent_at_wall_ms, now, refusals);
  judge_kitchen(order, now, refusals);
  judge_load(order, released, now, refusals);
  return refusals;
}

// How far off the moment is for which the order is judged: 0 unless it is for later. A clock that nobody trusts cannot
// say; an immediate order is cooked now, whatever was promised.
Milliseconds Gateway::ahead_ms(const CanonicalOrder& order, const Now& now) const {
  const PartnerPolicy& partner = policy_.partners.find(order.partner)->second;
  const ReleaseMode mode = order.release.mode.value_or(partner.release);
  if (!now.wall_trusted || mode == ReleaseMode::immediate) return 0;
  Milliseconds ahead = 0;
  if (mode == ReleaseMode::at_time && order.release.at_wall_ms)
    ahead = *order.release.at_wall_ms - now.wall_ms;
  else if (order.promised_at_wall_ms)
    ahead = *order.promised_at_wall_ms - policy_.prep_ms - now.wall_ms;
  return ahead > preorder_after_ms ? ahead : 0;
}

void Gateway::judge_store(const CanonicalOrder& order, const Now& now, Refusals& refusals) const {
  const Milliseconds ahead = ahead_ms(order, now);
  if (!policy_.partners.find(order.partner)->second.enabled) refusals.add(Reason::store_closed, "partner");
  if (book_.store().paused && pause_ends_ms_ > now.steady_ms + ahead)
    refusals.add(Reason::store_closed, "paused");
  if (!open_by_hours(now, ahead)) refusals.add(Reason::store_closed, "hours");
}

void Gateway::judge_order(const CanonicalOrder& order, Refusals& refusals) const {
  if (!policy_.currency.empty() && !order.currency.empty() && order.currency != policy_.currency)
    refusals.add(Reason::invalid_order, "currency");
  if (order.test && policy_.test_orders == TestOrders::reject) refusals.add(Reason::other, "test");
}

// A clock that nobody trusts says nothing about a promised time, nor how long ago an order was placed.
void Gateway::judge_times(const CanonicalOrder& order, const Now& now, Refusals& refusals) const {
  if (!now.wall_trusted) return;
  const auto& promised = order.promised_at_wall_ms;
  if (promised && *promised < now.wall_ms - policy_.pos.expire_ms)
    refusals.add(Reason::timed_out, "promised_at");
}

// Past its partner's deadline an order without an answer has been given up: nobody would come for the food.
void Gateway::judge_age(const CanonicalOrder& order, std::optional<std::int64_t> sent_at_wall_ms,
                        const Now& now, Refusals& refusals) const {
  if (!now.wall_trusted) return;
  const Milliseconds decide_within_ms = policy_.partners.find(order.partner)->second.decide_within_ms;
  // Where it does not say itself when it was placed, it was at the latest when the cloud sent it on.
  const auto& placed = order.placed_at_wall_ms;
  const auto since = placed ? placed : sent_at_wall_ms;
  if (decide_within_ms > 0 && since && *since < now.wall_ms - decide_within_ms)
    refusals.add(Reason::timed_out, placed ? "placed_at" : "sent_at");
}

// Nobody knows how much the kitchen will have to do when an order for later begins.
void Gateway::judge_kitchen(const CanonicalOrder& order, const Now& now, Refusals& refusals) const {
  if (ahead_ms(order, now) > 0 || is_simulated(order.test)) return;
  const KitchenLoad& load = book_.kitchen();
  if (policy_.kitchen_orders_max > 0 && load.orders + 1 > policy_.kitchen_orders_max)
    refusals.add(Reason::too_busy, "orders");
  std::int64_t items = load.items;
  for (const Item& item : order.items) items += item.quantity;
  if (policy_.kitchen_items_max > 0 && items > policy_.kitchen_items_max)
    refusals.add(Reason::too_busy, "items");
}

// ---------------------------------------------------------------- orders that only try the way

bool Gateway::is_simulated(bool test) const { return test && policy_.test_orders == TestOrders::simulate; }

// The POS never hears of it, and nothing is cooked.
void Gateway::place_test(Entry& entry, Turn& turn) {
  entry.order.pos_reference = "TEST-" + display_code_of(entry.order.id);
  entry.order.placed = stamp_of(turn.now);
  entry.soft = Soft{};
  move_and_emit(entry, Phase::placed, EventType::order_placed, Actor::policy, turn);
  move_and_emit(entry, Phase::completed, EventType::order_completed, Actor::policy, turn);
}

}  // namespace storegate::core
