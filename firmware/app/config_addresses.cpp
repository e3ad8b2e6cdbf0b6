// [http], [mqtt] and [[route]]: where this process listens and whom it calls. What would send secrets or orders in the clear
// beyond this machine is a problem or a warning, never a silent plain connection.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "app/config_sections.hpp"
#include "app/tls.hpp"
#include "platform/endpoint.hpp"
#include "platform/mqtt_url.hpp"

namespace storegate::app {
namespace {

constexpr std::size_t token_bytes_good = 16;
constexpr std::size_t topic_slashes_max = 7;  // AWS IoT Core's limit (interfaces: MQTT)

/// A user or password in a URL is a secret in a file that anyone may read; the text must not repeat it.
bool reject_user_info(ConfigTable& table, std::string_view key, std::string_view url) {
  if (url.find('@') == std::string_view::npos) return false;
  table.problem(key, "must not hold a user or password; use the keys and files for them");
  return true;
}

/// Beyond loopback nothing is said in the clear, and nobody is believed by the mere fact that he could connect.
void check_listener(ConfigTable& table, std::string_view key, const std::string& text,
                    const HttpConfig& http) {
  const auto endpoint = platform::Endpoint::parse(text);
  if (!endpoint) return table.problem(key, endpoint.error().context);
  if (endpoint->is_unix())
    return table.problem(key, "must be ADDRESS:PORT; http.socket is the key for a Unix socket");
  if (endpoint->is_loopback()) return;
  if (!http.tls.is_on())
    return table.problem(
        key,
        "others than this machine can connect there: give tls = { certificate = \"…\", key = \"…\" }, or "
        "listen on 127.0.0.1 or [::1]");
  if (http.admin_token.empty())
    table.problem(
        key,
        "others than this machine can connect there: give admin_token_file, or listen on 127.0.0.1 or [::1]");
}

void read_socket(ConfigTable& table, const ConfigSurroundings& around, std::string& socket) {
  table.path("socket", around, socket);
  if (socket.empty()) return;
  const auto endpoint = platform::Endpoint::parse("unix:" + socket);
  if (!endpoint) table.problem("socket", endpoint.error().context);
}

/// Whether it needs TLS.
bool check_mqtt_url(ConfigTable& table, const std::string& url) {
  if (url.empty() || reject_user_info(table, "url", url)) return false;
  const auto address = platform::parse_mqtt_url(url);
  if (!address) return table.problem("url", address.error().context), false;
  if (!address->tls)
    warn_of_plain(table, "url", address->host, address->path.empty() ? "mqtts://" : "wss://");
  return address->tls;
}

void check_prefix(ConfigTable& table, std::string_view prefix) {
  const auto unfit = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
  const bool has_wild = prefix.find_first_of("+#{}") != std::string_view::npos;
  if (prefix.empty() || prefix.size() > 256 || has_wild || prefix.front() == '/' || prefix.back() == '/' ||
      prefix.front() == '$' || std::any_of(prefix.begin(), prefix.end(), unfit)) {
    return table.problem("prefix",
                         "must be a topic's beginning such as \"stores\": no + # { }, no / at either end, no "
                         "$ in front");
  }
  constexpr auto slashes_behind = std::string_view("/store/out/event");
  const auto slashes = std::count(prefix.begin(), prefix.end(), '/') +
                       std::count(slashes_behind.begin(), slashes_behind.end(), '/');
  if (slashes > static_cast<std::ptrdiff_t>(topic_slashes_max)) {
    table.problem("prefix",
                  "makes topics of more than 7 slashes, which some brokers refuse; use at most 4 here");
  }
}

void read_broker_user(ConfigTable& table, const ConfigSurroundings& around, MqttConfig& mqtt) {
  table.text("username", mqtt.username);
  table.secret_file("password_file", around, ConfigTable::SecretUse::any, mqtt.password);
  if (!mqtt.password.empty() && mqtt.username.empty()) {
    table.problem("password_file", "needs username too: MQTT 3.1.1 knows no password without one");
  }
}

/// What the braces in a topic stand for; anything else in braces is a slip.
bool has_strange_braces(std::string topic) {
  for (const std::string_view known : {"{prefix}", "{store}", "{event}"}) {
    for (auto at = topic.find(known); at != std::string::npos; at = topic.find(known))
      topic.replace(at, known.size(), "x");
  }
  return topic.find_first_of("{}") != std::string::npos;
}

void check_topic(ConfigTable& table, const std::string& topic) {
  if (topic.empty() || topic.size() > 1024 || topic.front() == '/' || topic.front() == '$') {
    return table.problem("topic", "must be a topic such as \"{prefix}/{store}/out/{event}\"");
  }
  if (topic.find_first_of("+#") != std::string::npos) {
    return table.problem("topic", "must not hold + or #: one does not publish to a pattern");
  }
  if (has_strange_braces(topic)) table.problem("topic", "only {prefix}, {store} and {event} are filled in");
}

/// Whether the pattern is the documented default, which every event of ours matches; blanks do not count.
bool matches_everything(std::string pattern) {
  std::erase_if(pattern, [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; });
  return pattern == R"({"type":[{"prefix":"storegate."}]})";
}

}  // namespace

void check_http_url(ConfigTable& table, std::string_view key, const std::string& url) {
  if (reject_user_info(table, key, url)) return;
  const auto parsed = platform::Url::parse(url);
  if (!parsed) table.problem(key, parsed.error().context);
}

bool is_this_machine(const std::string& host) {
  if (host.empty() || host == "localhost") return true;
  return platform::Endpoint{platform::Endpoint::Kind::tcp, host, 0}.is_loopback();
}

void warn_of_plain(ConfigTable& table, std::string_view key, const std::string& host, std::string_view use) {
  if (is_this_machine(host)) return;
  table.warning(key,
                "goes to another machine in the clear: orders, customers and passwords can be read and "
                "changed on the way; use " +
                    std::string(use) + " if that machine speaks TLS");
}

void read_http(ConfigTable& table, const ConfigSurroundings& around, HttpConfig& http) {
  table.required("listen", "where orders come in, such as listen = \"127.0.0.1:8080\"");
  table.text("listen", http.listen);
  table.text("admin_listen", http.admin_listen);
  read_listener_tls(table, around, http.tls);
  table.secret_file("admin_token_file", around, ConfigTable::SecretUse::token, http.admin_token);
  if (!http.admin_token.empty() && http.admin_token.size() < token_bytes_good)
    table.warning("admin_token_file",
                  "the token has fewer than 16 characters and can be guessed; write a longer one, such as "
                  "openssl rand -hex 24 makes");
  if (!http.listen.empty()) check_listener(table, "listen", http.listen, http);
  if (!http.admin_listen.empty()) check_listener(table, "admin_listen", http.admin_listen, http);
  if (!http.admin_listen.empty() && http.admin_listen == http.listen && !http.listen.ends_with(":0")) {
    table.problem("admin_listen", "is the same as listen; give it a port of its own or remove it");
  }
  table.text("public_url", http.public_url);
  if (!http.public_url.empty()) check_http_url(table, "public_url", http.public_url);
  while (http.public_url.ends_with('/')) http.public_url.pop_back();
  table.integer("body_max_kib", http.body_max_kib, 0, 64 * 1024);
  table.integer("connections_max", http.connections_max, 0, 10'000);
  read_socket(table, around, http.socket);
  table.report_unknown();
}

void read_mqtt(ConfigTable& table, const ConfigSurroundings& around, MqttConfig& mqtt) {
  table.required("url", "the broker's address, such as url = \"mqtt://127.0.0.1:1883\"");
  table.text("url", mqtt.url);
  const bool uses_tls = check_mqtt_url(table, mqtt.url);
  if (table.one_of("version", {"5", "3.1.1"}) == 1U) mqtt.version = "3.1.1";
  table.text("client_id", mqtt.client_id);
  if (mqtt.client_id.size() > 128) table.problem("client_id", "has more than 128 bytes");
  read_peer_tls(table, around, uses_tls, mqtt_alpn, mqtt.tls);
  read_broker_user(table, around, mqtt);
  table.text("prefix", mqtt.prefix);
  check_prefix(table, mqtt.prefix);
  table.integer("session_expiry_hours", mqtt.session_expiry_hours, 1, 10 * 366 * 24);
  table.integer("keepalive_s", mqtt.keepalive_s, 5, 65'535);
  table.integer("window", mqtt.window, 0, 65'535);
  if (mqtt.window == 0) mqtt.window = 65'535;  // no limit of ours: the protocol's
  mqtt.application_acknowledgement = table.one_of("acknowledgement", {"puback", "application"}) == 1U;
  table.report_unknown();
}

void read_route(ConfigTable& table, RouteConfig& route) {
  table.text("name", route.name);
  const ConfigNode* pattern = table.find("match", ConfigNode::Kind::text);
  if (pattern != nullptr && !matches_everything(pattern->text)) {
    table.problem(
        "match", R"(this version sends every event: only '{"type":[{"prefix":"storegate."}]}' is supported)");
  }
  table.text("topic", route.topic);
  check_topic(table, route.topic);
  for (const std::string_view key : {"url", "secret_file"}) {
    std::string unused;
    table.text(key, unused);
    if (!unused.empty())
      table.problem(key, "this version sends events over MQTT only; remove this key and use topic");
  }
  table.report_unknown();
}

}  // namespace storegate::app
