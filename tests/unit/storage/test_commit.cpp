// A turn's transaction: one sync, all or nothing, and a journal that goes on after a failure.
#include <doctest/doctest.h>

#include "builders.hpp"
#include "faulty_vfs.hpp"
#include "storage/counting_vfs.hpp"
#include "support/temp_dir.hpp"

using namespace storegate;
using namespace storegate::storage;
using namespace storegate::storage::test;

namespace {

std::string all_rows(Journal& journal) {
  core::Result<LoadReport> report = journal.load({});
  if (!report) FAIL(report.error().context);
  CHECK(report->damaged.empty());
  std::string rows = told(report->loaded);
  core::Result<EventPage> page = journal.events_after({}, 10'000, 100'000'000);
  REQUIRE(page.ok());
  CHECK(page->damaged.empty());
  for (const core::OutgoingEvent& event : page->events)
    rows += "\nevent " + told(event.record) + event.shared;
  return rows;
}

/// The chain of events is whole.
bool chained(Journal& journal) {
  core::Result<Housekept> checked = journal.verify(100'000);
  return checked.ok() && checked->damaged.empty();
}

/// Some orders on disk, and a turn that would write one row of each table.
struct Scene {
  explicit Scene(std::uint64_t seed) : store(seed) {}
  core::Changes first() {
    core::Changes changes;
    for (int each = 0; each < 3; ++each) store.arrive(changes);
    return changes;
  }
  core::Changes next() {
    core::Changes changes;
    store.arrive(changes);
    store.move(changes, 2, core::Phase::queued);
    changes.early.push_back(store.draw.early());
    changes.availability.push_back(store.draw.availability());
    changes.key_aliases.push_back({"alias", core::OrderNumber{1}});
    changes.dead_letters.push_back(store.draw.dead_letter());
    changes.outbox = core::OutboxMarks{{1, 2}, {1, 1}};
    return changes;
  }
  Store store;
};

struct Fault {
  const char* name;
  core::ErrorCode expected;
  void (*plant)(FaultyVfs&, int nth);
};

}  // namespace

TEST_CASE("one commit is one sync, however many orders it writes, and a turn that writes nothing has none") {
  const support::TempDir dir;
  core::Result<CountingVfs> vfs = CountingVfs::over("test-count-sync");
  REQUIRE(vfs.ok());
  Journal journal = opened(options_for(dir.file("orders.db"), vfs->name()));
  Store store(1);
  core::Changes warm;
  store.arrive(warm);
  REQUIRE(journal.commit(warm).written.ok());
  for (const int orders : {1, 5, 64}) {
    const IoCounters before = vfs->counters();
    core::Changes changes;
    for (int each = 0; each < orders; ++each) store.arrive(changes);
    REQUIRE(journal.commit(changes).written.ok());
    const IoCounters after = vfs->counters();
    CAPTURE(orders);
    CHECK(after.commit_syncs - before.commit_syncs == 1);
    CHECK(after.syncs() - before.syncs() == 1);
    CHECK(after.database_writes == before.database_writes);
    CHECK(after.wal_bytes > before.wal_bytes);
  }
  const IoCounters before = vfs->counters();
  core::Changes reads;
  reads.bodies_wanted = {core::OrderNumber{1}};
  REQUIRE(journal.commit(reads, {core::Position{}, 10, 1000}).read.ok());
  CHECK(vfs->counters().syncs() == before.syncs());
  CHECK(vfs->counters().bytes() == before.bytes());
}

TEST_CASE("a checkpoint's syncs are counted apart, and the WAL starts over after it") {
  const support::TempDir dir;
  core::Result<CountingVfs> vfs = CountingVfs::over("test-count-checkpoint");
  REQUIRE(vfs.ok());
  JournalOptions options = options_for(dir.file("orders.db"), vfs->name());
  options.checkpoint_pages = 50;
  Journal journal = opened(options);
  Store store(1);
  std::uint64_t commits = 0;
  while (!journal.checkpoint_due()) {
    core::Changes changes;
    store.arrive(changes);
    REQUIRE(journal.commit(changes).written.ok());
    ++commits;
    REQUIRE(commits < 100);
  }
  CHECK(journal.wal_bytes() > 50 * 4096);
  IoCounters before = vfs->counters();
  REQUIRE(journal.checkpoint(CheckpointMode::passive).ok());
  IoCounters after = vfs->counters();
  CHECK(after.commit_syncs == before.commit_syncs);
  CHECK(after.checkpoint_syncs - before.checkpoint_syncs == 2);
  CHECK(after.database_bytes > before.database_bytes);
  CHECK_FALSE(journal.checkpoint_due());
  CHECK(journal.wal_bytes() == 0);

  core::Changes changes;
  store.arrive(changes);
  REQUIRE(journal.commit(changes).written.ok());
  CHECK(vfs->counters().commit_syncs - after.commit_syncs == 1);
  CHECK(vfs->counters().checkpoint_syncs - after.checkpoint_syncs == 1);  // the WAL's restarted header
  REQUIRE(journal.checkpoint(CheckpointMode::truncate).ok());
  CHECK(std::filesystem::file_size(dir.path() / "orders.db-wal") == 0);
  CHECK(*journal.database_bytes() ==
        static_cast<std::int64_t>(std::filesystem::file_size(dir.path() / "orders.db")));
}

TEST_CASE(
    "a commit that fails at any write or sync leaves every row as it was and the journal usable [I1][I8]") {
  const Fault faults[] = {
      {"full", core::ErrorCode::disk_full, [](FaultyVfs& vfs, int nth) { vfs.fail_write(nth, SQLITE_FULL); }},
      {"io", core::ErrorCode::failed,
       [](FaultyVfs& vfs, int nth) { vfs.fail_write(nth, SQLITE_IOERR_WRITE); }},
      {"sync", core::ErrorCode::sync_failed, [](FaultyVfs& vfs, int nth) { vfs.fail_sync(nth); }},
  };
  FaultyVfs vfs("test-faulty");
  for (const Fault& fault : faults) {
    int failures = 0;
    for (int nth = 1; nth < 100; ++nth) {
      CAPTURE(fault.name);
      CAPTURE(nth);
      const support::TempDir dir;
      const JournalOptions options = options_for(dir.file("orders.db"), vfs.name());
      Scene scene(21);
      std::string last;
      {
        Journal journal = opened(options);
        REQUIRE(journal.commit(scene.first()).written.ok());
        const std::string before = all_rows(journal);
        const core::Changes turn = scene.next();
        fault.plant(vfs, nth);
        const CommitResult failed = journal.commit(turn);
        if (!vfs.heal()) {
          REQUIRE(failed.written.ok());
          break;
        }
        ++failures;
        REQUIRE_FALSE(failed.written.ok());
        CHECK(failed.written.error().code == fault.expected);
        CHECK(all_rows(journal) == before);
        const CommitResult again = journal.commit(turn);
        REQUIRE(again.written.ok());
        last = all_rows(journal);
        CHECK(last != before);
        CHECK(chained(journal));
      }
      Journal reopened = opened(options);
      // Only the flag that says it was just made may differ; told() leaves it out.
      CHECK(all_rows(reopened) == last);
      CHECK(chained(reopened));
    }
    CAPTURE(fault.name);
    CHECK(failures >= 1);
    CHECK(failures < 99);
  }
}

TEST_CASE("a full disk refuses commits until space returns [I8]") {
  FaultyVfs vfs("test-full");
  const support::TempDir dir;
  Journal journal = opened(options_for(dir.file("orders.db"), vfs.name()));
  Scene scene(8);
  REQUIRE(journal.commit(scene.first()).written.ok());
  const std::string before = all_rows(journal);
  const core::Changes turn = scene.next();
  vfs.full(true);
  for (int tries = 0; tries < 5; ++tries) {
    CHECK(journal.commit(turn).written.error().code == core::ErrorCode::disk_full);
    CHECK(all_rows(journal) == before);
  }
  vfs.heal();
  CHECK(journal.commit(turn).written.ok());
}

TEST_CASE("a sync that fails in a checkpoint says so and loses nothing") {
  FaultyVfs vfs("test-checkpoint-sync");
  for (int nth = 1; nth <= 2; ++nth) {
    const support::TempDir dir;
    Journal journal = opened(options_for(dir.file("orders.db"), vfs.name()));
    Scene scene(8);
    REQUIRE(journal.commit(scene.first()).written.ok());
    const std::string before = all_rows(journal);
    vfs.fail_sync(nth);
    CHECK(journal.checkpoint(CheckpointMode::passive).error().code == core::ErrorCode::sync_failed);
    vfs.heal();
    CHECK(all_rows(journal) == before);
    CHECK(journal.commit(scene.next()).written.ok());
    CHECK(journal.checkpoint(CheckpointMode::truncate).ok());
  }
}

TEST_CASE("events that do not follow the last one are refused whole") {
  const support::TempDir dir;
  Journal journal = opened(options_for(dir.file("orders.db")));
  Scene scene(2);
  REQUIRE(journal.commit(scene.first()).written.ok());
  const std::string before = all_rows(journal);
  core::Changes turn = scene.next();
  core::Changes gap = turn;
  gap.events.back().position.sequence += 1;
  CHECK(journal.commit(gap).written.error().code == core::ErrorCode::invalid);
  CHECK(all_rows(journal) == before);
  core::Changes other_epoch = turn;
  other_epoch.events.front().position.epoch = 2;
  CHECK(journal.commit(other_epoch).written.error().code == core::ErrorCode::invalid);
  CHECK(journal.commit(turn).written.ok());
}
