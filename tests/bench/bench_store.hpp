// BenchStore: one store as it would stand: mosquitto, the POS double and a fresh storegate, and what each of them
// has used. Knows where storegate's metrics are; what a figure means is decided elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/broker.hpp"
#include "tests/support/http_caller.hpp"
#include "tests/support/pos_double_process.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace storegate::bench {

inline constexpr std::string_view store_id = "bench";

/// What storegate has counted and what the kernel has counted of every process, at one moment.
struct Reading {
  std::chrono::steady_clock::time_point at;
  double commits = 0;
  double commit_syncs = 0;
  double checkpoint_syncs = 0;
  double other_syncs = 0;
  double written_bytes = 0;  // storegate's own count: WAL, database, other
  double commit_inputs = 0;  // inputs that shared commits, summed
  double commit_s = 0;       // from decision to the commit's return, summed
  support::ProcessUsage gateway;
  double gateway_user_s = 0;
  double gateway_system_s = 0;
  double broker_cpu_s = 0;
  double pos_cpu_s = 0;
  double senders_cpu_s = 0;                    // this process
  std::map<std::string, double> thread_cpu_s;  // storegate's threads by name
};

/// What the store is configured with beyond what every bench has.
struct StoreShape {
  int pos_rate_per_s = 0;  // none
  int pos_requests_max = 64;
  bool pos_keeps_tickets = false;  // over a kill
  std::string partners = "[[partner]]\nname = \"kiosk\"\nrelease = \"on_event\"\nrate_per_minute = 0\n";
};

class BenchStore {
 public:
  /// Starts broker, double and storegate, and waits until it is ready and connected to the broker.
  /// `wrapper`: a command line that storegate is started under (valgrind); empty = none.
  explicit BenchStore(std::string program, std::vector<std::string> wrapper = {},
                      const StoreShape& shape = {});

  /// Starts storegate again on the same data; does not wait.
  void launch();
  void wait_until_ready(std::chrono::milliseconds deadline);
  /// What a person would look at when orders do not end: running or not, and the metrics that are levels.
  [[nodiscard]] std::string state();
  /// SIGTERM. Throws std::runtime_error unless it ends by itself with status 0.
  void stop(std::chrono::milliseconds within = std::chrono::seconds(10));

  [[nodiscard]] Reading read();
  [[nodiscard]] support::Address api() const { return {"127.0.0.1", port_, {}}; }
  [[nodiscard]] support::Address broker() const { return {"127.0.0.1", broker_.port(), {}}; }
  [[nodiscard]] support::Address pos_address() const { return {"127.0.0.1", pos_->port(), {}}; }
  [[nodiscard]] support::PosDouble& pos() { return *pos_; }
  [[nodiscard]] support::Broker& mosquitto() { return broker_; }
  [[nodiscard]] support::ProcessUsage usage() const { return gateway_->usage(); }
  [[nodiscard]] support::ProcessUsage broker_usage() const { return support::usage_of(broker_.process()); }
  [[nodiscard]] std::string database() const { return folder_.file("orders.db"); }
  [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }

 private:
  std::string program_;
  std::vector<std::string> wrapper_;
  support::TempDir folder_;
  support::Broker broker_;
  std::unique_ptr<support::PosDouble> pos_;
  std::uint16_t port_ = 0;
  std::optional<support::Process> gateway_;
};

/// The value of one line of /metrics by its whole name, labels included; 0 if it is not there.
[[nodiscard]] double metric_of(std::string_view metrics, std::string_view name);

}  // namespace storegate::bench
