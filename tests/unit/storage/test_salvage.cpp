// Salvage of stores in memory: what is undamaged comes over, nothing else does, and what is missing is named. Each kind
// of rot is drawn many times from fixed seeds. [I10]
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <string>

#include "builders.hpp"
#include "salvage_store.hpp"
#include "storage/known_tables.hpp"
#include "storage/page_rows.hpp"
#include "storage/sip_digest.hpp"
#include "support/disk/draws.hpp"
#include "support/rounds.hpp"

using namespace storegate;
using namespace storegate::storage;
using namespace storegate::storage::test;

namespace {

constexpr std::size_t page_size = 4096;

std::size_t pages_of(const Bytes& file) { return file.size() / page_size; }

void copy_page(const Bytes& from, std::size_t page, Bytes& to, std::size_t other) {
  std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(page * page_size), page_size,
              to.begin() + static_cast<std::ptrdiff_t>(other * page_size));
}

void fill_sector(Bytes& file, std::size_t sector, const std::function<unsigned char()>& byte) {
  for (std::size_t at = sector * 512; at < sector * 512 + 512; ++at) file[at] = byte();
}

/// A page on which rows of `table` begin.
std::size_t page_with(const SavedStore& store, const std::string& table) {
  for (std::size_t page = 0; page < pages_of(store.database); ++page) {
    for (const RowKey& key : rows_on_page(store, page)) {
      if (key.first == table) return page;
    }
  }
  FAIL("no page of " << table);
  return 0;
}

/// Every row that does not begin on the spoiled page is there as it was. A page on which none begins may be one on
/// which one body goes on. Whatever is there is one of `versions`.
void judge(const SavedStore& store, std::size_t spoiled, const Salvaged& result,
           const Rows* versions = nullptr) {
  REQUIRE_MESSAGE(result.report.ok(), result.report.error().context);
  const std::set<RowKey> excused = rows_on_page(store, spoiled);
  int bodies_lost = 0;
  for (const auto& [key, row] : store.rows) {
    const auto found = result.rows.find(key);
    const bool same = found != result.rows.end() && found->second == row;
    if (same || excused.contains(key)) continue;
    CAPTURE(key.first);
    CAPTURE(key.second);
    const bool may_go_on_there = excused.empty() && key.first == "bodies";
    if (!may_go_on_there) FAIL_CHECK("an untouched row is not there as it was");
    ++bodies_lost;
  }
  CHECK(bodies_lost <= 1);
  for (const auto& [key, row] : result.rows) {
    const auto truth = store.rows.find(key);
    const auto before = versions == nullptr ? Rows::const_iterator() : versions->find(key);
    const bool is_now = truth != store.rows.end() && truth->second == row;
    const bool was_once = versions != nullptr && before != versions->end() && before->second == row;
    if (!is_now && !was_once)
      FAIL_CHECK("a row came over that never was like this: " << key.first << " " << key.second);
  }
}

/// Rows that are not in the new database must have been told of, or must be missed by a page that was.
void judge_report(const SavedStore& store, const Salvaged& result) {
  const bool all_there = std::all_of(store.rows.begin(), store.rows.end(), [&](const auto& row) {
    const auto found = result.rows.find(row.first);
    return found != result.rows.end() && found->second == row.second;
  });
  if (!all_there) CHECK_FALSE(result.report->all_undamaged());
}

}  // namespace

