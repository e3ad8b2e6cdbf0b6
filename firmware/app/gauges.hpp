// Gauges: every figure on /metrics, under the names that dashboards know. Counted where things happen, gathered
// when somebody asks. It must not know what an order is beyond its phase.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/messages.hpp"
#include "core/order.hpp"
#include "platform/http_types.hpp"
#include "platform/metrics.hpp"
#include "platform/mqtt_client.hpp"
#include "storage/counting_vfs.hpp"

namespace storegate::app {

/// An instant for measuring spans below a millisecond; no decision is ever made by it.
using Instant = std::chrono::steady_clock::time_point;
[[nodiscard]] inline Instant instant_now() noexcept { return std::chrono::steady_clock::now(); }
[[nodiscard]] inline double seconds_since(Instant start) noexcept {
  return std::chrono::duration<double>(instant_now() - start).count();
}

/// What is looked up when /metrics is written.
struct Levels {
  std::array<std::uint64_t, core::phase_count> orders_by_phase{};  // of the orders that have not ended
  std::uint64_t events_waiting = 0;                                // written and not yet PUBACKed
  std::uint64_t events_in_flight = 0;
  std::uint64_t early_marks = 0;    // releases and cancels whose order has not come
  std::int64_t kitchen_orders = 0;  // what counts against the kitchen's capacity
  std::int64_t kitchen_items = 0;
  std::uint64_t items_off = 0;
  std::uint64_t orders_watched = 0;            // placed ones that the POS is asked about
  std::uint64_t events_ahead = 0;              // published ahead of an older one that still waits
  std::optional<double> oldest_event_seconds;  // since the oldest event that waits was written
  std::int64_t database_bytes = 0, unused_bytes = 0, wal_bytes = 0, reserve_bytes = 0;
  std::optional<std::int64_t> free_bytes;  // on the disk
  core::StorageRoom room = core::StorageRoom::enough;
  std::int64_t certificates_end_wall_ms = 0;  // the first of the store's own; 0 = there is none
  std::int64_t erased_at_wall_ms = 0;         // when customers' data were last gone through
  std::size_t callers_waiting = 0;
  std::size_t inputs_waiting = 0;  // for a turn
  std::size_t pos_line_due = 0;    // released and waiting for the POS
  std::size_t pos_line_backlog = 0;
  std::uint64_t pos_probes = 0;          // requests to a POS that was away
  std::uint64_t orders_turned_away = 0;  // without a turn
  storage::IoCounters disk;
  bool pos_up = false;
  bool uplink_up = false;
  bool stopped = false;  // a sync failed: nothing is taken until a restart
  bool wall_trusted = false;
  platform::HttpServerCounters http;
  platform::MqttCounters mqtt;
};

class Gauges {
 public:
  /// `levels` is called on the loop, once for each write().
  explicit Gauges(std::function<Levels()> levels);

  /// OpenMetrics text.
  [[nodiscard]] std::string write() { return metrics_.write(); }

  void committed(double seconds, std::size_t inputs);
  void commit_failed() { commits_failed_.add(); }
  void order_acknowledged(double seconds) { acknowledgement_.observe(seconds); }
  void http_answered(int status);
  void pos_answered(std::string_view request, std::string_view outcome, double seconds);
  void partner_answered(std::string_view partner, std::string_view what, std::string_view outcome);
  void event_acknowledged(double seconds) { event_.observe(seconds); }
  void webhook_refused(std::string_view partner, int status);
  void webhook_taken(std::string_view partner, std::string_view kind);
  void message_taken(std::string_view kind);
  void phase_entered(core::Phase phase);
  void order_rejected(core::Reason reason);
  void token_refused() { wrong_tokens_.add(); }
  void rows_damaged(std::size_t count) { damaged_.add(static_cast<double>(count)); }

 private:
  void make_level_gauges();
  void make_level_counters();
  void collect();

  platform::Metrics metrics_;
  std::function<Levels()> levels_;
  platform::Histogram& acknowledgement_;
  platform::Histogram& commit_;
  platform::Histogram& commit_inputs_;
  platform::Histogram& place_;
  platform::Histogram& event_;
  platform::Counter& commits_;
  platform::Counter& commits_failed_;
  platform::Counter& damaged_;
  platform::Counter& wrong_tokens_;
  std::array<platform::Gauge*, core::phase_count> orders_{};
  std::array<platform::Counter*, core::phase_count> entered_{};
  std::array<platform::Counter*, 6> answered_{};  // by the status's first digit
  std::vector<std::pair<platform::Gauge*, double (*)(const Levels&)>> gauges_;
  std::vector<std::pair<platform::Counter*, double (*)(const Levels&)>> counters_;
};

}  // namespace storegate::app
