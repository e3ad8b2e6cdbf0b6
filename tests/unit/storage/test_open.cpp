// Opening: settings, a second opener, foreign and newer files, and a creation that is cut short anywhere.
#include <doctest/doctest.h>
#include <sqlite3.h>

#include "builders.hpp"
#include "faulty_vfs.hpp"
#include "storage/counting_vfs.hpp"
#include "storage/database.hpp"
#include "storage/schema.hpp"
#include "support/disk/disk.hpp"
#include "support/temp_dir.hpp"

using namespace storegate;
using namespace storegate::storage;
using namespace storegate::storage::test;

namespace {

void run_sql(const std::string& path, const char* sql) {
  sqlite3* connection = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &connection) == SQLITE_OK);
  CHECK(sqlite3_exec(connection, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(connection);
}

/// Committed as the service commits: what it changes stays in the WAL.
void leave_in_wal(const std::string& path, std::string_view sql) {
  core::Result<Database> database = Database::open(path, "", may_write);
  REQUIRE(database.ok());
  REQUIRE(database->execute(sql).ok());
}

}  // namespace

TEST_CASE("the connection has every setting that the facts ask for") {
  const support::TempDir dir;
  core::Result<Database> database = Database::open(dir.file("a b?c#d%e.db"), "", may_write);
  REQUIRE(database.ok());
  const std::pair<const char*, std::int64_t> settings[] = {
      {"PRAGMA page_size", 4096},      {"PRAGMA auto_vacuum", 2},
      {"PRAGMA synchronous", 2},       {"PRAGMA secure_delete", 1},
      {"PRAGMA cell_size_check", 1},   {"PRAGMA temp_store", 2},
      {"PRAGMA cache_size", -2000},    {"PRAGMA foreign_keys", 1},
      {"PRAGMA trusted_schema", 0},    {"PRAGMA journal_size_limit", 4194304},
      {"PRAGMA wal_autocheckpoint", 0}};
  for (const auto& [name, value] : settings) {
    CAPTURE(name);
    CHECK(*database->number(name) == value);
  }
  CHECK(*database->word("PRAGMA journal_mode") == "wal");
  CHECK(*database->word("PRAGMA locking_mode") == "exclusive");
  CHECK_FALSE(database->prepare("SELECT \"no such column\"").ok());  // double quotes are no text
  CHECK(std::filesystem::exists(dir.path() / "a b?c#d%e.db"));
  CHECK_FALSE(std::filesystem::exists(dir.path() / "a b?c#d%e.db-shm"));
}

TEST_CASE("every table is STRICT and there is no index beside the primary keys") {
  const support::TempDir dir;
  { const Journal journal = opened(options_for(dir.file("orders.db"))); }
  core::Result<Database> database = Database::open(dir.file("orders.db"), "", may_write);
  REQUIRE(database.ok());
  CHECK(*database->number("SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
                          "AND name NOT LIKE 'sqlite%'") == 9);
  CHECK(*database->number("SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
                          "AND name NOT LIKE 'sqlite%' AND strict = 0") == 0);
  CHECK(*database->number("SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL") ==
        0);
}

