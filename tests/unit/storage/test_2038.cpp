// A database and its neighbours whose files were written after 19 January 2038, or by a clock that was ahead once. It is
// on armhf, where time_t has 32 bits, that this shows something: there SQLite opens no such file without `long_times`.
// Where time_t has 64 bits it would pass without it as well.
#include <doctest/doctest.h>

#include <fstream>

#include "builders.hpp"
#include "storage/byte_source.hpp"
#include "storage/database.hpp"
#include "storage/schema.hpp"
#include "support/file_dates.hpp"
#include "support/temp_dir.hpp"

using namespace storegate;
using namespace storegate::storage;
using namespace storegate::storage::test;

TEST_CASE("a journal whose file is of the year 2040 opens, is written, and is looked at by salvage [I9]") {
  const support::TempDir dir;
  const std::string path = dir.file("orders.db");
  { const Journal journal = opened(options_for(path)); }
  REQUIRE(support::date_to_2040(path));
  {
    core::Result<Database> database = Database::open(path, "", may_write);
    REQUIRE_MESSAGE(database.ok(), database.error().context);
    CHECK(database->execute("CREATE TABLE after_2038(a INTEGER) STRICT").ok());
    REQUIRE(support::date_to_2040(path));
    CHECK(database->execute("INSERT INTO after_2038 VALUES (1)").ok());
    CHECK(*database->number("SELECT count(*) FROM after_2038") == 1);
    CHECK(database->execute("DROP TABLE after_2038").ok());
  }
  REQUIRE(support::date_to_2040(path));
  {
    Store store(1);
    core::Changes changes;
    store.arrive(changes);
    Journal journal = opened(options_for(path));
    CHECK(journal.commit(changes).written.ok());
  }
  REQUIRE(support::date_to_2040(path));
  {
    Journal journal = opened(options_for(path));
    const core::Result<LoadReport> report = journal.load({});
    REQUIRE(report.ok());
    CHECK(report->loaded.live.size() == 1);
    CHECK(report->damaged.empty());
  }
  REQUIRE(support::date_to_2040(path));
  const auto source = FileSource::open(path);
  REQUIRE(source.ok());
  // std::filesystem's stat is the short one on armhf, and refuses such a file.
  const std::streamoff size = std::ifstream(path, std::ios::binary | std::ios::ate).tellg();
  CHECK(size > 0);
  CHECK((*source)->size() == size);
}
