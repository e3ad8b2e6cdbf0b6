// Config: what the store's owner wrote in storegate.toml, checked whole and with every default filled in. Plain
// values. Reading it needs the file system (secrets, zones), never the network; nothing here is logged, since it
// holds secrets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/partners/generic.hpp"
#include "codec/partners/partner_api.hpp"
#include "core/hours.hpp"
#include "core/order.hpp"
#include "core/policy.hpp"
#include "platform/local_time.hpp"

namespace storegate::app {

class TlsLoader;

struct StoreConfig {
  std::string id;                           // [a-z0-9-]{1,48}
  std::string timezone = "UTC";             // an IANA name that the system's zoneinfo knows
  platform::LocalZone zone;                 // of that name
  std::string currency = "USD";             // three capitals (ISO 4217)
  std::optional<core::OpeningHours> hours;  // nothing = always open
  std::int64_t prep_minutes = 8;
  std::int64_t kitchen_capacity = 0;  // orders; 0 = no limit
  std::int64_t kitchen_items = 0;     // in them; 0 = no limit
  core::TestOrders test_orders = core::TestOrders::accept;
};

struct StorageConfig {
  std::string path;
  std::int64_t retain_days = 30;
  std::int64_t customer_data_hours = 48;
  std::int64_t order_id_reuse_hours = 48;
  std::int64_t min_free_mib = 64;        // below it no new order is taken; 0 = nobody looks
  std::int64_t max_mib = 2048;           // of the database with its WAL; 0 = no bound
  std::int64_t max_live_orders = 20000;  // 0 = no limit
};

/// Files of a listener that speaks TLS; no certificate = it does not.
struct ListenerTls {
  std::string certificate, key;
  std::string client_ca;  // "" = clients need no certificate
  [[nodiscard]] bool is_on() const noexcept { return !certificate.empty(); }
};

/// Files by which a peer is verified, and we are where it asks.
struct PeerTls {
  std::string ca;                // "" = the system's bundle
  std::string certificate, key;  // "" = none
};

struct HttpConfig {
  std::string
      listen;  // platform::Endpoint::parse reads it: TCP, loopback unless tls is on; port 0 = the system chooses
  std::string admin_listen;  // "" = none: everything is served on `listen`
  std::string public_url;    // where partners reach `listen`, without a path's end; "" = not told
  ListenerTls tls;           // of `listen`, and of an admin_listen that is not loopback
  std::string socket = "/run/storegate/api.sock";  // a path; "" = none
  std::string admin_token;                         // secret; "" = no token is asked
  std::int64_t body_max_kib = 512;                 // 0 = no limit
  std::int64_t connections_max = 256;              // 0 = no limit

