// What salvage makes of keys, marks, epochs and long rows, of a full disk, of files, and of bytes that are no database.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "builders.hpp"
#include "salvage_store.hpp"
#include "storage/known_tables.hpp"
#include "storage/page_rows.hpp"
#include "storage/sip_digest.hpp"
#include "support/disk/draws.hpp"
#include "support/rounds.hpp"
#include "support/temp_dir.hpp"

using namespace storegate;
using namespace storegate::storage;
using namespace storegate::storage::test;

namespace {

constexpr std::size_t page_size = 4096;

DigestKey key_of_stores() { return options_for(store_path).fresh_key; }

/// Spoils every copy of the digest key but leaves `kept` of them, counted from the file's end.
void spoil_keys(Bytes& file, int kept) {
  const DigestKey key = key_of_stores();
  for (auto end = file.end();;) {
    const auto at = std::find_end(file.begin(), end, key.begin(), key.end());
    if (at == end) return;
    if (kept-- <= 0) *at ^= 1U;
    end = at;
  }
}

std::string text_of(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

/// A store's files in a folder.
std::string put_down(const support::TempDir& folder, const SavedStore& store) {
  const std::string file = folder.file("orders.db");
  support::write_file(file, text_of(store.database));
  support::write_file(file + "-wal", text_of(store.wal));
  return file;
}

SalvageRequest request_for(const std::string& file) {
  return {file, "", sip_digest, "epoch-two", 1'790'000'000'000};
}

std::set<std::string> files_in(const support::TempDir& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    names.insert(entry.path().filename().string());
  return names;
}

/// Everything of salvage that reads what may be damaged, without the new database.
std::size_t read_everything(const Bytes& database, const Bytes& wal, const core::DigestFunction& digest) {
  const MemorySource database_source(database);
  const MemorySource wal_source(wal);
  const PageFile pages(database_source, wal_source);
  PageRows rows(pages);
  std::size_t undamaged = 0;
  const PageRows::Visitor visitor{
      [&](const Row& row) {
        const KnownTable* table = table_of(row);
        if (table == nullptr) return;
        const std::vector<Value> columns = columns_of(row);
        if (!key_of(*table, columns).empty() && is_undamaged(*table, columns, digest)) ++undamaged;
      },
      [](std::optional<std::int64_t>, std::string_view) {}, [] {}};
  pages.for_each([&](std::uint32_t number, const Page& page, bool) {
    static_cast<void>(pages.use_of(number));
    rows.visit(number, page, visitor);
  });
  return undamaged;
}

}  // namespace

TEST_CASE("one good copy of the digest key is enough; without one there is nothing to salvage [I10]") {
  const SavedStore store = save_store(31, 10);
  Bytes one_copy = store.database;
  spoil_keys(one_copy, 1);
  const Salvaged result = salvaged(one_copy);
  REQUIRE_MESSAGE(result.report.ok(), result.report.error().context);
  CHECK(result.rows == store.rows);
  CHECK_FALSE(result.report->all_undamaged());
  Bytes none = store.database;
  spoil_keys(none, 0);
  CHECK(salvaged(none).report.error().code == core::ErrorCode::damaged);
  CHECK(salvaged({}).report.error().code == core::ErrorCode::damaged);
  CHECK(salvaged(Bytes(40'000, 0x0d)).report.error().code == core::ErrorCode::damaged);
}

TEST_CASE("without meta every event counts as not published, and no number is given twice [I3]") {
  const SavedStore store = save_store(32, 20);
  const DigestKey key = key_of_stores();
  // The key's two copies: of meta and of the epoch. Whichever is spoiled, the other's row goes on.
  int with_marks = 0;
  for (const bool first : {true, false}) {
    Bytes file = store.database;
    const auto at = first ? std::search(file.begin(), file.end(), key.begin(), key.end())
                          : std::find_end(file.begin(), file.end(), key.begin(), key.end());
    *at ^= 1U;
    const Salvaged result = salvaged(file);
    REQUIRE(result.report.ok());
    CHECK(result.rows == store.rows);
    CHECK(result.loaded.last_event == core::Position{2, 0});
    CHECK(result.loaded.last_number == core::OrderNumber{20});
    CHECK(result.loaded.epoch == "epoch-after-salvage");
    const bool meta_lost = tells(result.report->damaged, "meta", "1");
    CHECK(meta_lost != tells(result.report->damaged, "epochs", "1"));
    CHECK(result.loaded.outbox.published == (meta_lost ? core::Position{} : core::Position{1, 4}));
    with_marks += meta_lost ? 0 : 1;
  }
  CHECK(with_marks == 1);
}

TEST_CASE("a salvaged store that is salvaged again begins another epoch") {
  const Salvaged once = salvaged(save_store(33, 5).database);
  REQUIRE(once.report.ok());
  const Salvaged twice = salvaged(once.database);
  REQUIRE(twice.report.ok());
  CHECK(twice.report->all_undamaged());
  CHECK(twice.loaded.last_event == core::Position{3, 0});
  CHECK(twice.rows == once.rows);
}

TEST_CASE("a body of many pages comes over, and is lost alone when one of them is damaged [I10]") {
  disk::Disk disk("long");
  Store store(34);
  std::string raw;
  for (int line = 0; line < 20'000; ++line) raw += "line " + std::to_string(line) + "\n";
  {
    Journal journal = opened(options_for(store_path, disk.name()));
    core::Changes changes;
    for (int each = 0; each < 3; ++each) store.arrive(changes);
    changes.bodies[1].raw = raw;
    REQUIRE(journal.commit(changes).written.ok());
    REQUIRE(journal.checkpoint(CheckpointMode::truncate).ok());
  }
  const Bytes file = disk.cached().files.at(store_path);
  const Rows rows = rows_in(file);
  const Salvaged whole = salvaged(file);
  REQUIRE(whole.report.ok());
  CHECK(whole.report->all_undamaged());
  CHECK(whole.rows == rows);
  for (const std::string line : {"line 1000\n", "line 10000\n", "line 19990\n"}) {
    Bytes spoiled = file;
    *std::search(spoiled.begin(), spoiled.end(), line.begin(), line.end()) ^= 1U;
    const Salvaged result = salvaged(spoiled);
    REQUIRE(result.report.ok());
    CHECK(tells(result.report->damaged, "bodies", "2"));
    Rows expected = rows;
    expected.erase({"bodies", "2"});
    CHECK(result.rows == expected);
  }
}

TEST_CASE("a disk that is full for the new database is an error, and so is a database in its place") {
  const SavedStore store = save_store(35, 40);
  const MemorySource database(store.database);
  const MemorySource wal(store.wal);
  for (const std::int64_t room : {0, 10'000, 100'000, 200'000}) {
    disk::Disk disk("full");
    disk.set_capacity(room);
    const auto report = salvage(database, wal, options_for(store_path, disk.name()));
    CAPTURE(room);
    REQUIRE_FALSE(report.ok());
    CHECK(report.error().code == core::ErrorCode::disk_full);
  }
  disk::Disk disk("taken");
  const JournalOptions options = options_for(store_path, disk.name());
  { const Journal journal = opened(options); }
  CHECK(salvage(database, wal, options).error().code == core::ErrorCode::conflict);
}

TEST_CASE("files: the new one appears beside the old ones, which stay as they are") {
  const support::TempDir folder;
  const SavedStore store = save_store(36, 10, 3);
  const std::string file = put_down(folder, store);
  const auto report = salvage_file(request_for(file));
  REQUIRE_MESSAGE(report.ok(), report.error().context);
  CHECK(report->all_undamaged());
  CHECK(rows_in(file + ".salvaged", "") == store.rows);
  std::filesystem::remove(file + ".salvaged-wal");  // of the test's own reading
  CHECK(support::read_file(file) == text_of(store.database));
  CHECK(support::read_file(file + "-wal") == text_of(store.wal));
  CHECK(files_in(folder) == std::set<std::string>{"orders.db", "orders.db-wal", "orders.db.salvaged"});
}

TEST_CASE("files: an output that exists, or a WAL under its name, is never touched") {
  const support::TempDir folder;
  const std::string file = put_down(folder, save_store(37, 5));
  for (const char* ending : {"", "-wal"}) {
    const std::string taken = folder.file("new.db");
    support::write_file(taken + ending, "somebody's");
    SalvageRequest request = request_for(file);
    request.out = taken;
    CHECK(salvage_file(request).error().code == core::ErrorCode::conflict);
    CHECK(support::read_file(taken + ending) == "somebody's");
    CHECK(files_in(folder).size() == 3);
    std::filesystem::remove(taken + ending);
  }
}

TEST_CASE("files: what cannot be salvaged leaves nothing behind") {
  const support::TempDir folder;
  CHECK(salvage_file(request_for(folder.file("none.db"))).error().code == core::ErrorCode::not_found);
  CHECK(salvage_file(request_for(folder.path().string())).error().code == core::ErrorCode::invalid);
  support::write_file(folder.file("text.db"), "no database at all");
  CHECK(salvage_file(request_for(folder.file("text.db"))).error().code == core::ErrorCode::damaged);
  SalvageRequest nowhere = request_for(put_down(folder, save_store(38, 5)));
  nowhere.out = folder.file("no/such/folder/new.db");
  CHECK_FALSE(salvage_file(nowhere).ok());
  CHECK(files_in(folder) == std::set<std::string>{"orders.db", "orders.db-wal", "text.db"});
}

TEST_CASE("files: a store that a journal has open is refused, and while it is salvaged none can open it") {
  const support::TempDir folder;
  const std::string file = put_down(folder, save_store(39, 5));
  {
    const Journal journal = opened(options_for(file));
    CHECK(salvage_file(request_for(file)).error().code == core::ErrorCode::unavailable);
  }
  {
    const auto source = FileSource::open(file);
    REQUIRE(source.ok());
    REQUIRE((*source)->lock_against_writers().ok());
    CHECK(Journal::open(options_for(file)).error().code == core::ErrorCode::unavailable);
  }
  CHECK(salvage_file(request_for(file)).ok());
}

TEST_CASE("a newer schema's file is salvaged as far as it is understood, and its version is told") {
  SavedStore store = save_store(42, 5);
  store.database.at(63) = 2;
  const Salvaged result = salvaged(store.database);
  REQUIRE(result.report.ok());
  CHECK(tells(result.report->damaged, "(file)", "schema version"));
  CHECK(result.rows == store.rows);
  CHECK_FALSE(tells(salvaged(save_store(42, 5).database).report->damaged, "(file)"));

  // And where no row can be read, that may be why.
  for (std::size_t at = page_size; at < store.database.size(); ++at) store.database[at] = 0;
  CHECK(salvaged(store.database).report.error().code == core::ErrorCode::invalid);
}

TEST_CASE("thousands of random changes are read to an end, whatever they make of the files") {
  const SavedStore store = save_store(40, 6, 3);
  const core::DigestFunction digest = sip_digest(key_of_stores());
  const std::size_t all = read_everything(store.database, store.wal, digest);
  REQUIRE(all > 150);
  disk::Draws draws(41);
  for (int image = 0; image < support::rounds(2'000); ++image) {
    Bytes database = store.database;
    Bytes wal = store.wal;
    for (std::uint64_t change = draws.below(12) + 1; change > 0; --change) {
      Bytes& file = draws.chance(700) ? database : wal;
      // Heads of pages and frames more often than their contents; and now and then another length.
      const std::size_t page = draws.index(file.size() / page_size) * page_size;
      const std::size_t at =
          std::min(page + draws.index(draws.chance(600) ? 40 : page_size), file.size() - 1);
      constexpr unsigned char bytes[] = {0, 1, 2, 5, 10, 13, 0x7f, 0x80, 0xff};
      file[at] =
          draws.chance(500) ? bytes[draws.below(std::size(bytes))] : static_cast<unsigned char>(draws.next());
      if (draws.chance(30)) file.resize(1 + draws.index(file.size()) + page_size);
    }
    CHECK(read_everything(database, wal, digest) <= 2 * all);
  }
}

TEST_CASE("random changes give a salvaged store or an error, never a row that was not") {
  const SavedStore store = save_store(42, 6);
  disk::Draws draws(43);
  for (int image = 0; image < support::rounds(80); ++image) {
    CAPTURE(image);
    Bytes file = store.database;
    for (std::uint64_t change = draws.below(30) + 1; change > 0; --change)
      file[draws.index(file.size())] = static_cast<unsigned char>(draws.next());
    const Salvaged result = salvaged(file);
    if (!result.report) {
      CHECK(result.report.error().code == core::ErrorCode::damaged);
      continue;
    }
    for (const auto& [key, row] : result.rows) {
      const auto truth = store.rows.find(key);
      REQUIRE(truth != store.rows.end());
      CHECK(truth->second == row);
    }
  }
}

TEST_CASE("a page that says it has fewer rows than lie on it is named, since what it lacks is not [I10]") {
  const SavedStore store = save_store(91, 40);
  int shortened = 0;
  for (std::size_t page = 1; page < store.database.size() / page_size; ++page) {
    Bytes file = store.database;
    unsigned char* head = file.data() + page * page_size;
    constexpr unsigned char table_leaf = 0x0d;
    if (head[0] != table_leaf || head[3] != 0 || head[4] < 2) continue;
    --head[4];  // the number of its cells: the last row is there and nothing leads to it
    const Salvaged result = salvaged(file);
    REQUIRE(result.report.ok());
    INFO("page ", page + 1);
    CHECK(tells(result.report->damaged, "(page)", std::to_string(page + 1)));
    ++shortened;
  }
  CHECK(shortened >= 5);
}
