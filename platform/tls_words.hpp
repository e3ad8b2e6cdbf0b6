// What went wrong between two TLS ends, in words that a technician can act on. Platform-internal (no mbedTLS header, but
// its numbers). It must not know sockets.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.hpp"

namespace storegate::platform {

/// The certificate that was found wanting first, seen from the peer's own upwards.
struct TlsBlame {
  std::uint32_t flags = 0;   // MBEDTLS_X509_BADCERT_*
  bool is_peers_own = true;  // false: one above it, a CA's
  std::int64_t valid_from_ms = 0;
  std::int64_t valid_until_ms = 0;
  std::string names;  // whom the peer's own is for
};

struct TlsTrouble {
  int code = 0;           // mbedTLS's
  int alert = -1;         // the one received, if code says so
  bool handshake = true;  // still in it
  std::string peer;       // "pos.local:8443", or "the client"
  TlsBlame blame;         // if code says that the certificate is not good
};

/// `failed` = no memory here; `unavailable` = everything that the other side, or somebody between, may put right.
[[nodiscard]] core::Error tls_error(const TlsTrouble& trouble);

}  // namespace storegate::platform
