// The bench's sections: each measures some of the goals, starts what it needs fresh, and stands alone.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "life_load.hpp"
#include "sqlite_floor.hpp"
#include "table.hpp"

namespace storegate::bench {

/// What 64 senders got in one way of releasing, between two readings.
struct LoadRun {
  double seconds = 0;
  double lives = 0;
  Reading used;  // differences, over the whole time
  double peak_rss_mib = 0;
  ReplayResult floor;
};

/// What a run of the bench knows: the program under measurement, how long to measure, and load runs already made.
class Bench {
 public:
  Bench(std::string program, double seconds) : program_(std::move(program)), seconds_(seconds) {}

  /// Sections share these, so that syncs, throughput, CPU and bytes speak of the same run.
  [[nodiscard]] const LoadRun& load_run(Way way);
  [[nodiscard]] const std::string& program() const noexcept { return program_; }
  [[nodiscard]] double seconds() const noexcept { return seconds_; }

 private:
  std::string program_;
  double seconds_;
  std::map<Way, LoadRun> runs_;
};

inline constexpr Way all_ways[] = {Way::http, Way::many_to_a_message, Way::own_message};

[[nodiscard]] std::vector<Row> measure_syncs(Bench& bench);
[[nodiscard]] std::vector<Row> measure_throughput(Bench& bench);
[[nodiscard]] std::vector<Row> measure_cpu(Bench& bench);
[[nodiscard]] std::vector<Row> measure_latency(Bench& bench);
[[nodiscard]] std::vector<Row> measure_fairness(Bench& bench);
[[nodiscard]] std::vector<Row> measure_bytes(Bench& bench);
[[nodiscard]] std::vector<Row> measure_memory(Bench& bench);
[[nodiscard]] std::vector<Row> measure_instructions(Bench& bench);
[[nodiscard]] std::vector<Row> measure_backlog(Bench& bench);
[[nodiscard]] std::vector<Row> measure_retention(Bench& bench);
[[nodiscard]] std::vector<Row> measure_adapt(Bench& bench);
[[nodiscard]] std::vector<Row> measure_tls(Bench& bench);
[[nodiscard]] std::vector<Row> measure_slow(Bench& bench);

/// What measure_adapt() puts callgrind around. Throws std::runtime_error for an unknown partner.
void adapt_only(const std::string& partner, int times);

}  // namespace storegate::bench
