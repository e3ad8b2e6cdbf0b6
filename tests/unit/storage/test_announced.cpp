// Rows of orders that are still to be fetched, and of ended ones whose partner has yet to be told.
#include <doctest/doctest.h>

#include <algorithm>

#include "behind.hpp"
#include "builders.hpp"
#include "salvage_store.hpp"
#include "storage/salvage.hpp"
#include "support/temp_dir.hpp"

using namespace storegate;
using namespace storegate::storage;
using namespace storegate::storage::test;

namespace {

/// An announced order: neither body nor event.
core::Order announced(Store& store, std::int64_t number) {
  core::Order order = store.draw.order(number);
  order.partner = "thin";
  order.partner_order_id = "T-" + std::to_string(number);
  order.phase = core::Phase::fetching;
  order.announced = true;
  order.owed = {};
  order.last_event = {};
  order.arrived.wall_ms = order.updated_wall_ms = store.wall_ms;
  return order;
}

void write(Journal& journal, const core::Changes& changes) { REQUIRE(journal.commit(changes).written.ok()); }

/// Orders 1 to 3 as others, then 4, which is still to be fetched.
core::Order make(Journal& journal, Store& store) {
  core::Changes changes;
  for (int each = 0; each < 3; ++each) store.arrive(changes);
  changes.orders.push_back(announced(store, 4));
  write(journal, changes);
  return changes.orders.back();
}

/// What load and a whole pass of verify report.
std::vector<DamagedRow> damage(Journal& journal, core::Loaded& loaded) {
  core::Result<LoadReport> report = journal.load({});
  REQUIRE(report.ok());
  loaded = report->loaded;
  std::vector<DamagedRow> all = report->damaged;
  for (bool finished = false; !finished;) {
    core::Result<Housekept> step = journal.verify(2);
    REQUIRE(step.ok());
    all.insert(all.end(), step->damaged.begin(), step->damaged.end());
    finished = step->finished;
  }
  return all;
}

}  // namespace

TEST_CASE("an order that is still to be fetched is live without body and event, and no damage") {
  const support::TempDir dir;
  const JournalOptions options = options_for(dir.file("orders.db"));
  Store store(3);
  std::string row;
  {
    Journal journal = opened(options);
    row = told(make(journal, store));
  }
  Journal journal = opened(options);
  core::Loaded loaded;
  CHECK(damage(journal, loaded).empty());
  REQUIRE(loaded.live.size() == 4);
  CHECK(told(loaded.live.back()) == row);
  CHECK(loaded.unsure.empty());
  CHECK(value_of(loaded.last_number) == 4);
}

TEST_CASE(
    "an order that seems still to be fetched, though there are events of it, is put before a person [I10]") {
  const support::TempDir dir;
  const JournalOptions options = options_for(dir.file("orders.db"));
  Store store(4);
  {
    Journal journal = opened(options);
    const core::Order before = make(journal, store);
    store.orders[4] = before;
    core::Changes changes;
    store.move(changes, 4, core::Phase::held);
    store.move(changes, 4, core::Phase::queued);
    changes.bodies.push_back(store.draw.body(4));
    write(journal, changes);
    core::Changes stale;  // as a page that was never written leaves it
    stale.orders.push_back(before);
    write(journal, stale);
  }
  Journal journal = opened(options);
  core::Loaded loaded;
  const std::vector<DamagedRow> found = damage(journal, loaded);
  REQUIRE(found.size() == 1);
  CHECK(found[0].table == "orders");
  CHECK(found[0].key == "4");
  CHECK(loaded.unsure == std::vector{core::OrderNumber{4}});
  CHECK(loaded.live.size() == 4);
}

TEST_CASE(
    "of an order that is still to be fetched and whose row is damaged its partner's names are told [I10]") {
  struct Row {
    const char* spoil;
    bool is_lost, is_named;
  };
  for (const Row& row :
       {Row{"href = 'elsewhere' WHERE number = 4", true, true}, Row{"phase = 1 WHERE number = 4", true, true},
        Row{"partner_order_id = 'T' || char(7) WHERE number = 4", true, false},
        Row{"pos_code = 'other' WHERE number = 3", false, false}}) {
    CAPTURE(row.spoil);
    const support::TempDir dir;
    const JournalOptions options = options_for(dir.file("orders.db"));
    Store store(11);
    core::Order order;
    {
      Journal journal = opened(options);
      order = make(journal, store);
    }
    Behind(options.path).run("UPDATE orders SET " + std::string(row.spoil));
    Journal journal = opened(options);
    core::Result<LoadReport> report = journal.load({});
    REQUIRE(report.ok());
    CHECK(report->damaged.size() == 1);
    REQUIRE(report->loaded.lost.size() == (row.is_lost ? 1 : 0));
    if (!row.is_lost) continue;
    const auto& lost = report->loaded.lost.front();
    CHECK(lost.number == order.number);
    CHECK(lost.partner == order.partner);
    CHECK(lost.partner_order_id == (row.is_named ? order.partner_order_id : ""));
  }
}

