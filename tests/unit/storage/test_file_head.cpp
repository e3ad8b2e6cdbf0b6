// Whose a file is, without opening it: the WAL counts, and nothing changes.
#include <doctest/doctest.h>

#include <filesystem>
#include <map>

#include "builders.hpp"
#include "storage/database.hpp"
#include "storage/file_head.hpp"
#include "storage/schema.hpp"
#include "support/temp_dir.hpp"

using namespace storegate;
using namespace storegate::storage;
using namespace storegate::storage::test;

namespace {

std::map<std::string, std::string> files_in(const support::TempDir& dir) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path()))
    files[entry.path().filename().string()] = support::read_file(entry.path());
  return files;
}

FileHead head(const std::string& path) {
  const core::Result<FileHead> read = read_head(path);
  REQUIRE(read.ok());
  return *read;
}

void leave_in_wal(const std::string& path, std::string_view sql) {
  core::Result<Database> database = Database::open(path, "", may_write);
  REQUIRE(database.ok());
  REQUIRE(database->execute(sql).ok());
}

}  // namespace

TEST_CASE("a schema version that is still in the WAL is seen, and no file changes or appears") {
  const support::TempDir dir;
  const std::string path = dir.file("orders.db");
  { const Journal journal = opened(options_for(path)); }
  CHECK(head(path).is_ours());
  CHECK_FALSE(head(path).is_newer());
  CHECK(head(path).schema_version == schema_version);
  leave_in_wal(path, "PRAGMA user_version=99");
  const auto before = files_in(dir);
  REQUIRE(before.at("orders.db").at(63) == 1);
  CHECK(head(path).schema_version == 99);
  CHECK(head(path).is_newer());
  CHECK((files_in(dir) == before));

  // A commit that was cut does not count.
  std::string wal = before.at("orders.db-wal");
  wal.resize(32 + 24 + page_bytes - 1);  // its first frame
  support::write_file(dir.path() / "orders.db-wal", wal);
  CHECK(head(path).schema_version == 1);
}

TEST_CASE("a database that a journal has open is in use, and is not kept from it") {
  const support::TempDir dir;
  const std::string path = dir.file("orders.db");
  {
    Journal journal = opened(options_for(path));
    CHECK(head(path).in_use);
    CHECK(head(path).is_ours());
    core::Changes changes;
    Store(7).arrive(changes);
    CHECK(journal.commit(changes).written.ok());
  }
  CHECK_FALSE(head(path).in_use);
  CHECK(head(path).is_ours());
}

TEST_CASE("what is no database of ours") {
  const support::TempDir dir;
  CHECK(read_head(dir.file("none.db")).error().code == core::ErrorCode::not_found);
  CHECK(read_head(dir.path().string()).error().code == core::ErrorCode::invalid);
  support::write_file(dir.path() / "empty.db", "");
  CHECK(head(dir.file("empty.db")).empty);
  CHECK_FALSE(head(dir.file("empty.db")).is_database);
  support::write_file(dir.path() / "text.db", std::string(8192, 'x'));
  CHECK_FALSE(head(dir.file("text.db")).is_database);
  CHECK_FALSE(head(dir.file("text.db")).empty);
  // A creation that was cut behind its first write, and a file of somebody else.
  { const auto database = Database::open(dir.file("cut.db"), "", may_write); }
  CHECK(head(dir.file("cut.db")).is_database);
  CHECK_FALSE(head(dir.file("cut.db")).is_ours());
  CHECK_FALSE(head(dir.file("cut.db")).has_tables);
  leave_in_wal(dir.file("cut.db"), "CREATE TABLE photos (name TEXT)");
  CHECK(head(dir.file("cut.db")).has_tables);
  CHECK_FALSE(head(dir.file("cut.db")).is_ours());
}
