// TlsContext behind its public face, and the owners of mbedTLS's structures. Platform-internal: only tls_*.cpp and
// their tests include it. It must not know sockets.
#pragma once

#include <mbedtls/ssl_ticket.h>
#include <mbedtls/x509_crt.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "platform/clock.hpp"
#include "platform/tls_compat.hpp"
#include "platform/tls_context.hpp"

namespace storegate::platform {

/// One of mbedTLS's structures, made and freed by its own two functions.
template <typename T, void (*make)(T*), void (*release)(T*)>
class TlsOwned {
 public:
  TlsOwned() noexcept { make(&value_); }
  ~TlsOwned() { release(&value_); }
  TlsOwned(const TlsOwned&) = delete;
  TlsOwned& operator=(const TlsOwned&) = delete;
  T* get() noexcept { return &value_; }
  const T* get() const noexcept { return &value_; }
  T* operator->() noexcept { return &value_; }
  const T* operator->() const noexcept { return &value_; }

 private:
  T value_;
};

using TlsConfig = TlsOwned<mbedtls_ssl_config, mbedtls_ssl_config_init, mbedtls_ssl_config_free>;
using TlsCertificates = TlsOwned<mbedtls_x509_crt, mbedtls_x509_crt_init, mbedtls_x509_crt_free>;
using TlsKey = TlsOwned<mbedtls_pk_context, mbedtls_pk_init, mbedtls_pk_free>;
using TlsTickets = TlsOwned<mbedtls_ssl_ticket_context, mbedtls_ssl_ticket_init, mbedtls_ssl_ticket_free>;
using TlsSession = TlsOwned<mbedtls_ssl_session, mbedtls_ssl_session_init, mbedtls_ssl_session_free>;

/// The generator that mbedTLS asks: the kernel's own. It needs no seed and no lock, and cannot run out of memory.
int tls_random(void*, unsigned char* bytes, std::size_t size);

/// Unix time in milliseconds of a certificate's date.
[[nodiscard]] std::int64_t unix_ms_of(const mbedtls_x509_time& time) noexcept;

/// What a client remembers of each server, so that the next handshake is a short one. The rules hold all the same: a
/// session is known by the name it was verified for, lives as long as the certificates it was verified by, and
/// belongs to one context: other trust, other sessions.
class TlsSessions {
 public:
  /// Keeps the finished handshake's session. Without memory for it nothing is kept.
  void keep(const std::string& server, const mbedtls_ssl_context& ssl, std::int64_t valid_until_ms,
            bool is_resumed);
  /// Offers the kept session to the handshake that is about to begin, unless its time is over. How long it may be
  /// used, or nothing if none was offered. Error: `failed`, no memory; the handshake must not begin then.
  [[nodiscard]] core::Result<std::optional<std::int64_t>> offer(const std::string& server,
                                                                mbedtls_ssl_context& ssl,
                                                                std::int64_t now_ms);
  void forget(const std::string& server) { kept_.erase(server); }

 private:
  struct Kept {
    TlsSession session;
    std::int64_t valid_until_ms = 0;
  };
  std::map<std::string, std::unique_ptr<Kept>> kept_;
};

struct TlsContext::Inner {
  /// Where certificates are judged in time.
  [[nodiscard]] std::int64_t now_ms() const;

  bool is_server = false;
  bool has_certificate = false;
  bool asks_for_certificate = false;
  bool ticket_was_good = false;  // set by each ticket that was opened; the engine looks right after its call
  TlsWallClock wall_ms;
  Clock clock;
  std::string alpn;
  const char* protocols[2] = {nullptr, nullptr};  // mbedTLS keeps the pointer
  TlsCertificates certificates;                   // our own chain
  TlsCertificates trusted;
  TlsKey key;
  TlsTickets tickets;
  TlsSessions sessions;
  TlsConfig config;  // points to the members above, so it goes first
};

}  // namespace storegate::platform
