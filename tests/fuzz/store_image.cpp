// Built with the storage tests' own builders, which set every member.
#include "store_image.hpp"

#include <algorithm>

#include "codec/canonical.hpp"
#include "target.hpp"
#include "unit/storage/builders.hpp"

namespace storegate::fuzz {

namespace {

using storage::Journal;

void commit(Journal& journal, const core::Changes& changes) {
  expect(journal.commit(changes).written.ok(), "the store to be damaged can be written");
}

core::Changes marks(storage::test::Drawer& draw) {
  core::Changes changes;
  for (int each = 0; each < 3; ++each) {
    changes.early.push_back(draw.early());
    changes.key_aliases.push_back({"key-" + std::to_string(each), core::OrderNumber{1}});
    changes.availability.push_back(draw.availability());
    changes.dead_letters.push_back(draw.dead_letter());
  }
  changes.outbox = core::OutboxMarks{{1, 4}, {1, 2}};
  return changes;
}

std::string erased(std::string_view canonical) {
  auto without = codec::erase_customer(canonical);
  return without ? std::move(*without) : std::string(canonical);
}

void must_be_known(const core::Order& order) {
  expect(static_cast<std::size_t>(order.phase) < core::phase_count, "a phase is one that there is");
  expect(static_cast<std::size_t>(order.reason) < core::reason_count, "a reason is one that there is");
  expect(static_cast<std::int64_t>(order.pos_status) < core::pos_status_count,
         "a POS status is one that there is");
}

void load(Journal& journal) {
  const auto report = journal.load({});
  if (!report) return;
  for (const auto& row : report->damaged) expect(!row.table.empty() && !row.why.empty(), "damage is named");
  for (const auto& order : report->loaded.live) {
    must_be_known(order);
    expect(!core::is_end(order.phase), "a live order has not ended");
  }
}

void read(Journal& journal) {
  (void)journal.events_after({}, 100, 1'000'000);
  core::OutboxRead briefs;
  briefs.kind = core::OutboxRead::Kind::briefs;
  briefs.before = {2, 0};
  briefs.limit = 50;
  (void)journal.read_for(briefs);
  if (const auto page = journal.list_orders({}))
    for (const auto& order : page->orders) must_be_known(order);
  for (std::int64_t number = 0; number <= store_orders + 1; ++number) {
    (void)journal.find_order(core::OrderNumber{number});
    (void)journal.find_body(core::OrderNumber{number});
    (void)journal.events_of(core::OrderNumber{number});
    (void)journal.find_event({1, number});
  }
}

void keep_house(Journal& journal) {
  (void)journal.verify(100);
  core::Now now;
  now.wall_ms = 1'790'000'000'000;
  now.wall_trusted = true;
  (void)journal.erase_customer_data({now, 1000, 100}, erased);
  storage::PruneLimits limits;
  limits.now = now;
  limits.retain_ms = limits.reuse_ms = 1000;
  limits.events_through = {1, 8};
  (void)journal.prune(limits);
}

}  // namespace

StoreImage make_store(const storage::DigestFactory& digest) {
  disk::Disk disk("storegate-fuzz-made");
  disk::Image image;
  {
    auto journal = Journal::open(options_on(disk, digest));
    expect(journal.ok(), "the store to be damaged can be made");
    storage::test::Store store(7);
    core::Changes orders;
    for (std::int64_t number = 1; number <= store_orders; ++number) store.arrive(orders);
    commit(*journal, orders);
    commit(*journal, marks(store.draw));
    expect(journal->checkpoint(storage::CheckpointMode::truncate).ok(), "its WAL can be emptied");
    core::Changes moves;
    for (std::size_t phase = 1; phase < core::phase_count; ++phase)
      store.move(moves, static_cast<std::int64_t>(phase), static_cast<core::Phase>(phase));
    commit(*journal, moves);
    image = disk.cached();  // closed, it would have no WAL any more
  }
  StoreImage made{image.files.at(store_path), {}};
  const auto wal = image.files.find(std::string(store_path) + "-wal");
  if (wal != image.files.end()) made.wal = wal->second;
  return made;
}

storage::JournalOptions options_on(const disk::Disk& disk, const storage::DigestFactory& digest) {
  auto options = storage::test::options_for(store_path, disk.name());
  options.digest = digest;
  return options;
}

void use_journal(Journal& journal) {
  load(journal);
  read(journal);
  core::Changes wanted;
  for (std::int64_t number = 1; number <= store_orders; ++number)
    wanted.bodies_wanted.push_back(core::OrderNumber{number});
  (void)journal.commit(wanted, {.events_after = core::Position{}});
  keep_house(journal);
  load(journal);
}

}  // namespace storegate::fuzz
