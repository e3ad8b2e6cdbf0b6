// Part two: sweeps. The n-th write, sync, read, open or truncate of a run fails, or the n-th allocation of SQLite, once
// or from then on; n = 1, 2, 3, … until the run passes unfailed. After the fault the process goes on, or ends and another
// one starts on the same disk, or the power goes. A unit is one kind of fault, one way of going on, one kind of POS.
#pragma once

#include <cstdint>

#include "crash/campaign.hpp"

namespace storegate::crash {

struct SweepOptions {
  std::uint64_t seed = 1;
  std::uint64_t one_in = 1;  // of the moments at which something fails, every so many-th
  bool trace = false;        // print every operation on the disk; with --image
};

enum class SweepFigure : std::size_t { runs, faults, restarts, orders, failed_commits, sweeps };
inline constexpr const char* sweep_figures[] = {"runs",   "faults",         "restarts",
                                                "orders", "failed_commits", "sweeps"};

/// How many units there are.
[[nodiscard]] std::uint64_t sweep_units();
void run_sweep(const SweepOptions& options, std::uint64_t number, Unit& unit);

}  // namespace storegate::crash
