// Erasing customers, pruning and checking, in bounded steps.
#include <doctest/doctest.h>

#include <algorithm>

#include "builders.hpp"
#include "passes.hpp"
#include "storage/house_pass.hpp"
#include "support/temp_dir.hpp"

using namespace storegate;
using namespace storegate::storage;
using namespace storegate::storage::test;

namespace {

constexpr std::int64_t base = 1'780'000'000'000;
constexpr std::int64_t day = 24 * core::hour_ms;

core::Now now_at(std::int64_t wall_ms) {
  core::Now now;
  now.steady_ms = 5'000'000;
  now.wall_ms = wall_ms;
  now.wall_trusted = true;
  now.boot = core::BootId{7};
  return now;
}

/// At that moment, and with no time in between.
EraseLimits ended_before(std::int64_t wall_ms) { return {now_at(wall_ms), 0, 7}; }

std::string replaced(std::string_view canonical) {
  return canonical.find("CANARY") == std::string_view::npos ? std::string(canonical) : std::string("without");
}

bool holds(const std::string& path, const std::string& word) {
  return support::read_file(path).find(word) != std::string::npos;
}

std::size_t damaged_rows(Journal& journal) {
  std::size_t damaged = 0;
  whole_pass([&] {
    core::Result<Housekept> step = journal.verify(50);
    damaged += step->damaged.size();
    return step;
  });
  return damaged;
}

}  // namespace

TEST_CASE("erased customer data is in no byte of the file or its WAL, and the rows stay readable [I12]") {
  const support::TempDir dir;
  const JournalOptions options = options_for(dir.file("orders.db"));
  Journal journal = opened(options);
  Store store(17);
  for (int turn = 0; turn < 20; ++turn) {
    core::Changes changes;
    for (int each = 0; each < 5; ++each) {
      store.arrive(changes);
      core::OrderBody& body = changes.bodies.back();
      body.canonical = "{\"name\":\"CANARY-NAME\"}" + std::string(static_cast<std::size_t>(700 * each), 'c');
      body.raw = "CANARY-RAW" + std::string(static_cast<std::size_t>(900 * each), 'r');
      store.bodies[value_of(body.number)] = body;
    }
    changes.dead_letters = {{"in/order", "CANARY-LETTER" + std::string(3000, 'l'), "nonsense", base}};
    REQUIRE(journal.commit(changes).written.ok());
    core::Changes ends;
    for (std::int64_t number = turn * 5 + 1; number < turn * 5 + 5; ++number) {  // the fifth stays live
      store.move(ends, number, core::Phase::completed);
    }
    REQUIRE(journal.commit(ends).written.ok());
  }
  REQUIRE(journal.checkpoint(CheckpointMode::passive).ok());
  REQUIRE(holds(options.path, "CANARY-RAW"));
  REQUIRE(holds(options.path, "CANARY-LETTER"));

  // Too early: nothing goes.
  CHECK(whole_pass([&] { return journal.erase_customer_data(ended_before(base - 1), replaced); }) == 0);
  CHECK(whole_pass([&] { return journal.erase_customer_data(ended_before(store.wall_ms + 1), replaced); }) ==
        100);
  CHECK(whole_pass([&] { return journal.erase_customer_data(ended_before(store.wall_ms + 1), replaced); }) ==
        0);
  for (std::int64_t number = 1; number <= 100; ++number) {
    core::Result<std::optional<core::OrderBody>> body = journal.find_body(core::OrderNumber{number});
    REQUIRE(body.ok());
    const bool live = number % 5 == 0;
    CHECK((*body)->raw.empty() != live);
    CHECK(((*body)->canonical == "without") != live);
    CHECK((*body)->shared == store.bodies.at(number).shared);
  }
  // The live ones end and are erased: then not a byte is left.
  core::Changes ends;
  for (std::int64_t number = 5; number <= 100; number += 5) store.move(ends, number, core::Phase::cancelled);
  REQUIRE(journal.commit(ends).written.ok());
  CHECK(whole_pass([&] { return journal.erase_customer_data(ended_before(store.wall_ms + 1), replaced); }) ==
        20);
  REQUIRE(journal.checkpoint(CheckpointMode::truncate).ok());
  for (const char* word : {"CANARY", "rrrrrrrrrrrrrrrr", "llllllllllllllll", "cccccccccccccccc"}) {
    CAPTURE(word);
    CHECK_FALSE(holds(options.path, word));
    CHECK_FALSE(holds(options.path + "-wal", word));
  }
  CHECK(damaged_rows(journal) == 0);
}