TEST_CASE("an undamaged store comes over whole, and begins a new epoch [I3]") {
  const SavedStore store = save_store(1, 60);
  REQUIRE(pages_of(store.database) > 60);
  const Salvaged result = salvaged(store.database);
  REQUIRE_MESSAGE(result.report.ok(), result.report.error().context);
  for (const SalvageFinding& finding : result.report->damaged)
    FAIL_CHECK(finding.row.table << " " << finding.row.key << ": " << finding.row.why);
  for (const SalvageFinding& finding : result.report->contradictions)
    FAIL_CHECK(finding.row.table << " " << finding.row.key << ": " << finding.row.why);
  CHECK(result.rows == store.rows);
  CHECK(result.loaded.epoch == "epoch-after-salvage");
  CHECK(result.loaded.previous_epoch == "epoch-one");
  CHECK(result.loaded.last_event == core::Position{2, 0});
  CHECK(result.loaded.last_number == core::OrderNumber{60});
  CHECK(result.loaded.outbox.published == core::Position{1, 4});
  CHECK(result.loaded.outbox.acknowledged == core::Position{1, 2});
  CHECK(result.loaded.live.size() == 48);
  std::int64_t rows = 0;
  for (const auto& table : result.report->tables) {
    CHECK(table.damaged == 0);
    rows += table.salvaged;
  }
  CHECK(rows == static_cast<std::int64_t>(store.rows.size()) + 1 + 2);  // meta, epochs
}

