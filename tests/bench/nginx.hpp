// Nginx: a web server beside storegate that answers everything alike over TLS, as a floor. One process, so that its use of the
// CPU can be read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/support/process.hpp"
#include "tests/support/sockets.hpp"
#include "tests/support/temp_dir.hpp"

namespace storegate::bench {

class Nginx {
 public:
  /// TLS 1.2 with ChaCha20-Poly1305, X25519 and tickets; answers 404 with a body of so many bytes. Throws
  /// std::runtime_error with nginx's words if it does not start.
  Nginx(const std::string& certificate_file, const std::string& key_file, std::size_t body_bytes);

  [[nodiscard]] support::Address address() const { return {"127.0.0.1", port_, {}}; }
  [[nodiscard]] support::Process& process() { return *process_; }

 private:
  support::TempDir folder_;
  std::uint16_t port_ = support::free_port();
  std::optional<support::Process> process_;
};

}  // namespace storegate::bench
