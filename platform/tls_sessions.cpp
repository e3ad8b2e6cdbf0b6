// The sessions that a client's context keeps, one a server.
#include "platform/tls_inner.hpp"

namespace storegate::platform {
namespace {
// Servers come from the configuration and are few; a session takes half a KiB.
constexpr std::size_t kept_max = 64;
}  // namespace

void TlsSessions::keep(const std::string& server, const mbedtls_ssl_context& ssl,
                       std::int64_t valid_until_ms) {
  kept_.erase(server);
  if (kept_.size() >= kept_max) kept_.erase(kept_.begin());
  Kept& kept = kept_[server];
  kept.valid_until_ms = valid_until_ms;
  if (mbedtls_ssl_get_session(&ssl, kept.session.get()) != 0) kept_.erase(server);
}

core::Result<std::optional<std::int64_t>> TlsSessions::offer(const std::string& server,
                                                             mbedtls_ssl_context& ssl, std::int64_t now_ms) {
  const auto found = kept_.find(server);
  if (found == kept_.end()) return std::optional<std::int64_t>();
  const std::int64_t valid_until_ms = found->second.valid_until_ms;
  if (now_ms > valid_until_ms) {
    kept_.erase(found);
    return std::optional<std::int64_t>();
  }
  // A session that was set in part would make a handshake that is neither a short nor a full one.
  if (mbedtls_ssl_set_session(&ssl, found->second.session.get()) != 0)
    return core::Error{core::ErrorCode::failed, "no memory to resume a TLS session"};
  return std::optional(valid_until_ms);
}

}  // namespace storegate::platform
