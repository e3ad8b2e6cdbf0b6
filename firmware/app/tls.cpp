// Which file is for what.
#include "app/tls.hpp"

#include <utility>

#include "codec/times.hpp"
#include "platform/mqtt_url.hpp"

namespace storegate::app {

core::Result<SharedTls> TlsLoader::listener(const ListenerTls& tls) {
  if (!tls.is_on()) return SharedTls{};
  const auto key = std::tuple(tls.certificate, tls.key, tls.client_ca);
  if (const auto found = listeners_.find(key); found != listeners_.end()) return found->second;
  platform::TlsServerOptions options;
  options.certificate_file = tls.certificate;
  options.key_file = tls.key;
  options.client_ca_file = tls.client_ca;
  return listeners_.emplace(key, platform::TlsContext::server(options)).first->second;
}

core::Result<SharedTls> TlsLoader::peer(const PeerTls& tls, const std::string& alpn) {
  const auto key = std::tuple(tls.ca, tls.certificate, tls.key, alpn);
  if (const auto found = peers_.find(key); found != peers_.end()) return found->second;
  platform::TlsClientOptions options;
  options.ca_file = tls.ca.empty() ? system_ca_file : tls.ca;
  options.certificate_file = tls.certificate;
  options.key_file = tls.key;
  options.alpn = alpn;
  return peers_.emplace(key, platform::TlsContext::client(options)).first->second;
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

core::Result<TlsInUse> TlsLoader::all(const Config& config) {
  TlsInUse all;
  auto http = listener(config.http.tls);
  if (!http) return std::move(http).error().in("http.tls");
  all.http = std::move(http).value();
  if (speaks_tls(config.pos)) {
    auto pos = peer(config.pos.tls, http_alpn);
    if (!pos) return std::move(pos).error().in("pos");
    all.pos = std::move(pos).value();
  }
  if (config.mqtt && speaks_tls(*config.mqtt)) {
    auto mqtt = peer(config.mqtt->tls, mqtt_alpn);
    if (!mqtt) return std::move(mqtt).error().in("mqtt");
    all.mqtt = std::move(mqtt).value();
  }
  for (const PartnerConfig& partner : config.partners) {
    if (!partner.api || !speaks_tls(*partner.api)) continue;
    auto context = peer(partner.api->tls, http_alpn);
    if (!context) return std::move(context).error().in("partner.api of " + partner.name);
    all.partners[partner.api->tls.ca] = std::move(context).value();
  }
  return all;
}

core::Result<TlsInUse> load_tls(const Config& config) { return TlsLoader().all(config); }

std::string why_not_valid(const SharedTls& tls, const platform::ClockReading& now) {
  if (!tls || !now.wall_trusted) return {};
  const auto begin = tls->certificate_not_before_ms();
  const auto end = tls->certificate_not_after_ms();
  if (end && *end <= now.wall_ms) return "has ended on " + codec::time_text(*end);
  if (begin && *begin > now.wall_ms) return "begins on " + codec::time_text(*begin);
  return {};
}

SharedTls better_of(const SharedTls& old, const SharedTls& fresh, const platform::ClockReading& now) {
  return why_not_valid(fresh, now).empty() || !why_not_valid(old, now).empty() ? fresh : old;
}

SharedTls kept_for_later(const SharedTls& fresh, const platform::ClockReading& now) {
  const auto begin = fresh ? fresh->certificate_not_before_ms() : std::nullopt;
  return begin && *begin > now.wall_ms ? fresh : nullptr;
}

bool take_kept(SharedTls& in_use, SharedTls& kept, const platform::ClockReading& now) {
  if (!in_use || !kept || better_of(in_use, kept, now) != kept) return false;
  in_use = std::exchange(kept, nullptr);
  return true;
}

}  // namespace storegate::app
