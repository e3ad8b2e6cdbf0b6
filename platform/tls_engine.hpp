// TlsEngine: one end of one TLS connection, without a socket: bytes in, bytes out, plain text in, plain text out.
// Whoever has the socket carries the bytes. It must not know who that is, nor what the plain text means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "platform/tls_context.hpp"

namespace storegate::platform {

/// Errors are tls_error()'s (tls_words.hpp): `unavailable` for what the other side or the way there did, `failed` for a
/// lack of memory. After one the connection is over: each later call gives the same error again; only to_send() is
/// still worth a look, since the alert that tells the other side why lies there.
class TlsEngine {
 public:
  /// The server's end. The context must be a server's. Error: `failed`, no memory (an end takes 36 KiB; open
  /// and at rest 4 KiB).
  [[nodiscard]] static core::Result<std::unique_ptr<TlsEngine>> serve(
      std::shared_ptr<const TlsContext> context);
  /// The client's end. The server must prove by its certificate that it is `host`, a name or an address literal
  /// without brackets; a kept session of host and port is offered. The ClientHello is in to_send() after the first
  /// handshake(). Errors: `invalid`, no host or not one; `failed`, no memory.
  [[nodiscard]] static core::Result<std::unique_ptr<TlsEngine>> connect(
      std::shared_ptr<const TlsContext> context, const std::string& host, std::uint16_t port);
  ~TlsEngine();
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;

  /// What came over the wire, in any pieces. Read until there is nothing left before giving more: that bounds it, and
  /// beyond 128 KiB that wait the connection is over (`failed`).
  void take_in(std::string_view bytes);
  /// The wire has ended: what was not said before will not come.
  void take_end() noexcept;

  /// Goes on as far as the bytes allow. True: the handshake is over; false: more bytes are needed.
  [[nodiscard]] core::Result<bool> handshake();

  /// At most `size` bytes of plain text, size > 0. 0: more bytes are needed, and all that came in is worked off; or
  /// has_ended(). A wire that ended without the other side's farewell is an error: somebody may have cut off the end.
  [[nodiscard]] core::Result<std::size_t> read(char* into, std::size_t size);
  /// Nothing is expected for a while: what memory can be done without until then is given back. So it is as well whenever
  /// read() gives 0.
  void rest() noexcept;
  /// The other side said its farewell (close_notify).
  [[nodiscard]] bool has_ended() const noexcept;
  /// read() would give plain text, or has bytes left to work on, without anything new from the wire.
  [[nodiscard]] bool has_unread() const noexcept;

  /// Takes plain text for one record, 16 KiB or less; the value says how much of it. 0: 64 KiB and more wait in
  /// to_send(). Whatever it took is in to_send() when it returns: mbedTLS never has to be called a second time with
  /// the same bytes (its rule after MBEDTLS_ERR_SSL_WANT_WRITE, which does not occur here).
  [[nodiscard]] core::Result<std::size_t> write(std::string_view plain);
  /// Says the farewell, once, if the handshake is over. Nothing may be written after it.
  void close() noexcept;

  /// Bytes for the wire, oldest first; valid until the next call.
  [[nodiscard]] std::string_view to_send() const noexcept;
  void sent(std::size_t bytes) noexcept;

  /// The handshake was a short one, with a session of an earlier connection.
  [[nodiscard]] bool is_resumed() const noexcept;
  /// Such as "TLS-ECDHE-ECDSA-WITH-CHACHA20-POLY1305-SHA256"; once the handshake is over.
  [[nodiscard]] std::string suite() const;
  /// Something was said to the other side, by a server after a whole ClientHello.
  [[nodiscard]] bool has_answered() const noexcept;
  /// What came first was a capital letter: somebody speaks plain HTTP here, and no TLS.
  [[nodiscard]] bool heard_plain_http() const noexcept;

 private:
  struct Inner;
  explicit TlsEngine(std::unique_ptr<Inner> inner) noexcept;
  std::unique_ptr<Inner> inner_;
};

}  // namespace storegate::platform
