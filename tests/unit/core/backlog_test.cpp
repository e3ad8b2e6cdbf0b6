// A backlog in the outbox: live orders' events ahead, each order's in order, the oldest not starved, the mark over what
// has no gap.
#include <algorithm>
#include <map>
#include <set>

#include "core/outbox.hpp"
#include "print.hpp"
#include "script.hpp"

using namespace storegate::core;

namespace {

/// Rows and a broker for an outbox: `orders` of `each` events, one order after the other's event (1 1 … 2 2 … interleaved).
struct Store {
  std::vector<EventBrief> rows;  // by sequence - 1
  std::map<std::int64_t, Urgency> urgency;
  std::vector<std::int64_t> heard;  // sequences, as published
  std::set<std::int64_t> unanswered;
  std::size_t read_rows_max = 1'000'000;

  void write(std::int64_t order, EventType type = EventType::order_accepted) {
    EventBrief brief{{1, static_cast<std::int64_t>(rows.size()) + 1}, OrderNumber{order}, {}, type};
    for (const EventBrief& row : rows)
      if (order != 0 && value_of(row.order) == order) brief.previous = row.position;
    rows.push_back(brief);
  }
  [[nodiscard]] Position last() const { return {1, static_cast<std::int64_t>(rows.size())}; }

  OutgoingEvent event_at(Position position) const {
    const EventBrief& row = rows[static_cast<std::size_t>(position.sequence - 1)];
    OutgoingEvent event;
    event.record.position = row.position;
    event.record.order = row.order;
    event.record.type = row.type;
    event.record.previous = row.previous;
    return event;
  }
  void read(Outbox& outbox) {
    const OutboxRead wish = outbox.on_read_started();
    std::vector<OutgoingEvent> events;
    if (wish.kind == OutboxRead::Kind::briefs) {
      std::vector<EventBrief> briefs;
      for (auto row = rows.rbegin(); row != rows.rend() && briefs.size() < wish.limit; ++row)
        if (row->position > wish.after && row->position < wish.before) briefs.push_back(*row);
      outbox.on_briefs(briefs, [this](OrderNumber order) {
        const auto known = urgency.find(value_of(order));
        return known == urgency.end() ? Urgency::rest : known->second;
      });
    } else if (wish.kind == OutboxRead::Kind::picked) {
      for (const Position position : wish.positions) events.push_back(event_at(position));
      outbox.on_read(events, wish.positions.empty() ? Position{} : wish.positions.back());
    } else {
      for (const EventBrief& row : rows)
        if (row.position > wish.after && events.size() < wish.limit) events.push_back(event_at(row.position));
      outbox.on_read(events);
    }
  }
  void publish(Outbox& outbox) {
    while (const auto event = outbox.next_to_publish()) {
      heard.push_back(event->record.position.sequence);
      unanswered.insert(event->record.position.sequence);
    }
  }
  /// Reads and publishes until the window is full or nothing is left.
  void run(Outbox& outbox) {
    publish(outbox);
    while (outbox.wanted_read()) {
      read(outbox);
      publish(outbox);
    }
  }
  void acknowledge(Outbox& outbox) {
    for (const std::int64_t sequence : std::exchange(unanswered, {}))
      outbox.on_published({1, sequence}, true);
  }
  void drain(Outbox& outbox) {
    for (int round = 0; round < 100'000; ++round) {
      run(outbox);
      if (unanswered.empty()) return;
      acknowledge(outbox);
    }
  }
  [[nodiscard]] std::size_t place_of(std::int64_t sequence) const {
    return static_cast<std::size_t>(std::find(heard.begin(), heard.end(), sequence) - heard.begin());
  }
  [[nodiscard]] bool in_order_per_order() const {
    std::map<std::int64_t, std::int64_t> newest;
    std::set<std::int64_t> seen;
    for (const std::int64_t sequence : heard) {
      if (!seen.insert(sequence).second) continue;
      std::int64_t& last = newest[value_of(rows[static_cast<std::size_t>(sequence - 1)].order)];
      if (sequence < last) return false;
      last = sequence;
    }
    return true;
  }
  [[nodiscard]] std::size_t distinct() const { return std::set(heard.begin(), heard.end()).size(); }
};

/// 100 orders of three events, the later ones among the earlier ones'; the last ten orders are live.
Store hundred_orders() {
  Store store;
  for (std::int64_t order = 1; order <= 100; ++order) {
    store.write(order);
    if (order > 1) store.write(order - 1);
    if (order > 2) store.write(order - 2);
  }
  for (std::int64_t order = 91; order <= 100; ++order) store.urgency[order] = Urgency::first;
  return store;
}

}  // namespace

