// What damage does: every column of every table flipped behind the journal's back, rows swapped, lost and put back to
// an older state. Damaged rows are named and cause nothing; the others are as they were. [I10]
#include <doctest/doctest.h>
#include <sqlite3.h>

#include <algorithm>
#include <functional>

#include "behind.hpp"
#include "builders.hpp"
#include "support/temp_dir.hpp"

using namespace storegate;
using namespace storegate::storage;
using namespace storegate::storage::test;

namespace {

/// Orders 1 to 6: all live, but 3 and 5 ended. One row or more in every table.
void make(const JournalOptions& options, Store& store) {
  Journal journal = opened(options);
  core::Changes changes;
  for (int each = 0; each < 6; ++each) store.arrive(changes);
  for (const std::int64_t ended : {3, 5}) store.move(changes, ended, core::Phase::completed);
  changes.early = {store.draw.early()};
  changes.key_aliases = {{"alias", core::OrderNumber{1}}};
  changes.availability = {store.draw.availability()};
  changes.dead_letters = {store.draw.dead_letter()};
  changes.outbox = core::OutboxMarks{{1, 2}, {1, 1}};
  REQUIRE(journal.commit(changes).written.ok());
}

/// Everything that any reader of the journal reports: load, a whole pass of verify, and the outbox.
std::vector<DamagedRow> reports(Journal& journal, core::Loaded& loaded) {
  core::Result<LoadReport> report = journal.load({});
  if (!report) FAIL(report.error().context);
  loaded = report->loaded;
  std::vector<DamagedRow> all = report->damaged;
  for (;;) {
    core::Result<Housekept> step = journal.verify(4);
    REQUIRE(step.ok());
    all.insert(all.end(), step->damaged.begin(), step->damaged.end());
    if (step->finished) break;
  }
  core::Result<EventPage> page = journal.events_after({}, 1000, 1'000'000);
  REQUIRE(page.ok());
  all.insert(all.end(), page->damaged.begin(), page->damaged.end());
  return all;
}

bool names(const std::vector<DamagedRow>& damaged, const std::string& table) {
  return std::any_of(damaged.begin(), damaged.end(),
                     [&](const DamagedRow& row) { return row.table == table; });
}

bool names(const std::vector<DamagedRow>& damaged, const std::string& table, const std::string& key) {
  return std::any_of(damaged.begin(), damaged.end(),
                     [&](const DamagedRow& row) { return row.table == table && row.key == key; });
}

bool is_live(const core::Loaded& loaded, std::int64_t number) {
  return std::any_of(loaded.live.begin(), loaded.live.end(),
                     [&](const core::Order& order) { return value_of(order.number) == number; });
}

std::string flipped(const std::string& name, const std::string& type) {
  if (type == "INTEGER") return "coalesce(" + name + ", 3) + 1";
  if (type == "TEXT") return name + " || 'x'";
  return "CAST(coalesce(" + name + ", x'00') || x'01' AS BLOB)";
}

}  // namespace

TEST_CASE("any column of any table that was changed is found out, and no other live order suffers [I10]") {
  const std::pair<const char*, const char*> tables[] = {{"orders", "number = 2"},
                                                        {"bodies", "number = 2"},
                                                        {"events", "(position & 255) = 2"},
                                                        {"early", "1"},
                                                        {"key_aliases", "1"},
                                                        {"availability", "1"},
                                                        {"dead_letters", "1"},
                                                        {"meta", "1"},
                                                        {"epochs", "1"}};
  int flips = 0;
  for (const auto& [table, row] : tables) {
    const support::TempDir model;
    { const Journal journal = opened(options_for(model.file("orders.db"))); }
    for (const auto& [column, type] : Behind(model.file("orders.db")).columns(table)) {
      if (std::string(table) == "meta" && column == "id") continue;  // a CHECK holds it
      if (std::string(column) == "number" || std::string(column) == "position")
        continue;  // below: misdirected rows
      CAPTURE(table);
      CAPTURE(column);
      const support::TempDir dir;
      JournalOptions options = options_for(dir.file("orders.db"));
      Store store(31);
      make(options, store);
      Behind(options.path)
          .run(std::string("UPDATE ") + table + " SET " + column + " = " + flipped(column, type) + " WHERE " +
               row);
      options.fresh_epoch = "epoch-two";
      Journal journal = opened(options);
      core::Loaded loaded;
      const std::vector<DamagedRow> damaged = reports(journal, loaded);
      CHECK(names(damaged, table));
      ++flips;
      for (const std::int64_t number : {1, 4, 6}) CHECK(is_live(loaded, number));
      CHECK(is_live(loaded, 2) == (std::string(table) != "orders"));
      CHECK(loaded.early.empty() == (std::string(table) == "early"));
      CHECK(loaded.key_aliases.empty() == (std::string(table) == "key_aliases"));
      CHECK(loaded.availability.empty() == (std::string(table) == "availability"));
      const auto body = journal.find_body(core::OrderNumber{2});
      CHECK(body.ok() == (std::string(table) != "bodies"));
      // The work goes on: a new order is stored.
      core::Changes next;
      next.orders = {store.draw.order(7)};
      CHECK(journal.commit(next).written.ok());
    }
  }
  CHECK(flips > 85);
}

