// Drawing fates. The shapes (a prefix, all but one) stand beside the plain coin since they are what a cache that
// writes back in order leaves, and a coin per step would hardly ever give them.
#include "support/disk/cuts.hpp"

namespace storegate::disk {
namespace {

void draw_kept(std::vector<Fate>& fates, Draws& draws) {
  const std::uint64_t shape = draws.below(8);
  const std::uint64_t chosen = draws.below(fates.size() + 1);
  const std::uint64_t of_1000 = 50 + draws.below(900);
  for (std::size_t index = 0; index < fates.size(); ++index) {
    switch (shape) {
      case 0: break;                                       // all kept
      case 1: fates[index].kept = index < chosen; break;   // a prefix
      case 2: fates[index].kept = index != chosen; break;  // one lost
      case 3: fates[index].kept = index == chosen; break;  // one kept
      default: fates[index].kept = draws.chance(of_1000); break;
    }
  }
}

bool is_write(const Step& step) { return step.kind == StepKind::write && !step.bytes->empty(); }

std::uint64_t drawn_sectors(const Step& step, Draws& draws) {
  const std::int64_t end = step.offset + static_cast<std::int64_t>(step.bytes->size());
  const auto sectors = static_cast<std::uint64_t>((end - 1) / sector_bytes - step.offset / sector_bytes + 1);
  const std::uint64_t shape = draws.below(3);
  const std::uint64_t from = draws.below(sectors + 1);
  const std::uint64_t drawn = draws.next();
  if (shape == 0) return from >= 64 ? ~0ULL >> 1U : (1ULL << from) - 1;  // the first so many
  if (shape == 1) return from >= 64 ? 0 : ~0ULL << from;                 // the last so many
  return drawn;
}

}  // namespace

std::vector<Fate> subset_fates(std::size_t steps, std::uint64_t subset) {
  std::vector<Fate> fates(steps);
  for (std::size_t index = 0; index < steps; ++index) fates[index].kept = ((subset >> index) & 1U) != 0;
  return fates;
}

std::vector<Fate> drawn_fates(std::span<const Step> pending, bool torn, bool garbled, Draws& draws) {
  std::vector<Fate> fates(pending.size());
  if (fates.empty()) return fates;
  draw_kept(fates, draws);
  if (torn) {
    const std::uint64_t of_1000 = 100 + draws.below(900);
    for (std::size_t index = 0; index < fates.size(); ++index) {
      if (is_write(pending[index]) && draws.chance(of_1000))
        fates[index].sectors = drawn_sectors(pending[index], draws);
    }
  }
  if (garbled) {
    const std::size_t first = draws.index(fates.size());
    for (std::size_t index = 0; index < fates.size(); ++index) {
      const std::size_t chosen = (first + index) % fates.size();
      if (!is_write(pending[chosen])) continue;
      fates[chosen].garble = draws.next() | 1U;
      break;
    }
  }
  return fates;
}

}  // namespace storegate::disk
