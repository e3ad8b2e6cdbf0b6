// TlsContext: what the TLS connections of one listener or one client have in common: certificate, key, whom to trust,
// tickets. Loaded whole and never changed: a reload makes another one, and connections keep the one they began with.
// It must not know sockets.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/result.hpp"

namespace storegate::platform {

/// Unix time in milliseconds; empty = the wall clock. Certificates are judged at max(this, wall_floor_ms), see
/// clock.hpp: a device without a battery-backed clock, which begins in 1970, still tells valid from expired.
using TlsWallClock = std::function<std::int64_t()>;

struct TlsServerOptions {
  std::string certificate_file = {};  // PEM: the server's own certificate first, then what leads to its root
  std::string key_file = {};          // PEM without password, ECDSA (P-256) or RSA (2048 bits or more)
  std::string client_ca_file = {};    // PEM bundle; given = a client without a certificate from it is refused
  std::chrono::seconds ticket_lifetime{4 * 3600};  // its key is drawn anew as often. 0 = no tickets
  TlsWallClock wall_ms = {};
};

struct TlsClientOptions {
  std::string ca_file = {};           // PEM bundle: whom to trust. Never empty: there is no way not to verify
  std::string certificate_file = {};  // ours, where the server asks for one; empty = none
  std::string key_file = {};          // with certificate_file, as above
  std::string alpn = "http/1.1";      // what is spoken (RFC 7301); empty = not said, as brokers want it
  TlsWallClock wall_ms = {};
};

class TlsContext {
 public:
  /// Reads the files. Errors: `invalid`, saying which file and what is wrong with it (missing, no PEM, a key with a
  /// password, a key that does not belong to the certificate); `failed` = no memory. A certificate that has expired
  /// is no error here: see certificate_not_after_ms().
  [[nodiscard]] static core::Result<std::shared_ptr<const TlsContext>> server(
      const TlsServerOptions& options);
  [[nodiscard]] static core::Result<std::shared_ptr<const TlsContext>> client(
      const TlsClientOptions& options);

  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  [[nodiscard]] bool is_server() const noexcept;
  /// When the first certificate of our own chain ends, Unix time in milliseconds; none if we have no certificate.
  [[nodiscard]] std::optional<std::int64_t> certificate_not_after_ms() const noexcept;
  /// When all of it has begun, in the same way.
  [[nodiscard]] std::optional<std::int64_t> certificate_not_before_ms() const noexcept;
  /// Whose certificate it is, such as "CN=store-7"; "" if we have none.
  [[nodiscard]] std::string certificate_subject() const;

  struct Inner;
  /// For platform's own sources only. What changes in it (tickets, kept sessions) changes on the loop's thread.
  [[nodiscard]] Inner& inner() const noexcept { return *inner_; }

 private:
  explicit TlsContext(std::unique_ptr<Inner> inner) noexcept;
  std::unique_ptr<Inner> inner_;
};

}  // namespace storegate::platform
