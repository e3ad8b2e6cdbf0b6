// Manager: the person who pauses the store and opens it again. Tries until there is an answer or something else is
// wanted by then.
#pragma once

#include <cstdint>

#include "sim/ledger.hpp"
#include "sim/plan.hpp"

namespace storegate::sim {

class World;

class Manager {
 public:
  Manager(World& world, Draws draws) : world_(world), draws_(draws) {}

  void plan();
  /// The storm is over: the store is to be open.
  void open_up();
  /// What was last wanted has been answered.
  [[nodiscard]] bool settled() const noexcept { return settled_; }

 private:
  void want(bool paused, std::int64_t until_ms);
  void send(std::uint64_t wish, bool paused, std::int64_t until_ms, std::int64_t wait_ms);
  [[nodiscard]] std::int64_t between(std::int64_t from, std::int64_t to);

  World& world_;
  Draws draws_;
  std::uint64_t wish_ = 0;
  bool settled_ = true;
};

}  // namespace storegate::sim
