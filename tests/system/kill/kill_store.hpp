// KillStore: one store (broker, POS double, storegate) whose storegate is killed again and again. Knows how to
// start, kill and look at the rows left on disk; what they should hold is judged elsewhere.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "tests/support/broker.hpp"
#include "tests/support/mqtt_tools.hpp"
#include "tests/support/pos_double_process.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace storegate::killing {

/// What the POS can do about a request whose answer was lost.
enum class PosClass { deduplicates, can_be_asked };

/// An order's row as the disk had it.
struct RowOnDisk {
  int phase = 0;  // core/order.hpp's numbers, which are part of the file format
  bool cancel_wanted = false;
};

/// What a kill met.
struct Hit {
  std::size_t sending = 0;                // rows in `sending` on disk: the POS may have had those orders
  bool commit_in_progress = false;        // the store thread was inside a write or a sync
  std::map<std::string, RowOnDisk> rows;  // by partner_order_id
};

class KillStore {
 public:
  KillStore(std::string program, PosClass pos_class);
  ~KillStore();

  void start();
  /// Freezes the process, looks where it stands, kills it, and reads a copy of its rows.
  [[nodiscard]] Hit kill();
  [[nodiscard]] bool running() { return gateway_ && gateway_->running(); }
  /// SIGTERM; true if it ended with status 0 within 5 s.
  [[nodiscard]] bool stop();

  [[nodiscard]] support::Address api() const { return support::Address{"127.0.0.1", port_, {}}; }
  [[nodiscard]] support::Broker& broker() { return broker_; }
  [[nodiscard]] support::PosDouble& pos() { return *pos_; }
  [[nodiscard]] support::MqttWatcher& cloud() { return *cloud_; }
  [[nodiscard]] std::string log_file() const { return folder_.file("storegate.log"); }

 private:
  [[nodiscard]] bool store_thread_writes() const;
  [[nodiscard]] std::map<std::string, RowOnDisk> read_rows() const;

  std::string program_;
  support::TempDir folder_;
  support::Broker broker_;
  std::unique_ptr<support::PosDouble> pos_;
  std::unique_ptr<support::MqttWatcher> cloud_;
  std::uint16_t port_ = 0;
  std::optional<support::Process> gateway_;
};

}  // namespace storegate::killing
