// Cuts: which fates a power cut may deal to what was not synced: every subset of whole steps while there are few, and
// draws beyond (subsets, tears, one garbled write). It must not know what was written.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "support/disk/draws.hpp"
#include "support/disk/medium.hpp"

namespace storegate::disk {

/// Fates of whole steps: bit n of `subset` says whether the n-th step is kept. At most 64 steps.
[[nodiscard]] std::vector<Fate> subset_fates(std::size_t steps, std::uint64_t subset);

/// Draws fates: all kept, a prefix, all but one, or each by itself; then, where `torn`, some of the kept writes are
/// torn; where `garbled`, one of the writes (lost ones too) was in progress and spoiled its block.
[[nodiscard]] std::vector<Fate> drawn_fates(std::span<const Step> pending, bool torn, bool garbled,
                                            Draws& draws);

}  // namespace storegate::disk
