// The journal's reads: single orders and bodies, the outbox from a position on, an order's own events, and lists.
// Every row's digest is checked before it is given out.
#include <algorithm>
#include <limits>
#include <utility>

#include "storage/journal.hpp"
#include "storage/journal_state.hpp"

namespace storegate::storage {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

Error missing_row(std::string_view table, std::int64_t key) {
  return at_row(damaged_row("the row is missing"), table, std::to_string(key));
}

std::size_t bytes_of(const core::OutgoingEvent& event) {
  std::size_t bytes = event.shared.size() + event.record.pos_reference.size() + event.refusals.size();
  for (const auto& [name, value] : event.record.details) {
    bytes += name.size();
    if (const auto* text = std::get_if<std::string>(&value)) bytes += text->size();
  }
  return bytes;
}

/// A page while it is filled: events until their bytes reach the limit, and which rows are damaged.
class Filling {
 public:
  Filling(core::Position after, std::size_t bytes_limit) : bytes_limit_(bytes_limit) { page.through = after; }

  void pass_over(core::Position at) { page.through = at; }
  /// False: there is more, but not on this page. A damaged row keeps its reason; what cannot be read at all is an error.
  Result<bool> take(core::Position at, Result<core::OutgoingEvent> event) {
    if (event) {
      bytes_ += bytes_of(*event);
      page.more = bytes_ > bytes_limit_ && !page.events.empty();
      if (page.more) return false;
      page.events.push_back(std::move(*event));
    } else if (event.error().code == ErrorCode::damaged) {
      page.damaged.push_back({"events", key_of(at), event.error().context});
    } else {
      return std::move(event).error().in("read events");
    }
    page.through = at;
    return true;
  }

  EventPage page;

 private:
  std::size_t bytes_limit_;
  std::size_t bytes_ = 0;
};

}  // namespace

// ---------------------------------------------------------------- one row

Result<std::optional<core::Order>> Journal::State::find_order(core::OrderNumber number) {
  Statement& row = sql.order_get;
  const Reading reading(row);
  row.bind(1, value_of(number));
  Result<bool> found = row.step();
  if (!found) return std::move(found).error();
  if (!*found) return std::optional<core::Order>{};
  Result<core::Order> order = read_order(row, digest);
  if (!order) return at_row(std::move(order).error(), "orders", std::to_string(value_of(number)));
  return std::optional(std::move(*order));
}

Result<std::optional<core::OrderBody>> Journal::State::find_body(core::OrderNumber number) {
  Statement& row = sql.body_get;
  const Reading reading(row);
  row.bind(1, value_of(number));
  Result<bool> found = row.step();
  if (!found) return std::move(found).error();
  if (!*found) return std::optional<core::OrderBody>{};
  Result<BodyRow> body = read_body(row, digest);
  if (!body) return at_row(std::move(body).error(), "bodies", std::to_string(value_of(number)));
  return std::optional(std::move(body->body));
}

Result<std::string> Journal::State::find_canonical(core::OrderNumber number) {
  if (const RecentOrders::Entry* known = recent.find(number)) return known->canonical;
  Statement& row = sql.body_canonical;
  const Reading reading(row);
  row.bind(1, value_of(number));
  Result<bool> found = row.step();
  if (!found) return std::move(found).error();
  if (!*found) return damaged_row("the row is missing");
  return read_canonical(row, digest);
}

Result<std::optional<EventRow>> Journal::State::find_event(core::Position position) {
  Statement& row = sql.event_get;
  const Reading reading(row);
  row.bind(1, packed(position));
  Result<bool> found = row.step();
  if (!found) return std::move(found).error();
  if (!*found) return std::optional<EventRow>{};
  Result<EventRow> event = read_event(row, digest);
  if (!event) return at_row(std::move(event).error(), "events", key_of(position));
  return std::optional(std::move(*event));
}

