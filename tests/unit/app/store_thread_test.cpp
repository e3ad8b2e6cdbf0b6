// The store thread: order of its lanes, and its end.
#include <doctest/doctest.h>

#include <future>
#include <string>
#include <vector>

#include "app/store_thread.hpp"
#include "platform/digest.hpp"
#include "platform/loop.hpp"
#include "tests/support/temp_dir.hpp"

using namespace storegate;
using app::Urgency;

namespace {

storage::Journal open_journal(const support::TempDir& folder) {
  storage::JournalOptions options;
  options.path = folder.file("orders.db");
  options.digest = [](std::span<const std::uint8_t> key) -> core::DigestFunction {
    return platform::KeyedDigest(key);
  };
  options.fresh_key.fill(7);
  options.fresh_epoch = "epoch";
  auto journal = storage::Journal::open(options);
  REQUIRE(journal.ok());
  return std::move(*journal);
}

struct Bench {
  support::TempDir folder;
  platform::Loop loop;
  app::StoreThread store{open_journal(folder), loop};
  std::promise<void> entered;
  std::promise<void> gate;
  std::vector<std::string> done;  // on the loop

  /// Occupies the thread until gate is opened.
  void occupy() {
    auto running = entered.get_future();
    store.submit(Urgency::commit,
                 [this, opened = gate.get_future().share()](storage::Journal&) -> app::Completion {
                   entered.set_value();
                   opened.wait();
                   return {};
                 });
    running.wait();
  }
  void submit(Urgency urgency, std::string name, bool last = false) {
    store.submit(urgency, [this, name, last](storage::Journal&) -> app::Completion {
      return [this, name, last] {
        done.push_back(name);
        if (last) loop.stop();
      };
    });
  }
};

}  // namespace

TEST_CASE("a commit goes before the reads that were there first, and housekeeping comes last") {
  Bench bench;
  bench.occupy();
  bench.submit(Urgency::spare, "housekeeping", true);
  bench.submit(Urgency::read, "read 1");
  bench.submit(Urgency::read, "read 2");
  bench.submit(Urgency::commit, "commit");
  CHECK(bench.store.busy());
  bench.gate.set_value();
  bench.loop.run();
  CHECK(bench.done == std::vector<std::string>{"commit", "read 1", "read 2", "housekeeping"});
  CHECK(bench.store.jobs_done() == 5);
}

TEST_CASE("at the end waiting commits are carried out and everything else is dropped") {
  Bench bench;
  bench.occupy();
  bench.submit(Urgency::read, "read");
  bench.submit(Urgency::spare, "housekeeping");
  bench.submit(Urgency::commit, "commit");
  CHECK_FALSE(bench.store.stop(std::chrono::milliseconds(1)));  // the thread is in a job that does not end
  bench.submit(Urgency::commit, "too late");
  bench.gate.set_value();
  CHECK(bench.store.stop(std::chrono::seconds(10)));
  bench.loop.run_ready();
  CHECK(bench.done == std::vector<std::string>{"commit"});
  CHECK_FALSE(bench.store.busy());
}

TEST_CASE("a job's completion runs on the loop's thread and not before the loop turns") {
  Bench bench;
  bool on_loop = false;
  std::promise<void> ran;
  bench.store.submit(Urgency::read, [&](storage::Journal&) -> app::Completion {
    ran.set_value();
    return [&] {
      on_loop = bench.loop.on_loop_thread();
      bench.loop.stop();
    };
  });
  ran.get_future().wait();
  CHECK_FALSE(on_loop);
  bench.loop.run();
  CHECK(on_loop);
}
