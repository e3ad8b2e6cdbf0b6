// Reads certificates and keys, says what is wrong with them, and sets mbedTLS up once for many connections.
#include "platform/tls_context.hpp"

#include <fcntl.h>
#include <mbedtls/pem.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "platform/random.hpp"
#include "platform/tls_inner.hpp"

namespace storegate::platform {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;
using Inner = TlsContext::Inner;

// ECDHE for forward secrecy, AEAD since CBC's padding has leaked too often. ChaCha20 goes first: mbedTLS 2.28 computes
// AES from tables on ARM, which is slower and whose time depends on the key.
constexpr std::array<int, 7> suites{MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
                                    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
                                    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                                    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                                    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                                    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
                                    0};

// The largest bundle of a distribution has 250 KiB; more than this is a wrong file.
constexpr std::size_t file_bytes_max = 2 * 1024 * 1024;

/// A file's text, which may be a key: wiped at the end.
struct Text {
  Text() = default;
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  ~Text() { mbedtls_platform_zeroize(bytes.data(), bytes.size()); }

  [[nodiscard]] const unsigned char* data() const noexcept {
    return reinterpret_cast<const unsigned char*>(bytes.c_str());
  }
  /// With the NUL behind it, by which mbedTLS tells PEM.
  [[nodiscard]] std::size_t size() const noexcept { return bytes.size() + 1; }
  std::string bytes;
};

Error wrong(std::string_view what, const std::string& file, std::string_view why) {
  return {ErrorCode::invalid, std::string(what) + " " + file + ": " + std::string(why)};
}

Error no_memory() { return {ErrorCode::failed, "no memory to set TLS up"}; }

struct OpenFile {
  explicit OpenFile(const std::string& name)
      // A pipe or a terminal in the place of a key must not hold the loop until somebody writes to it.
      : descriptor(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (descriptor >= 0) ::close(descriptor);
  }
  /// False: it ended before, or could not be read.
  [[nodiscard]] bool fill(std::string& bytes) const {
    std::size_t have = 0;
    while (have < bytes.size()) {
      const auto count = ::read(descriptor, bytes.data() + have, bytes.size() - have);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      have += static_cast<std::size_t>(count);
    }
    return true;
  }
  const int descriptor;
};

Result<void> read(std::string_view what, const std::string& file, Text& text) {
  if (file.empty()) return wrong(what, file, "no file is named");
  const OpenFile opened(file);
  struct statx status {};
  if (opened.descriptor < 0 ||
      ::statx(opened.descriptor, "", AT_EMPTY_PATH, STATX_TYPE | STATX_SIZE, &status) != 0)
    return wrong(what, file, std::strerror(errno));
  if (!S_ISREG(status.stx_mode)) return wrong(what, file, "it is no regular file");
  if (status.stx_size > file_bytes_max) return wrong(what, file, "it is too large to be one");
  const auto size = static_cast<std::size_t>(status.stx_size);
  text.bytes.resize(size);
  if (!opened.fill(text.bytes)) return wrong(what, file, "it cannot be read");
  return {};
}

/// `all`: one that cannot be read is an error; in a bundle of many roots it is left out.
Result<void> read_certificates(std::string_view what, const std::string& file, bool all,
                               TlsCertificates& into) {
  Text text;
  if (auto done = read(what, file, text); !done) return done;
  const int code = mbedtls_x509_crt_parse(into.get(), text.data(), text.size());
  if (code == MBEDTLS_ERR_X509_ALLOC_FAILED || code == MBEDTLS_ERR_PEM_ALLOC_FAILED) return no_memory();
  if (code < 0 || into->raw.p == nullptr || (all && code > 0))
    return wrong(what, file, "it holds no certificate in PEM form, or one that cannot be read");
  return {};
}

Result<void> read_key(const std::string& file, TlsKey& into) {
  Text text;
  if (auto done = read("the key", file, text); !done) return done;
  const int code = tls_compat::parse_key(into.get(), text.data(), text.size(), tls_random);
  if (code == 0) return {};
  if (code == MBEDTLS_ERR_PK_ALLOC_FAILED || code == MBEDTLS_ERR_PEM_ALLOC_FAILED) return no_memory();
  if (code == MBEDTLS_ERR_PK_PASSWORD_REQUIRED || code == MBEDTLS_ERR_PK_PASSWORD_MISMATCH)
    return wrong("the key", file, "it is protected by a password; store it without one, readable by us only");
  return wrong("the key", file, "it holds no private key in PEM form");
}

Result<void> read_own(const std::string& certificate_file, const std::string& key_file, Inner& inner) {
  if (auto done = read_certificates("the certificate", certificate_file, true, inner.certificates); !done)
    return done;
  if (auto done = read_key(key_file, inner.key); !done) return done;
  if (tls_compat::check_pair(&inner.certificates->pk, inner.key.get(), tls_random) != 0)
    return wrong("the key", key_file, "it does not belong to the certificate " + certificate_file);
  if (mbedtls_ssl_conf_own_cert(inner.config.get(), inner.certificates.get(), inner.key.get()) != 0)
    return no_memory();
  inner.has_certificate = true;
  return {};
}

Result<void> trust(const std::string& file, Inner& inner) {
  if (auto done = read_certificates("the CA bundle", file, false, inner.trusted); !done) return done;
  mbedtls_ssl_conf_ca_chain(inner.config.get(), inner.trusted.get(), nullptr);
  mbedtls_ssl_conf_authmode(inner.config.get(), MBEDTLS_SSL_VERIFY_REQUIRED);
  inner.asks_for_certificate = true;
  return {};
}

Result<void> set_up(Inner& inner, bool is_server) {
  auto* const config = inner.config.get();
  inner.is_server = is_server;
  if (!tls_compat::prepare_library() ||
      mbedtls_ssl_config_defaults(config, is_server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
                                  MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT) != 0)
    return no_memory();
  tls_compat::use_tls_1_2_only(config);
  tls_compat::use_our_curves(config);
  tls_compat::use_our_hashes(config);
  mbedtls_ssl_conf_ciphersuites(config, suites.data());
  mbedtls_ssl_conf_rng(config, tls_random, nullptr);
  mbedtls_ssl_conf_renegotiation(config, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
  mbedtls_ssl_conf_legacy_renegotiation(config, MBEDTLS_SSL_LEGACY_NO_RENEGOTIATION);
  if (inner.alpn.empty()) return {};
  inner.protocols[0] = inner.alpn.c_str();
  if (mbedtls_ssl_conf_alpn_protocols(config, inner.protocols) != 0)
    return Error{ErrorCode::invalid, "alpn: 1 to 255 bytes"};
  return {};
}

int write_ticket(void* inner, const mbedtls_ssl_session* session, unsigned char* start,
                 const unsigned char* end, std::size_t* size, std::uint32_t* lifetime) {
  return mbedtls_ssl_ticket_write(static_cast<Inner*>(inner)->tickets.get(), session, start, end, size,
                                  lifetime);
}

int open_ticket(void* context, mbedtls_ssl_session* session, unsigned char* bytes, std::size_t size) {
  auto& inner = *static_cast<Inner*>(context);
  const int code = mbedtls_ssl_ticket_parse(inner.tickets.get(), session, bytes, size);
  if (code == 0) inner.ticket_was_good = true;
  return code;
}

/// A ticket would let a client in whose certificate has expired, or whose CA is no longer trusted: a server that asks
/// for certificates gives none. The others' tickets end with their context, since its key does.
Result<void> give_tickets(Inner& inner, std::chrono::seconds lifetime) {
  if (lifetime.count() <= 0 || inner.asks_for_certificate) return {};
  constexpr std::int64_t week_s = 7 * 24 * 3600;  // RFC 5246 F.1.4 and RFC 8446 4.6.1: no longer than days
  const auto seconds = static_cast<std::uint32_t>(std::min<std::int64_t>(lifetime.count(), week_s));
  if (mbedtls_ssl_ticket_setup(inner.tickets.get(), tls_random, nullptr, MBEDTLS_CIPHER_AES_256_GCM,
                               seconds) != 0)
    return no_memory();
  mbedtls_ssl_conf_session_tickets_cb(inner.config.get(), write_ticket, open_ticket, &inner);
  return {};
}

Result<void> set_up_server(Inner& inner, const TlsServerOptions& options) {
  inner.alpn = "http/1.1";
  inner.wall_ms = options.wall_ms;
  if (auto done = set_up(inner, true); !done) return done;
  mbedtls_ssl_conf_authmode(inner.config.get(), MBEDTLS_SSL_VERIFY_NONE);
  if (auto done = read_own(options.certificate_file, options.key_file, inner); !done) return done;
  if (!options.client_ca_file.empty())
    if (auto done = trust(options.client_ca_file, inner); !done) return done;
  return give_tickets(inner, options.ticket_lifetime);
}

Result<void> set_up_client(Inner& inner, const TlsClientOptions& options) {
  inner.alpn = options.alpn;
  inner.wall_ms = options.wall_ms;
  if (auto done = set_up(inner, false); !done) return done;
  if (auto done = trust(options.ca_file, inner); !done) return done;
  mbedtls_ssl_conf_session_tickets(inner.config.get(), MBEDTLS_SSL_SESSION_TICKETS_ENABLED);
  if (options.certificate_file.empty() && options.key_file.empty()) return {};
  return read_own(options.certificate_file, options.key_file, inner);
}

}  // namespace

int tls_random(void*, unsigned char* bytes, std::size_t size) {
  fill_random({bytes, size});
  return 0;
}

std::int64_t unix_ms_of(const mbedtls_x509_time& time) noexcept {
  const std::chrono::year_month_day day{std::chrono::year(time.year),
                                        std::chrono::month(static_cast<unsigned>(time.mon)),
                                        std::chrono::day(static_cast<unsigned>(time.day))};
  const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
  return (((days * 24 + time.hour) * 60 + time.min) * 60 + time.sec) * 1'000;
}

std::int64_t Inner::now_ms() const {
  return std::max(wall_ms ? wall_ms() : clock.now().wall_ms, wall_floor_ms);
}

Result<std::shared_ptr<const TlsContext>> TlsContext::server(const TlsServerOptions& options) {
  auto inner = std::make_unique<Inner>();
  if (auto done = set_up_server(*inner, options); !done) return std::move(done).error();
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(inner)));
}

