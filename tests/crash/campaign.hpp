// A campaign: numbered units of work spread over worker processes (SQLite's settings and random numbers belong to a
// process), their figures added up. What comes out does not hang on how many workers there are: each unit draws from
// its own number, and only units up to the one that reached the goal count. It must not know what a unit does.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "crash/check.hpp"
#include "crash/fingerprint.hpp"

namespace storegate::crash {

inline constexpr std::size_t figures_max = 16;
using Figures = std::array<std::uint64_t, figures_max>;

/// What a unit says while it runs.
class Unit {
 public:
  virtual ~Unit() = default;
  /// Whether image `index` is to be looked at: always, or only the one that a person asked for. A process that dies
  /// after it was working on this image.
  [[nodiscard]] virtual bool begin_image(std::uint64_t index) = 0;
  /// False: this image was seen in this unit before. `counts`: it is among those of the first figure.
  [[nodiscard]] virtual bool is_new(const Print& image, bool counts) = 0;
  virtual void count(std::size_t figure, std::uint64_t by = 1) = 0;
  /// The unit should return after it.
  virtual void broken(const Broken& broken) = 0;
};

struct CampaignOptions {
  std::uint64_t seed = 1;
  std::uint64_t goal = 0;     // of figure 0; 0 = all units
  std::uint64_t units = 0;    // so many at most; up to 40,000
  std::uint64_t minutes = 0;  // take no unit after so long; 0 = no limit
  std::uint64_t workers = 0;  // 0 = one for each processor
  std::string only;           // "UNIT:INDEX": this image alone, in this process
};

struct Outcome {
  Figures figures{};
  std::uint64_t units = 0;
  std::uint64_t repeated = 0;  // images that another unit had too: figure 0 is without them
  double seconds = 0;
  std::string broken;  // rule and what; "" = none
  std::string died;    // a worker's end that was not its own; "" = none
  std::string where;   // UNIT:INDEX of either
};

using UnitFunction = std::function<void(std::uint64_t number, Unit& unit)>;

[[nodiscard]] Outcome run_campaign(const CampaignOptions& options, const UnitFunction& run);

}  // namespace storegate::crash
