// mbedTLS between two buffers. Its callbacks are C: no exception may pass through them.
#include "platform/tls_engine.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <optional>
#include <utility>

#include "platform/tls_inner.hpp"
#include "platform/tls_names.hpp"
#include "platform/tls_words.hpp"

namespace storegate::platform {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t waiting_bytes_max = 64 * 1024;
// Alerts and answers to refused renegotiations come on top; whoever makes us write so many reads none of them.
constexpr std::size_t waiting_bytes_end = 256 * 1024;
// What came in and waits. Whoever reads all before it gives more never has more than one piece of it here.
constexpr std::size_t unread_bytes_max = 128 * 1024;
constexpr std::int64_t for_ever_ms = std::numeric_limits<std::int64_t>::max();

using Ssl = TlsOwned<mbedtls_ssl_context, mbedtls_ssl_init, mbedtls_ssl_free>;

/// Bytes on their way. Costs no memory while there are none: most connections are idle most of the time.
struct Bytes {
  [[nodiscard]] std::string_view unread() const noexcept { return std::string_view(bytes).substr(begin); }
  void consume(std::size_t count) noexcept {
    begin += count;
    if (begin < bytes.size()) return;
    std::string().swap(bytes);  // assigning an empty one would keep the memory
    begin = 0;
  }
  std::string bytes;
  std::size_t begin = 0;
};

}  // namespace

struct TlsEngine::Inner {
  explicit Inner(std::shared_ptr<const TlsContext> with)
      : context(std::move(with)), common(context->inner()) {}

  [[nodiscard]] Result<void> set_up();
  [[nodiscard]] Result<void> aim_at(const std::string& host, std::uint16_t port);
  void judge(const mbedtls_x509_crt& certificate, bool is_peers_own, std::uint32_t& flags);
  [[nodiscard]] Result<void> conclude();
  [[nodiscard]] Error fail(int code);
  [[nodiscard]] Result<void> take_buffers();
  [[nodiscard]] int read(unsigned char* into, std::size_t size) noexcept;

  static int send(void* self, const unsigned char* bytes, std::size_t size) noexcept;
  static int receive(void* self, unsigned char* into, std::size_t size) noexcept;
  static int verify(void* self, mbedtls_x509_crt* certificate, int depth, std::uint32_t* flags) noexcept;

  std::shared_ptr<const TlsContext> context;
  TlsContext::Inner& common;
  Ssl ssl;  // before the context goes, to which it points
  tls_compat::RecordBuffers buffers;
  std::string host;
  std::string peer = "the client";
  Bytes in;
  Bytes out;
  TlsBlame blame;
  std::int64_t valid_until_ms = for_ever_ms;     // the peer's whole chain
  std::optional<std::int64_t> offered_until_ms;  // a kept session was offered
  std::optional<Error> failure;
  char first_byte = 0;
  bool has_answered = false;
  bool wire_ended = false;
  bool is_verified = false;  // in this handshake, not in an earlier one
  bool is_resumed = false;
  bool is_open = false;
  bool peer_closed = false;
  bool closed = false;
};

int TlsEngine::Inner::send(void* self, const unsigned char* bytes, std::size_t size) noexcept {
  auto& inner = *static_cast<Inner*>(self);
  auto& out = inner.out;
  if (out.unread().size() + size > waiting_bytes_end) return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
  try {
    out.bytes.append(reinterpret_cast<const char*>(bytes), size);
  } catch (const std::bad_alloc&) {
    return MBEDTLS_ERR_SSL_ALLOC_FAILED;
  }
  inner.has_answered = true;
  return static_cast<int>(size);
}

int TlsEngine::Inner::receive(void* self, unsigned char* into, std::size_t size) noexcept {
  auto& inner = *static_cast<Inner*>(self);
  const auto unread = inner.in.unread();
  if (unread.empty()) return inner.wire_ended ? 0 : MBEDTLS_ERR_SSL_WANT_READ;
  const auto count = std::min(size, unread.size());
  std::memcpy(into, unread.data(), count);
  inner.in.consume(count);
  return static_cast<int>(count);
}

/// Called for each certificate of the chain, the root first, with what mbedTLS found.
int TlsEngine::Inner::verify(void* self, mbedtls_x509_crt* certificate, int depth,
                             std::uint32_t* flags) noexcept {
  try {
    static_cast<Inner*>(self)->judge(*certificate, depth == 0, *flags);
  } catch (const std::bad_alloc&) {
    return MBEDTLS_ERR_X509_ALLOC_FAILED;
  }
  return 0;
}

