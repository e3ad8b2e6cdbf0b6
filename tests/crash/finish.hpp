// Running on: the whole engine on an image (or after a fault), against a POS and a cloud that behave, until every
// order has come to its end or stands before a person; then tickets and events are counted.
#pragma once

#include "crash/check.hpp"
#include "crash/station.hpp"

namespace storegate::crash {

/// Runs `station` (started) on in `outside` and judges: I1 each acknowledged order reaches one end or is parked; I2 and
/// I4 at the POS; I3 at the cloud.
[[nodiscard]] Broken run_to_the_end(Station& station, Outside& outside);

/// The same run without a judgement.
void run_for_a_while(Station& station, Outside& outside);

/// What must hold at the POS and at the cloud at any time, whatever the gateway says.
[[nodiscard]] Broken check_world(const Outside& outside);

}  // namespace storegate::crash
