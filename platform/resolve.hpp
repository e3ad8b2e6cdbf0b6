// A host name's addresses, looked up beside the loop. Platform-internal (includes Asio).
// It must not know what the addresses are for.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "platform/loop.hpp"

namespace storegate::platform {

using TcpEndpoints = std::vector<boost::asio::ip::tcp::endpoint>;

/// The right to be told the answer. Dropping it: nothing is called any more, and nobody waits for a name server that
/// does not answer (Asio's own resolver would, at the end of the process: getaddrinfo cannot be interrupted).
class Lookup {
 public:
  Lookup() noexcept = default;
  ~Lookup() { cancel(); }
  Lookup(Lookup&&) noexcept = default;
  Lookup& operator=(Lookup&& other) noexcept;

  void cancel() noexcept;

 private:
  friend Lookup resolve(Loop& loop, const std::string& host, std::uint16_t port,
                        std::function<void(core::Result<TcpEndpoints>)> then);
  struct State;
  std::shared_ptr<State> state_;
};

/// Looks up `host` (a name, or a numeric address: that asks nobody) and calls `then` on the loop, never from within
/// this call. At least one endpoint, in the system's order; errors: `unavailable` = no such name now, `failed` = no
/// thread could be made. A name is looked up on a thread of its own.
[[nodiscard]] Lookup resolve(Loop& loop, const std::string& host, std::uint16_t port,
                             std::function<void(core::Result<TcpEndpoints>)> then);

}  // namespace storegate::platform
