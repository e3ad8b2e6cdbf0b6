// What has work to do must have done some of it since the last look.
#include "app/vitals.hpp"

#include <utility>

namespace storegate::app {

bool Vitals::get_on(const VitalSigns& now) {
  const auto last = std::exchange(last_, now);
  if (!last || !now.uplink_wanted || now.uplink_connected || now.uplink_attempts != last->uplink_attempts)
    tried_at_ = now.at;
  if (!last) return true;
  const bool store = !now.store_busy || now.jobs != last->jobs;
  const bool commits = !now.turn_open || !last->turn_open || now.commits != last->commits;
  return store && commits && now.at - tried_at_ < uplink_tries_within;
}

}  // namespace storegate::app