TEST_CASE("the new store works on: events of both epochs go out, and new ones follow [I3]") {
  const SavedStore store = save_store(2, 12);
  const Salvaged result = salvaged(store.database);
  disk::Image image;
  image.files[store_path] = result.database;
  disk::Disk disk("on", 1, image);
  Journal journal = opened(options_for(store_path, disk.name()));
  REQUIRE(journal.load({}).ok());
  Drawer draw(3);
  core::Changes changes;
  changes.orders = {draw.order(13)};
  changes.events = {draw.event({2, 1}, 13)};
  changes.orders[0].last_event = {2, 1};
  changes.bodies = {draw.body(13)};
  REQUIRE(journal.commit(changes).written.ok());
  const auto page = journal.events_after({}, 1000, 1U << 30U);
  REQUIRE(page.ok());
  CHECK(page->damaged.empty());
  CHECK(page->events.size() == 12 + 2 + 1);
  CHECK(page->events.front().epoch == "epoch-one");
  CHECK(page->events.back().epoch == "epoch-after-salvage");
  const auto pass = journal.verify(10'000);
  REQUIRE(pass.ok());
  CHECK(pass->damaged.empty());
}

TEST_CASE("rows that lie in the WAL alone come over, and a WAL cut anywhere is what SQLite makes of it") {
  const SavedStore store = save_store(3, 20, 12);
  REQUIRE(store.wal.size() > 20 * page_size);
  const Salvaged result = salvaged(store.database, store.wal);
  REQUIRE(result.report.ok());
  CHECK(result.report->all_undamaged());
  CHECK(result.rows == store.rows);
  CHECK(result.rows != rows_in(store.database));
  disk::Draws draws(11);
  for (int cut = 0; cut < 12; ++cut) {
    Bytes wal = store.wal;
    wal.resize(draws.index(wal.size()));
    const Salvaged of_cut = salvaged(store.database, wal);
    REQUIRE(of_cut.report.ok());
    CAPTURE(wal.size());
    CHECK(of_cut.rows == rows_in(store.database, wal));
    CHECK(of_cut.report->all_undamaged());
  }
}

TEST_CASE(
    "commits behind a damaged frame of the WAL come over, the frame is named, a torn last one does not "
    "count") {
  const SavedStore store = save_store(4, 20, 12);
  constexpr std::size_t frame = 24 + page_size;
  Bytes wal = store.wal;
  wal[32 + 2 * frame + 24 + 2000] ^= 4U;  // the third frame
  const Salvaged result = salvaged(store.database, wal);
  REQUIRE(result.report.ok());
  CHECK(tells(result.report->damaged, "(wal)", "frame 3"));
  CHECK(rows_in(store.database, wal) == rows_in(store.database));  // SQLite stops there
  for (std::int64_t number = 22; number <= 32; ++number) {
    CAPTURE(number);
    const RowKey key{"orders", std::to_string(number)};
    CHECK(result.rows.contains(key));
    if (result.rows.contains(key)) CHECK(result.rows.at(key) == store.rows.at(key));
  }

  for (const std::size_t byte : {std::size_t{3}, std::size_t{17}}) {  // of the header: its magic, a salt
    Bytes headless = store.wal;
    headless[byte] ^= 1U;
    const Salvaged without = salvaged(store.database, headless);
    REQUIRE(without.report.ok());
    CHECK(tells(without.report->damaged, "(wal)", "header"));
    CHECK(without.rows.contains({"orders", "32"}));
  }

  // The last commit is the last order's: with a frame of it damaged nobody can tell whether it was ever finished.
  const std::size_t frames = (store.wal.size() - 32) / frame;
  Bytes torn = store.wal;
  torn[32 + (frames - 3) * frame + 24 + 100] ^= 1U;
  const Salvaged of_torn = salvaged(store.database, torn);
  REQUIRE(of_torn.report.ok());
  CHECK(of_torn.rows == rows_in(store.database, torn));
  CHECK(of_torn.report->all_undamaged());
}

TEST_CASE("bits that flip and sectors that die take their own rows with them and no other's [I10]") {
  const SavedStore store = save_store(5, 20);
  disk::Draws draws(21);
  for (int image = 0; image < support::rounds(90); ++image) {
    CAPTURE(image);
    Bytes file = store.database;
    const std::size_t sector = draws.index(file.size() / 512);
    switch (image % 3) {
      case 0:
        file[sector * 512 + draws.index(512)] ^= static_cast<unsigned char>(1U << draws.below(8));
        break;
      case 1: fill_sector(file, sector, [] { return static_cast<unsigned char>(0); }); break;
      default: fill_sector(file, sector, [&] { return static_cast<unsigned char>(draws.next()); });
    }
    const Salvaged result = salvaged(file);
    judge(store, sector / 8, result);
    judge_report(store, result);
  }
}

TEST_CASE("pages in the wrong place and pages of the past cost the rows of one page [I10]") {
  const auto [earlier, store] = save_store_twice(6, 20);
  disk::Draws draws(22);
  for (int image = 0; image < support::rounds(60); ++image) {
    CAPTURE(image);
    Bytes file = store.database;
    const std::size_t page = draws.index(pages_of(file));
    const std::size_t other = draws.index(pages_of(file));
    if (image % 2 == 0) {
      copy_page(store.database, other, file, page);
    } else {
      copy_page(earlier.database, draws.index(pages_of(earlier.database)), file, page);
    }
    const Salvaged result = salvaged(file);
    judge(store, page, result, &earlier.rows);
    judge_report(store, result);
  }
}

TEST_CASE("a store whose first page is destroyed comes over whole [I10]") {
  const SavedStore store = save_store(7, 30);
  for (const unsigned char with : {static_cast<unsigned char>(0), static_cast<unsigned char>(0xa5)}) {
    Bytes file = store.database;
    std::fill_n(file.begin(), page_size, with);
    const Salvaged result = salvaged(file);
    judge(store, 0, result);
    CHECK(result.rows == store.rows);
    CHECK(tells(result.report->damaged, "(page)", "1"));
  }
}

TEST_CASE("a page that was written over the first one is read where it belongs [I10]") {
  // Where the first page has its head, this one looks like one too: by chance, in a place that holds nothing. How full
  // a page is depends on how long its rows are.
  constexpr std::size_t first_head = 100;
  std::uint64_t seed = 7;
  SavedStore store = save_store(seed, 30);
  std::size_t page = 0, rows_begin = 0;
  for (; seed < 40; store = save_store(++seed, 30)) {
    page = page_with(store, "orders");
    rows_begin = store.database[page * page_size + 5] * 256U + store.database[page * page_size + 6];
    if (rows_begin > first_head) break;
  }
  Bytes file = store.database;
  const std::size_t pointers_end = 8 + 2 * (file[page * page_size + 3] * 256U + file[page * page_size + 4]);
  REQUIRE(pointers_end < first_head);
  REQUIRE(rows_begin > first_head);
  file[page * page_size + first_head] = 0x0d;
  copy_page(file, page, file, 0);
  const Salvaged result = salvaged(file);
  CHECK(result.rows == store.rows);
  CHECK(tells(result.report->damaged, "(page)", "1"));
}

TEST_CASE("of two undamaged versions of an order the newer one is taken, and it is said [I10]") {
  const auto [earlier, store] = save_store_twice(8, 30);
  // The orders' page as it was, over one of the bodies'.
  Bytes file = store.database;
  const std::size_t stale = page_with(earlier, "orders");
  const std::size_t lost = page_with(store, "bodies");
  copy_page(earlier.database, stale, file, lost);
  const Salvaged result = salvaged(file);
  judge(store, lost, result);
  bool told = false;
  for (const SalvageFinding& finding : result.report->damaged)
    told =
        told || (finding.row.table == "orders" && finding.row.why.find("two undamaged") != std::string::npos);
  CHECK(told);
}

TEST_CASE(
    "with the same last event the version that began more is taken: no request to the POS is forgotten "
    "[I2]") {
  std::vector<Value> queued(45);
  queued[OrderColumn::phase] = {ValueKind::integer, 2, {}};
  queued[OrderColumn::last_event] = {ValueKind::integer, 9, {}};
  queued[OrderColumn::updated_wall_ms] = {ValueKind::integer, 1000, {}};
  std::vector<Value> sending = queued;
  sending[OrderColumn::phase].integer = 3;
  sending[OrderColumn::updated_wall_ms].integer = 5;  // the clock was set back
  CHECK(is_newer(TableName::orders, sending, queued));
  CHECK_FALSE(is_newer(TableName::orders, queued, sending));
  std::vector<Value> cancel = sending;
  cancel[OrderColumn::cancel_wanted].integer = 1;
  CHECK(is_newer(TableName::orders, cancel, sending));
  std::vector<Value> later = queued;
  later[OrderColumn::last_event].integer = 10;
  CHECK(is_newer(TableName::orders, later, sending));
  CHECK_FALSE(is_newer(TableName::orders, queued, queued));
}

TEST_CASE("an order's page of the past is told by the events, and its orders do nothing [I10]") {
  const auto [earlier, store] = save_store_twice(9, 30);
  const std::size_t page = page_with(store, "orders");
  Bytes file = store.database;
  copy_page(earlier.database, page, file, page);
  const Salvaged result = salvaged(file);
  judge(store, page, result, &earlier.rows);
  int stale = 0;
  for (const auto& [key, row] : result.rows) {
    if (key.first != "orders" || row == store.rows.at(key)) continue;
    ++stale;
    CHECK(tells(result.report->contradictions, "orders", key.second));
    for (const core::Order& order : result.loaded.live)
      CHECK(std::to_string(value_of(order.number)) != key.second);
  }
  CHECK(stale > 0);
  for (const SalvageFinding& finding : result.report->contradictions)
    if (finding.row.table == "orders") CHECK_FALSE(finding.partner_order_id.empty());
}

TEST_CASE("a damaged order is named with its partner's number [I10]") {
  const auto id = std::string("cancel text that is to be found");
  disk::Disk disk("named");
  Store orders(10);
  {
    Journal journal = opened(options_for(store_path, disk.name()));
    core::Changes changes;
    orders.arrive(changes);
    changes.bodies.clear(), changes.events.clear();  // no other row knows its number
    changes.orders[0].last_event = {};
    changes.orders[0].partner = "kiosk";
    changes.orders[0].partner_order_id = "K-1";
    changes.orders[0].cancel_text = id;
    REQUIRE(journal.commit(changes).written.ok());
    REQUIRE(journal.checkpoint(CheckpointMode::truncate).ok());
  }
  Bytes file = disk.cached().files.at(store_path);
  *std::search(file.begin(), file.end(), id.begin(), id.end()) ^= 1U;
  const Salvaged result = salvaged(file);
  REQUIRE(result.report.ok());
  REQUIRE(tells(result.report->damaged, "orders", "1"));
  CHECK(result.report->damaged[0].partner == "kiosk");
  CHECK(result.report->damaged[0].partner_order_id == "K-1");
  CHECK(result.loaded.live.empty());
  CHECK(result.loaded.last_number == core::OrderNumber{1});  // its number is not given again
}