TEST_CASE("4.8 backlog: live orders' events go ahead, each order's in order, and all arrive [I3]") {
  Store store = hundred_orders();
  Outbox outbox({}, store.last(), false);
  outbox.on_connected(10);
  store.drain(outbox);
  CHECK(store.distinct() == store.rows.size());
  CHECK(store.heard.size() == store.rows.size());
  CHECK(store.in_order_per_order());
  CHECK(outbox.marks().published == store.last());
  CHECK(outbox.ahead() == 0);
  std::size_t last_live = 0, live = 0;
  for (const EventBrief& row : store.rows) {
    if (value_of(row.order) <= 90) continue;
    ++live;
    last_live = std::max(last_live, store.place_of(row.position.sequence));
  }
  CHECK(last_live < live + live / 3 + 2);
}

TEST_CASE("4.8 backlog: an order that was cancelled goes ahead with all its events") {
  Store store = hundred_orders();
  store.write(50, EventType::order_cancelled);
  Outbox outbox({}, store.last(), false);
  outbox.on_connected(10);
  store.drain(outbox);
  CHECK(store.place_of(store.last().sequence) < 50);
  CHECK(store.in_order_per_order());
}

TEST_CASE("4.8 backlog: what is cooked goes behind what is live and before the rest") {
  Store store = hundred_orders();
  for (std::int64_t order = 81; order <= 90; ++order) store.urgency[order] = Urgency::cooked;
  Outbox outbox({}, store.last(), false);
  outbox.on_connected(10);
  store.drain(outbox);
  const auto first_of = [&](std::int64_t order) {
    const auto row = std::find_if(store.rows.begin(), store.rows.end(),
                                  [&](const EventBrief& brief) { return value_of(brief.order) == order; });
    return store.place_of(row->position.sequence);
  };
  CHECK(first_of(100) < first_of(81));
  CHECK(first_of(81) < first_of(80));
  CHECK(store.in_order_per_order());
}

TEST_CASE("4.8 backlog: the oldest event has its turn at least every fourth time") {
  Store store = hundred_orders();
  for (std::int64_t order = 31; order <= 100; ++order) store.urgency[order] = Urgency::first;
  Outbox outbox({}, store.last(), false);
  outbox.on_connected(10);
  store.drain(outbox);
  std::set<std::int64_t> unsent;
  for (const EventBrief& row : store.rows) unsent.insert(row.position.sequence);
  std::size_t since = 0, worst = 0;
  for (const std::int64_t sequence : store.heard) {
    since = sequence == *unsent.begin() ? 0 : since + 1;
    worst = std::max(worst, since);
    unsent.erase(sequence);
  }
  CHECK(worst == oldest_every - 1);
}

TEST_CASE(
    "4.8 backlog: the mark stays before what has not gone, and what went ahead is not sent again [I3]") {
  Store store = hundred_orders();
  Outbox outbox({}, store.last(), false);
  outbox.on_connected(10);
  store.run(outbox);
  store.acknowledge(outbox);
  store.run(outbox);
  const auto sent = static_cast<std::int64_t>(store.heard.size());
  CHECK(outbox.marks().published.sequence < sent / 2);
  outbox.on_disconnected();
  store.unanswered.clear();
  const std::size_t before = store.heard.size();
  outbox.on_connected(10);
  store.drain(outbox);
  CHECK(store.distinct() == store.rows.size());
  CHECK(store.heard.size() - store.rows.size() <= 10);  // those without a PUBACK
  CHECK(before < store.rows.size());
  CHECK(store.in_order_per_order());
  CHECK(outbox.marks().published == store.last());
}

TEST_CASE("4.8 backlog: where the cloud acknowledges, what went ahead goes again after a reconnect [I3]") {
  Store store = hundred_orders();
  Outbox outbox({}, store.last(), true);
  outbox.on_connected(10);
  store.drain(outbox);
  CHECK(outbox.marks().published == store.last());
  outbox.on_disconnected();
  outbox.on_connected(10);
  store.drain(outbox);
  CHECK(store.heard.size() == 2 * store.rows.size());
}