TEST_CASE("pruning takes old events up to the mark, then their orders, and keeps the chain checkable [I3]") {
  const support::TempDir dir;
  const JournalOptions options = options_for(dir.file("orders.db"));
  Store store(19);
  std::int64_t first_kept_event = 0;
  {
    Journal journal = opened(options);
    for (int turn = 0; turn < 40; ++turn) {  // one order a day; every tenth stays live
      store.wall_ms = base + turn * day;
      core::Changes changes;
      store.arrive(changes);
      if (turn % 10 != 0) store.move(changes, turn + 1, core::Phase::completed);
      REQUIRE(journal.commit(changes).written.ok());
      if (turn == 9) first_kept_event = static_cast<std::int64_t>(store.events.size()) + 1;
    }
    PruneLimits limits;
    limits.now = now_at(base + 39 * day + 1);
    limits.retain_ms = 30 * day;
    limits.rows_max = 3;
    CHECK(whole_pass([&] { return journal.prune(limits); }) == 0);  // nothing was acknowledged yet
    limits.events_through = {1, 1'000'000};
    whole_pass([&] { return journal.prune(limits); });
    whole_pass([&] { return journal.prune(limits); });
    core::Result<EventPage> page = journal.events_after({}, 1000, 1'000'000);
    REQUIRE(page.ok());
    CHECK(page->damaged.empty());
    CHECK(page->events.front().record.position.sequence == first_kept_event);
    CHECK(journal.find_order(core::OrderNumber{1})->has_value());  // live, however old
    CHECK(journal.find_body(core::OrderNumber{1})->has_value());
    CHECK_FALSE(journal.find_order(core::OrderNumber{2})->has_value());
    CHECK_FALSE(journal.find_body(core::OrderNumber{2})->has_value());
    CHECK(journal.find_order(core::OrderNumber{12})->has_value());
    CHECK(journal.events_of(core::OrderNumber{1})->empty());
    CHECK(damaged_rows(journal) == 0);
    REQUIRE(journal.shrink(1000).ok());
  }
  Journal journal = opened(options);
  core::Result<LoadReport> report = journal.load({});
  REQUIRE(report.ok());
  CHECK(report->damaged.empty());
  CHECK(report->loaded.live.size() == 4);
  CHECK(report->loaded.last_event.sequence == static_cast<std::int64_t>(store.events.size()));
  CHECK(damaged_rows(journal) == 0);
}

TEST_CASE("what is pruned in the middle of a check is not missing for it [I10]") {
  const support::TempDir dir;
  Journal journal = opened(options_for(dir.file("orders.db")));
  Store store(21);
  for (int turn = 0; turn < 40; ++turn) {
    store.wall_ms = base + turn * day;
    core::Changes changes;
    store.arrive(changes);
    store.move(changes, turn + 1, core::Phase::completed);
    REQUIRE(journal.commit(changes).written.ok());
  }
  REQUIRE_FALSE(journal.verify(5)->finished);  // it stands at the fifth event
  PruneLimits limits;
  limits.now = now_at(base + 39 * day + 1);
  limits.retain_ms = 30 * day;
  limits.events_through = {1, 1'000'000};
  REQUIRE(whole_pass([&] { return journal.prune(limits); }) > 5);
  CHECK(damaged_rows(journal) == 0);
}

TEST_CASE("after everything is pruned neither numbers nor sequences start again [I3]") {
  const support::TempDir dir;
  const JournalOptions options = options_for(dir.file("orders.db"));
  Store store(19);
  {
    Journal journal = opened(options);
    core::Changes changes;
    for (std::int64_t number = 1; number <= 20; ++number) {
      store.arrive(changes);
      store.move(changes, number, core::Phase::completed);
    }
    REQUIRE(journal.commit(changes).written.ok());
    PruneLimits limits;
    limits.now = now_at(base + 90 * day);
    limits.retain_ms = 30 * day;
    limits.events_through = {1, 40};
    whole_pass([&] { return journal.prune(limits); });
  }
  Journal journal = opened(options);
  core::Result<LoadReport> report = journal.load({});
  REQUIRE(report.ok());
  CHECK(report->loaded.ended.empty());
  CHECK(value_of(report->loaded.last_number) == 20);
  CHECK(report->loaded.last_event == core::Position{1, 40});
  core::Changes next;
  store.arrive(next);
  CHECK(journal.commit(next).written.ok());
  CHECK(damaged_rows(journal) == 0);
}

