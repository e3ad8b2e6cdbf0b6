// RunningService: the whole service in a thread of the test: a fresh folder, a port of the system's choice, no broker
// and a POS that nobody listens for. Whatever a test asks it, it asks over HTTP.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "app/config.hpp"
#include "app/service.hpp"
#include "tests/support/http_caller.hpp"
#include "tests/support/orders.hpp"
#include "tests/support/temp_dir.hpp"

namespace storegate::app_test {

/// Partners `kiosk` (canonical, held until released) and `doordash` (secret `s3cret`); everything else by default.
[[nodiscard]] app::Config ordinary_config(const support::TempDir& folder);

/// An order that is held: it needs no POS. The same id and note give the same text again, whatever the clock shows.
[[nodiscard]] std::string held_order(std::string_view id, std::string_view note = "Ring twice, please");
/// A DoorDash order webhook; the same id and number of items give the same text again.
[[nodiscard]] std::string doordash_order(std::string_view id, int items = 4);

class RunningService {
 public:
  /// Throws std::runtime_error if it cannot start.
  explicit RunningService(app::Config config, app::HousekeepingPace housekeeping = {});
  ~RunningService() { stop(); }

  /// Ends it in order and waits; nothing is left in memory.
  void stop();

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] app::Service& service() { return *service_; }

  support::HttpAnswer get(std::string_view target) { return caller_.get(target); }
  support::HttpAnswer post(std::string_view target, std::string_view body = {},
                           support::HttpHeaders more = {}) {
    return caller_.post(target, body, std::move(more));
  }
  support::HttpAnswer put(std::string_view target, std::string_view body) {
    return caller_.put(target, body);
  }
  /// POST /v1/orders under a key.
  support::HttpAnswer order(std::string_view body, std::string_view key);
  support::HttpAnswer webhook(std::string_view path, std::string_view body,
                              std::string_view authorization = "s3cret");
  [[nodiscard]] support::HttpCaller& caller() { return caller_; }
  /// How many orders GET /v1/orders lists.
  [[nodiscard]] std::size_t orders_stored();

 private:
  std::unique_ptr<app::Service> service_;
  std::uint16_t port_ = 0;
  support::HttpCaller caller_;
  std::thread thread_;
};

/// The value at a JSON pointer: a string's content, anything else as JSON text; "" if there is none.
[[nodiscard]] std::string value_at(std::string_view json, std::string_view pointer);
/// How many elements the array there has; 0 if there is none.
[[nodiscard]] std::size_t size_at(std::string_view json, std::string_view pointer);

}  // namespace storegate::app_test
