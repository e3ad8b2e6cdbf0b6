// A full disk: what the reserve carries, that it is honest about its end, and that it comes back.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "builders.hpp"
#include "faulty_vfs.hpp"
#include "storage/reserve.hpp"
#include "support/temp_dir.hpp"

using namespace storegate;
using namespace storegate::storage;
using namespace storegate::storage::test;

namespace {

constexpr std::int64_t mib = 1024 * 1024;

JournalOptions with_reserve(const support::TempDir& dir, const FaultyVfs& vfs, std::int64_t bytes) {
  JournalOptions options = options_for(dir.file("orders.db"), vfs.name());
  options.reserve_bytes = bytes;
  return options;
}

/// So many held orders on disk.
void hold(Journal& journal, Store& store, int orders) {
  for (int turn = 0; turn < orders / 10; ++turn) {
    core::Changes changes;
    for (int each = 0; each < 10; ++each) store.arrive(changes);
    REQUIRE(journal.commit(changes).written.ok());
  }
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

core::Changes one_more(const Store& store) {
  Store copy = store;
  core::Changes changes;
  copy.arrive(changes);
  return changes;
}

/// Not one page more fits.
void fill_disk(FaultyVfs& vfs, Journal& journal, const Store& store) {
  vfs.room(vfs.used());
  // What the WAL can still take by being overwritten is no room either.
  const core::Result<void> full = journal.commit(one_more(store)).written;
  REQUIRE_FALSE(full.ok());
  REQUIRE(full.error().code == core::ErrorCode::disk_full);
}

/// Moves an order as a turn would, checkpoints as the product does. False if there was no room.
bool moved(Journal& journal, Store& store, std::int64_t number, core::Phase phase) {
  Store after = store;
  core::Changes changes;
  after.move(changes, number, phase);
  changes.from_reserve = true;
  const core::Result<void> written = journal.commit(changes).written;
  if (!written) {
    CHECK(written.error().code == core::ErrorCode::disk_full);
    return false;
  }
  store = after;
  if (journal.checkpoint_due()) CHECK(journal.checkpoint(CheckpointMode::passive).ok());
  return true;
}

bool as_written(Journal& journal, const Store& store) {
  core::Result<LoadReport> report = journal.load({});
  if (!report || !report->damaged.empty()) return false;
  if (report->loaded.last_event.sequence != static_cast<std::int64_t>(store.events.size())) return false;
  for (const auto& [number, order] : store.orders) {
    core::Result<std::optional<core::Order>> row = journal.find_order(core::OrderNumber{number});
    if (!row || !*row || told(**row) != told(order)) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("on a full disk the reserve carries a store's orders to their ends [I8]") {
  FaultyVfs vfs("test-reserve-carries");
  const support::TempDir dir;
  const JournalOptions options = with_reserve(dir, vfs, 8 * mib);
  Store store(41);
  {
    Journal journal = opened(options);
    CHECK(journal.reserve_bytes() == 8 * mib);
    hold(journal, store, 400);
    fill_disk(vfs, journal, store);
    for (std::int64_t number = 1; number <= 400; ++number) {
      REQUIRE(moved(journal, store, number, core::Phase::sending));
      REQUIRE(moved(journal, store, number, core::Phase::placed));
      // A new order is no more taken than before.
      if (number % 50 == 0)
        CHECK(journal.commit(one_more(store)).written.error().code == core::ErrorCode::disk_full);
    }
    CHECK(journal.reserve_bytes() < 8 * mib);
    MESSAGE("two moves of 400 orders, one a commit, took " << (8 * mib - journal.reserve_bytes()) / 1024
                                                           << " KiB");
    CHECK(as_written(journal, store));
  }
  Journal journal = opened(options);  // with the disk as full as before
  CHECK(as_written(journal, store));
  CHECK(moved(journal, store, 1, core::Phase::completed));
}

TEST_CASE("a reserve that is used up says so, changes nothing, and comes back when there is room [I8]") {
  FaultyVfs vfs("test-reserve-ends");
  const support::TempDir dir;
  Journal journal = opened(with_reserve(dir, vfs, mib));
  Store store(43);
  hold(journal, store, 100);
  fill_disk(vfs, journal, store);
  int moves = 0;
  while (moved(journal, store, 1 + moves % 100, core::Phase::sending)) REQUIRE(++moves < 5000);
  CHECK(moves > 50);
  CHECK(journal.reserve_bytes() == 0);
  CHECK(as_written(journal, store));
  // What lies in the WAL alone has no room in the database file: it stays where it is.
  CHECK(journal.checkpoint(CheckpointMode::passive).error().code == core::ErrorCode::disk_full);
  CHECK(as_written(journal, store));

  vfs.heal();
  core::Changes changes;
  store.arrive(changes);
  CHECK(journal.commit(changes).written.ok());
  CHECK(journal.checkpoint(CheckpointMode::passive).ok());
  CHECK(journal.reserve_bytes() == mib);
  CHECK(as_written(journal, store));
}

TEST_CASE("to a WAL that was found nothing is appended, also when the disk is too full to empty it [I1]") {
  FaultyVfs vfs("test-reserve-found-wal");
  for (const std::int64_t bytes : {std::int64_t{0}, 4 * mib}) {
    const support::TempDir dir;
    const JournalOptions options = with_reserve(dir, vfs, bytes);
    Store store(59);
    {
      Journal journal = opened(options);
      hold(journal, store, 200);
      REQUIRE(journal.checkpoint(CheckpointMode::passive).ok());
      hold(journal, store, 100);  // from the start of the WAL's file, which stays as long as it was
    }
    const std::string found = content_of(options.path + "-wal");
    vfs.room(vfs.used());  // none to empty the WAL; a commit would fit into its file
    Journal journal = opened(options);
    if (bytes == 0) {
      for (int tries = 0; tries < 3; ++tries) {
        const std::int64_t writes = vfs.writes();
        const core::Result<void> full = journal.commit(one_more(store)).written;
        REQUIRE_FALSE(full.ok());
        CHECK(full.error().code == core::ErrorCode::disk_full);
        CHECK(vfs.writes() <= writes + 1);  // a store that waits for room does not wear out its flash
      }
      CHECK(content_of(options.path + "-wal") == found);
    } else {
      CHECK(content_of(options.path + "-wal").empty());  // the reserve made room
    }
    CHECK(moved(journal, store, 1, core::Phase::sending) == (bytes > 0));
    CHECK(as_written(journal, store));
    vfs.heal();
    core::Changes changes;
    store.arrive(changes);
    CHECK(journal.commit(changes).written.ok());
    CHECK(content_of(options.path + "-wal").size() < found.size() / 2);
    CHECK(as_written(journal, store));
  }
}

TEST_CASE("without a reserve a full disk is full for every turn; with one, for those that may not use it") {
  FaultyVfs vfs("test-reserve-none");
  for (const std::int64_t bytes : {std::int64_t{0}, mib}) {
    const support::TempDir dir;
    Journal journal = opened(with_reserve(dir, vfs, bytes));
    Store store(47);
    hold(journal, store, 10);
    fill_disk(vfs, journal, store);
    CHECK(journal.commit(one_more(store)).written.error().code == core::ErrorCode::disk_full);
    CHECK(journal.reserve_bytes() == bytes);
    CHECK(moved(journal, store, 1, core::Phase::sending) == (bytes > 0));
    CHECK(as_written(journal, store));
    vfs.heal();
  }
}

TEST_CASE("a journal opens on a full disk with as much reserve as there is [I8]") {
  FaultyVfs vfs("test-reserve-open");
  const support::TempDir dir;
  Store store(53);
  {
    Journal journal = opened(with_reserve(dir, vfs, mib));
    hold(journal, store, 10);
  }
  vfs.room(vfs.used() + 700 * 1024);
  Journal journal = opened(with_reserve(dir, vfs, 4 * mib));
  CHECK(journal.reserve_bytes() == mib + 512 * 1024);
  CHECK(as_written(journal, store));
}

TEST_CASE(
    "a reserve file of any size that a kill left behind becomes a whole one and is never in use for ever "
    "[I8]") {
  constexpr std::int64_t wanted = 512 * 1024;
  for (const std::int64_t left : {1, 100'000, 503'790, 524'288, 536'558, 2'000'000}) {
    CAPTURE(left);
    const support::TempDir dir;
    const std::string path = dir.file("orders.db");
    std::ofstream database(path);  // its rights are the reserve's
    std::ofstream(path + "-reserve") << std::string(static_cast<std::size_t>(left), 'x');
    {
      Reserve found(path, "", wanted);
      found.fill(wanted);
      CHECK(found.bytes() == wanted);
      CHECK_FALSE(found.in_use());
    }
    CHECK(static_cast<std::int64_t>(std::filesystem::file_size(path + "-reserve")) == wanted);
    Reserve next(path, "", wanted);
    CHECK(next.release());
    CHECK(next.in_use());
    CHECK(next.regain());
    CHECK_FALSE(next.in_use());
  }
}
