// Housekeeping: what the rows need now and then, in small steps behind everything else: customers' data erased, old
// rows pruned, digests looked at. It must not touch a row while the wall clock is not trusted, but to look at it, and
// to make room in a database that has grown too large.
#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "app/config.hpp"
#include "app/gauges.hpp"
#include "app/space_watch.hpp"
#include "app/store_thread.hpp"
#include "app/turns.hpp"
#include "platform/loop.hpp"
#include "storage/house_pass.hpp"

namespace storegate::app {

/// How often. A step takes some ms; the pause between two keeps housekeeping's share of the store thread small.
struct HousekeepingPace {
  std::chrono::milliseconds between_passes{60'000};  // also before the first
  std::chrono::milliseconds between_steps{50};
};

class Housekeeping {
 public:
  Housekeeping(const Config& config, platform::Loop& loop, StoreThread& store, Turns& turns, Gauges& gauges,
               const SpaceWatch& space, HousekeepingPace pace)
      : config_(config),
        loop_(loop),
        store_(store),
        turns_(turns),
        gauges_(gauges),
        space_(space),
        pace_(pace) {}

  /// A pass now and then; the first a while after the start, which has better to do.
  void start();
  /// When a pass over the customers' data last came to its end; 0 = not yet.
  [[nodiscard]] std::int64_t erased_at_wall_ms() const noexcept { return erased_at_wall_ms_; }
  /// No further step begins.
  void stop() noexcept { timer_.cancel(); }

 private:
  using Chore = storage::Chore;
  void step_later(std::chrono::milliseconds delay, Chore chore);
  void step(Chore chore);
  void ended(Chore chore, const core::Result<storage::Housekept>& kept);
  [[nodiscard]] Job job_of(Chore chore);
  void tell(const std::vector<storage::DamagedRow>& damaged);

  const Config& config_;
  platform::Loop& loop_;
  StoreThread& store_;
  Turns& turns_;
  Gauges& gauges_;
  const SpaceWatch& space_;
  HousekeepingPace pace_;
  std::set<std::string> told_;  // damaged rows, as they were named
  storage::HousePass pass_;
  std::int64_t erased_at_wall_ms_ = 0;
  platform::Timer timer_;
};

}  // namespace storegate::app
