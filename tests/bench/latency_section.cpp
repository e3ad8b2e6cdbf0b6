// Latency with one sender, beside a bare commit and a bare round trip, taken in turns so that whatever else the
// machine does meets all of them alike.
#include <chrono>
#include <cstdio>
#include <functional>

#include "sections.hpp"
#include "tests/support/orders.hpp"

namespace storegate::bench {

using namespace std::chrono_literals;

namespace {

constexpr int rounds = 10;
constexpr std::size_t round_size = 60;

/// Round trips of the smallest request against a server that does nothing for it, by the senders' own client.
class RoundTrips {
 public:
  explicit RoundTrips(const support::Address& server) : caller_(loop_, server, 1) {}
  [[nodiscard]] std::vector<double> run(std::size_t count) {
    std::vector<double> took_ms;
    const std::string request = support::http_request("GET", "/health", {}, {});
    std::function<void()> next = [&] {
      caller_.call(0, request, [&](const support::LoadAnswer& answer) {
        took_ms.push_back(static_cast<double>(answer.took.count()) * 1e-6);
        if (answer.is(200) && took_ms.size() < count) next();
      });
    };
    next();
    loop_.run_until([&] { return took_ms.size() >= count; }, 10s);
    return took_ms;
  }

 private:
  support::Loop loop_;
  support::LoadCaller caller_;
};

void append(std::vector<double>& to, const std::vector<double>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

struct Times {
  std::vector<double> acknowledge, release, commit, round_trip;
};

Times measure(BenchStore& store) {
  BareCommits commits(store.file("commits.db"), support::canonical_order("kiosk", "K-1").size());
  RoundTrips round_trips(store.pos_address());
  Times times;
  for (int round = 0; round <= rounds; ++round) {
    LifeLoad load(store, {.way = Way::own_message, .senders = 1, .lives_max = round_size});
    load.begin();
    load.finish();
    const auto bare_commits = commits.run(round_size);
    const auto bare_round_trips = round_trips.run(round_size);
    if (round == 0) continue;  // warm-up
    append(times.acknowledge, load.acknowledge_ms());
    append(times.release, load.release_ms());
    append(times.commit, bare_commits);
    append(times.round_trip, bare_round_trips);
  }
  return times;
}

std::string ms_text(double ms) { return decimal_text(ms, 3) + " ms"; }

}  // namespace

std::vector<Row> measure_latency(Bench& bench) {
  std::fprintf(stderr, "latency with one sender\n");
  BenchStore store(bench.program());
  const Reading before = store.read();
  const Times times = measure(store);
  const Reading after = store.read();
  store.stop();
  const double commit = median_of(times.commit);
  const double round_trip = median_of(times.round_trip);
  const double acknowledge = median_of(times.acknowledge);
  const double release = median_of(times.release);
  const std::string own =
      "; storegate's commits, thread and back, take " +
      ms_text((after.commit_s - before.commit_s) * 1000 / (after.commits - before.commits)) + " on average";
  const std::string parts = "commit " + ms_text(commit) + ", round trip " + ms_text(round_trip);
  const double acknowledge_goal = commit + 2 * round_trip;
  const double release_goal = 2 * commit + 4;
  return {{"One sender: order sent -> acknowledged, p50, at most a bare commit and two bare round trips",
           ms_text(acknowledge), ms_text(acknowledge_goal) + " (" + parts + ")",
           verdict_of(acknowledge <= acknowledge_goal),
           ms_text(acknowledge - commit - round_trip) + " beyond one commit and one round trip" + own},
          {"One sender: release published -> placed event received, p50, at most two bare commits and 4 ms",
           ms_text(release), ms_text(release_goal) + " (" + parts + ")", verdict_of(release <= release_goal),
           ms_text(release - 2 * commit) + " beyond two commits" + own}};
}

}  // namespace storegate::bench
