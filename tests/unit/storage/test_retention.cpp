// Retention: customers leave every byte, rows whose clock was wrong wait, and a database that is too large gives up what
// has ended before its time, but nothing that is still needed.
#include <doctest/doctest.h>

#include <limits>

#include "builders.hpp"
#include "passes.hpp"
#include "storage/ages.hpp"
#include "support/temp_dir.hpp"

using namespace storegate;
using namespace storegate::storage;
using namespace storegate::storage::test;

namespace {

constexpr std::int64_t base = 1'780'000'000'000;
constexpr core::BootId boot{7};

core::Now now_at(std::int64_t wall_ms, core::Milliseconds steady_ms, bool trusted = true) {
  return {steady_ms, wall_ms, trusted, boot};
}

std::string without(std::string_view) { return "{}"; }

/// One order after the other, ten minutes apart on the steady clock; all but every tenth have ended.
Store filled(Journal& journal, int orders) {
  Store store(31);
  for (int i = 0; i < orders; ++i) {
    store.wall_ms = base + i * 10 * core::minute_ms;
    core::Changes changes;
    store.arrive(changes);
    store.orders.at(i + 1).arrived = {i * 10 * core::minute_ms, store.wall_ms, boot};
    store.move(changes, i + 1, i % 10 == 9 ? core::Phase::held : core::Phase::completed);
    REQUIRE(journal.commit(changes).written.ok());
  }
  return store;
}

}  // namespace

TEST_CASE("4.9 retention: a customer's name, phone, note and raw bytes are in no file once erased [I12]") {
  const support::TempDir dir;
  const JournalOptions options = options_for(dir.file("orders.db"));
  Journal journal = opened(options);
  Store store(33);
  for (int i = 0; i < 60; ++i) {
    core::Changes changes;
    store.arrive(changes);
    core::OrderBody& body = changes.bodies.back();
    body.canonical = R"({"customer":{"name":"CANARY-NAME","phone":"CANARY-PHONE","note":"CANARY-NOTE"}})" +
                     std::string(static_cast<std::size_t>(137 * i), 'x');
    body.raw = "CANARY-RAW" + std::string(static_cast<std::size_t>(211 * i), 'y');
    changes.dead_letters = {
        {"in/order", "CANARY-LETTER" + std::string(static_cast<std::size_t>(97 * i), 'z'), "why", base}};
    store.move(changes, i + 1, core::Phase::completed);
    REQUIRE(journal.commit(changes).written.ok());
    if (i % 7 == 0) REQUIRE(journal.checkpoint(CheckpointMode::passive).ok());
  }
  const EraseLimits limits{now_at(store.wall_ms + 49 * core::hour_ms, 0), 48 * core::hour_ms, 9};
  CHECK(whole_pass([&] { return journal.erase_customer_data(limits, without); }) == 120);
  REQUIRE(journal.checkpoint(CheckpointMode::truncate).ok());
  for (const char* suffix : {"", "-wal", "-shm"}) {
    CAPTURE(suffix);
    const std::string bytes = support::read_file(options.path + suffix);
    CHECK(bytes.find("CANARY") == std::string::npos);
    CHECK(bytes.find("yyyyyyyyyyyyyyyy") == std::string::npos);
  }
}

