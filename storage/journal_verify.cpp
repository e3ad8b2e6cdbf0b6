// Checking digests that nothing else reads, and the events' chain, a step at a time: so that damage in an ended
// order or an old event is known before somebody asks for it.
#include <utility>

#include "storage/journal.hpp"
#include "storage/journal_state.hpp"

namespace storegate::storage {

using core::Result;

namespace {

/// One table's step: reads up to `rows_max` rows from `from` on, reports the damaged ones, moves `from` past them.
/// True when the table's end was reached.
template <typename Read>
Result<bool> verify_table(Statement& rows, std::string_view table, std::int64_t& from, std::size_t rows_max,
                          Read read, Housekept& done) {
  const Reading reading(rows);
  rows.bind(1, from);
  rows.bind(2, static_cast<std::int64_t>(rows_max));
  for (std::size_t seen = 0;; ++seen) {
    Result<bool> row = rows.step();
    if (!row) return row;
    if (!*row) return seen < rows_max;
    from = behind(rows.integer(0));
    if (auto readable = read(rows); !readable) {
      done.damaged.push_back({std::string(table), std::to_string(rows.integer(0)), readable.error().context});
    }
    ++done.rows;
  }
}

}  // namespace

Result<bool> Journal::State::verify_events(std::size_t rows_max, Passes& at, Housekept& done) {
  Statement& rows = sql.events_after;
  const Reading reading(rows);
  if (at.verify_event <= packed(meta.pruned_through)) {  // from the start, or pruned since the last step
    at.verify_event = packed(meta.pruned_through);
    at.verify_digest = meta.pruned_digest;
  }
  rows.bind(1, at.verify_event);
  rows.bind(2, static_cast<std::int64_t>(rows_max));
  for (std::size_t seen = 0;; ++seen) {
    Result<bool> row = rows.step();
    if (!row) return row;
    if (!*row) return seen < rows_max;
    ++done.rows;
    const std::int64_t last = std::exchange(at.verify_event, rows.integer(0));
    const std::string key = key_of(unpacked(at.verify_event));
    Result<EventRow> event = read_event(rows, digest);
    if (!event) {
      done.damaged.push_back({"events", key, event.error().context});
      at.verify_digest.reset();  // what the next one follows is not known
      continue;
    }
    const bool next = unpacked(at.verify_event).sequence == 1 || at.verify_event == last + 1;
    if (!next || (at.verify_digest && event->predecessor != *at.verify_digest)) {
      done.damaged.push_back(
          {"events", key,
           next ? "it does not follow the event before it" : "the event before it is missing"});
    }
    at.verify_digest = event->digest;
    // load() looks only as far back as the orders it finds; an order whose row is gone is found by its events here.
    if (event->record.order == core::no_order) continue;
    Statement& order = sql.order_arrival;  // one column of it: the row is read whole by its own table's step
    const Reading reading_order(order);
    order.bind(1, value_of(event->record.order));
    Result<bool> found = order.step();
    if (!found) return found;
    if (!*found) {
      done.damaged.push_back({"orders", std::to_string(value_of(event->record.order)),
                              "the row is missing, its event " + key + " is there"});
    }
  }
}

// One that is still to be fetched has no body yet; every other one has.
Result<core::Order> Journal::State::verify_order(const Statement& row, Housekept& done) {
  Result<core::Order> order = read_order(row, digest);
  if (!order || order->phase == core::Phase::fetching) return order;
  Statement& body = sql.body_erased;
  const Reading reading(body);
  body.bind(1, value_of(order->number));
  const Result<bool> found = body.step();  // that it cannot be read is met by the bodies' own step
  if (found && !*found) {
    done.damaged.push_back(
        {"bodies", std::to_string(value_of(order->number)), "the row is missing, its order is there"});
  }
  return order;
}

Result<Housekept> Journal::verify(std::size_t rows_max) {
  State& state = *state_;
  Housekept done;
  Passes& at = state.passes;
  const core::DigestFunction& digest = state.digest;
  Result<bool> orders = verify_table(
      state.sql.orders_from, "orders", at.verify_order, rows_max,
      [&](const Statement& row) { return state.verify_order(row, done); }, done);
  if (!orders) return std::move(orders).error().in("verify");
  Result<bool> bodies = verify_table(
      state.sql.bodies_from, "bodies", at.verify_body, rows_max,
      [&](const Statement& row) { return read_body(row, digest); }, done);
  if (!bodies) return std::move(bodies).error().in("verify");
  Result<bool> letters = verify_table(
      state.sql.dead_letters_from, "dead_letters", at.verify_letter, rows_max,
      [&](const Statement& row) { return read_dead_letter(row, digest); }, done);
  if (!letters) return std::move(letters).error().in("verify");
  Result<bool> events = state.verify_events(rows_max, at, done);
  if (!events) return std::move(events).error().in("verify");
  done.finished = *orders && *bodies && *letters && *events;
  if (done.finished) at.verify_order = at.verify_body = at.verify_letter = at.verify_event = 0;
  return done;
}

}  // namespace storegate::storage
