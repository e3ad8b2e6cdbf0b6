// Whom a certificate is for. Platform-internal (includes mbedTLS). It must not know what is done with the answer.
#pragma once

#include <mbedtls/x509_crt.h>

#include <string>
#include <string_view>

namespace storegate::platform {

/// An IPv4 or IPv6 literal, without brackets.
[[nodiscard]] bool is_ip_address(const std::string& host);

/// Whether the certificate's subject alternative names hold the host: an address as such (mbedTLS 2.28 compares none),
/// a name ignoring ASCII case, "*." standing for exactly one label (RFC 9525 6.3), but not below a top-level domain. The common name counts for
/// nothing.
[[nodiscard]] bool is_certificate_for(const mbedtls_x509_crt& certificate, const std::string& host);

/// The names in it, for a person: "a.example, 10.0.0.7"; the first few; "" if there are none.
[[nodiscard]] std::string names_in(const mbedtls_x509_crt& certificate);

}  // namespace storegate::platform
