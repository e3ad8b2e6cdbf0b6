// The script: what partners, cloud, POS, clock and housekeeping do to a station, drawn from a seed. One call is one
// thing that happens. It must not know disks or cuts.
#pragma once

#include <cstdint>
#include <string>

#include "crash/outside.hpp"
#include "crash/station.hpp"

namespace storegate::crash {

struct ScriptLimits {
  std::uint64_t orders = 12;      // new ones in the run
  std::uint64_t first_order = 0;  // their numbers begin above it
  std::size_t body_bytes = 600;   // of most orders; a few are ten times as long
  bool housekeeping = true;       // checkpoints, pruning, verifying
};

class Script {
 public:
  Script(Outside& outside, ScriptLimits limits) : outside_(outside), limits_(limits) {}

  /// Lets one or several things happen together; run() the station afterwards.
  void happen(Station& station);

  // ---- one thing, chosen by the caller

  /// The first order, of this partner; made if there was none.
  [[nodiscard]] Known& first_order(const std::string& partner);
  /// It is sent, for the first time or again.
  void send(Station& station, Known& known, std::string idempotency_key);
  void release(Station& station, Known& known);
  void cancel(Station& station, Known& known);

 private:
  void arrive(Station& station);
  void arrive_again(Station& station);
  void release(Station& station);
  void cancel(Station& station);
  void answer_pos(Station& station);
  void resolve(Station& station);
  void availability(Station& station);
  void strange_message(Station& station);
  void acknowledge(Station& station);
  void keep_house(Station& station);
  void pass_time(Station& station);
  [[nodiscard]] Known* any_order();
  [[nodiscard]] Known& new_order();
  [[nodiscard]] Known& new_order(const std::string& partner);

  Outside& outside_;
  ScriptLimits limits_;
  std::uint64_t made_ = 0;
};

/// The POS answers its `index`-th open request; what that says of the order is remembered.
void answer_one(Station& station, Outside& outside, std::size_t index, bool kind);

/// The same of the oldest one, in one manner.
void answer_one_in(Station& station, Outside& outside, Manner manner);

/// A person answers for every parked order by what the kitchen has. False if there was none to answer for now.
bool resolve_parked(Station& station, Outside& outside);

}  // namespace storegate::crash
