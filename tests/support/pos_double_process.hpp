// PosDouble: the pos-double program, started and asked by a test. Speaks HTTP to it like anyone else.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/http_caller.hpp"
#include "tests/support/process.hpp"

namespace storegate::support {

/// A ticket as `GET /tickets` lists it.
struct PosTicket {
  std::string reference;
  std::string pos_reference;
  std::string status;
  std::string display_code;
  std::string partner;
  std::string partner_order_id;
  std::string idempotency_key;
  bool reprint = false;
};

/// What `GET /double/requests` counts; the rest of it is in `json`.
struct PosCounts {
  std::int64_t orders = 0;
  std::int64_t queries = 0;
  std::int64_t voids = 0;
  std::int64_t bad_requests = 0;
  std::int64_t deduplicated = 0;
  std::int64_t tickets = 0;
  std::int64_t references = 0;
  std::int64_t most_per_reference = 0;  // I2: never above 1
  std::int64_t faults_hit = 0;          // of all kinds
  std::string json;
};

/// Where the program pos-double lies in this build.
[[nodiscard]] std::string pos_double_program();

class PosDouble {
 public:
  /// Starts it on a free port (or `port`). `options` as on its command line, e.g. {"--deduplicates","60"};
  /// with `tickets_file` its tickets outlive it. Throws std::runtime_error when it does not come up.
  explicit PosDouble(std::vector<std::string> options = {}, std::string tickets_file = {},
                     std::uint16_t port = 0);

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] Process& process() { return *process_; }

  /// SIGKILL. start() brings it back on the same port, with the same options and tickets file.
  void kill();
  void start();

  [[nodiscard]] std::vector<PosTicket> tickets();
  [[nodiscard]] std::size_t tickets_of(const std::string& reference);
  [[nodiscard]] PosCounts counts();
  /// `PUT /double/faults`: replaces all rates, e.g. {"lost-reply":0.1} or {"reset":{"next":1}}; "{}" heals.
  void set_faults(const std::string& json);
  void set_delay(std::chrono::milliseconds delay);
  void set_status(const std::string& pos_reference, const std::string& status);
  /// `PUT /double/availability`: {"items":[{"id":…,"available":…}]}.
  void set_availability(const std::string& json);
  /// `PUT /double/menu`: {"items":[{"id":…,"unit_price":…}]}.
  void set_menu(const std::string& json);
  /// Any request, over the control door, which faults do not touch.
  HttpAnswer ask(std::string_view method, std::string_view target, std::string_view json = {});

 private:
  std::vector<std::string> options_;
  std::string tickets_file_;
  std::uint16_t port_;
  std::uint16_t control_port_ = 0;
  std::unique_ptr<Process> process_;
};

}  // namespace storegate::support