TEST_CASE(
    "4.8 backlog: events written meanwhile go ahead, but never before an older one of their order [I3]") {
  Store store = hundred_orders();
  Outbox outbox({}, store.last(), false);
  outbox.on_connected(10);
  store.run(outbox);
  store.write(200);                             // a new order
  store.write(100);                             // of a live one
  store.write(40, EventType::order_completed);  // of one among the rest
  std::vector<EventBrief> fresh(store.rows.end() - 3, store.rows.end());
  outbox.on_written(store.last(), fresh);
  store.drain(outbox);
  CHECK(store.distinct() == store.rows.size());
  CHECK(store.in_order_per_order());
  CHECK(store.place_of(store.last().sequence - 2) < 60);
  CHECK(store.place_of(store.last().sequence - 1) < 60);
  CHECK(store.place_of(store.last().sequence) > 250);
}

TEST_CASE("4.8 backlog: events written while the rows are looked through find their place [I3]") {
  Store store = hundred_orders();
  Outbox outbox({}, store.last(), false);
  outbox.on_connected(10);
  store.write(100);
  outbox.on_written(store.last(), {store.rows.back()});
  store.drain(outbox);
  CHECK(store.place_of(store.last().sequence) < 60);
  CHECK(store.in_order_per_order());
  CHECK(outbox.marks().published == store.last());
}

TEST_CASE("4.8 backlog: a search that fails leaves plain order") {
  Store store = hundred_orders();
  Outbox outbox({}, store.last(), false);
  outbox.on_connected(10);
  REQUIRE(outbox.wanted_read()->kind == OutboxRead::Kind::briefs);
  outbox.on_read_started();
  outbox.on_read({});
  store.drain(outbox);
  CHECK(std::is_sorted(store.heard.begin(), store.heard.end()));
  CHECK(store.heard.size() == store.rows.size());
}

TEST_CASE("4.8 backlog: a chain that is not followed to its beginning does not go ahead [I3]") {
  Backlog backlog;
  backlog.begin({1, 10}, {1, 10'000'000});
  const UrgencyOf first = [](OrderNumber) { return Urgency::first; };
  std::vector<EventBrief> briefs;
  // One order's newest event, then as many of others as are kept: its older ones are never met.
  briefs.push_back({{1, 9'000'000}, OrderNumber{1}, {1, 20}, EventType::order_placed});
  for (std::size_t i = 0; i + 1 < ahead_max; ++i)
    briefs.push_back({{1, 8'000'000 - static_cast<std::int64_t>(i)},
                      OrderNumber{1000 + static_cast<std::int64_t>(i)},
                      {},
                      EventType::order_accepted});
  briefs.push_back({{1, 20}, OrderNumber{1}, {}, EventType::order_accepted});
  backlog.on_briefs(briefs, first);
  CHECK_FALSE(backlog.searching());
  std::size_t taken = 0;
  bool chain_broken = false;
  while (!backlog.empty()) {
    for (const Position position : backlog.take(1000)) {
      ++taken;
      chain_broken = chain_broken || position.sequence == 9'000'000;
    }
  }
  CHECK_FALSE(chain_broken);
  CHECK(taken == ahead_max - 1);
}

TEST_CASE("4.8 backlog: the engine sends the held order's event before those of what is done") {
  testing::Script script;
  script.arrive("held");
  for (int i = 0; i < 30; ++i) {
    const std::string id = "gone-" + std::to_string(i);
    script.arrive(id);
    script.cancel(id);
  }
  script.arrive("newest");
  Outbox& outbox = script.engine->outbox();
  outbox.on_connected(5);
  REQUIRE(outbox.awaits_briefs() == false);
  REQUIRE(outbox.wanted_read()->kind == OutboxRead::Kind::briefs);
  const OutboxRead wish = outbox.on_read_started();
  OutboxPage page;
  const auto last = outbox.last_written().sequence;
  // As rows would say it: the last one is the held order's, the others are of orders that have ended.
  const OrderNumber newest = script.engine->gateway().book().last_number;
  page.briefs.push_back({{wish.before.epoch, last}, newest, {}, EventType::order_accepted});
  for (std::int64_t sequence = last - 1; sequence > 0; --sequence)
    page.briefs.push_back(
        {{wish.before.epoch, sequence}, OrderNumber{1'000'000 + sequence}, {}, EventType::order_completed});
  script.engine->on_events_read(std::move(page));
  REQUIRE(outbox.wanted_read()->kind == OutboxRead::Kind::picked);
  CHECK(outbox.on_read_started().positions == std::vector<Position>{{wish.before.epoch, last}});
}
