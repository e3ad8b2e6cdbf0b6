// TLS contexts from the files that a configuration names. It must not know who listens or calls.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "app/config.hpp"
#include "core/result.hpp"
#include "platform/tls_context.hpp"

namespace storegate::app {

using SharedTls = std::shared_ptr<const platform::TlsContext>;

/// Whom a peer's certificate is trusted by where the configuration says nothing: Debian's package ca-certificates.
inline constexpr const char* system_ca_file = "/etc/ssl/certs/ca-certificates.crt";
/// What HTTP and MQTT peers are told that we speak (RFC 7301).
inline constexpr const char* http_alpn = "http/1.1";
inline constexpr const char* mqtt_alpn = "";

/// Whether the address is one with TLS, by whichever of its names.
[[nodiscard]] bool speaks_tls(const PosConfig& pos);
[[nodiscard]] bool speaks_tls(const MqttConfig& mqtt);
[[nodiscard]] bool speaks_tls(const PartnerApiConfig& api);

/// nullptr if it is not on. Errors: invalid, which file and what is wrong with it.
[[nodiscard]] core::Result<SharedTls> listener_context(const ListenerTls& tls);
[[nodiscard]] core::Result<SharedTls> peer_context(const PeerTls& tls, std::string alpn);

/// Everything a service speaks TLS with; nullptr where it does not.
struct TlsInUse {
  SharedTls http, pos, mqtt;
  std::map<std::string, SharedTls>
      partners;  // to their APIs, by the file of whom to trust; "" = the system's
  /// When the first of our own certificates ends, Unix time in milliseconds; nothing = there is none.
  [[nodiscard]] std::optional<std::int64_t> ends_at_wall_ms() const;
};
[[nodiscard]] core::Result<TlsInUse> load_tls(const Config& config);

}  // namespace storegate::app
