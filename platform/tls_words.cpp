// From mbedTLS's numbers to sentences.
#include "platform/tls_words.hpp"

#include <mbedtls/asn1.h>
#include <mbedtls/cipher.h>
#include <mbedtls/ecp.h>
#include <mbedtls/x509.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "platform/tls_compat.hpp"

namespace storegate::platform {
namespace {

using core::Error;
using core::ErrorCode;

bool is_out_of_memory(int code) {
  constexpr std::array<int, 8> codes{MBEDTLS_ERR_SSL_ALLOC_FAILED,    MBEDTLS_ERR_X509_ALLOC_FAILED,
                                     MBEDTLS_ERR_MPI_ALLOC_FAILED,    MBEDTLS_ERR_ECP_ALLOC_FAILED,
                                     MBEDTLS_ERR_PK_ALLOC_FAILED,     MBEDTLS_ERR_MD_ALLOC_FAILED,
                                     MBEDTLS_ERR_CIPHER_ALLOC_FAILED, MBEDTLS_ERR_ASN1_ALLOC_FAILED};
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

std::string date_of(std::int64_t unix_ms) {
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(unix_ms)};
  const std::chrono::year_month_day day{std::chrono::floor<std::chrono::days>(time)};
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(day.year()),
                static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  return text.data();
}

std::string certificate_words(const TlsTrouble& trouble) {
  const auto& blame = trouble.blame;
  const auto has = [&](std::uint32_t flag) { return (blame.flags & flag) != 0; };
  const std::string whose = blame.is_peers_own ? "the certificate of " + trouble.peer
                                               : "a CA's certificate above that of " + trouble.peer;
  if (has(MBEDTLS_X509_BADCERT_MISSING)) return trouble.peer + " sent no certificate";
  if (has(MBEDTLS_X509_BADCERT_EXPIRED)) return whose + " expired on " + date_of(blame.valid_until_ms);
  if (has(MBEDTLS_X509_BADCERT_FUTURE))
    return whose + " is not valid before " + date_of(blame.valid_from_ms) + "; is this device's clock right?";
  if (has(MBEDTLS_X509_BADCERT_NOT_TRUSTED)) return whose + " is signed by nobody in our CA bundle";
  if (has(MBEDTLS_X509_BADCERT_CN_MISMATCH))
    return whose + " is for another name: " +
           (blame.names.empty() ? "it has no subject alternative name" : "it is for " + blame.names);
  if (has(MBEDTLS_X509_BADCERT_BAD_MD) || has(MBEDTLS_X509_BADCERT_BAD_PK) ||
      has(MBEDTLS_X509_BADCERT_BAD_KEY))
    return whose + " has a key or a signature that is too weak, or a curve other than P-256";
  return whose + " is not made for this use";
}

std::string no_suite_with(const std::string& peer) {
  return peer +
         " has no cipher suite in common with us (we: ECDHE with AES-GCM or ChaCha20, RSA keys or P-256 "
         "ones)";
}

std::string alert_words(const TlsTrouble& trouble) {
  const std::string& peer = trouble.peer;
  switch (trouble.alert) {
    case MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE:
      return no_suite_with(peer) + ", or it wants a certificate that we did not send";
    case MBEDTLS_SSL_ALERT_MSG_PROTOCOL_VERSION: return peer + " does not speak TLS 1.2";
    case MBEDTLS_SSL_ALERT_MSG_NO_CERT:
    case MBEDTLS_SSL_ALERT_MSG_BAD_CERT:
    case MBEDTLS_SSL_ALERT_MSG_UNSUPPORTED_CERT:
    case MBEDTLS_SSL_ALERT_MSG_CERT_REVOKED:
    case MBEDTLS_SSL_ALERT_MSG_CERT_UNKNOWN:
    case MBEDTLS_SSL_ALERT_MSG_ACCESS_DENIED: return peer + " does not accept our certificate";
    case MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED: return peer + " says that our certificate has expired";
    case MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA: return peer + " does not trust the CA of our certificate";
    case MBEDTLS_SSL_ALERT_MSG_UNRECOGNIZED_NAME: return peer + " does not know itself by that name";
    case MBEDTLS_SSL_ALERT_MSG_NO_APPLICATION_PROTOCOL: return peer + " does not speak our protocol";
    default: return peer + " broke off with TLS alert " + std::to_string(trouble.alert);
  }
}

std::string words_of(const TlsTrouble& trouble) {
  switch (trouble.code) {
    case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED: return certificate_words(trouble);
    case MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE: return trouble.peer + " sent no certificate";
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE: return alert_words(trouble);
    case tls_compat::no_common_version: return trouble.peer + " does not speak TLS 1.2";
    case tls_compat::no_common_suite: return no_suite_with(trouble.peer);
    case MBEDTLS_ERR_SSL_CONN_EOF:
      return trouble.peer + (trouble.handshake
                                 ? " closed the connection during the TLS handshake"
                                 : " cut the connection without TLS's farewell: what came last may "
                                   "be missing");
    case MBEDTLS_ERR_SSL_INVALID_MAC: return "what came from " + trouble.peer + " was changed on its way";
    case MBEDTLS_ERR_SSL_INVALID_RECORD: return "what came from " + trouble.peer + " is not TLS";
    default: break;
  }
  std::array<char, 16> number{};
  std::snprintf(number.data(), number.size(), "-0x%04x", static_cast<unsigned>(-trouble.code));
  return "TLS with " + trouble.peer + " failed (mbedTLS " + number.data() + ")";
}

}  // namespace

Error tls_error(const TlsTrouble& trouble) {
  if (is_out_of_memory(trouble.code)) return {ErrorCode::failed, "no memory for TLS with " + trouble.peer};
  return {ErrorCode::unavailable, words_of(trouble)};
}

}  // namespace storegate::platform
