// Fetcher: carries out what the engine asks of a partner's API and tells it, as firmware/app's Fetcher and Teller do.
#pragma once

#include "core/messages.hpp"

namespace storegate::sim {

class Process;

class Fetcher {
 public:
  explicit Fetcher(Process& process) : process_(process) {}
  void carry_out(const core::FetchOrder& effect);
  void carry_out(const core::TellPartner& effect);

 private:
  Process& process_;
};

}  // namespace storegate::sim
