// Starting on the test's thread, serving on its own.
#include "running_service.hpp"

#include <boost/json.hpp>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

#include "platform/log.hpp"
#include "tests/support/sockets.hpp"

namespace storegate::app_test {

app::Config ordinary_config(const support::TempDir& folder) {
  platform::log_set_level(platform::LogLevel::error);
  app::Config config;
  config.store.id = "demo";
  config.log.level = "error";
  config.storage.path = folder.file("orders.db");
  config.storage.min_free_mib = 0;
  config.http.listen = "127.0.0.1:0";
  config.http.socket = folder.file("api.sock");
  config.pos.url = "http://127.0.0.1:" + std::to_string(support::free_port());
  app::PartnerConfig kiosk;
  kiosk.name = "kiosk";
  kiosk.rate_per_minute = 0;
  kiosk.release = core::ReleaseMode::on_event;
  app::PartnerConfig doordash = kiosk;
  doordash.name = "doordash";
  doordash.codec = codec::partner_codec("doordash");
  doordash.secrets = {"s3cret"};
  config.partners = {kiosk, doordash};
  config.routes = {app::RouteConfig{}};
  return config;
}

namespace {
/// What was built once under a name: the builders write the present time into their orders, and a repeat must not
/// differ when a second has passed.
template <typename Build>
std::string built_once(const std::string& name, Build build) {
  static std::mutex mutex;
  static std::map<std::string, std::string> built;
  const std::lock_guard lock(mutex);
  auto& text = built[name];
  if (text.empty()) text = build();
  return text;
}
}  // namespace

std::string held_order(std::string_view id, std::string_view note) {
  return built_once("kiosk " + std::string(id) + " " + std::string(note), [&] {
    support::OrderShape shape;
    shape.note = note;
    return support::canonical_order("kiosk", id, shape);
  });
}

std::string doordash_order(std::string_view id, int items) {
  return built_once("doordash " + std::string(id) + " " + std::to_string(items), [&] {
    support::OrderShape shape;
    shape.items = items;
    return support::doordash_order(id, shape);
  });
}

RunningService::RunningService(app::Config config, app::HousekeepingPace housekeeping)
    : service_(std::make_unique<app::Service>(std::move(config), housekeeping)), caller_("127.0.0.1:1") {
  if (auto started = service_->start(); !started) throw std::runtime_error(started.error().context);
  port_ = service_->port();
  caller_ = support::HttpCaller(address());
  thread_ = std::thread([this] { service_->run(); });
}

void RunningService::stop() {
  if (!thread_.joinable()) return;
  service_->stop();
  thread_.join();
  service_.reset();
}

support::HttpAnswer RunningService::order(std::string_view body, std::string_view key) {
  return post("/v1/orders", body, {{"Idempotency-Key", std::string(key)}});
}

support::HttpAnswer RunningService::webhook(std::string_view path, std::string_view body,
                                            std::string_view authorization) {
  return post(path, body, {{"Authorization", std::string(authorization)}});
}

std::size_t RunningService::orders_stored() { return size_at(get("/v1/orders?limit=1000").body, "/orders"); }

namespace {
/// Nothing for text that is not JSON or has nothing there.
std::optional<boost::json::value> find(std::string_view json, std::string_view pointer) {
  boost::system::error_code broken;
  const auto whole = boost::json::parse({json.data(), json.size()}, broken);
  if (broken) return {};
  boost::system::error_code absent;
  const auto* value = whole.find_pointer({pointer.data(), pointer.size()}, absent);
  if (value == nullptr) return {};
  return *value;
}
}  // namespace

std::string value_at(std::string_view json, std::string_view pointer) {
  const auto value = find(json, pointer);
  if (!value) return {};
  if (value->is_string()) return std::string(value->as_string());
  return boost::json::serialize(*value);
}

std::size_t size_at(std::string_view json, std::string_view pointer) {
  const auto value = find(json, pointer);
  return value && value->is_array() ? value->as_array().size() : 0;
}

}  // namespace storegate::app_test