Result<std::optional<core::EventRecord>> Journal::find_event(core::Position position) {
  Result<std::optional<EventRow>> row = state_->find_event(position);
  if (!row) return std::move(row).error();
  if (!*row) return std::optional<core::EventRecord>{};
  return std::optional(std::move((*row)->record));
}
Result<std::optional<core::Order>> Journal::find_order(core::OrderNumber number) {
  return state_->find_order(number);
}
Result<std::optional<core::OrderBody>> Journal::find_body(core::OrderNumber number) {
  return state_->find_body(number);
}

// ---------------------------------------------------------------- outgoing events

Result<core::OutgoingEvent> Journal::State::complete(core::EventRecord record) {
  core::OutgoingEvent event;
  const auto epoch = epochs.find(record.position.epoch);
  if (epoch == epochs.end()) return missing_row("epochs", record.position.epoch);
  const RecentOrders::Entry* const known = recent.find(record.order);
  if (known != nullptr) event = known->event;
  event.epoch = epoch->second;
  event.record = std::move(record);
  if (event.record.order == core::no_order || known != nullptr) return event;
  const std::int64_t number = value_of(event.record.order);

  Result<std::optional<core::Order>> order = find_order(event.record.order);
  if (!order) return std::move(order).error();
  if (!*order) return missing_row("orders", number);
  core::Order& of = **order;
  event.order_id = of.id;
  event.release_token = of.release_token;
  event.partner = std::move(of.partner);
  event.partner_order_id = std::move(of.partner_order_id);
  event.traceparent = std::move(of.traceparent);
  event.test = of.test;
  event.refusals = std::move(of.refusals);

  Statement& row = sql.body_shared;
  const Reading reading(row);
  row.bind(1, number);
  Result<bool> found = row.step();
  if (!found) return std::move(found).error();
  if (!*found) return missing_row("bodies", number);
  Result<std::string> shared = read_shared(row, digest);
  if (!shared) return at_row(std::move(shared).error(), "bodies", std::to_string(number));
  event.shared = std::move(*shared);
  return event;
}

Result<EventPage> Journal::State::events_after(core::Position position, std::size_t limit,
                                               std::size_t bytes_limit) {
  Filling filling(position, bytes_limit);
  Statement& rows = sql.events_after;
  const Reading reading(rows);
  rows.bind(1, packed(position));
  rows.bind(2, static_cast<std::int64_t>(limit) + 1);
  for (std::size_t seen = 0;; ++seen) {
    Result<bool> row = rows.step();
    if (!row) return std::move(row).error().in("read events");
    if (!*row) return std::move(filling.page);
    if (seen == limit) return filling.page.more = true, std::move(filling.page);
    const core::Position at = unpacked(rows.integer(0));
    Result<EventRow> event = read_event(rows, digest);
    Result<bool> taken =
        filling.take(at, event ? complete(std::move(event->record)) : std::move(event).error());
    if (!taken) return std::move(taken).error();
    if (!*taken) return std::move(filling.page);
  }
}

Result<core::OutgoingEvent> Journal::State::event_at(core::Position at) {
  Result<std::optional<EventRow>> event = find_event(at);
  if (!event) return std::move(event).error();
  if (!*event) return missing_row("events", packed(at));
  return complete(std::move((*event)->record));
}

Result<EventPage> Journal::State::events_at(const std::vector<core::Position>& positions,
                                            std::size_t bytes_limit) {
  Filling filling({}, bytes_limit);
  for (const core::Position at : positions) {
    if (at <= meta.pruned_through) {  // its consumer had it, and said so since it was asked for
      filling.pass_over(at);
      continue;
    }
    Result<bool> taken = filling.take(at, event_at(at));
    if (!taken) return std::move(taken).error();
    if (!*taken) break;
  }
  return std::move(filling.page);
}

Result<EventPage> Journal::State::event_briefs(core::Position after, core::Position before,
                                               std::size_t limit) {
  EventPage page;
  Statement& rows = sql.events_briefs;
  const Reading reading(rows);
  rows.bind(1, packed(after));
  rows.bind(2, packed(before));
  rows.bind(3, static_cast<std::int64_t>(limit));
  for (;;) {
    Result<bool> row = rows.step();
    if (!row) return std::move(row).error().in("look through the events");
    if (!*row) return page;
    page.briefs.push_back({unpacked(rows.integer(0)), core::OrderNumber{rows.integer(1)},
                           unpacked(rows.integer(2)), static_cast<core::EventType>(rows.integer(3))});
  }
}

