// Memory, the start, and what an idle storegate takes: with nothing in the store and with 10,000 held orders.
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <thread>

#include "sections.hpp"
#include "tests/support/http_caller.hpp"
#include "tests/support/orders.hpp"

namespace storegate::bench {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::uint64_t held_orders = 10000;
constexpr auto settle = 7s;  // beyond the 5 s after which rows that were put off are written
constexpr auto idle_span = 10s;

double mib_of(std::int64_t bytes) { return static_cast<double>(bytes) / (1024.0 * 1024); }

struct Idle {
  double gateway_percent = 0;
  double broker_percent = 0;
};

Idle watch_idle(const BenchStore& store) {
  const double gateway = store.usage().cpu_s;
  const double broker = store.broker_usage().cpu_s;
  const auto begun = Clock::now();
  std::this_thread::sleep_for(idle_span);
  const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  return {100 * (store.usage().cpu_s - gateway) / seconds,
          100 * (store.broker_usage().cpu_s - broker) / seconds};
}

Row idle_row(const std::string& when, const Idle& idle) {
  return {"Idle CPU over 10 s, " + when + ": under 0.2 % of a core",
          decimal_text(idle.gateway_percent, 3) + " %",
          "mosquitto meanwhile: " + decimal_text(idle.broker_percent, 3) + " %",
          verdict_of(idle.gateway_percent < 0.2), "timers of the loop"};
}

/// From the start of the process to the first order that is answered 201, in ms.
double start_ms(BenchStore& store) {
  const auto begun = Clock::now();
  store.launch();
  support::HttpCaller caller(store.api());
  while (Clock::now() - begun < 30s) {
    const std::string id = support::unique_id("start");
    const auto answer =
        caller.post("/v1/orders", support::canonical_order("kiosk", id), {{"Idempotency-Key", id}});
    if (answer.is(201)) return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
    if (!answer.answered()) caller.close();
    std::this_thread::sleep_for(1ms);
  }
  throw std::runtime_error("no order was accepted within 30 s of the start: " + store.state());
}

/// From `fork` to the end of a program that loads the same libraries and prints its version, in ms.
double bare_start_ms(const std::string& program) {
  const auto begun = Clock::now();
  support::Process process(program, {"version"});
  if (!process.wait(10s)) throw std::runtime_error("storegate version did not end");
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

Row memory_row(const std::string& when, const BenchStore& store, double goal) {
  const double mib = mib_of(store.usage().rss_bytes);
  return {"RSS " + when + ": at most " + decimal_text(goal, 0) + " MiB", decimal_text(mib, 1) + " MiB",
          "mosquitto at that moment: " + decimal_text(mib_of(store.broker_usage().rss_bytes), 1) + " MiB",
          verdict_of(mib <= goal), "the book in memory, or a page cache that grew"};
}

Row start_row(BenchStore& store, double bare_start_ms) {
  std::vector<double> starts;
  std::vector<double> reads;
  for (int round = 0; round < 5; ++round) {
    store.stop();
    reads.push_back(read_orders_ms(store.database()));
    starts.push_back(start_ms(store));
  }
  const double start = median_of(starts);
  return {"Start to first accepted order with 10,000 held orders, under 1 s",
          decimal_text(start, 0) + " ms (5 starts)",
          "an empty start of the program " + decimal_text(bare_start_ms, 0) +
              " ms, a bare read of the rows " + decimal_text(median_of(reads), 0) + " ms",
          verdict_of(start < 1000), "loading: every row is digested and folded"};
}

}  // namespace

std::vector<Row> measure_memory(Bench& bench) {
  std::fprintf(stderr, "memory, idle and start\n");
  const double bare = bare_start_ms(bench.program());
  BenchStore store(bench.program());
  std::this_thread::sleep_for(settle);
  const Row rss_empty = memory_row("idle", store, 16);
  const Idle idle_empty = watch_idle(store);
  {
    LifeLoad load(store, {.lives_max = held_orders, .hold = true});
    load.begin();
    load.finish();
    load.run_for(settle);  // the cloud takes its events meanwhile
  }
  const Row rss_full = memory_row("with 10,000 held orders", store, 64);
  const Idle idle_full = watch_idle(store);
  const Row start = start_row(store, bare);
  store.wait_until_ready(30s);
  std::this_thread::sleep_for(settle);
  const Row rss_restarted = memory_row("with 10,000 held orders after a restart", store, 64);
  store.stop();
  return {rss_empty,
          rss_full,
          rss_restarted,
          start,
          idle_row("empty", idle_empty),
          idle_row("10,000 held orders", idle_full)};
}

}  // namespace storegate::bench
