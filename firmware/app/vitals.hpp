// Vitals: whether the service gets on, seen from its loop at each look. The loop itself shows it by looking. It must not know
// how any part works, and it restarts nothing: a watchdog that hears nothing does.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace storegate::app {

/// What there is to see at one moment. Counters only grow.
struct VitalSigns {
  std::chrono::steady_clock::time_point at;
  bool store_busy = false;     // a job runs or waits on the store thread
  std::uint64_t jobs = 0;      // that it has ended
  bool turn_open = false;      // a turn was decided and its commit has not been told
  std::uint64_t commits = 0;   // that were told
  bool uplink_wanted = false;  // there is a broker to be connected to
  bool uplink_connected = false;
  bool uplink_in_flight = false;  // events are given to it and not acknowledged
  std::uint64_t uplink_moves =
      0;  // connections that came up, failed or were lost; messages taken; acknowledgements
};

class Vitals {
 public:
  /// Without a connection an attempt ends within 10 s and the next begins within 19: whoever has tried nothing for so long
  /// stands still.
  static constexpr std::chrono::seconds uplink_tries_within{60};
  /// With a connection, and events on their way: a broker may be slow, but one that owes an answer for so long, and says
  /// nothing else, is answered by a new connection alone.
  static constexpr std::chrono::seconds uplink_answered_within{300};

  /// False if something that had work to do at the last look has done none of it since. Commits are looked at apart from the
  /// store thread's other jobs: reads that end do not make up for a commit that is never told.
  [[nodiscard]] bool get_on(const VitalSigns& now);

 private:
  std::optional<VitalSigns> last_;
  std::chrono::steady_clock::time_point moved_at_;
};

}  // namespace storegate::app
