// Kitchen: what people do with the tickets that the POS cut: they make them, hand them over, leave some standing, and void
// one by hand now and then. Where the POS can, it tells the gateway of it. It must not know the gateway but by its door.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/order.hpp"
#include "sim/plan.hpp"

namespace storegate::sim {

class World;

class Kitchen {
 public:
  Kitchen(World& world, Draws draws) : world_(world), draws_(draws) {}

  /// The POS has cut a ticket; what will become of it is drawn now.
  void on_cut(std::size_t ticket);
  /// A ticket moved, by whomever.
  void on_moved(const std::string& reference, core::PosStatus status);

 private:
  void plan_move(std::size_t ticket, core::PosStatus status, std::int64_t at_ms);
  void tell(const std::string& reference, core::PosStatus status, int tries_left, std::int64_t wait_ms);

  World& world_;
  Draws draws_;
};

}  // namespace storegate::sim
