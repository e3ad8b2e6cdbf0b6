// Part five: no memory. The n-th C++ allocation of the gateway's own code (core, codecs, storage) fails, at every place
// at which it allocates and at n = 1, 2, 3, … further and further apart. The process ends there, as by a kill; what is
// found is a failure that somebody swallows, and a state on disk or in the world that the next process cannot live with.
#pragma once

#include <cstdint>

#include "crash/campaign.hpp"

namespace storegate::crash {

struct MemoryOptions {
  std::uint64_t seed = 1;
  bool every = false;        // n = 1, 2, 3, … without a gap
  std::uint64_t one_in = 1;  // of these, every so many-th
};

enum class MemoryFigure : std::size_t {
  runs,
  deaths,
  terminated,
  told,
  restarts_died,
  orders,
  places,
  allocations
};
inline constexpr const char* memory_figures[] = {"runs",          "deaths", "terminated", "told",
                                                 "restarts_died", "orders", "places",     "allocations"};

/// How many units there are.
[[nodiscard]] std::uint64_t memory_units();
void run_memory(const MemoryOptions& options, std::uint64_t number, Unit& unit);

}  // namespace storegate::crash