Result<EventPage> Journal::read_for(const core::OutboxRead& read, std::size_t bytes_limit) {
  using Kind = core::OutboxRead::Kind;
  switch (read.kind) {
    case Kind::picked: return state_->events_at(read.positions, bytes_limit);
    case Kind::briefs: return state_->event_briefs(read.after, read.before, read.limit);
    case Kind::in_order: break;
  }
  return state_->events_after(read.after, read.limit, bytes_limit);
}

Result<EventPage> Journal::events_after(core::Position position, std::size_t limit, std::size_t bytes_limit) {
  return state_->events_after(position, limit, bytes_limit);
}

Result<std::vector<core::OutgoingEvent>> Journal::events_of(core::OrderNumber number) {
  Result<std::optional<core::Order>> order = state_->find_order(number);
  if (!order) return std::move(order).error();
  if (!*order) return Error{ErrorCode::not_found, "there is no such order"};
  std::vector<core::OutgoingEvent> events;
  core::Position at = (*order)->last_event;
  while (at != core::Position{} && at > state_->meta.pruned_through) {
    Result<std::optional<EventRow>> event = state_->find_event(at);
    if (!event) return std::move(event).error();
    // Each step goes back in time and stays with the order, so that the walk ends whatever the rows say.
    if (!*event || (*event)->record.order != number || (*event)->record.previous >= at) {
      return at_row(damaged_row("the order's chain of events is broken"), "events", key_of(at));
    }
    at = (*event)->record.previous;
    Result<core::OutgoingEvent> outgoing = state_->complete(std::move((*event)->record));
    if (!outgoing) return std::move(outgoing).error();
    events.push_back(std::move(*outgoing));
  }
  std::reverse(events.begin(), events.end());
  return events;
}

// ---------------------------------------------------------------- lists

Result<OrderPage> Journal::list_orders(const ListQuery& query) {
  OrderPage page;
  const std::int64_t before =
      query.before == core::no_order ? std::numeric_limits<std::int64_t>::max() : value_of(query.before);
  Statement& below = state_->sql.order_number_below;
  const auto newest_below = [&below](std::int64_t number) -> Result<std::int64_t> {
    const Reading reading(below);
    below.bind(1, number);
    Result<bool> row = below.step();
    if (!row) return std::move(row).error();
    return *row ? below.integer(0) : 0;
  };
  Result<std::int64_t> newest = newest_below(before);
  if (!newest) return std::move(newest).error();
  if (*newest == 0) return page;
  const std::int64_t lowest = *newest - static_cast<std::int64_t>(query.scan_limit) + 1;

  Statement& rows = state_->sql.orders_list;
  const Reading reading(rows);
  rows.bind(1, before);
  rows.bind(2, lowest);
  query.phase ? rows.bind(3, static_cast<std::int64_t>(*query.phase)) : rows.bind_null(3);
  query.partner ? rows.bind(4, std::string_view(*query.partner)) : rows.bind_null(4);
  rows.bind(5, static_cast<std::int64_t>(query.limit));
  std::int64_t last = lowest;
  for (std::size_t seen = 0;;) {
    Result<bool> row = rows.step();
    if (!row) return std::move(row).error().in("list orders");
    if (!*row) break;
    const std::int64_t number = rows.integer(0);
    if (++seen == query.limit) last = number;
    if (Result<core::Order> order = read_order(rows, state_->digest)) {
      page.orders.push_back(std::move(*order));
    } else {
      page.damaged.push_back({"orders", std::to_string(number), order.error().context});
    }
  }
  Result<std::int64_t> rest = newest_below(last);
  if (!rest) return std::move(rest).error();
  if (*rest != 0) page.next = core::OrderNumber{*rest + 1};
  return page;
}

}  // namespace storegate::storage