TEST_CASE("4.9 retention: an end that a clock without a time has noted is erased by witnessed time [I9]") {
  const support::TempDir dir;
  Journal journal = opened(options_for(dir.file("orders.db")));
  Store store(35);
  store.wall_ms = 60'000;  // 1970
  core::Changes changes;
  store.arrive(changes);
  store.orders.at(1).arrived = {0, 60'000, boot};
  store.move(changes, 1, core::Phase::completed);
  REQUIRE(journal.commit(changes).written.ok());
  EraseLimits limits{now_at(base, core::hour_ms), 48 * core::hour_ms, 9};
  CHECK(whole_pass([&] { return journal.erase_customer_data(limits, without); }) == 0);
  limits.now = now_at(base + 48 * core::hour_ms, 49 * core::hour_ms);
  CHECK(whole_pass([&] { return journal.erase_customer_data(limits, without); }) == 0);
  limits.now = now_at(base + 73 * core::hour_ms, 74 * core::hour_ms);
  CHECK(whole_pass([&] { return journal.erase_customer_data(limits, without); }) == 1);
}

TEST_CASE("4.9 retention: an end noted ahead of time is erased by witnessed time, not years later [I9]") {
  const support::TempDir dir;
  Journal journal = opened(options_for(dir.file("orders.db")));
  Store store(37);
  store.wall_ms = base + 20 * 365 * 24 * core::hour_ms;
  core::Changes changes;
  store.arrive(changes);
  store.orders.at(1).arrived = {0, store.wall_ms, boot};
  store.move(changes, 1, core::Phase::completed);
  REQUIRE(journal.commit(changes).written.ok());
  EraseLimits limits{now_at(base, core::hour_ms), 48 * core::hour_ms, 9};
  CHECK(whole_pass([&] { return journal.erase_customer_data(limits, without); }) == 0);
  limits.now = now_at(base + 73 * core::hour_ms, 74 * core::hour_ms);
  CHECK(whole_pass([&] { return journal.erase_customer_data(limits, without); }) == 1);
}

TEST_CASE(
    "4.9 retention: a database that is too large gives up what has ended and was sent, also without a "
    "clock") {
  const support::TempDir dir;
  Journal journal = opened(options_for(dir.file("orders.db")));
  Store store = filled(journal, 600);  // a hundred hours
  PruneLimits limits;
  limits.now = now_at(60'000, 600 * 10 * core::minute_ms, false);
  limits.retain_ms = 30 * 24 * core::hour_ms;
  limits.reuse_ms = 48 * core::hour_ms;
  limits.rows_max = 50;
  limits.events_through = {1, 900};
  CHECK(journal.prune(limits).error().code == core::ErrorCode::invalid);
  limits.by_size = true;
  limits.events_kept = 500;
  REQUIRE(whole_pass([&] { return journal.prune(limits); }) > 0);
  whole_pass([&] { return journal.prune(limits); });
  // 1,200 events, of which 700 may go by number.
  const auto page = journal.events_after({}, 1, 100'000);
  REQUIRE(page.ok());
  CHECK(page->events.front().record.position.sequence == 701);
  const auto is_there = [&](std::int64_t number) {
    return journal.find_order(core::OrderNumber{number})->has_value();
  };
  CHECK_FALSE(is_there(1));
  CHECK_FALSE(is_there(299));  // its events are 597 and 598, and it is fifty hours old
  CHECK(is_there(10));         // it waits
  CHECK(is_there(341));        // within the reuse time
  CHECK(is_there(600));
  core::Result<LoadReport> report = journal.load({limits.now, limits.reuse_ms});
  REQUIRE(report.ok());
  CHECK(report->damaged.empty());
  CHECK(report->loaded.live.size() == 60);
}

TEST_CASE("4.9 retention: what was not sent is never pruned, however large the database is [I3]") {
  const support::TempDir dir;
  Journal journal = opened(options_for(dir.file("orders.db")));
  Store store = filled(journal, 600);
  PruneLimits limits;
  limits.now = now_at(60'000, 600 * 10 * core::minute_ms, false);
  limits.reuse_ms = 48 * core::hour_ms;
  limits.by_size = true;
  limits.events_kept = 0;
  limits.events_through = {1, 100};
  whole_pass([&] { return journal.prune(limits); });
  whole_pass([&] { return journal.prune(limits); });
  const auto page = journal.events_after({}, 1, 100'000);
  REQUIRE(page.ok());
  CHECK(page->events.front().record.position.sequence == 101);
  CHECK_FALSE(journal.find_order(core::OrderNumber{49})->has_value());
  CHECK(journal.find_order(core::OrderNumber{51})->has_value());
}

TEST_CASE("4.9 retention: events of a clock without a time do not stop the rest, however many they are") {
  const support::TempDir dir;
  Journal journal = opened(options_for(dir.file("orders.db")));
  Store store(31);
  // Two hundred orders before the clock is set, two hundred after; each ten minutes after the last.
  for (int i = 0; i < 400; ++i) {
    const core::Milliseconds steady_ms = i * 10 * core::minute_ms;
    store.wall_ms = i < 200 ? steady_ms : base + steady_ms;
    core::Changes changes;
    store.arrive(changes);
    store.orders.at(i + 1).arrived = {steady_ms, store.wall_ms, boot};
    store.move(changes, i + 1, core::Phase::completed);
    REQUIRE(journal.commit(changes).written.ok());
  }
  PruneLimits limits;
  limits.now = now_at(store.wall_ms + core::minute_ms, 400 * 10 * core::minute_ms);
  limits.retain_ms = 24 * core::hour_ms;
  limits.reuse_ms = 24 * core::hour_ms;
  limits.events_through = {1, 800};
  limits.rows_max = 50;
  std::size_t most = 0;
  for (int passes = 0; passes < 3; ++passes)
    whole_pass([&] {
      core::Result<Housekept> done = journal.prune(limits);
      most = std::max(most, done ? done->rows : 0);
      return done;
    });
  const auto page = journal.events_after({}, 1, 100'000);
  REQUIRE(page.ok());
  REQUIRE_FALSE(page->events.empty());
  // The last 24 hours are 144 orders, of two events each.
  CHECK(page->events.front().record.position.sequence == 2 * (400 - 144) + 1);
  CHECK_FALSE(journal.find_order(core::OrderNumber{1})->has_value());
  CHECK_FALSE(journal.find_order(core::OrderNumber{200})->has_value());
  CHECK(journal.find_order(core::OrderNumber{400})->has_value());
  CHECK(most <= 2 * limits.rows_max);  // a step stays a small one
  CHECK(journal.load({limits.now, limits.reuse_ms})->damaged.empty());
}

TEST_CASE("4.9 retention: a letter of a clock that ran ahead is erased too, not years later [I12]") {
  const support::TempDir dir;
  Journal journal = opened(options_for(dir.file("orders.db")));
  Store store(31);
  store.wall_ms = base;
  core::Changes changes;
  store.arrive(changes);
  constexpr core::Milliseconds year_ms = 365 * 24 * core::hour_ms;
  changes.dead_letters = {{"in/order", "of a clock that ran ahead", "why", base + 20 * year_ms},
                          {"in/order", "of today", "why", base},
                          {"in/order", "of a clock that was not set", "why", 1}};
  REQUIRE(journal.commit(changes).written.ok());
  EraseLimits limits{now_at(base + core::hour_ms, core::hour_ms), 48 * core::hour_ms, 9};
  CHECK(whole_pass([&] { return journal.erase_customer_data(limits, without); }) == 2);
  limits.now = now_at(base + 49 * core::hour_ms, 49 * core::hour_ms);
  CHECK(whole_pass([&] { return journal.erase_customer_data(limits, without); }) == 1);  // today's
}

TEST_CASE("4.9 retention: ages answer for several spans at once, in any order") {
  Ages ages;
  for (std::int64_t i = 1; i <= 600; ++i) ages.note(i, {i * 10 * core::minute_ms, base, boot});
  const core::Now now = now_at(base, 601 * 10 * core::minute_ms);
  CHECK(ages.old_through(now, 72 * core::hour_ms) == 601 - 72 * 6);
  CHECK(ages.old_through(now, 48 * core::hour_ms) == 601 - 48 * 6);
  CHECK(ages.old_through(now, 72 * core::hour_ms) == 601 - 72 * 6);
  CHECK(ages.old_through(now, 0) == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("4.9 retention: the newest order's age needs no later order to show it") {
  Ages ages;
  for (std::int64_t i = 1; i <= 3; ++i) ages.note(i, {i * core::minute_ms, base, boot});
  const auto at = [&](core::Milliseconds steady_ms) {
    return ages.old_through(now_at(base, steady_ms), 48 * core::hour_ms);
  };
  CHECK(at(48 * core::hour_ms + 3 * core::minute_ms - 1) == 1);
  CHECK(at(48 * core::hour_ms + 3 * core::minute_ms) == 3);
}

TEST_CASE("4.8 backlog: rows are read for the outbox in order, picked, and as briefs from the newest back") {
  const support::TempDir dir;
  Journal journal = opened(options_for(dir.file("orders.db")));
  Store store = filled(journal, 20);
  core::OutboxRead read;
  read.kind = core::OutboxRead::Kind::briefs;
  read.after = {1, 10};
  read.before = {1, 20};
  read.limit = 6;
  auto page = journal.read_for(read);
  REQUIRE(page.ok());
  REQUIRE(page->briefs.size() == 6);
  CHECK(page->briefs.front().position == core::Position{1, 19});
  CHECK(page->briefs.back().position == core::Position{1, 14});
  const core::EventRecord& row = store.events.at(18);
  CHECK(page->briefs.front().order == row.order);
  CHECK(page->briefs.front().previous == row.previous);
  CHECK(page->briefs.front().type == row.type);
  read.kind = core::OutboxRead::Kind::picked;
  read.positions = {{1, 17}, {1, 3}, {1, 999}, {1, 5}};
  page = journal.read_for(read);
  REQUIRE(page.ok());
  REQUIRE(page->events.size() == 3);
  CHECK(page->events[1].record.position == core::Position{1, 3});
  CHECK(page->damaged.size() == 1);
  CHECK(page->through == core::Position{1, 5});
}

TEST_CASE("4.8 backlog: an event that is pruned after its place was noted is left out, and is no damage") {
  const support::TempDir dir;
  Journal journal = opened(options_for(dir.file("orders.db")));
  Store store = filled(journal, 20);
  PruneLimits limits;
  limits.now = now_at(store.wall_ms + core::minute_ms, 200 * core::minute_ms);
  limits.retain_ms = 100 * core::minute_ms;
  limits.events_through = {1, 30};
  limits.rows_max = 100;
  REQUIRE(whole_pass([&] { return journal.prune(limits); }) > 0);
  REQUIRE_FALSE(journal.events_after({}, 1, 100'000)->events.empty());
  const core::Position oldest = journal.events_after({}, 1, 100'000)->events.front().record.position;
  REQUIRE(oldest > core::Position{1, 2});
  core::OutboxRead read;
  read.kind = core::OutboxRead::Kind::picked;
  read.positions = {{1, 1}, oldest, {1, 2}};
  const auto page = journal.read_for(read);
  REQUIRE(page.ok());
  REQUIRE(page->events.size() == 1);
  CHECK(page->events[0].record.position == oldest);
  CHECK(page->damaged.empty());
  CHECK(page->through == core::Position{1, 2});
}
