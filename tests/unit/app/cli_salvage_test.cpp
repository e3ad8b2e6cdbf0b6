// The salvage command: its words, its statuses, and that it asks no service.
#include <doctest/doctest.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "app/cli.hpp"
#include "app/cli_salvage.hpp"
#include "storage/journal.hpp"
#include "storage/sip_digest.hpp"
#include "tests/support/temp_dir.hpp"

using namespace storegate;

namespace {

storage::JournalOptions options_for(const std::string& path) {
  storage::JournalOptions options;
  options.path = path;
  options.digest = storage::sip_digest;
  options.fresh_key[0] = 7;
  options.fresh_epoch = "one";
  return options;
}

storage::Journal opened(const std::string& path) {
  auto journal = storage::Journal::open(options_for(path));
  if (!journal) FAIL(journal.error().context);
  return std::move(*journal);
}

/// A store with one order, its bytes in the database file; an empty WAL beside it.
std::string store_in(const support::TempDir& folder) {
  const std::string file = folder.file("orders.db");
  storage::Journal journal = opened(file);
  core::Changes changes;
  core::Order order;
  order.number = core::OrderNumber{1};
  order.phase = core::Phase::completed;
  order.partner = "kiosk";
  order.partner_order_id = "K-1\x1b[2J";
  order.cancel_text = "to be found";
  changes.orders = {order};
  core::OrderBody body;
  body.number = order.number;
  body.canonical = "{}";
  changes.bodies = {body};
  REQUIRE(journal.commit(changes).written.ok());
  REQUIRE(journal.checkpoint(storage::CheckpointMode::truncate).ok());
  return file;
}

struct Shell {
  std::ostringstream out, err;
  int run(std::vector<const char*> words) {
    words.insert(words.begin(), {"storegate", "salvage"});
    app::CliWorld world{out,
                        err,
                        [](platform::HttpCall) -> platform::HttpOutcome {
                          FAIL("no service is to be asked");
                          return {};
                        },
                        [](const std::string&) { return 0; },
                        [] { return std::int64_t{1'795'435'200'000}; },
                        "/nonexistent/storegate.toml"};
    return app::run_cli(static_cast<int>(words.size()), words.data(), world);
  }
};

bool has(const std::ostringstream& stream, const std::string& text) {
  return stream.str().find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("salvage of an undamaged store ends with 0, and says how to use what it made") {
  const support::TempDir folder;
  const std::string file = store_in(folder);
  Shell shell;
  CHECK(shell.run({file.c_str()}) == 0);
  CHECK(shell.err.str().empty());
  CHECK(has(shell.out, "Every row was undamaged."));
  CHECK(has(shell.out, "stop the service, then: mv " + file + "-wal " + file + ".damaged-wal && mv " + file +
                           " " + file + ".damaged && mv " + file + ".salvaged " + file + "\n"));
  CHECK(has(shell.out, "start the service"));
  // As it says.
  std::filesystem::remove(file + "-wal");
  std::filesystem::rename(file + ".salvaged", file);
  storage::Journal journal = opened(file);
  const auto loaded = journal.load({});
  REQUIRE(loaded.ok());
  CHECK(loaded->damaged.empty());
  CHECK(loaded->loaded.ended.size() == 1);
  CHECK(loaded->loaded.epoch.size() == 20);  // drawn
}

TEST_CASE(
    "salvage of a damaged store ends with 1 and names the order, without its control characters [I10]") {
  const support::TempDir folder;
  const std::string file = store_in(folder);
  std::string bytes = support::read_file(file);
  bytes[bytes.find("to be found")] = 'T';
  support::write_file(file, bytes);
  Shell shell;
  const std::string out = folder.file("new.db");
  CHECK(shell.run({file.c_str(), "--out", out.c_str()}) == 1);
  CHECK(has(shell.out, "orders 1 (kiosk K-1 [2J): the digest does not match"));
  CHECK(std::filesystem::exists(out));
}

TEST_CASE(
    "salvage without a file, of no file, in use, or onto one that exists ends with 2; of no store with 3") {
  const support::TempDir folder;
  const std::string file = store_in(folder);
  const std::string none = folder.file("none.db");
  const std::string text = folder.file("text.db");
  support::write_file(text, "no database");
  const auto status = [](const std::vector<const char*>& words) {
    Shell shell;
    const int ended = shell.run(words);
    CHECK_FALSE(shell.err.str().empty());
    CHECK(shell.out.str().empty());
    return ended;
  };
  CHECK(status({}) == 2);
  CHECK(status({none.c_str()}) == 2);
  CHECK(status({file.c_str(), "--out", text.c_str()}) == 2);
  CHECK(support::read_file(text) == "no database");
  {
    const storage::Journal journal = opened(file);
    CHECK(status({file.c_str()}) == 2);
  }
  CHECK(status({text.c_str()}) == 3);
  CHECK_FALSE(std::filesystem::exists(text + ".salvaged"));
}
