// The sessions that a client's context keeps, one a server.
#include "platform/tls_inner.hpp"

namespace storegate::platform {
namespace {
// Servers come from the configuration and are few; a session takes half a KiB.
constexpr std::size_t kept_max = 64;
}  // namespace

void TlsSessions::keep(const std::string& server, const mbedtls_ssl_context& ssl, std::int64_t valid_until_ms,
                       bool is_resumed) {
  const auto old = kept_.extract(server);
  auto fresh = std::make_unique<Kept>();
  fresh->valid_until_ms = valid_until_ms;
  if (mbedtls_ssl_get_session(&ssl, fresh->session.get()) != 0) return;
  // A server that wanted a full handshake in spite of a ticket, and gave no other, leaves the old ticket beside the new
  // secret: a server that did open it would not understand us.
  if (!is_resumed && !old.empty() &&
      tls_compat::have_same_ticket(*old.mapped()->session.get(), *fresh->session.get()))
    return;
  if (kept_.size() >= kept_max) kept_.erase(kept_.begin());
  kept_.emplace(server, std::move(fresh));
}

core::Result<std::optional<std::int64_t>> TlsSessions::offer(const std::string& server,
                                                             mbedtls_ssl_context& ssl, std::int64_t now_ms) {
  const auto found = kept_.find(server);
  if (found == kept_.end()) return std::optional<std::int64_t>();
  const std::int64_t valid_until_ms = found->second->valid_until_ms;
  if (now_ms > valid_until_ms) {
    kept_.erase(found);
    return std::optional<std::int64_t>();
  }
  // A session that was set in part would make a handshake that is neither a short nor a full one.
  if (mbedtls_ssl_set_session(&ssl, found->second->session.get()) != 0)
    return core::Error{core::ErrorCode::failed, "no memory to resume a TLS session"};
  return std::optional(valid_until_ms);
}

}  // namespace storegate::platform
