// The last orders committed here, bounded by bytes, the oldest dropped first.
#include "storage/recent_orders.hpp"

#include <algorithm>

namespace storegate::storage {
namespace {

std::size_t bytes_of(const RecentOrders::Entry& entry) {
  return sizeof(entry) + entry.canonical.size() + entry.event.shared.size() + entry.event.refusals.size();
}

}  // namespace

void RecentOrders::remember(const core::Changes& changes) {
  for (const core::OrderBody& body : changes.bodies) {
    const auto at = std::ranges::lower_bound(changes.orders, body.number, {}, &core::Order::number);
    if (at == changes.orders.end() || at->number != body.number) continue;
    const core::Order& order = *at;
    forget(order.number);
    Entry entry;
    entry.event.order_id = order.id;
    entry.event.release_token = order.release_token;
    entry.event.partner = order.partner;
    entry.event.partner_order_id = order.partner_order_id;
    entry.event.traceparent = order.traceparent;
    entry.event.shared = body.shared;
    entry.event.test = order.test;
    entry.event.refusals = order.refusals;
    entry.canonical = body.canonical;
    bytes_ += bytes_of(entry);
    entries_.emplace(value_of(order.number), std::move(entry));
    by_age_.push_back(value_of(order.number));
    while (bytes_ > bytes_max || by_age_.size() > orders_max) drop_oldest();
  }
}

const RecentOrders::Entry* RecentOrders::find(core::OrderNumber number) const {
  const auto at = entries_.find(value_of(number));
  return at == entries_.end() ? nullptr : &at->second;
}

void RecentOrders::forget(core::OrderNumber number) {
  const auto at = entries_.find(value_of(number));
  if (at == entries_.end()) return;
  bytes_ -= bytes_of(at->second);
  entries_.erase(at);
}

void RecentOrders::drop_oldest() {
  const std::int64_t oldest = by_age_.front();
  by_age_.pop_front();
  forget(core::OrderNumber{oldest});
}

}  // namespace storegate::storage
