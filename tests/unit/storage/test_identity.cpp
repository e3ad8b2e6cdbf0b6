// What makes a repeat known outlives every reboot and every clock: loading and pruning go by witnessed time.
#include <doctest/doctest.h>
#include <sqlite3.h>

#include "builders.hpp"
#include "support/temp_dir.hpp"

using namespace storegate;
using namespace storegate::storage;
using namespace storegate::storage::test;

namespace {

constexpr std::int64_t base = 1'780'000'000'000;
constexpr std::int64_t year = 365 * 24 * core::hour_ms;

core::Stamp at(std::uint8_t boot, std::int64_t steady_ms, std::int64_t wall_ms = base) {
  return {steady_ms, wall_ms, core::BootId{boot}};
}

core::Now now_at(std::uint8_t boot, std::int64_t steady_ms, std::int64_t wall_ms = base) {
  return {steady_ms, wall_ms, true, core::BootId{boot}};
}

/// Orders that arrived then and there, all ended.
void write_ended(Journal& journal, Store& store, const std::vector<core::Stamp>& arrivals) {
  core::Changes changes;
  for (const core::Stamp& arrived : arrivals) {
    store.wall_ms = arrived.wall_ms;
    store.arrive(changes);
    const auto number = static_cast<std::int64_t>(store.bodies.size());
    store.orders.at(number).arrived = arrived;
    store.move(changes, number, core::Phase::completed);
  }
  REQUIRE(journal.commit(changes).written.ok());
}

std::vector<std::int64_t> ended_in(Journal& journal, const IdentityWindow& window) {
  core::Result<LoadReport> report = journal.load(window);
  REQUIRE(report.ok());
  std::vector<std::int64_t> numbers;
  for (const auto& ended : report->loaded.ended) numbers.push_back(value_of(ended.number));
  return numbers;
}

using Numbers = std::vector<std::int64_t>;
constexpr std::int64_t hour = core::hour_ms;

/// Three boots: 20 hours, 10 hours, and the present one.
const std::vector<core::Stamp> three_boots = {
    at(1, 1 * hour, 0),    at(1, 5 * hour, base + 9 * year), at(1, 20 * hour, base - year),
    at(2, 1 * hour, base), at(2, 10 * hour, 60'000),         at(3, 2 * hour, base - 20 * year)};

}  // namespace

TEST_CASE("ended orders are loaded by witnessed time, whatever the clocks on the wall showed [I2][I9]") {
  const support::TempDir dir;
  Journal journal = opened(options_for(dir.file("orders.db")));
  Store store(31);
  write_ended(journal, store, three_boots);
  for (const std::int64_t wall_ms : {std::int64_t{0}, base, base + 40 * year}) {
    // Ages in hours at the third hour of the third boot: 32, 28, 13, 12, 3, 1.
    const core::Now now = now_at(3, 3 * hour, wall_ms);
    CHECK(ended_in(journal, {now, 48 * hour}) == Numbers{1, 2, 3, 4, 5, 6});
    CHECK(ended_in(journal, {now, 32 * hour}) == Numbers{2, 3, 4, 5, 6});
    CHECK(ended_in(journal, {now, 13 * hour + 1}) == Numbers{3, 4, 5, 6});
    CHECK(ended_in(journal, {now, 13 * hour}) == Numbers{4, 5, 6});
    CHECK(ended_in(journal, {now, 1 * hour}).empty());
    CHECK(ended_in(journal, {now, 48 * hour, 2}) == Numbers{5, 6});
    CHECK(ended_in(journal, {now_at(4, hour, wall_ms), 13 * hour}) == Numbers{4, 5, 6});
  }
}

TEST_CASE("a damaged row makes no order look older than it is [I10]") {
  const support::TempDir dir;
  const JournalOptions options = options_for(dir.file("orders.db"));
  Store store(31);
  {
    Journal journal = opened(options);
    write_ended(journal, store, three_boots);
  }
  sqlite3* file = nullptr;
  REQUIRE(sqlite3_open(options.path.c_str(), &file) == SQLITE_OK);
  REQUIRE(sqlite3_exec(file,
                       "UPDATE orders SET arrived_steady_ms = 1 << 50, "
                       "arrived_boot = x'09090909090909090909090909090909' WHERE number = 4",
                       nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(file);
  Journal journal = opened(options);
  CHECK(ended_in(journal, {now_at(3, 3 * hour), 48 * hour}) == Numbers{1, 2, 3, 5, 6});
}

TEST_CASE("a clock years ahead prunes no order that a repeat could still name [I2][I9]") {
  const support::TempDir dir;
  const JournalOptions options = options_for(dir.file("orders.db"));
  Store store(31);
  PruneLimits limits;
  limits.retain_ms = 24 * hour;
  limits.reuse_ms = 13 * hour;
  limits.events_through = {1, 1000};
  const auto prune = [&](Journal& journal) {
    for (int steps = 0; steps < 4; ++steps) REQUIRE(journal.prune(limits).ok());
  };
  for (const bool loaded_first : {true, false}) {
    CAPTURE(loaded_first);
    const support::TempDir own;
    Journal journal = opened(options_for(own.file("orders.db")));
    Store fresh(31);
    write_ended(journal, fresh, three_boots);
    limits.now = now_at(3, 3 * hour, base + 40 * year);
    if (loaded_first) REQUIRE(journal.load(IdentityWindow{limits.now, limits.reuse_ms}).ok());
    prune(journal);
    for (std::int64_t number = 1; number <= 6; ++number) {
      CAPTURE(number);
      CHECK(journal.find_order(core::OrderNumber{number})->has_value() == (number > 3));
    }
    write_ended(journal, fresh, {at(3, 8 * hour)});
    limits.now = now_at(3, 20 * hour, base + 40 * year);
    prune(journal);
    CHECK_FALSE(journal.find_order(core::OrderNumber{6})->has_value());
    CHECK(journal.find_order(core::OrderNumber{7})->has_value());
  }
}

TEST_CASE("a cancel that waits for its order outlives a reboot under any clock, and ends [I4][I9]") {
  const support::TempDir dir;
  Journal journal = opened(options_for(dir.file("orders.db")));
  Store store(31);
  write_ended(journal, store, three_boots);
  core::Changes changes;
  const auto mark = [](std::string id, core::Stamp stamp) {
    return core::EarlyMark{core::EarlyKind::cancel, "kiosk", std::move(id), core::Actor::cloud, "", stamp};
  };
  changes.early = {mark("first boot", at(1, 2 * hour)), mark("second boot", at(2, 1 * hour)),
                   mark("third boot", at(3, 1 * hour)), mark("unknown boot", at(9, 1 * hour, base - year))};
  REQUIRE(journal.commit(changes).written.ok());
  const auto left = [&](const core::Now& now) {
    PruneLimits limits;
    limits.now = now;
    limits.reuse_ms = 30 * hour;
    REQUIRE(journal.load(IdentityWindow{now, limits.reuse_ms}).ok());
    for (int steps = 0; steps < 4; ++steps) REQUIRE(journal.prune(limits).ok());
    core::Result<LoadReport> report = journal.load({});
    REQUIRE(report.ok());
    std::string ids;
    for (const core::EarlyMark& each : report->loaded.early) ids += each.partner_order_id + ", ";
    return ids;
  };
  CHECK(left(now_at(3, 2 * hour, base + 40 * year)) == "first boot, second boot, third boot, unknown boot, ");
  CHECK(left(now_at(3, 3 * hour, base + 40 * year)) == "second boot, third boot, unknown boot, ");
  CHECK(left(now_at(3, 31 * hour, base)) == "third boot, unknown boot, ");
  CHECK(left(now_at(3, 32 * hour, base)) == "unknown boot, ");
  CHECK(left(now_at(3, 33 * hour, base)) == "");
}
