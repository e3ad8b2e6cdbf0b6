// Cloud: the consumer of events (it de-duplicates, acknowledges or asks for a replay) and the person who answers for
// parked orders after a look into the kitchen. Knows only events and what a person can see.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "sim/ledger.hpp"
#include "sim/plan.hpp"
#include "sim/wire.hpp"

namespace storegate::sim {

class World;

class Cloud {
 public:
  Cloud(World& world, Draws draws) : world_(world), draws_(draws), hands_(draws.fork(1)) {}

  void on_event(const Publication& event);
  /// Everything up to here was seen without a gap.
  [[nodiscard]] std::int64_t through() const noexcept { return through_; }

 private:
  void keep(const Publication& event);
  void note_refusal(std::string_view data);
  void acknowledge();
  void ask_for_replay();
  void look_at_parked(std::size_t story, std::int64_t wait_ms);
  [[nodiscard]] std::int64_t comes_after_ms(const Story& story);
  void see_to_called(std::size_t story, bool reprints);
  void cancel(std::size_t story);
  void resolve(std::size_t story, const std::string& answer);
  void repeat(const WebAsk& ask, const Tag& tag);

  World& world_;
  Draws draws_;
  Draws hands_;  // what becomes of orders that were to be keyed in
  std::string epoch_;
  std::int64_t through_ = 0;
  std::map<std::int64_t, std::optional<Publication>> ahead_;  // beyond through_; with the event if it waits
  std::set<std::size_t> given_back_;  // to be sent or cancelled: nobody keys it in any more
  bool acknowledging_ = false;
  bool asking_ = false;
};

}  // namespace storegate::sim