  /// For HttpServerOptions: in bytes, and 0 ("none") turned into the largest number.
  [[nodiscard]] std::size_t body_bytes_max() const noexcept;
  /// Of all bodies together: room for two of the largest, and 12 MiB at least. Without a limit as with the largest that
  /// can be set: memory has one.
  [[nodiscard]] std::size_t bodies_bytes_max() const noexcept;
  [[nodiscard]] std::size_t connections_limit() const noexcept;
};

struct MqttConfig {
  PeerTls tls;                // for mqtts://
  std::string url;            // platform::parse_mqtt_url reads it
  std::string version = "5";  // or "3.1.1"
  std::string client_id;      // store.id if absent
  std::string username;       // "" = none
  std::string password;       // secret
  std::string prefix = "stores";
  std::int64_t session_expiry_hours = 24;
  std::int64_t keepalive_s = 15;
  std::int64_t window = 20;
  bool application_acknowledgement = false;  // acknowledgement = "application"
};

struct PosConfig {
  PeerTls tls;  // for https://
  std::string driver = "rest";
  std::string url;    // platform::Url::parse reads it
  std::string token;  // secret; "" = none
  std::int64_t timeout_ms = 8000;
  std::int64_t max_processing_ms = 30000;
  std::int64_t deduplicates_s = 0;
  bool can_query = true;
  std::int64_t rate_per_s = 5;          // 0 = no limit
  std::int64_t requests_max = 16;       // at once
  std::int64_t ask_interval_ms = 5000;  // between the two "not found" that end a doubt
  std::int64_t expire_minutes = 30;
  std::int64_t complete_after_minutes = 240;  // 0 = never
  std::int64_t watch_s = 20;                  // a placed order is first asked about within so long; 0 = never
  std::int64_t watch_max = 4;                 // such questions at once
  std::int64_t watch_rate_per_s = 2;          // 0 = no limit
  std::string push_token;                     // secret; "" = the POS does not tell by itself
  std::int64_t availability_poll_s = 60;      // its list of what is off; 0 = it is not asked
  std::int64_t menu_poll_s = 0;               // its prices; 0 = it is not asked
  bool check_prices = false;                  // price_check = "reject"
  std::int64_t price_tolerance = 1;           // minor units, either way
};

/// How a client shows its secret to the endpoint that gives tokens (RFC 6749 section 2.3.1).
enum class ClientAuth : std::uint8_t { body = 0, basic = 1 };

/// A partner's API: where it is and who asks. What its codec brings is filled in.
struct PartnerApiConfig {
  std::string url;        // https, or http to this machine; platform::Url::parse reads it
  std::string token_url;  // the same; of APIs that want a token
  ClientAuth client_auth = ClientAuth::body;
  std::string client_id;
  std::string client_secret;   // secret
  std::string scope;           // "" = none is asked for
  std::string secret;          // secret: of a header, or what a token is signed with
  std::string developer_id;    // who signs,
  std::string key_id;          // and with which key
  bool token_by_json = false;  // the token is asked for by a JSON object, and not by a form
  std::string audience;        // "" = none is named
  std::string store_id;        // the partner's id of this store; may be empty
  std::string merchant_id;     // may be empty
  PeerTls tls;                 // ca alone
  std::int64_t pull_interval_s =
      0;  // how often it is asked for missed orders; 0 = at start and after an outage
  std::int64_t timeout_ms = 8000;
};

struct PartnerConfig {
  std::string name;
  const codec::PartnerCodec* codec = nullptr;  // by `codec`, or by its name; nullptr = no webhook
  std::optional<codec::WebhookScheme> scheme;  // of codec "generic" only
  std::vector<std::string> secrets;            // contents of secret_files; each verifies
  std::string store_id;  // the partner's id of this store: what names another is refused; "" = nobody looks
  std::string webhook_url;             // where it reaches its webhook; "" = no public_url
  std::int64_t rate_per_minute = 120;  // 0 = no limit
  std::int64_t weight = 1;
  bool enabled = true;
  std::int64_t decide_within_s = 0;  // 0 = none; a built-in name brings its own
  core::ReleaseMode release = core::ReleaseMode::immediate;
  std::int64_t release_fallback_minutes = 0;
  std::int64_t release_fallback_without_promise_minutes = 30;
  core::FallbackPolicy release_fallback = core::FallbackPolicy::release;
  bool answers_directly = false;  // answer = "direct": the store itself tells the partner what becomes of it
  std::optional<PartnerApiConfig> api;  // nothing = its API is not spoken to; else its codec has one
};

/// This version: every event goes to `topic` ("{prefix}", "{store}" and "{event}" are to be filled in).
struct RouteConfig {
  std::string name = "cloud";
  std::string topic = "{prefix}/{store}/out/{event}";
};

struct LogConfig {
  std::string level = "info";  // error, warn, info, debug
};

/// Seconds and counts after which an alarm is raised; 0 = never.
struct AlarmConfig {
  std::int64_t pos_unreachable_s = 60;
  std::int64_t uplink_unreachable_s = 300;
  std::int64_t backlog_events = 1000;
  std::int64_t certificate_days = 14;
};

struct Config {
  StoreConfig store;
  StorageConfig storage;
  HttpConfig http;
  std::optional<MqttConfig> mqtt;  // nothing = no uplink, events are kept
  PosConfig pos;
  std::vector<PartnerConfig> partners;  // names differ
  std::vector<RouteConfig> routes;      // this version: exactly one
  LogConfig log;
  AlarmConfig alarm;
};

/// One thing about the file that a person should know. Never holds the content of a secret.
struct ConfigFinding {
  std::uint32_t line = 0;    // from 1; 0 = about no line (the file cannot be read)
  std::uint32_t column = 0;  // in characters, from 1
  std::string key;           // "pos.url", "partner[2].release"; "" = the file itself
  std::string text;          // what is wrong and what to do
};

/// What reading gave: a configuration exactly if there are no problems. Warnings stop nothing.
/// Both lists are ordered by line.
struct ConfigReading {
  std::optional<Config> config;
  /// What could be read of one with problems: for a look at what it names, never to be run.
  std::optional<Config> unready;
  std::vector<ConfigFinding> problems;
  std::vector<ConfigFinding> warnings;
};

/// What a file means depends on these too; tests pass their own.
struct ConfigSurroundings {
  std::optional<std::string> credentials_directory;  // ${CREDENTIALS_DIRECTORY} in paths
  std::string zoneinfo = "/usr/share/zoneinfo";
  TlsLoader* tls =
      nullptr;  // keeps what is read of certificates for who needs it next; nullptr = nobody does

  /// From the process's environment.
  [[nodiscard]] static ConfigSurroundings of_process();
};

/// Reads and checks the file (at most 1 MiB) and the secret files it names. Finds all problems in one go, except
/// that text which is not TOML is reported by its first error alone.
[[nodiscard]] ConfigReading load_config(const std::string& path,
                                        const ConfigSurroundings& around = ConfigSurroundings::of_process());
/// The same for text in memory.
[[nodiscard]] ConfigReading parse_config(std::string_view text, const ConfigSurroundings& around);

/// "FILE:LINE:COLUMN: KEY: TEXT", for people and for editors that jump to the place.
[[nodiscard]] std::string describe(const ConfigFinding& finding, std::string_view file);

/// What core decides by. "No limit" and "never" become the largest number where core has no word for them.
[[nodiscard]] core::Policy policy_of(const Config& config);

}  // namespace storegate::app