TEST_CASE("what a clock that was not set has stamped is pruned only when later events prove its age [I9]") {
  const support::TempDir dir;
  Journal journal = opened(options_for(dir.file("orders.db")));
  Store store(23);
  for (const std::int64_t wall_ms :
       {std::int64_t{60'000}, base, std::int64_t{90'000}}) {  // 1970, a good day, 1970
    store.wall_ms = wall_ms;
    core::Changes changes;
    store.arrive(changes);
    store.move(changes, static_cast<std::int64_t>(store.bodies.size()), core::Phase::completed);
    REQUIRE(journal.commit(changes).written.ok());
  }
  PruneLimits limits;
  limits.retain_ms = 30 * day;
  limits.events_through = {1, 6};
  limits.now = now_at(base + day);
  CHECK(whole_pass([&] { return journal.prune(limits); }) == 0);
  limits.now = now_at(base + 40 * day);
  whole_pass([&] { return journal.prune(limits); });
  CHECK_FALSE(journal.find_order(core::OrderNumber{1})->has_value());
  CHECK_FALSE(journal.find_order(core::OrderNumber{2})->has_value());
  CHECK(journal.find_order(core::OrderNumber{3})->has_value());
  limits.now.wall_trusted = false;
  CHECK(journal.prune(limits).error().code == core::ErrorCode::invalid);
}

TEST_CASE("aliases go with what makes their orders known, and early marks after the reuse window [I4]") {
  const support::TempDir dir;
  Journal journal = opened(options_for(dir.file("orders.db")));
  Store store(29);
  core::Changes changes;
  for (const std::int64_t hours : {1, 2, 47}) {
    store.arrive(changes);
    const auto number = static_cast<std::int64_t>(store.bodies.size());
    store.orders.at(number).arrived = {hours * core::hour_ms, base, core::BootId{7}};
    store.move(changes, number, number == 2 ? core::Phase::held : core::Phase::cancelled);
  }
  changes.key_aliases = {{"old", core::OrderNumber{1}},
                         {"live", core::OrderNumber{2}},
                         {"young", core::OrderNumber{3}},
                         {"orphan", core::OrderNumber{99}}};
  const auto mark = [](std::string id, core::Stamp at) {
    return core::EarlyMark{core::EarlyKind::cancel, "kiosk", std::move(id), core::Actor::cloud, "", at};
  };
  changes.early = {mark("early", {1 * core::hour_ms, 1000, core::BootId{7}}),
                   mark("late", {40 * core::hour_ms, base - 900 * day, core::BootId{7}})};
  REQUIRE(journal.commit(changes).written.ok());
  PruneLimits limits;
  limits.now = now_at(base + 900 * day);
  limits.now.steady_ms = 50 * core::hour_ms;
  limits.retain_ms = 30 * day;
  limits.reuse_ms = 48 * core::hour_ms;
  limits.rows_max = 2;
  const auto left = [&] {
    std::vector<std::string> keys;
    core::Result<LoadReport> report = journal.load({});
    CHECK(report->damaged.empty());
    for (const core::EarlyMark& each : report->loaded.early) keys.push_back(each.partner_order_id);
    for (const core::KeyAlias& alias : report->loaded.key_aliases) keys.push_back(alias.key);
    return keys;
  };
  for (int steps = 0; steps < 4; ++steps) REQUIRE(journal.prune(limits).ok());
  CHECK(left() == std::vector<std::string>{"late", "live", "young"});
  limits.now.steady_ms = 96 * core::hour_ms;
  for (int steps = 0; steps < 4; ++steps) REQUIRE(journal.prune(limits).ok());
  CHECK(left() == std::vector<std::string>{"live"});  // the alias of an order that still waits
}

TEST_CASE(
    "4.9 retention: the WAL is cut in each pass that erased or pruned, and again if that failed [I12]") {
  HousePass pass;
  const auto behind_shrink = [&] { return pass.done(Chore::shrink, 0, true); };
  CHECK(pass.after(Chore::rest) == Chore::erase);
  CHECK(pass.done(Chore::erase, 0, true) == Chore::prune);
  CHECK(pass.done(Chore::prune, 0, true) == Chore::shrink);
  CHECK(behind_shrink() == Chore::truncate);  // whatever the process before this one left there
  CHECK(pass.done(Chore::truncate, 0, true) == Chore::verify);
  CHECK(behind_shrink() == Chore::verify);
  CHECK(pass.done(Chore::verify, 0, false) == Chore::rest);
  for (const Chore chore : {Chore::erase, Chore::prune}) {
    CHECK(pass.done(chore, 3, false) == chore);
    CHECK(pass.done(chore, 0, true) != chore);
    CHECK(behind_shrink() == Chore::truncate);
    CHECK(pass.after(Chore::truncate) == Chore::verify);  // it failed: the others have their turn
    CHECK(behind_shrink() == Chore::truncate);            // and this is the next pass
    CHECK(pass.done(Chore::truncate, 0, true) == Chore::verify);
    CHECK(behind_shrink() == Chore::verify);
  }
}