TEST_CASE("a row under another's number is found out, both ways [I10]") {
  for (const char* table : {"orders", "bodies"}) {
    CAPTURE(table);
    const support::TempDir dir;
    const JournalOptions options = options_for(dir.file("orders.db"));
    Store store(5);
    make(options, store);
    const std::string update = std::string("UPDATE ") + table + " SET number = ";
    for (const char* step : {"1000 WHERE number = 1", "1 WHERE number = 2", "2 WHERE number = 1000"}) {
      Behind(options.path).run(update + step);
    }
    Journal journal = opened(options);
    core::Loaded loaded;
    const std::vector<DamagedRow> damaged = reports(journal, loaded);
    CHECK(names(damaged, table, "1"));
    CHECK(names(damaged, table, "2"));
    CHECK(is_live(loaded, 1) == (std::string(table) == "bodies"));
    CHECK(is_live(loaded, 4));
    core::Changes wants;
    wants.bodies_wanted = {core::OrderNumber{1}, core::OrderNumber{4}};
    const CommitResult result = journal.commit(wants);
    CHECK(result.bodies.size() == (std::string(table) == "bodies" ? 1 : 2));
  }
}

TEST_CASE("an order's row that is older than its last event, though its digest is good, is left out [I10]") {
  const support::TempDir dir;
  const JournalOptions options = options_for(dir.file("orders.db"));
  Store store(6);
  make(options, store);
  { Behind(options.path).run("CREATE TABLE old AS SELECT * FROM orders WHERE number = 4"); }
  {
    Journal journal = opened(options);
    core::Changes changes;
    store.move(changes, 4, core::Phase::cancelled);
    REQUIRE(journal.commit(changes).written.ok());
  }
  {
    Behind behind(options.path);
    behind.run("DELETE FROM orders WHERE number = 4");
    behind.run("INSERT INTO orders SELECT * FROM old");
    behind.run("DROP TABLE old");
  }
  Journal journal = opened(options);
  core::Loaded loaded;
  CHECK(names(reports(journal, loaded), "orders", "4"));
  CHECK_FALSE(is_live(loaded, 4));
  CHECK(is_live(loaded, 2));
}

TEST_CASE("an order whose row is gone is reported by its events, and its number is not given again [I10]") {
  const support::TempDir dir;
  const JournalOptions options = options_for(dir.file("orders.db"));
  Store store(6);
  make(options, store);
  { Behind(options.path).run("DELETE FROM orders WHERE number = 6"); }
  Journal journal = opened(options);
  core::Loaded loaded;
  CHECK(names(reports(journal, loaded), "orders", "6"));
  CHECK(value_of(loaded.last_number) == 6);
}

TEST_CASE("an event that is gone breaks the chain, and a lost end gives no sequence twice [I3]") {
  const support::TempDir dir;
  const JournalOptions options = options_for(dir.file("orders.db"));
  Store store(6);
  make(options, store);  // eight events: 1 to 6, and the ends of 3 and 5
  { Behind(options.path).run("DELETE FROM events WHERE (position & 255) = 4"); }
  {
    Journal journal = opened(options);
    core::Loaded loaded;
    const std::vector<DamagedRow> damaged = reports(journal, loaded);
    CHECK(names(damaged, "events", "1-5"));  // what it follows is missing
    CHECK(names(damaged, "orders", "4"));    // its last event is missing
    CHECK(is_live(loaded, 4));               // whoever acts on it knows
    CHECK(loaded.unsure == std::vector{core::OrderNumber{4}});
    CHECK(is_live(loaded, 6));
    CHECK(journal.events_of(core::OrderNumber{4}).error().code == core::ErrorCode::damaged);
  }
  { Behind(options.path).run("DELETE FROM events WHERE (position & 255) >= 6"); }
  Journal journal = opened(options);
  core::Loaded loaded;
  const std::vector<DamagedRow> damaged = reports(journal, loaded);
  CHECK(names(damaged, "orders", "6"));
  CHECK(loaded.last_event >= core::Position{1, 6});
}

