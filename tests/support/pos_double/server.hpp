// The POS double on the network: HTTP/1.1 with keep-alive on one Loop, and the faults that are about bytes
// and time (reset, hang, drip, half, lost, late). What the answers say is pos.hpp's.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "tests/support/loop.hpp"
#include "tests/support/pos_double/pos.hpp"
#include "tests/support/sockets.hpp"

namespace storegate::pos_double {

struct ServerTimes {
  std::chrono::milliseconds late{10000};  // late-ticket: from the request to the ticket
  std::chrono::milliseconds drip{4000};   // slow-drip: from the first byte of the answer to the last
};

class Server {
 public:
  Server(support::Loop& loop, Pos& pos, ServerTimes times) : loop_(loop), pos_(pos), times_(times) {}

  /// Serves on a listening socket until the process ends. On a control door connections are never refused and
  /// requests never meet faults.
  void serve(const support::Descriptor& listener, bool control_door);

 private:
  class Connection;
  void accept_all(int listener, bool control_door);

  support::Loop& loop_;
  Pos& pos_;
  ServerTimes times_;
};

}  // namespace storegate::pos_double
