// PosDriver: carries the effects meant for the POS out over the world's wire and offers what came of them, as
// firmware/app's does. It must not know when a second request is allowed.
#pragma once

#include "core/messages.hpp"

namespace storegate::sim {

class Process;

class PosDriver {
 public:
  explicit PosDriver(Process& process) : process_(process) {}

  void carry_out(core::PlaceOrder effect);
  void carry_out(core::AskPos effect);
  void carry_out(core::CheckPosHealth effect);
  void carry_out(core::VoidOrder effect);
  void carry_out(core::WatchOrder effect);
  void carry_out(core::AskPosList effect);

 private:
  template <typename Effect>
  void send(Effect effect);
  Process& process_;
};

}  // namespace storegate::sim
