// What has to wait for the end of a turn.
#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <future>
#include <string>
#include <vector>

#include "app/stock.hpp"
#include "app/turns.hpp"
#include "running_service.hpp"
#include "tests/support/eventually.hpp"

using namespace storegate;

namespace {

/// Turns over a journal whose thread a test can hold up.
struct Bench {
  Bench() {
    auto found = app::open_stock(config, vfs, {});
    REQUIRE(found.ok());
    epoch = found->loaded.epoch;
    engine.emplace(
        app::policy_of(config), std::move(found->loaded),
        core::Generator(std::array<std::uint64_t, 4>{1, 2, 3, 4}),
        [](std::int64_t) { return core::LocalTime{}; }, core::Now{});
    store.emplace(std::move(found->journal), loop);
    app::TurnHooks hooks;
    hooks.carry_out = [](core::Effect&&) {};
    hooks.events_ready = hooks.sync_failed = [] {};
    turns.emplace(*engine, *store, loop, clock, gauges, std::move(found->digest), std::move(hooks));
  }

  /// Something that is written.
  void offer() {
    core::GatewayStarted started;
    started.epoch = epoch;
    started.why = "started";
    turns->offer(std::move(started));
  }
  /// Occupies the store's thread until gate is opened.
  void occupy() {
    store->submit(app::Urgency::commit,
                  [opened = gate.get_future().share()](storage::Journal&) -> app::Completion {
                    opened.wait();
                    return {};
                  });
  }
  template <typename Predicate>
  void run_until(Predicate predicate) {
    support::eventually("the turn's end", std::chrono::seconds(10), [&] {
      loop.run_ready();
      return predicate();
    });
  }

  support::TempDir folder;
  app::Config config = app_test::ordinary_config(folder);
  storage::CountingVfs vfs = std::move(storage::CountingVfs::over("turns-test")).value();
  platform::Loop loop;
  platform::Clock clock;
  app::Gauges gauges{[] { return app::Levels{}; }};
  std::string epoch;
  std::promise<void> gate;
  std::optional<core::Engine> engine;
  std::optional<app::StoreThread> store;
  std::optional<app::Turns> turns;
};

}  // namespace

TEST_CASE("what waits for the end of a turn is run right there, before the next one; of two only the newer") {
  Bench bench;
  std::vector<std::string> ran;
  bench.turns->between_turns([&] { ran.emplace_back("no turn is open"); });
  CHECK(ran.size() == 1);
  bench.occupy();
  bench.offer();
  bench.loop.run_ready();
  REQUIRE(bench.engine->turn_open());
  bench.offer();  // the next turn's
  bench.turns->between_turns([&] { ran.emplace_back("older"); });
  bench.turns->between_turns([&] {
    ran.emplace_back("newer");
    CHECK_FALSE(bench.engine->turn_open());
    CHECK(bench.engine->wants_turn(bench.turns->now()));
  });
  bench.loop.run_ready();
  CHECK(ran.size() == 1);
  bench.gate.set_value();
  bench.run_until([&] { return ran.size() > 1; });
  bench.run_until([&] { return !bench.engine->turn_open() && bench.engine->inputs_waiting() == 0; });
  CHECK(ran == std::vector<std::string>{"no turn is open", "newer"});
}
