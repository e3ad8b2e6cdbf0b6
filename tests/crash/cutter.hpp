// The cutter: plays a recording forward and gives, at each sync, the images that a power cut since the one before could
// have left, each with what the world knew. (What a cut at an earlier write could leave is among them: the later
// writes lost. What was known then is a part of what is known later.)
#pragma once

#include <cstdint>
#include <functional>

#include "crash/record.hpp"

namespace storegate::crash {

struct CutOptions {
  std::size_t exhaustive_pending = 8;   // every subset of whole steps up to so many
  int drawn = 48;                       // subsets beyond
  int torn = 90;                        // at each sync
  std::uint64_t garbled_of_1000 = 600;  // of the torn ones
};

struct CutImage {
  disk::Image image;
  const Outside* world = nullptr;
  disk::Spoiled spoiled;  // what was not only lost
};

/// Calls `take` for each image; ends early when it returns false. Same seed, same images.
void cut_everywhere(const Recorded& recorded, const CutOptions& options, std::uint64_t seed,
                    const std::function<bool(CutImage&&)>& take);

[[nodiscard]] Print print_of(const disk::Image& image);

}  // namespace storegate::crash