TEST_CASE("a replaced event with a digest of its own does not fit the chain [I10]") {
  const support::TempDir dir;
  const JournalOptions options = options_for(dir.file("orders.db"));
  Store store(6);
  make(options, store);
  // An earlier state of the file's end, then other events in its place: as after a page that was never written.
  const support::TempDir other_dir;
  JournalOptions other_options = options_for(other_dir.file("other.db"));
  Store other(99);
  make(other_options, other);
  {
    Behind behind(options.path);
    behind.run("ATTACH '" + other_options.path + "' AS other");
    behind.run("DELETE FROM events WHERE (position & 255) = 5");
    behind.run("INSERT INTO events SELECT * FROM other.events WHERE (position & 255) = 5");
  }
  Journal journal = opened(options);
  core::Loaded loaded;
  const std::vector<DamagedRow> damaged = reports(journal, loaded);
  CHECK(names(damaged, "events", "1-5"));
  CHECK(names(damaged, "events", "1-6"));
}

TEST_CASE("with a damaged epoch a new one begins, and events of the old one are not given out [I3]") {
  const support::TempDir dir;
  JournalOptions options = options_for(dir.file("orders.db"));
  Store store(6);
  make(options, store);
  { Behind(options.path).run("UPDATE epochs SET name = 'epoch-one-and-a-half'"); }
  options.fresh_epoch = "epoch-two";
  for (const int opening : {1, 2}) {
    CAPTURE(opening);
    Journal journal = opened(options);
    core::Result<LoadReport> report = journal.load({});
    REQUIRE(report.ok());
    CHECK(report->loaded.epoch == "epoch-two");
    CHECK(report->loaded.last_event == core::Position{2, 0});
    CHECK(names(report->damaged, "epochs", "1"));
    CHECK(report->loaded.live.size() == 4);
    core::Result<EventPage> page = journal.events_after({}, 100, 1'000'000);
    CHECK(page->events.empty());
    CHECK(page->damaged.size() == 8);
    CHECK(page->through == core::Position{1, 8});
    options.fresh_epoch = "epoch-three";
  }
}

TEST_CASE("with both copies of the digest key damaged the file is refused as damaged [I10]") {
  const support::TempDir dir;
  const JournalOptions options = options_for(dir.file("orders.db"));
  Store store(6);
  make(options, store);
  {
    Behind behind(options.path);
    behind.run("UPDATE meta SET digest_key = zeroblob(32)");
    behind.run("UPDATE epochs SET digest_key = zeroblob(32)");
  }
  CHECK(Journal::open(options).error().code == core::ErrorCode::damaged);
}

TEST_CASE("a damaged row under the greatest key there is stops no pass of housekeeping [I10]") {
  const support::TempDir dir;
  const JournalOptions options = options_for(dir.file("orders.db"));
  Store store(6);
  make(options, store);
  {
    Behind behind(options.path);
    behind.run("UPDATE orders SET number = 9223372036854775807 WHERE number = 3");  // ended
    behind.run("UPDATE bodies SET number = 9223372036854775807 WHERE number = 4");
    behind.run("INSERT INTO dead_letters VALUES (9223372036854775807, 0, 't', x'00', 'w', zeroblob(16))");
  }
  Journal journal = opened(options);
  core::Loaded loaded;
  const std::vector<DamagedRow> damaged = reports(journal, loaded);
  for (const char* table : {"orders", "bodies", "dead_letters"})
    CHECK(names(damaged, table, "9223372036854775807"));
  core::Now now;
  now.wall_ms = store.wall_ms + 1;
  now.wall_trusted = true;
  const Eraser eraser = [](std::string_view canonical) { return std::string(canonical); };
  const core::Result<Housekept> erased = journal.erase_customer_data({now, 0, 500}, eraser);
  REQUIRE(erased.ok());
  CHECK(erased->finished);
  PruneLimits limits;
  limits.now = now;
  const core::Result<Housekept> pruned = journal.prune(limits);
  REQUIRE(pruned.ok());
  CHECK(pruned->finished);
}
