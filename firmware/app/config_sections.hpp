// The sections of the configuration one by one: which keys there are, their defaults' ranges, and what this version
// does not do yet. Each reads its table into its part of the Config and reports what is wrong.
#pragma once

#include <string>
#include <string_view>

#include "app/config.hpp"
#include "app/config_reader.hpp"

namespace storegate::app {

void read_store(ConfigTable& table, const ConfigSurroundings& around, StoreConfig& store);
void read_storage(ConfigTable& table, const ConfigSurroundings& around, StorageConfig& storage);
void read_http(ConfigTable& table, const ConfigSurroundings& around, HttpConfig& http);
void read_mqtt(ConfigTable& table, const ConfigSurroundings& around, MqttConfig& mqtt);
void read_pos(ConfigTable& table, const ConfigSurroundings& around, PosConfig& pos);
void read_partner(ConfigTable& table, const ConfigSurroundings& around, PartnerConfig& partner);
void read_route(ConfigTable& table, RouteConfig& route);
void read_log(ConfigTable& table, LogConfig& log);
void read_alarm(ConfigTable& table, AlarmConfig& alarm);

/// [http] tls, in config_tls.cpp: files that are there and belong together, or a problem that says what is wrong.
void read_listener_tls(ConfigTable& http, const ConfigSurroundings& around, ListenerTls& tls);
/// ca, certificate and key of a table whose `url` may need them. `used`: it does; files that nobody reads are warned of.
void read_peer_tls(ConfigTable& table, const ConfigSurroundings& around, bool used, const std::string& alpn,
                   PeerTls& tls);

/// [[partner]] answer and [partner.api], in config_partner_api.cpp: how the partner's API is spoken to, and what is missing
/// for that. `partner.codec` is known.
void read_partner_api(ConfigTable& table, const ConfigSurroundings& around, PartnerConfig& partner);

/// A base URL that can be called: http:// or https:// without user or password, or unix:/path.
void check_http_url(ConfigTable& table, std::string_view key, const std::string& url);

/// What is said to this host in the clear stays on this machine. "": a Unix socket's, which has none.
[[nodiscard]] bool is_this_machine(const std::string& host);
/// A broker or POS is allowed beyond it without TLS, since a store's own network may be trusted; a warning says so.
void warn_of_plain(ConfigTable& table, std::string_view key, const std::string& host, std::string_view use);

/// [store] hours, in config_hours.cpp.
void read_hours(ConfigTable& table, StoreConfig& store);

}  // namespace storegate::app