/// mbedTLS judges dates by the wall clock, which a device may not have, and compares no addresses: both anew.
void TlsEngine::Inner::judge(const mbedtls_x509_crt& certificate, bool is_peers_own, std::uint32_t& flags) {
  const auto now_ms = common.now_ms();
  const auto from_ms = unix_ms_of(certificate.valid_from);
  const auto until_ms =
      unix_ms_of(certificate.valid_to) + 999;  // its last second is a good one (RFC 5280 4.1.2.5)
  flags &= ~static_cast<std::uint32_t>(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
  if (now_ms > until_ms) flags |= MBEDTLS_X509_BADCERT_EXPIRED;
  if (now_ms < from_ms) flags |= MBEDTLS_X509_BADCERT_FUTURE;
  if (is_peers_own && !common.is_server && !is_certificate_for(certificate, host))
    flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
  valid_until_ms = std::min(valid_until_ms, until_ms);
  is_verified = is_verified || is_peers_own;
  if (flags != 0) blame = {flags, is_peers_own, from_ms, until_ms, is_peers_own ? names_in(certificate) : ""};
}

Error TlsEngine::Inner::fail(int code) {
  // What mbedTLS says of bytes that are not even the beginning of a record depends on where they come.
  const bool is_record = first_byte == 0 || (first_byte >= MBEDTLS_SSL_MSG_CHANGE_CIPHER_SPEC &&
                                             first_byte <= MBEDTLS_SSL_MSG_APPLICATION_DATA);
  if (!is_open && !is_record) code = MBEDTLS_ERR_SSL_INVALID_RECORD;
  TlsTrouble trouble{.code = code,
                     .alert = tls_compat::received_alert(*ssl.get()),
                     .handshake = !is_open,
                     .peer = peer,
                     .blame = blame};
  // 2.28 says nothing to a client that ought to have sent one. RFC 5246 7.4.6
  if (code == MBEDTLS_ERR_SSL_NO_CLIENT_CERTIFICATE)
    (void)mbedtls_ssl_send_alert_message(ssl.get(), MBEDTLS_SSL_ALERT_LEVEL_FATAL,
                                         MBEDTLS_SSL_ALERT_MSG_HANDSHAKE_FAILURE);
  if (trouble.blame.flags == 0) trouble.blame.flags = mbedtls_ssl_get_verify_result(ssl.get());
  if (!is_open && !common.is_server) common.sessions.forget(peer);
  failure = tls_error(trouble);
  return *failure;
}

/// They are away while the connection is idle.
Result<void> TlsEngine::Inner::take_buffers() {
  if (buffers.take(*ssl.get())) return {};
  return fail(MBEDTLS_ERR_SSL_ALLOC_FAILED);
}

Result<void> TlsEngine::Inner::set_up() {
  if (mbedtls_ssl_setup(ssl.get(), common.config.get()) != 0)
    return Error{ErrorCode::failed, "no memory for a TLS connection"};
  mbedtls_ssl_set_bio(ssl.get(), this, send, receive, nullptr);
  mbedtls_ssl_set_verify(ssl.get(), verify, this);
  return {};
}

Result<void> TlsEngine::Inner::aim_at(const std::string& name, std::uint16_t port) {
  constexpr std::size_t name_bytes_max = 253;
  if (name.empty() || name.size() > name_bytes_max)
    return Error{ErrorCode::invalid, "TLS needs the name of the server that it is to prove: 1 to 253 bytes"};
  host = name;
  peer = name + ":" + std::to_string(port);
  // An address is not to be sent as a server name (RFC 6066 3), and is compared by us alone.
  if (mbedtls_ssl_set_hostname(ssl.get(), is_ip_address(name) ? nullptr : name.c_str()) != 0)
    return Error{ErrorCode::failed, "no memory for a TLS connection"};
  auto offered = common.sessions.offer(peer, *ssl.get(), common.now_ms());
  if (!offered) return std::move(offered).error();
  offered_until_ms = *offered;
  return {};
}

/// The handshake is over for mbedTLS. A server that was not verified in it must have been in the offered session's.
Result<void> TlsEngine::Inner::conclude() {
  tls_compat::forget_peer_certificate(ssl.get());
  if (common.is_server) return {};
  is_resumed = !is_verified;
  if (is_resumed && !offered_until_ms) return fail(MBEDTLS_ERR_SSL_INTERNAL_ERROR);
  if (mbedtls_ssl_get_verify_result(ssl.get()) != 0) return fail(MBEDTLS_ERR_X509_CERT_VERIFY_FAILED);
  common.sessions.keep(peer, *ssl.get(), is_resumed ? *offered_until_ms : valid_until_ms, is_resumed);
  return {};
}

Result<std::unique_ptr<TlsEngine>> TlsEngine::serve(std::shared_ptr<const TlsContext> context) {
  auto inner = std::make_unique<Inner>(std::move(context));
  if (auto done = inner->set_up(); !done) return std::move(done).error();
  return std::unique_ptr<TlsEngine>(new TlsEngine(std::move(inner)));
}

Result<std::unique_ptr<TlsEngine>> TlsEngine::connect(std::shared_ptr<const TlsContext> context,
                                                      const std::string& host, std::uint16_t port) {
  auto inner = std::make_unique<Inner>(std::move(context));
  if (auto done = inner->set_up(); !done) return std::move(done).error();
  if (auto done = inner->aim_at(host, port); !done) return std::move(done).error();
  return std::unique_ptr<TlsEngine>(new TlsEngine(std::move(inner)));
}

TlsEngine::TlsEngine(std::unique_ptr<Inner> inner) noexcept : inner_(std::move(inner)) {}
TlsEngine::~TlsEngine() = default;

void TlsEngine::take_in(std::string_view bytes) {
  auto& inner = *inner_;
  if (inner.failure) return;
  if (inner.first_byte == 0 && !bytes.empty()) inner.first_byte = bytes.front();
  if (inner.in.unread().size() + bytes.size() > unread_bytes_max) {
    inner.in = {};
    inner.failure = Error{ErrorCode::failed, "more came from " + inner.peer + " than is read at a time"};
    return;
  }
  inner.in.bytes.append(bytes);
}

void TlsEngine::take_end() noexcept { inner_->wire_ended = true; }

Result<bool> TlsEngine::handshake() {
  auto& inner = *inner_;
  if (inner.failure) return *inner.failure;
  if (inner.is_open) return true;
  inner.common.ticket_was_good = false;
  const int code = mbedtls_ssl_handshake(inner.ssl.get());
  if (std::exchange(inner.common.ticket_was_good, false)) inner.is_resumed = true;
  if (code == MBEDTLS_ERR_SSL_WANT_READ) return false;
  if (code != 0) return inner.fail(code);
  if (auto concluded = inner.conclude(); !concluded) return std::move(concluded).error();
  inner.is_open = true;
  return true;
}

/// mbedTLS stops behind an alert that is no end (no_renegotiation), as if there were nothing more: it is asked again for
/// as long as it takes bytes.
int TlsEngine::Inner::read(unsigned char* into, std::size_t size) noexcept {
  while (true) {
    const auto unread = in.unread().size();
    const int code = mbedtls_ssl_read(ssl.get(), into, size);
    const bool goes_on = in.unread().size() < unread && !in.unread().empty();
    if (code != MBEDTLS_ERR_SSL_WANT_READ || !goes_on) return code;
  }
}

Result<std::size_t> TlsEngine::read(char* into, std::size_t size) {
  auto& inner = *inner_;
  if (inner.failure) return *inner.failure;
  if (!inner.is_open || inner.peer_closed) return std::size_t{0};
  if (inner.buffers.are_away() && inner.in.unread().empty() && !inner.wire_ended) return std::size_t{0};
  if (auto taken = inner.take_buffers(); !taken) return std::move(taken).error();
  const int code = inner.read(reinterpret_cast<unsigned char*>(into), size);
  if (code > 0) return static_cast<std::size_t>(code);
  if (code == MBEDTLS_ERR_SSL_WANT_READ) return rest(), std::size_t{0};
  if (code != MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
    return inner.fail(code == 0 ? MBEDTLS_ERR_SSL_CONN_EOF : code);
  inner.peer_closed = true;
  return std::size_t{0};
}

void TlsEngine::rest() noexcept {
  auto& inner = *inner_;
  if (inner.is_open && !inner.failure && inner.in.unread().empty()) inner.buffers.give_back(*inner.ssl.get());
}

bool TlsEngine::has_ended() const noexcept { return inner_->peer_closed; }

bool TlsEngine::has_unread() const noexcept {
  return !inner_->in.unread().empty() || mbedtls_ssl_check_pending(inner_->ssl.get()) != 0;
}

Result<std::size_t> TlsEngine::write(std::string_view plain) {
  auto& inner = *inner_;
  if (inner.failure) return *inner.failure;
  if (!inner.is_open || inner.closed) return Error{ErrorCode::failed, "TLS is not open for writing"};
  if (plain.empty() || inner.out.unread().size() >= waiting_bytes_max) return std::size_t{0};
  if (auto taken = inner.take_buffers(); !taken) return std::move(taken).error();
  const int code =
      mbedtls_ssl_write(inner.ssl.get(), reinterpret_cast<const unsigned char*>(plain.data()), plain.size());
  if (code < 0) return inner.fail(code);
  return static_cast<std::size_t>(code);
}

void TlsEngine::close() noexcept {
  auto& inner = *inner_;
  if (inner.failure || !inner.is_open || std::exchange(inner.closed, true)) return;
  const bool has_buffers = inner.buffers.take(*inner.ssl.get());
  const int code = has_buffers ? mbedtls_ssl_close_notify(inner.ssl.get()) : MBEDTLS_ERR_SSL_ALLOC_FAILED;
  if (code == 0) return;
  try {
    (void)inner.fail(code);
  } catch (const std::bad_alloc&) {
    // No memory for words that nobody waits for: the other side will see a cut, and nothing is written any more.
  }
}

std::string_view TlsEngine::to_send() const noexcept { return inner_->out.unread(); }
void TlsEngine::sent(std::size_t bytes) noexcept { inner_->out.consume(bytes); }
bool TlsEngine::is_resumed() const noexcept { return inner_->is_resumed; }

std::string TlsEngine::suite() const {
  const char* const name = mbedtls_ssl_get_ciphersuite(inner_->ssl.get());
  return name != nullptr ? name : "";
}

bool TlsEngine::heard_plain_http() const noexcept {
  return inner_->first_byte >= 'A' && inner_->first_byte <= 'Z';
}

bool TlsEngine::has_answered() const noexcept { return inner_->has_answered; }

}  // namespace storegate::platform
