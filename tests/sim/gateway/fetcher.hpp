// Fetcher: carries out what the engine asks of a partner's API, as firmware/app's does.
#pragma once

#include "core/messages.hpp"

namespace storegate::sim {

class Process;

class Fetcher {
 public:
  explicit Fetcher(Process& process) : process_(process) {}
  void carry_out(core::FetchOrder effect);

 private:
  Process& process_;
};

}  // namespace storegate::sim
