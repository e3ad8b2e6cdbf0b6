// TlsLine: a blocking HTTPS connection for the bench, over storegate's own client end. It asks one thing at a time, whoever the
// server is. Knows nothing of orders.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "platform/tls_context.hpp"
#include "platform/tls_engine.hpp"
#include "tests/support/sockets.hpp"

namespace storegate::bench {

using TlsShared = std::shared_ptr<const platform::TlsContext>;

/// A client that trusts one CA. Its sessions are its own: a new one has seen no server before. Throws std::runtime_error.
[[nodiscard]] TlsShared tls_client(const std::string& ca_file);

class TlsLine {
 public:
  /// Connects and shakes hands as with "localhost". Here and below: throws std::runtime_error when the connection ends or 10 s
  /// pass.
  TlsLine(const support::Address& to, TlsShared context);
  ~TlsLine();
  TlsLine(const TlsLine&) = delete;
  TlsLine& operator=(const TlsLine&) = delete;

  struct Answer {
    int status = 0;
    std::string body;
  };
  /// Sends a whole request and reads its whole answer.
  Answer ask(std::string_view request);
  [[nodiscard]] const platform::TlsEngine& engine() const { return *engine_; }

 private:
  void send_waiting();
  void receive();

  support::Descriptor socket_;
  std::unique_ptr<platform::TlsEngine> engine_;
  std::chrono::steady_clock::time_point until_;
};

}  // namespace storegate::bench
