// [store], [storage], [pos], [log] and [alarm]: keys, ranges, and why a value cannot be used. Addresses ([http], [mqtt],
// [[route]]) are in config_addresses.cpp, [[partner]] in config_partner.cpp.
#include "app/config_sections.hpp"

#include "app/tls.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "platform/endpoint.hpp"
#include "platform/local_time.hpp"

namespace storegate::app {
namespace {

constexpr std::size_t store_id_bytes_max = 48;
constexpr std::int64_t week_minutes = 7 * 24 * 60;
constexpr std::int64_t year_hours = 366 * 24;

bool is_store_id(std::string_view id) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !id.empty() && id.size() <= store_id_bytes_max && std::all_of(id.begin(), id.end(), fits);
}

bool is_currency(std::string_view code) {
  return code.size() == 3 &&
         std::all_of(code.begin(), code.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

void read_timezone(ConfigTable& table, const ConfigSurroundings& around, StoreConfig& store) {
  table.text("timezone", store.timezone);
  if (store.timezone.empty()) store.timezone = "UTC";
  auto zone = platform::LocalZone::load(store.timezone, around.zoneinfo);
  if (zone) {
    store.zone = std::move(zone).value();
    return;
  }
  std::string text = zone.error().context;
  if (zone.error().code == core::ErrorCode::not_found) {
    text +=
        "; write an IANA name such as America/Chicago, and install the package tzdata if the folder is "
        "missing";
  }
  table.problem("timezone", std::move(text));
}

void read_pos_url(ConfigTable& table, std::string& url) {
  table.required("url", "the address of the POS, such as url = \"http://127.0.0.1:8081\"");
  table.text("url", url);
  if (url.empty()) return;
  check_http_url(table, "url", url);
  const auto parsed = platform::Url::parse(url);
  if (parsed && !parsed->origin.tls) warn_of_plain(table, "url", parsed->origin.host, "https://");
}

void read_pos_lists(ConfigTable& table, PosConfig& pos) {
  constexpr std::int64_t quarter_day_s = 6 * 3600;
  table.integer("availability_poll_s", pos.availability_poll_s, 0, quarter_day_s);
  table.integer("menu_poll_s", pos.menu_poll_s, 0, quarter_day_s);
  table.integer("price_tolerance", pos.price_tolerance, 0, 100'000);
  if (const auto check = table.one_of("price_check", {"off", "reject"})) pos.check_prices = *check == 1;
  if (pos.check_prices && pos.menu_poll_s == 0) {
    table.problem("price_check",
                  "there is no price to compare with: set menu_poll_s, such as menu_poll_s = 600, or "
                  "price_check = \"off\"");
  }
  if (!pos.check_prices && pos.menu_poll_s > 0)
    table.warning("menu_poll_s", "the menu is asked for and not used: price_check is \"off\"");
}

}  // namespace

void read_store(ConfigTable& table, const ConfigSurroundings& around, StoreConfig& store) {
  table.required("id", "the store's name in topics and events, such as id = \"store-042\"");
  table.text("id", store.id);
  if (!store.id.empty() && !is_store_id(store.id)) {
    table.problem("id", "must be 1 to 48 of the characters a-z, 0-9 and -");
  }
  read_timezone(table, around, store);
  table.text("currency", store.currency);
  if (!is_currency(store.currency))
    table.problem("currency", "must be three capitals (ISO 4217), such as \"USD\"");
  read_hours(table, store);
  table.integer("prep_minutes", store.prep_minutes, 0, 24 * 60);
  table.integer("kitchen_capacity", store.kitchen_capacity, 0, 100'000);
  table.integer("kitchen_items", store.kitchen_items, 0, 1'000'000);
  constexpr core::TestOrders ways[] = {core::TestOrders::accept, core::TestOrders::reject,
                                       core::TestOrders::simulate};
  if (const auto way = table.one_of("test_orders", {"accept", "reject", "simulate"}))
    store.test_orders = ways[*way];
  table.report_unknown();
}

// A store's day takes some 15 MiB (storage/README.md), the WAL up to 4.
constexpr std::int64_t max_mib_least = 32;

void read_storage(ConfigTable& table, const ConfigSurroundings& around, StorageConfig& storage) {
  table.required("path", "where the orders are kept, such as path = \"/var/lib/storegate/orders.db\"");
  table.path("path", around, storage.path);
  table.integer("retain_days", storage.retain_days, 1, 3660);
  table.integer("customer_data_hours", storage.customer_data_hours, 1, year_hours);
  table.integer("order_id_reuse_hours", storage.order_id_reuse_hours, 1, year_hours);
  if (storage.retain_days * 24 < storage.order_id_reuse_hours) {
    // An ended order that is forgotten earlier would be cooked again when its partner repeats it.
    table.problem("retain_days",
                  "is shorter than order_id_reuse_hours; ended orders must be kept at least as long");
  }
  table.integer("min_free_mib", storage.min_free_mib, 0, 1024 * 1024);
  table.integer("max_mib", storage.max_mib, 0, 1024 * 1024);
  if (storage.max_mib > 0 && storage.max_mib < max_mib_least) {
    table.problem("max_mib", "must be 0 (no bound) or at least " + std::to_string(max_mib_least) +
                                 ": below it a day's orders have no room");
  }
  table.integer("max_live_orders", storage.max_live_orders, 0, 1'000'000);
  table.report_unknown();
}

void read_pos(ConfigTable& table, const ConfigSurroundings& around, PosConfig& pos) {
  (void)table.one_of("driver", {"rest"});
  read_pos_url(table, pos.url);
  read_peer_tls(table, around, pos.url.starts_with("https://"), http_alpn, pos.tls);
  table.secret_file("token_file", around, ConfigTable::SecretUse::token, pos.token);
  table.integer("timeout_ms", pos.timeout_ms, 100, 600'000);
  table.integer("max_processing_ms", pos.max_processing_ms, 0, 3'600'000);
  table.integer("deduplicates_s", pos.deduplicates_s, 0, year_hours * 3600);
  if (pos.deduplicates_s > 0 && pos.deduplicates_s * 1000 < pos.timeout_ms + pos.max_processing_ms) {
    table.warning("deduplicates_s",
                  "is shorter than timeout_ms and max_processing_ms together: no second try fits into it, so "
                  "none is sent");
  }
  table.boolean("can_query", pos.can_query);
  table.integer("rate_per_s", pos.rate_per_s, 0, 1000);
  table.integer("requests_max", pos.requests_max, 1, 256);
  table.integer("ask_interval_ms", pos.ask_interval_ms, 50, 60000);
  table.integer("expire_minutes", pos.expire_minutes, 1, week_minutes);
  table.integer("complete_after_minutes", pos.complete_after_minutes, 0, week_minutes);
  table.integer("watch_s", pos.watch_s, 0, 3600);
  table.integer("watch_max", pos.watch_max, 1, 64);
  table.integer("watch_rate_per_s", pos.watch_rate_per_s, 0, 100);
  table.secret_file("push_token_file", around, ConfigTable::SecretUse::token, pos.push_token);
  read_pos_lists(table, pos);
  table.report_unknown();
}

void read_log(ConfigTable& table, LogConfig& log) {
  const std::vector<std::string_view> levels = {"error", "warn", "info", "debug"};
  if (const auto level = table.one_of("level", levels)) log.level = levels[*level];
  table.report_unknown();
}

void read_alarm(ConfigTable& table, AlarmConfig& alarm) {
  constexpr std::int64_t day_s = 24 * 3600;
  table.integer("pos_unreachable_s", alarm.pos_unreachable_s, 0, 30 * day_s);
  table.integer("uplink_unreachable_s", alarm.uplink_unreachable_s, 0, 30 * day_s);
  table.integer("backlog_events", alarm.backlog_events, 0, 1'000'000'000);
  table.integer("certificate_days", alarm.certificate_days, 0, 3660);
  table.report_unknown();
}

}  // namespace storegate::app
