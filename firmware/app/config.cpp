// The whole file: its sections in order, what holds between them, and what core is told of it.
#include "app/config.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <set>
#include <utility>
#include <variant>

#include "app/config_files.hpp"
#include "app/config_reader.hpp"
#include "app/config_sections.hpp"
#include "app/config_tree.hpp"
#include "app/tls.hpp"
#include "codec/text.hpp"

namespace storegate::app {
namespace {

constexpr std::size_t file_bytes_max = 1024 * 1024;  // a thousand partners fit in a quarter of it
constexpr std::size_t partners_max = 1000;           // each has a bucket, a queue and metrics of its own
constexpr core::Milliseconds never_ms = 100 * 366 * 24 * core::hour_ms;  // still safe to add to an instant

/// The section, or an empty one in its place, so that what is required is missed all the same.
ConfigTable section(ConfigTable& root, std::string_view key, ConfigFindings& findings) {
  static const ConfigNode absent;
  const ConfigNode* node = root.find(key, ConfigNode::Kind::table);
  return {node == nullptr ? absent : *node, {std::string(key), "[" + std::string(key) + "]"}, findings};
}

/// The tables of [[key]]; anything else there is a problem.
std::vector<const ConfigNode*> sections(ConfigTable& root, std::string_view key) {
  std::vector<const ConfigNode*> found;
  const ConfigNode* list = root.find(key);
  if (list == nullptr) return found;
  const auto is_table = [](const ConfigNode& item) { return item.kind == ConfigNode::Kind::table; };
  if (list->kind != ConfigNode::Kind::array ||
      !std::all_of(list->items.begin(), list->items.end(), is_table)) {
    root.problem(key, "must be written as [[" + std::string(key) + "]], with two brackets on each side");
    return found;
  }
  for (const ConfigNode& item : list->items) found.push_back(&item);
  return found;
}

TableName numbered(std::string_view key, std::size_t index) {
  return {std::string(key) + "[" + std::to_string(index + 1) + "]", "[[" + std::string(key) + "]]"};
}

void read_partners(ConfigTable& root, const ConfigSurroundings& around, ConfigFindings& findings,
                   Config& config) {
  const auto tables = sections(root, "partner");
  if (tables.empty())
    root.warning("partner", "there is no [[partner]]: every order will be refused as of an unknown partner");
  if (tables.size() > partners_max) {
    return root.problem("partner", "there are more than " + std::to_string(partners_max) + " partners");
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    ConfigTable table(*tables[i], numbered("partner", i), findings);
    PartnerConfig partner;
    read_partner(table, around, partner);
    if (!partner.name.empty() && !names.insert(partner.name).second) {
      table.problem("name", "is that of an earlier [[partner]] too; merge the two sections");
    }
    if (!config.http.public_url.empty())
      partner.webhook_url =
          config.http.public_url + "/v1/partners/" + codec::percent_encoded(partner.name) + "/webhook";
    config.partners.push_back(std::move(partner));
  }
}

void read_routes(ConfigTable& root, ConfigFindings& findings, Config& config) {
  const auto tables = sections(root, "route");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    ConfigTable table(*tables[i], numbered("route", i), findings);
    RouteConfig route;
    read_route(table, route);
    if (i > 0) table.problem("name", "this version has one route; remove this [[route]]");
    config.routes.push_back(std::move(route));
  }
  if (!tables.empty() && !config.mqtt)
    root.warning("route", "there is no [mqtt]: events are kept and go nowhere");
  if (tables.empty()) config.routes.emplace_back();
}

Config read_root(const ConfigNode& document, const ConfigSurroundings& around, ConfigFindings& findings) {
  Config config;
  ConfigTable root(document, {}, findings);
  const auto read = [&](std::string_view key, auto&& reader) {
    ConfigTable table = section(root, key, findings);
    reader(table);
  };
  read("store", [&](ConfigTable& table) { read_store(table, around, config.store); });
  read("storage", [&](ConfigTable& table) { read_storage(table, around, config.storage); });
  read("http", [&](ConfigTable& table) { read_http(table, around, config.http); });
  read("pos", [&](ConfigTable& table) { read_pos(table, around, config.pos); });
  read("log", [&](ConfigTable& table) { read_log(table, config.log); });
  read("alarm", [&](ConfigTable& table) { read_alarm(table, config.alarm); });
  if (const ConfigNode* node = root.find("mqtt", ConfigNode::Kind::table)) {
    ConfigTable table(*node, {"mqtt", "[mqtt]"}, findings);
    read_mqtt(table, around, config.mqtt.emplace());
    if (config.mqtt->client_id.empty()) config.mqtt->client_id = config.store.id;
  }
  read_partners(root, around, findings, config);
  read_routes(root, findings, config);
  root.report_unknown();
  return config;
}

void order_by_place(std::vector<ConfigFinding>& findings) {
  std::stable_sort(findings.begin(), findings.end(),
                   [](const ConfigFinding& left, const ConfigFinding& right) {
                     return std::pair(left.line, left.column) < std::pair(right.line, right.column);
                   });
}

core::Milliseconds alarm_after_ms(std::int64_t seconds) {
  return seconds == 0 ? never_ms : seconds * core::second_ms;
}

core::PartnerPolicy policy_of(const PartnerConfig& partner) {
  core::PartnerPolicy policy;
  policy.release = partner.release;
  policy.fallback_ms = partner.release_fallback_minutes * core::minute_ms;
  policy.fallback_without_promise_ms = partner.release_fallback_without_promise_minutes * core::minute_ms;
  policy.fallback = partner.release_fallback;
  policy.rate_per_minute = partner.rate_per_minute;
  policy.weight = partner.weight;
  policy.enabled = partner.enabled;
  policy.decide_within_ms = partner.decide_within_s * core::second_ms;
  const codec::PartnerApi* api = partner.api && partner.codec != nullptr ? partner.codec->api() : nullptr;
  if (api == nullptr) return policy;
  policy.fetches = api->can_ask();
  policy.fetch_within_ms = policy.decide_within_ms;
  if (partner.answers_directly) policy.tells = api->notices();
  return policy;
}

core::PosPolicy policy_of(const PosConfig& pos) {
  core::PosPolicy policy;
  policy.timeout_ms = pos.timeout_ms;
  policy.max_processing_ms = pos.max_processing_ms;
  policy.deduplicates_ms = pos.deduplicates_s * core::second_ms;
  policy.can_query = pos.can_query;
  policy.rate_per_s = pos.rate_per_s;
  policy.requests_max = pos.requests_max;
  policy.ask_interval_ms = pos.ask_interval_ms;
  policy.expire_ms = pos.expire_minutes * core::minute_ms;
  policy.complete_after_ms = pos.complete_after_minutes * core::minute_ms;
  policy.watch_ms = pos.watch_s * core::second_ms;
  policy.watch_max = pos.watch_max;
  policy.watch_rate_per_s = pos.watch_rate_per_s;
  policy.availability_poll_ms = pos.availability_poll_s * core::second_ms;
  policy.menu_poll_ms = pos.menu_poll_s * core::second_ms;
  policy.check_prices = pos.check_prices;
  policy.price_tolerance = pos.price_tolerance;
  return policy;
}

}  // namespace

