// OpensslServer: an `openssl s_server` as strong or as weak as a control needs it. Knows nothing of storegate.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/process.hpp"
#include "tests/support/sockets.hpp"
#include "tests/support/temp_dir.hpp"

namespace storegate::support {

/// TLS 1.0 to 1.3, every cipher there is (anonymous ones and CBC among them), renegotiation.
extern const std::vector<std::string> openssl_weak;
/// TLS 1.2, ECDHE with AEAD, X25519 and P-256, no renegotiation.
extern const std::vector<std::string> openssl_strict;

class OpensslServer {
 public:
  /// On a free port of 127.0.0.1, with server.crt and server.key of that folder; it listens when this returns. Throws
  /// std::runtime_error if it does not.
  OpensslServer(const TempDir& folder, const std::vector<std::string>& options);
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  std::uint16_t port_ = free_port();
  std::optional<Process> process_;
};

}  // namespace storegate::support