TEST_CASE("a second opener is refused with words that say why [F4]") {
  const support::TempDir dir;
  const JournalOptions options = options_for(dir.file("orders.db"));
  Journal first = opened(options);
  core::Result<Journal> second = Journal::open(options);
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == core::ErrorCode::unavailable);
  CHECK(second.error().context.find("has it open") != std::string::npos);
  // And a reader, such as the sqlite3 tool, is refused as well.
  sqlite3* reader = nullptr;
  REQUIRE(sqlite3_open_v2(options.path.c_str(), &reader, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  CHECK(sqlite3_exec(reader, "SELECT * FROM orders", nullptr, nullptr, nullptr) == SQLITE_BUSY);
  sqlite3_close(reader);
  CHECK(first.load({}).ok());
}

TEST_CASE("a newer schema, another program's file and no database at all are refused by name") {
  const support::TempDir dir;
  { const Journal journal = opened(options_for(dir.file("newer.db"))); }
  run_sql(dir.file("newer.db"), "PRAGMA user_version = 2");
  const std::string before = support::read_file(dir.path() / "newer.db");
  const core::Result<Journal> newer = Journal::open(options_for(dir.file("newer.db")));
  CHECK(support::read_file(dir.path() / "newer.db") == before);  // for the newer one to go on with
  REQUIRE_FALSE(newer.ok());
  CHECK(newer.error().code == core::ErrorCode::invalid);
  CHECK(newer.error().context.find("newer storegate") != std::string::npos);

  run_sql(dir.file("foreign.db"), "CREATE TABLE photos (name TEXT)");
  const std::string photos = support::read_file(dir.path() / "foreign.db");
  const core::Result<Journal> foreign = Journal::open(options_for(dir.file("foreign.db")));
  CHECK(support::read_file(dir.path() / "foreign.db") == photos);
  REQUIRE_FALSE(foreign.ok());
  CHECK(foreign.error().context.find("another program") != std::string::npos);

  support::write_file(dir.path() / "text.db", std::string(8192, 'x'));
  const core::Result<Journal> text = Journal::open(options_for(dir.file("text.db")));
  REQUIRE_FALSE(text.ok());
  CHECK(text.error().code == core::ErrorCode::damaged);

  CHECK(Journal::open(options_for(dir.file("no/such/folder/orders.db"))).error().code ==
        core::ErrorCode::failed);
}

TEST_CASE(
    "a newer schema whose version is still in the WAL is refused, and not a byte of either file changes") {
  const support::TempDir dir;
  JournalOptions options = options_for(dir.file("orders.db"));
  { const Journal journal = opened(options); }
  leave_in_wal(options.path, "PRAGMA user_version=99");
  const std::filesystem::path file = dir.path() / "orders.db";
  const std::filesystem::path wal = dir.path() / "orders.db-wal";
  const std::string file_before = support::read_file(file);
  const std::string wal_before = support::read_file(wal);
  REQUIRE_FALSE(wal_before.empty());
  REQUIRE(file_before.at(63) == 1);  // the header knows nothing of it
  options.reserve_bytes = 1 << 20;
  for (int start = 0; start < 3; ++start) {
    const core::Result<Journal> newer = Journal::open(options);
    CHECK((support::read_file(file) == file_before));
    CHECK((support::read_file(wal) == wal_before));
    REQUIRE_FALSE(newer.ok());
    CHECK(newer.error().code == core::ErrorCode::invalid);
    CHECK(newer.error().context.find("schema version 99, written by a newer storegate") != std::string::npos);
  }
  for (const auto& entry : std::filesystem::directory_iterator(dir.path()))
    CHECK_MESSAGE((entry.path() == file || entry.path() == wal), entry.path().string());
}

TEST_CASE("another program's file in WAL mode keeps its WAL") {
  const support::TempDir dir;
  { const Journal journal = opened(options_for(dir.file("orders.db"))); }
  leave_in_wal(dir.file("orders.db"), "PRAGMA application_id=7");
  const std::string before = support::read_file(dir.path() / "orders.db-wal");
  const core::Result<Journal> foreign = Journal::open(options_for(dir.file("orders.db")));
  CHECK((support::read_file(dir.path() / "orders.db-wal") == before));
  REQUIRE_FALSE(foreign.ok());
  CHECK(foreign.error().context.find("another program") != std::string::npos);
}

TEST_CASE("a database that lacks one of the tables is refused at once, not when the table is first needed") {
  for (const char* table : {"meta", "epochs", "orders", "bodies", "events", "early", "key_aliases",
                            "availability", "dead_letters"}) {
    CAPTURE(table);
    const support::TempDir dir;
    const std::string path = dir.file("orders.db");
    { const Journal journal = opened(options_for(path)); }
    run_sql(path, (std::string("DROP TABLE ") + table).c_str());
    const core::Result<Journal> refused = Journal::open(options_for(path));
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().context.find(table) != std::string::npos);
  }
}

TEST_CASE("a creation that is cut at any write leaves no half-made database [F11]") {
  FaultyVfs vfs("test-cut");
  int cuts = 0;
  for (int nth = 1; nth < 200; ++nth) {
    const support::TempDir dir;
    vfs.cut_at_write(nth);
    static_cast<void>(Journal::open(options_for(dir.file("orders.db"), vfs.name())).ok());
    const bool cut = vfs.heal();
    JournalOptions again = options_for(dir.file("orders.db"));
    again.fresh_epoch = "second try";
    Journal journal = opened(again);
    core::Result<LoadReport> report = journal.load({});
    REQUIRE(report.ok());
    CHECK(report->damaged.empty());
    CHECK(report->loaded.created == (report->loaded.epoch == "second try"));
    if (!cut) break;
    ++cuts;
  }
  CHECK(cuts > 10);
  CHECK(cuts < 199);
}

TEST_CASE("the counting VFS refuses a name that is taken and a base that is not there") {
  core::Result<CountingVfs> first = CountingVfs::over("test-count-name");
  REQUIRE(first.ok());
  CHECK(CountingVfs::over("test-count-name").error().code == core::ErrorCode::conflict);
  CHECK(CountingVfs::over("test-count-other", "no such base").error().code == core::ErrorCode::not_found);
}

TEST_CASE("what a start finds in the WAL is durable before anybody acts on it, on a full disk too [I1]") {
  disk::Disk disk("unit-start-on-a-full-disk");
  const JournalOptions options = options_for("/store/orders.db", disk.name());
  Store store(23);
  {
    Journal journal = opened(options);
    core::Changes changes;
    store.arrive(changes);
    REQUIRE(journal.commit(changes).written.ok());
    disk.set_hook([&](const disk::Op& op) {  // killed between the commit's last write and its sync
      if (op.kind == disk::OpKind::sync) disk.kill();
      return SQLITE_OK;
    });
    core::Changes cut_off;
    store.arrive(cut_off);
    CHECK_FALSE(journal.commit(cut_off).written.ok());
  }
  disk.set_hook({});
  disk.restart();
  disk.set_capacity(disk.used_bytes());
  {
    Journal journal = opened(options);
    REQUIRE(journal.load(IdentityWindow{})->loaded.live.size() == 2);  // now it may be answered for
  }
  disk.power_cut([](const disk::Step&) { return disk::Fate{false, 0, 0}; });
  disk.set_capacity(std::nullopt);
  Journal journal = opened(options);
  CHECK(journal.load(IdentityWindow{})->loaded.live.size() == 2);
}
