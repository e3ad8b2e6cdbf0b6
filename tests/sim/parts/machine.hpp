// Machine: the box under the gateway: its supervisor, its power, its disk's moods and its clocks. Decides by the plan
// when each of them fails, and puts everything right at the end of the storm. It must not look at orders.
#pragma once

#include <cstdint>

#include "sim/plan.hpp"

namespace storegate::sim {

class World;

class Machine {
 public:
  Machine(World& world, Draws draws) : world_(world), draws_(draws) {}

  /// Plans every fault of the storm; starts the process.
  void plan();
  /// The storm is over.
  void heal();

  /// The process is gone: killed at a disk operation, or ended by itself.
  void process_died();
  void start_failed();
  /// The supervisor ends it and starts another.
  void end_process();
  /// A failed sync: the next start drops the pages that the medium may not have.
  void leave_marker() noexcept { marker_ = true; }
  void loaded() noexcept { marker_ = false; }

  [[nodiscard]] std::int64_t asleep_until_ms() const noexcept { return asleep_until_ms_; }
  [[nodiscard]] std::uint64_t kills() const noexcept { return kills_; }
  [[nodiscard]] std::uint64_t cuts() const noexcept { return cuts_; }
  /// The disk has had enough room since then; -1: it lacks it now.
  [[nodiscard]] std::int64_t roomy_since_ms() const noexcept;

 private:
  void start();
  void arm(std::uint64_t operations, bool power);
  void gone(bool power);
  void boot();
  [[nodiscard]] std::int64_t dark_ms();
  void plan_ends();
  void plan_disk();
  void plan_clocks();
  void plan_wires();
  template <typename Step>
  void some_time(std::uint64_t times, Step step);
  [[nodiscard]] std::int64_t between(std::int64_t from, std::int64_t to);

  World& world_;
  Draws draws_;
  std::uint64_t armed_at_ = 0;  // the disk operation that is the last; 0 = none
  bool armed_power_ = false;
  bool marker_ = false;
  std::int64_t asleep_until_ms_ = 0;
  std::int64_t roomy_since_ms_ = 0;
  std::uint64_t kills_ = 0, cuts_ = 0, starting_ = 0;
};

}  // namespace storegate::sim
