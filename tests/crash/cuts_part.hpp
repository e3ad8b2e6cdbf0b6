// Part one: power cuts. A unit is a run of several generations: a store's life, cut; a life on what the cut left, cut
// again, and so on; every image that the cuts could leave is opened and checked, a share of them run on to the end.
#pragma once

#include <cstdint>

#include "crash/campaign.hpp"
#include "crash/cutter.hpp"

namespace storegate::crash {

struct CutsOptions {
  std::uint64_t seed = 1;
  CutOptions cut;
  std::uint64_t run_on_of_1000 = 60;   // images on which the whole engine runs to each order's end
  std::uint64_t in_full_of_1000 = 20;  // images that are loaded and checked though their like was
  int generations = 3;
  bool ignore_syncs = false;  // a control: a disk that promises and does nothing
};

enum class CutsFigure : std::size_t {
  images,
  torn,
  garbled,
  in_full,
  run_on,
  orders,
  recordings,
  commits,
  steps
};
inline constexpr const char* cuts_figures[] = {"images", "torn",       "garbled", "in_full", "run_on",
                                               "orders", "recordings", "commits", "steps"};

void run_cuts(const CutsOptions& options, std::uint64_t number, Unit& unit);

}  // namespace storegate::crash
