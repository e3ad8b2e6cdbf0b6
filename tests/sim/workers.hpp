// Workers: seeds spread over processes (SQLite has one generator a process, so threads would mix their draws), and a
// seed that kills its process found out by name. It must not know what a seed does.
#pragma once

#include "sim/options.hpp"
#include "sim/summary.hpp"

namespace storegate::sim {

/// Runs one seed in this process.
[[nodiscard]] SeedResult run_seed(std::uint64_t seed, const Options& options);
/// Runs all of them in options.jobs processes. Ends early at a failure unless options.keep_going.
void run_seeds(const Options& options, Summary& summary);

}  // namespace storegate::sim
