// Where mbedTLS 2.28 (Debian 12) and 3.6 differ, its SHA-256 included, and nowhere else: everything above compiles against both.
// Platform-internal. tests/house permits a preprocessor condition on the library's version in this file alone.
#pragma once

#include <mbedtls/pk.h>
#include <mbedtls/platform.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#if MBEDTLS_VERSION_NUMBER < 0x03000000
#include <mbedtls/ssl_internal.h>
#endif

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace storegate::platform::tls_compat {

using Random = int (*)(void*, unsigned char*, std::size_t);

#if MBEDTLS_VERSION_NUMBER >= 0x03000000

inline constexpr int no_common_version = MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION;
inline constexpr int no_common_suite = MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE;

/// 3.6 hashes and checks signatures through PSA where that is compiled in; it has to be told once.
inline bool prepare_library() { return psa_crypto_init() == PSA_SUCCESS; }

inline int parse_key(mbedtls_pk_context* key, const unsigned char* text, std::size_t size, Random random) {
  return mbedtls_pk_parse_key(key, text, size, nullptr, 0, random, nullptr);
}

inline int check_pair(const mbedtls_pk_context* certified, const mbedtls_pk_context* key, Random random) {
  return mbedtls_pk_check_pair(certified, key, random, nullptr);
}

inline void use_tls_1_2_only(mbedtls_ssl_config* config) {
  mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
  mbedtls_ssl_conf_max_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
}

/// For the key exchange and for a peer's own key: X25519 and P-256.
inline void use_our_curves(mbedtls_ssl_config* config) {
  static constexpr std::array<std::uint16_t, 3> groups{MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
                                                       MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
                                                       MBEDTLS_SSL_IANA_TLS_GROUP_NONE};
  mbedtls_ssl_conf_groups(config, groups.data());
}

/// In the handshake: SHA-256 and longer, with ECDSA or RSA.
inline void use_our_hashes(mbedtls_ssl_config* config) {
  static constexpr std::array<std::uint16_t, 6> signatures{
      MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256, MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
      MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,       MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,
      MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512,       MBEDTLS_TLS1_3_SIG_NONE};
  mbedtls_ssl_conf_sig_algs(config, signatures.data());
}

inline bool is_handshake_over(mbedtls_ssl_context* ssl) { return mbedtls_ssl_is_handshake_over(ssl) != 0; }

/// The number of the alert that was just received (RFC 5246 7.2); the library has no call for it.
inline int received_alert(const mbedtls_ssl_context& ssl) {
  return ssl.MBEDTLS_PRIVATE(in_msg) != nullptr ? ssl.MBEDTLS_PRIVATE(in_msg)[1] : -1;
}

/// Both have one, and it is the same.
inline bool have_same_ticket(const mbedtls_ssl_session& a, const mbedtls_ssl_session& b) {
  return a.MBEDTLS_PRIVATE(ticket) != nullptr && b.MBEDTLS_PRIVATE(ticket) != nullptr &&
         a.MBEDTLS_PRIVATE(ticket_len) == b.MBEDTLS_PRIVATE(ticket_len) &&
         std::memcmp(a.MBEDTLS_PRIVATE(ticket), b.MBEDTLS_PRIVATE(ticket), a.MBEDTLS_PRIVATE(ticket_len)) ==
             0;
}

/// The peer's certificate is of no use once it was judged, and takes 1.5 to 3 KiB for as long as the connection lives.
/// 3.6 may be compiled so that it keeps none.
inline void forget_peer_certificate(mbedtls_ssl_context*) {}

inline int sha256(const unsigned char* bytes, std::size_t size, unsigned char* digest) {
  return mbedtls_sha256(bytes, size, digest, 0);
}
inline int sha256_starts(mbedtls_sha256_context* context) { return mbedtls_sha256_starts(context, 0); }
inline int sha256_update(mbedtls_sha256_context* context, const unsigned char* bytes, std::size_t size) {
  return mbedtls_sha256_update(context, bytes, size);
}
inline int sha256_finish(mbedtls_sha256_context* context, unsigned char* digest) {
  return mbedtls_sha256_finish(context, digest);
}
/// Where it is, and how many bytes have led there: a digest that is prepared once goes on from there.
inline auto& sha256_state(mbedtls_sha256_context& context) { return context.MBEDTLS_PRIVATE(state); }
inline auto& sha256_total(mbedtls_sha256_context& context) { return context.MBEDTLS_PRIVATE(total); }

#else

inline constexpr int no_common_version = MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION;
inline constexpr int no_common_suite = MBEDTLS_ERR_SSL_NO_CIPHER_CHOSEN;

inline bool prepare_library() { return true; }

inline int parse_key(mbedtls_pk_context* key, const unsigned char* text, std::size_t size, Random) {
  return mbedtls_pk_parse_key(key, text, size, nullptr, 0);
}

inline int check_pair(const mbedtls_pk_context* certified, const mbedtls_pk_context* key, Random) {
  return mbedtls_pk_check_pair(certified, key);
}

inline void use_tls_1_2_only(mbedtls_ssl_config* config) {
  mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
  mbedtls_ssl_conf_max_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
}

inline void use_our_curves(mbedtls_ssl_config* config) {
  static constexpr std::array<mbedtls_ecp_group_id, 3> curves{MBEDTLS_ECP_DP_CURVE25519,
                                                              MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_NONE};
  mbedtls_ssl_conf_curves(config, curves.data());
}

inline void use_our_hashes(mbedtls_ssl_config* config) {
  static constexpr std::array<int, 4> hashes{MBEDTLS_MD_SHA256, MBEDTLS_MD_SHA384, MBEDTLS_MD_SHA512,
                                             MBEDTLS_MD_NONE};
  mbedtls_ssl_conf_sig_hashes(config, hashes.data());
}

inline bool is_handshake_over(mbedtls_ssl_context* ssl) { return ssl->state == MBEDTLS_SSL_HANDSHAKE_OVER; }

inline int received_alert(const mbedtls_ssl_context& ssl) {
  return ssl.in_msg != nullptr ? ssl.in_msg[1] : -1;
}

inline bool have_same_ticket(const mbedtls_ssl_session& a, const mbedtls_ssl_session& b) {
  return a.ticket != nullptr && b.ticket != nullptr && a.ticket_len == b.ticket_len &&
         std::memcmp(a.ticket, b.ticket, a.ticket_len) == 0;
}

inline void forget_peer_certificate(mbedtls_ssl_context* ssl) {
  if (ssl->session == nullptr || ssl->session->peer_cert == nullptr) return;
  mbedtls_x509_crt_free(ssl->session->peer_cert);
  mbedtls_free(std::exchange(ssl->session->peer_cert, nullptr));
}

inline int sha256(const unsigned char* bytes, std::size_t size, unsigned char* digest) {
  return mbedtls_sha256_ret(bytes, size, digest, 0);
}
inline int sha256_starts(mbedtls_sha256_context* context) { return mbedtls_sha256_starts_ret(context, 0); }
inline int sha256_update(mbedtls_sha256_context* context, const unsigned char* bytes, std::size_t size) {
  return mbedtls_sha256_update_ret(context, bytes, size);
}
inline int sha256_finish(mbedtls_sha256_context* context, unsigned char* digest) {
  return mbedtls_sha256_finish_ret(context, digest);
}
inline auto& sha256_state(mbedtls_sha256_context& context) { return context.state; }
inline auto& sha256_total(mbedtls_sha256_context& context) { return context.total; }

#endif

#if MBEDTLS_VERSION_NUMBER >= 0x03000000 || defined(MBEDTLS_SSL_VARIABLE_BUFFER_LENGTH)

/// 3.6 tells nobody their size; and who is compiled with MBEDTLS_SSL_VARIABLE_BUFFER_LENGTH makes them small by itself.
class RecordBuffers {
 public:
  static constexpr bool gives_back = false;
  [[nodiscard]] bool are_away() const noexcept { return false; }
  void give_back(mbedtls_ssl_context&) noexcept {}
  [[nodiscard]] bool take(mbedtls_ssl_context&) noexcept { return true; }
};

#else

/// The two buffers for records, 16.7 kB each, which an open connection needs only while there is a record. mbedTLS knows
/// how to change them (MBEDTLS_SSL_VARIABLE_BUFFER_LENGTH), but Debian's is compiled without; the pointers into them are
/// moved here as it does there: each keeps its distance from the beginning. All that lives in them between two records
/// is the number of the next one to come in; the next one to go out is counted elsewhere.
class RecordBuffers {
 public:
  static constexpr bool gives_back = true;
  [[nodiscard]] bool are_away() const noexcept { return are_away_; }

  /// Nothing happens while there is anything in them.
  void give_back(mbedtls_ssl_context& ssl) noexcept {
    const bool is_in_use = ssl.state != MBEDTLS_SSL_HANDSHAKE_OVER || ssl.in_left != 0 ||
                           ssl.in_msglen != 0 || ssl.in_hslen != 0 || ssl.in_offt != nullptr ||
                           ssl.keep_current_message != 0 || ssl.out_left != 0;
    if (are_away_ || is_in_use) return;
    std::memcpy(next_in_.data(), ssl.in_ctr, next_in_.size());
    put_away(ssl.in_buf, MBEDTLS_SSL_IN_BUFFER_LEN, pointers_in(ssl), in_);
    put_away(ssl.out_buf, MBEDTLS_SSL_OUT_BUFFER_LEN, pointers_out(ssl), out_);
    are_away_ = true;
  }

  /// Before any other call on `ssl`. False: no memory, and nothing has changed.
  [[nodiscard]] bool take(mbedtls_ssl_context& ssl) noexcept {
    if (!are_away_) return true;
    auto* const in = static_cast<unsigned char*>(mbedtls_calloc(1, MBEDTLS_SSL_IN_BUFFER_LEN));
    auto* const out = static_cast<unsigned char*>(mbedtls_calloc(1, MBEDTLS_SSL_OUT_BUFFER_LEN));
    if (in == nullptr || out == nullptr) {
      mbedtls_free(in);
      mbedtls_free(out);
      return false;
    }
    put_back(ssl.in_buf, in, pointers_in(ssl), in_);
    put_back(ssl.out_buf, out, pointers_out(ssl), out_);
    std::memcpy(ssl.in_ctr, next_in_.data(), next_in_.size());
    are_away_ = false;
    return true;
  }

 private:
  using Pointers = std::array<unsigned char**, 5>;
  using Distances = std::array<std::uint16_t, 5>;

  static Pointers pointers_in(mbedtls_ssl_context& ssl) noexcept {
    return {&ssl.in_ctr, &ssl.in_hdr, &ssl.in_len, &ssl.in_iv, &ssl.in_msg};
  }
  static Pointers pointers_out(mbedtls_ssl_context& ssl) noexcept {
    return {&ssl.out_ctr, &ssl.out_hdr, &ssl.out_len, &ssl.out_iv, &ssl.out_msg};
  }
  static void put_away(unsigned char*& buffer, std::size_t size, const Pointers& pointers,
                       Distances& distances) noexcept {
    for (std::size_t i = 0; i < pointers.size(); ++i)
      distances[i] = static_cast<std::uint16_t>(std::exchange(*pointers[i], nullptr) - buffer);
    mbedtls_platform_zeroize(buffer, size);  // what was decrypted lies there
    mbedtls_free(std::exchange(buffer, nullptr));
  }
  static void put_back(unsigned char*& buffer, unsigned char* fresh, const Pointers& pointers,
                       const Distances& distances) noexcept {
    buffer = fresh;
    for (std::size_t i = 0; i < pointers.size(); ++i) *pointers[i] = fresh + distances[i];
  }

  Distances in_{};
  Distances out_{};
  std::array<unsigned char, 8> next_in_{};
  bool are_away_ = false;
};

#endif

}  // namespace storegate::platform::tls_compat
