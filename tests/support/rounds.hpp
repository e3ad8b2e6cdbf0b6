// How often a long, uniform loop of a test runs. What is built for another processor runs in an emulator, ten times slower
// and more: there such a loop makes every eleventh of its rounds (odd, so that one that alternates still does), and all of
// them on the machine that builds.
#pragma once

namespace storegate::support {

#ifdef STOREGATE_EMULATED
inline constexpr int round_stride = 11;
#else
inline constexpr int round_stride = 1;
#endif

/// Of `all` rounds those that are made here, one at least.
constexpr int rounds(int all) { return (all + round_stride - 1) / round_stride; }

}  // namespace storegate::support
