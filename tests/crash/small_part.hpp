// Part four: small worlds, all of them. One order, every sequence of up to so many inputs (it arrives, is released, is
// cancelled, the POS answers in one of five manners, time passes), and in each a cut at every operation on the disk:
// the process killed, or the power gone with all unsynced writes lost, or with all of them kept. What was not answered
// is sent again, the sequence goes on, and the world is run to its end. A unit is one sequence and one kind of POS.
#pragma once

#include <cstdint>

#include "crash/campaign.hpp"

namespace storegate::crash {

struct SmallOptions {
  std::uint64_t seed = 1;
  std::uint64_t inputs_max = 3;
};

enum class SmallFigure : std::size_t { runs, worlds, kills, cuts, commits, same };
inline constexpr const char* small_figures[] = {"runs", "worlds", "kills", "cuts", "commits", "same"};

/// How many units there are.
[[nodiscard]] std::uint64_t small_units(const SmallOptions& options);
void run_small(const SmallOptions& options, std::uint64_t number, Unit& unit);

}  // namespace storegate::crash
