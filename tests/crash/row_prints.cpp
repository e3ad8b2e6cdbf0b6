// Prints of rows, member by member.
#include "crash/row_prints.hpp"

#include <algorithm>

namespace storegate::crash {

namespace {

void add(Fingerprint& print, const core::Stamp& stamp) {
  print.add(stamp.steady_ms), print.add(stamp.wall_ms);
  if (stamp.is_set()) print.add(stamp.boot);
}

void add(Fingerprint& print, const std::string& text) { print.add(std::string_view(text)); }

void add(Fingerprint& print, core::Position position) {
  print.add(position.epoch), print.add(position.sequence);
}

void add(Fingerprint& print, const Print& other) { print.add(other.high), print.add(other.low); }

/// Without its date: housekeeping dates a mark anew when nobody knows how old it is.
Print print_of(const core::EarlyMark& mark) {
  Fingerprint print;
  print.add(mark.actor), add(print, mark.text);
  return print.print();
}

Print print_of(const core::AvailabilityMark& mark) {
  Fingerprint print;
  print.add(mark.item.available), print.add(mark.item.until_wall_ms.value_or(-1)), print.add(mark.at_wall_ms);
  return print.print();
}

}  // namespace

Print print_of(const core::Order& o) {
  Fingerprint print;
  print.add(value_of(o.number)), print.add(o.id.bytes), print.add(o.release_token.secret);
  add(print, o.partner), add(print, o.partner_order_id), add(print, o.business_day);
  add(print, o.idempotency_key), add(print, o.traceparent), print.add(o.body_digest), print.add(o.test);
  print.add(o.phase), print.add(o.reason), print.add(o.arrival_phase), print.add(o.arrival_reason);
  add(print, o.arrived), print.add(o.updated_wall_ms), print.add(o.release_mode), add(print, o.release_due);
  print.add(o.fallback), add(print, o.released), print.add(o.released_by), add(print, o.intent);
  print.add(o.reprints), print.add(o.in_doubt), add(print, o.pos_reference), add(print, o.placed);
  add(print, o.pos_code), print.add(o.cancel_wanted), print.add(o.cancelled_by), add(print, o.cancel_asked);
  add(print, o.cancel_text), add(print, o.last_event), print.add(o.item_count), print.add(o.pos_status);
  add(print, o.refusals), add(print, o.href), print.add(o.announced), print.add(o.look_again);
  print.add(o.owed.bits()), print.add(o.fulfilment), print.add(o.for_later);
  return print.print();
}

Print print_of(const core::Loaded& loaded) { return Fold(loaded).print(); }

Fold::Fold(const core::Loaded& loaded)
    : availability_full_(loaded.availability_full),
      outbox_(loaded.outbox),
      store_(loaded.store),
      last_event_(loaded.last_event),
      last_number_(loaded.last_number) {
  for (const core::Order& order : loaded.live) live_[order.number] = crash::print_of(order);
  for (const core::EarlyMark& mark : loaded.early)
    early_[{mark.kind, mark.partner, mark.partner_order_id}] = print_of(mark);
  for (const core::KeyAlias& alias : loaded.key_aliases) aliases_[alias.key] = alias.order;
  for (const core::AvailabilityMark& mark : loaded.availability)
    availability_[{mark.layer, mark.item.item}] = print_of(mark);
}

void Fold::apply(const core::Changes& changes) {
  for (const core::Order& order : changes.orders) {
    last_number_ = std::max(last_number_, order.number);
    if (core::is_end(order.phase) && order.owed.empty()) {
      live_.erase(order.number);
    } else {
      live_[order.number] = crash::print_of(order);
    }
  }
  for (const core::EarlyMark& mark : changes.early)
    early_[{mark.kind, mark.partner, mark.partner_order_id}] = print_of(mark);
  for (const core::EarlyMark& spent : changes.early_spent)
    early_.erase({spent.kind, spent.partner, spent.partner_order_id});
  for (const core::KeyAlias& alias : changes.key_aliases) aliases_[alias.key] = alias.order;
  if (changes.availability_replaced) {
    std::erase_if(availability_, [](const auto& row) { return row.first.first == core::StockLayer::said; });
    availability_full_ = true;
  }
  for (const auto& gone : changes.availability_gone) availability_.erase(gone);
  for (const core::AvailabilityMark& mark : changes.availability)
    availability_[{mark.layer, mark.item.item}] = print_of(mark);
  if (changes.outbox) outbox_ = *changes.outbox;
  if (changes.store) store_ = *changes.store;
  if (!changes.events.empty()) last_event_ = changes.events.back().position;
}

Print Fold::print() const {
  Fingerprint print;
  for (const auto& [number, row] : live_) print.add(value_of(number)), add(print, row);
  for (const auto& [key, row] : early_) {
    print.add(std::get<0>(key)), add(print, std::get<1>(key)), add(print, std::get<2>(key));
    add(print, row);
  }
  for (const auto& [key, order] : aliases_) add(print, key), print.add(value_of(order));
  for (const auto& [item, row] : availability_)
    print.add(item.first), add(print, item.second), add(print, row);
  print.add(availability_full_), add(print, outbox_.published), add(print, outbox_.acknowledged);
  print.add(store_.paused), print.add(store_.until_wall_ms.value_or(-1)), add(print, store_.since);
  add(print, last_event_), print.add(value_of(last_number_));
  return print.print();
}

}  // namespace storegate::crash
