// Which file is for what.
#include "app/tls.hpp"

#include <utility>

#include "platform/mqtt_url.hpp"

namespace storegate::app {

core::Result<SharedTls> listener_context(const ListenerTls& tls) {
  if (!tls.is_on()) return SharedTls{};
  platform::TlsServerOptions options;
  options.certificate_file = tls.certificate;
  options.key_file = tls.key;
  options.client_ca_file = tls.client_ca;
  return platform::TlsContext::server(options);
}

core::Result<SharedTls> peer_context(const PeerTls& tls, std::string alpn) {
  platform::TlsClientOptions options;
  options.ca_file = tls.ca.empty() ? system_ca_file : tls.ca;
  options.certificate_file = tls.certificate;
  options.key_file = tls.key;
  options.alpn = std::move(alpn);
  return platform::TlsContext::client(options);
}

std::optional<std::int64_t> TlsInUse::ends_at_wall_ms() const {
  std::optional<std::int64_t> first;
  for (const SharedTls* tls : {&http, &pos, &mqtt}) {
    const auto end = *tls ? (*tls)->certificate_not_after_ms() : std::nullopt;
    if (end && (!first || *end < *first)) first = end;
  }
  return first;
}

bool speaks_tls(const PosConfig& pos) { return pos.url.starts_with("https://"); }

bool speaks_tls(const MqttConfig& mqtt) {
  const auto address = platform::parse_mqtt_url(mqtt.url);
  return address && address->tls;
}

bool speaks_tls(const PartnerApiConfig& api) {
  return api.url.starts_with("https://") || api.token_url.starts_with("https://");
}

core::Result<TlsInUse> load_tls(const Config& config) {
  TlsInUse all;
  auto http = listener_context(config.http.tls);
  if (!http) return std::move(http).error().in("http.tls");
  all.http = std::move(http).value();
  if (speaks_tls(config.pos)) {
    auto pos = peer_context(config.pos.tls, http_alpn);
    if (!pos) return std::move(pos).error().in("pos");
    all.pos = std::move(pos).value();
  }
  if (config.mqtt && speaks_tls(*config.mqtt)) {
    auto mqtt = peer_context(config.mqtt->tls, mqtt_alpn);
    if (!mqtt) return std::move(mqtt).error().in("mqtt");
    all.mqtt = std::move(mqtt).value();
  }
  for (const PartnerConfig& partner : config.partners) {
    if (!partner.api || !speaks_tls(*partner.api)) continue;
    auto [at, is_new] = all.partners.try_emplace(partner.api->tls.ca);
    if (!is_new) continue;  // the system's bundle takes memory: once is enough
    auto context = peer_context(partner.api->tls, http_alpn);
    if (!context) return std::move(context).error().in("partner.api of " + partner.name);
    at->second = std::move(context).value();
  }
  return all;
}

}  // namespace storegate::app
