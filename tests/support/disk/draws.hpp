// Draws: pseudo-random numbers of the harnesses' own (SplitMix64), so that a seed gives the same run on every machine
// and under every library. It must not know the code under test, whose generator is another.
#pragma once

#include <cstddef>
#include <cstdint>

namespace storegate::disk {

class Draws {
 public:
  explicit Draws(std::uint64_t seed) noexcept : state_(seed) {}

  [[nodiscard]] std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebULL;
    return mixed ^ (mixed >> 31U);
  }
  /// In [0, bound); bound >= 1. The bias of the remainder is below 2^-32 for the bounds that are used.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept { return next() % bound; }
  /// The same, of something that has so many elements.
  [[nodiscard]] std::size_t index(std::size_t size) noexcept { return static_cast<std::size_t>(below(size)); }
  /// True in `of_1000` of 1000 draws.
  [[nodiscard]] bool chance(std::uint64_t of_1000) noexcept { return below(1000) < of_1000; }
  /// A stream of its own for a part of the work: draws in one part do not move another's.
  [[nodiscard]] Draws fork(std::uint64_t part) const noexcept {
    Draws mixed(state_ ^ (part * 0xd1342543de82ef95ULL + 0x632be59bd9b4e019ULL));
    return Draws(mixed.next());
  }

 private:
  std::uint64_t state_;
};

}  // namespace storegate::disk
