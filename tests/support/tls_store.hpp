// TlsStore: storegate with its partners' port on TLS and its administration on plain loopback, without broker or POS;
// and the certificates for it, made by openssl. Knows nothing of orders.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "tests/support/http_caller.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sockets.hpp"
#include "tests/support/temp_dir.hpp"

namespace storegate::support {

/// Makes ca.pem, server.crt and server.key (PEM, ECDSA on P-256, for localhost and 127.0.0.1, good for 200 days) in a
/// folder. `leaf_key`: what openssl's -newkey takes, for another kind of key. Throws std::runtime_error with openssl's
/// words.
void make_certificates(const TempDir& folder,
                       const std::string& leaf_key = "ec -pkeyopt ec_paramgen_curve:prime256v1");

struct TlsStoreShape {
  std::string http_lines = {};  // more lines of [http]
  std::string partners = {};    // [[partner]] sections
};

class TlsStore {
 public:
  /// Starts it with certificates of its own and waits until it is ready. Throws std::runtime_error if it is not.
  explicit TlsStore(const std::string& program, const TlsStoreShape& shape = {});

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] Address address() const { return {"127.0.0.1", port_, {}}; }
  [[nodiscard]] Address admin_address() const { return {"127.0.0.1", admin_port_, {}}; }
  /// ca.pem, server.crt, server.key, log, and whatever a test puts beside them.
  [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }
  [[nodiscard]] Process& process() { return *process_; }

 private:
  TempDir folder_;
  std::uint16_t port_ = free_port();
  std::uint16_t admin_port_ = free_port();
  std::optional<Process> process_;
};

/// Runs a bash script in a folder to its end. What it printed. Throws std::runtime_error with its words if it fails, or if it
/// takes longer than `deadline`.
std::string run_bash(const TempDir& folder, const std::string& script,
                     std::chrono::milliseconds deadline = std::chrono::seconds(60));

}  // namespace storegate::support