TEST_CASE("an order of any other phase without a body is named [I10]") {
  const support::TempDir dir;
  const JournalOptions options = options_for(dir.file("orders.db"));
  Store store(5);
  Journal journal = opened(options);
  make(journal, store);
  core::Changes changes;
  store.orders[5] = store.draw.order(5);
  store.orders[5].last_event = {};
  store.move(changes, 5, core::Phase::held);
  write(journal, changes);
  core::Loaded loaded;
  const std::vector<DamagedRow> found = damage(journal, loaded);
  const auto names = [&](const std::string& key) {
    return std::any_of(found.begin(), found.end(),
                       [&](const DamagedRow& row) { return row.table == "bodies" && row.key == key; });
  };
  CHECK(names("5"));
  CHECK_FALSE(names("4"));
}

TEST_CASE("an ended order is loaded with the live ones as long as its partner has yet to be told") {
  const support::TempDir dir;
  const JournalOptions options = options_for(dir.file("orders.db"));
  Store store(6);
  Journal journal = opened(options);
  core::Changes changes;
  for (int each = 0; each < 3; ++each) store.arrive(changes);
  for (const std::int64_t number : {1, 2}) store.move(changes, number, core::Phase::cancelled);
  for (core::Order& order : changes.orders) {
    order.announced = true;
    if (value_of(order.number) == 2) order.owed.add(core::Notice::cancelled);
  }
  write(journal, changes);
  const core::Loaded loaded = [&] {
    core::Result<LoadReport> report = journal.load({});
    REQUIRE(report.ok());
    CHECK(report->damaged.empty());
    return report->loaded;
  }();
  REQUIRE(loaded.live.size() == 2);
  CHECK(value_of(loaded.live[0].number) == 2);
  CHECK(loaded.live[0].owed == core::Notices{core::Notice::cancelled});
  REQUIRE(loaded.ended.size() == 1);
  CHECK(value_of(loaded.ended[0].number) == 1);
  CHECK(loaded.ended[0].announced);
}

TEST_CASE("nobody is asked about an ended order whose last event is gone [I10]") {
  const support::TempDir dir;
  const JournalOptions options = options_for(dir.file("orders.db"));
  Store store(7);
  Journal journal = opened(options);
  core::Changes changes;
  for (int each = 0; each < 3; ++each) store.arrive(changes);
  store.move(changes, 2, core::Phase::cancelled);
  core::Order& ended = changes.orders.back();
  ended.owed.add(core::Notice::cancelled);
  ended.last_event = {1, 99};
  write(journal, changes);
  core::Result<LoadReport> report = journal.load({});
  REQUIRE(report.ok());
  CHECK(report->loaded.unsure.empty());
  CHECK(report->loaded.live.size() == 3);
  CHECK(std::any_of(report->damaged.begin(), report->damaged.end(),
                    [](const DamagedRow& row) { return row.table == "orders" && row.key == "2"; }));
}

TEST_CASE("an order that is still to be fetched comes over by salvage, and is no contradiction [I10]") {
  const disk::Bytes database = [] {
    const support::TempDir dir;
    const JournalOptions options = options_for(dir.file("orders.db"));
    Store store(8);
    {
      Journal journal = opened(options);
      make(journal, store);
      REQUIRE(journal.checkpoint(CheckpointMode::truncate).ok());
    }
    const std::string bytes = support::read_file(dir.file("orders.db"));
    return disk::Bytes(bytes.begin(), bytes.end());
  }();
  const Salvaged result = salvaged(database);
  REQUIRE_MESSAGE(result.report.ok(), result.report.error().context);
  CHECK(result.report->all_undamaged());
  CHECK(result.report->contradictions.empty());
  REQUIRE(result.loaded.live.size() == 4);
  CHECK(result.loaded.live.back().phase == core::Phase::fetching);
}

TEST_CASE("what is fetched later than orders that came behind it is given out from memory as the rows say") {
  const support::TempDir dir;
  Store store(9);
  Journal journal = opened(options_for(dir.file("orders.db")));
  store.orders[4] = make(journal, store);
  core::Changes changes;
  core::Order newer = store.draw.order(5);
  newer.phase = core::Phase::held;
  newer.last_event = {};
  store.orders[5] = newer;
  store.move(changes, 5, core::Phase::held);
  store.move(changes, 4, core::Phase::held);
  std::ranges::sort(changes.orders, {}, &core::Order::number);
  changes.bodies = {store.draw.body(5), store.draw.body(4)};
  write(journal, changes);
  for (const std::int64_t number : {4, 5}) {
    core::Result<std::vector<core::OutgoingEvent>> events = journal.events_of(core::OrderNumber{number});
    REQUIRE(events.ok());
    REQUIRE(events->size() == 1);
    CHECK(events->front().partner_order_id == store.orders[number].partner_order_id);
    CHECK(events->front().shared == changes.bodies[static_cast<std::size_t>(5 - number)].shared);
  }
}
