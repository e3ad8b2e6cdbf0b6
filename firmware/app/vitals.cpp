// What has work to do must have done some of it since the last look.
#include "app/vitals.hpp"

#include <utility>

namespace storegate::app {

bool Vitals::get_on(const VitalSigns& now) {
  const auto last = std::exchange(last_, now);
  const bool owes_nothing = now.uplink_connected && !now.uplink_in_flight;
  const bool turned = last && now.uplink_connected != last->uplink_connected;
  if (!last || turned || !now.uplink_wanted || owes_nothing || now.uplink_moves != last->uplink_moves)
    moved_at_ = now.at;
  if (!last) return true;
  const bool store = !now.store_busy || !last->store_busy || now.jobs != last->jobs;
  const bool commits = !now.turn_open || !last->turn_open || now.commits != last->commits;
  const auto within = now.uplink_connected ? uplink_answered_within : uplink_tries_within;
  return store && commits && now.at - moved_at_ < within;
}

}  // namespace storegate::app