std::size_t HttpConfig::body_bytes_max() const noexcept {
  return body_max_kib == 0 ? std::numeric_limits<std::size_t>::max()
                           : static_cast<std::size_t>(body_max_kib) * 1024;
}

std::size_t HttpConfig::bodies_bytes_max() const noexcept {
  constexpr std::size_t mib = 1024 * 1024;
  constexpr std::size_t least = 12 * mib, largest = 2 * 64 * mib;
  return body_max_kib == 0 ? largest : std::max(least, 2 * body_bytes_max());
}

std::size_t HttpConfig::connections_limit() const noexcept {
  return connections_max == 0 ? std::numeric_limits<std::size_t>::max()
                              : static_cast<std::size_t>(connections_max);
}

ConfigSurroundings ConfigSurroundings::of_process() {
  ConfigSurroundings around;
  if (const char* folder = std::getenv("CREDENTIALS_DIRECTORY")) around.credentials_directory = folder;
  return around;
}

ConfigReading parse_config(std::string_view text, const ConfigSurroundings& around) {
  ConfigReading reading;
  const auto parsed = parse_toml(text);
  if (const auto* error = std::get_if<TomlError>(&parsed)) {
    reading.problems.push_back({error->at.line, error->at.column, "", "not TOML: " + error->why});
    return reading;
  }
  ConfigFindings findings;
  TlsLoader own;
  ConfigSurroundings with_loader = around;
  if (with_loader.tls == nullptr) with_loader.tls = &own;
  Config config = read_root(std::get<ConfigNode>(parsed), with_loader, findings);
  order_by_place(findings.problems);
  order_by_place(findings.warnings);
  reading.problems = std::move(findings.problems);
  reading.warnings = std::move(findings.warnings);
  (reading.problems.empty() ? reading.config : reading.unready) = std::move(config);
  return reading;
}

ConfigReading load_config(const std::string& path, const ConfigSurroundings& around) {
  const auto text = read_whole(path, file_bytes_max);
  if (text) return parse_config(*text, around);
  ConfigReading reading;
  reading.problems.push_back({0, 0, "", text.error().context});
  return reading;
}

std::string describe(const ConfigFinding& finding, std::string_view file) {
  std::string out(file);
  if (finding.line > 0) out += ":" + std::to_string(finding.line) + ":" + std::to_string(finding.column);
  out += ": ";
  if (!finding.key.empty()) out += finding.key + ": ";
  return out + finding.text;
}

core::Policy policy_of(const Config& config) {
  core::Policy policy;
  policy.store = config.store.id;
  policy.prep_ms = config.store.prep_minutes * core::minute_ms;
  policy.currency = config.store.currency;
  policy.hours = config.store.hours;
  policy.kitchen_orders_max = config.store.kitchen_capacity;
  policy.kitchen_items_max = config.store.kitchen_items;
  policy.test_orders = config.store.test_orders;
  policy.order_id_reuse_ms = config.storage.order_id_reuse_hours * core::hour_ms;
  policy.live_orders_max = config.storage.max_live_orders == 0 ? std::numeric_limits<std::int64_t>::max()
                                                               : config.storage.max_live_orders;
  policy.wait_for_application_ack = config.mqtt && config.mqtt->application_acknowledgement;
  policy.pos_alarm_after_ms = alarm_after_ms(config.alarm.pos_unreachable_s);
  if (config.mqtt && config.alarm.uplink_unreachable_s > 0)
    policy.alarms.uplink_after_ms = config.alarm.uplink_unreachable_s * core::second_ms;
  if (config.mqtt) policy.alarms.backlog_events = config.alarm.backlog_events;
  policy.pos = policy_of(config.pos);
  // One partner's flood must not hold all the connections that others need, each waiting for its answer: so many wait in
  // its lane, and as many of it may be in the turn that is open.
  policy.load.lane_orders_max =
      std::clamp<std::size_t>(config.http.connections_limit() / 4, 1, policy.load.lane_orders_max);
  for (const PartnerConfig& partner : config.partners)
    policy.partners.emplace(partner.name, policy_of(partner));
  return policy;
}

}  // namespace storegate::app
