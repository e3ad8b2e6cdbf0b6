// What sslscan saw of a server, read from its XML, and what of it a partners' port must not show.
// Knows no server.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/temp_dir.hpp"

namespace storegate::scan {

/// Runs sslscan against 127.0.0.1 and gives its XML. Throws std::runtime_error if it did not reach the server.
[[nodiscard]] std::string sslscan_xml(const support::TempDir& folder, std::uint16_t port);

/// Every objection to it, each as a line; none: TLS 1.2 alone, ECDHE with AEAD alone, a certificate on P-256 that is in
/// force and no more than SHA-1, no renegotiation, no compression, no heartbleed.
[[nodiscard]] std::vector<std::string> objections_to(const std::string& xml);

}  // namespace storegate::scan
