// Statements: most are prepared when they are first used, so what is wrong with one must be found here.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "builders.hpp"
#include "storage/database.hpp"
#include "storage/schema.hpp"
#include "support/temp_dir.hpp"

using namespace storegate;
using namespace storegate::storage;
using namespace storegate::storage::test;

namespace {

std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("every statement of the journal can be prepared on a database that is new") {
  const support::TempDir dir;
  const std::string path = dir.file("orders.db");
  { const Journal journal = opened(options_for(path)); }
  core::Result<Database> database = Database::open(path, "", may_write);
  REQUIRE(database.ok());
  int prepared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SQL_FOLDER)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("schema_")) continue;
    CAPTURE(name);
    CHECK(database->prepare(content_of(entry.path())).ok());
    ++prepared;
  }
  CHECK(prepared > 30);
}

TEST_CASE(
    "a statement that is prepared when it is first used tells then what is wrong, and can be used again") {
  const support::TempDir dir;
  core::Result<Database> database = Database::open(dir.file("orders.db"), "", may_write);
  REQUIRE(database.ok());
  Statement read = database->prepare_later("SELECT count(*) + ?1 FROM marks");
  read.bind(1, std::int64_t{40});
  const core::Result<bool> without_table = read.step();
  REQUIRE(!without_table);
  CHECK(without_table.error().context.find("marks") != std::string::npos);

  REQUIRE(database->execute("CREATE TABLE marks (a)").ok());
  REQUIRE(database->execute("INSERT INTO marks VALUES (1), (2)").ok());
  for (int again = 0; again < 2; ++again) {
    const Reading reading(read);
    read.bind(1, std::int64_t{40});
    const core::Result<bool> row = read.step();
    REQUIRE(row.ok());
    REQUIRE(*row);
    CHECK(read.integer(0) == 42);
  }
}