Result<std::shared_ptr<const TlsContext>> TlsContext::client(const TlsClientOptions& options) {
  auto inner = std::make_unique<Inner>();
  if (auto done = set_up_client(*inner, options); !done) return std::move(done).error();
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(inner)));
}

TlsContext::TlsContext(std::unique_ptr<Inner> inner) noexcept : inner_(std::move(inner)) {}
TlsContext::~TlsContext() = default;

bool TlsContext::is_server() const noexcept { return inner_->is_server; }

std::optional<std::int64_t> TlsContext::certificate_not_after_ms() const noexcept {
  if (!inner_->has_certificate) return std::nullopt;
  std::int64_t first = unix_ms_of(inner_->certificates->valid_to);
  for (const auto* each = inner_->certificates->next; each != nullptr; each = each->next)
    first = std::min(first, unix_ms_of(each->valid_to));
  return first;
}

std::optional<std::int64_t> TlsContext::certificate_not_before_ms() const noexcept {
  if (!inner_->has_certificate) return std::nullopt;
  std::int64_t last = unix_ms_of(inner_->certificates->valid_from);
  for (const auto* each = inner_->certificates->next; each != nullptr; each = each->next)
    last = std::max(last, unix_ms_of(each->valid_from));
  return last;
}

std::string TlsContext::certificate_subject() const {
  if (!inner_->has_certificate) return {};
  std::array<char, 512> text{};
  const int size = mbedtls_x509_dn_gets(text.data(), text.size(), &inner_->certificates->subject);
  return size > 0 ? std::string(text.data()) : std::string();
}

}  // namespace storegate::platform
