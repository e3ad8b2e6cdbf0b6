// Uplink: the MQTT client and the cloud's side of the store, as platform's client and firmware/app's uplink together
// behave: reconnects with back-off, receipts settled in order, events drained within the window. It must not know what
// a command does.
#pragma once

#include <cstdint>
#include <deque>
#include <map>

#include "core/messages.hpp"
#include "sim/ledger.hpp"
#include "sim/wire.hpp"

namespace storegate::sim {

class Process;

class Uplink {
 public:
  explicit Uplink(Process& process) : process_(process) {}

  void start() { connect(); }
  /// Publishes what the outbox gives; after each commit and each acknowledgement.
  void drain();

 private:
  enum class Receipt : std::uint8_t { open, accepted };
  struct Unsettled {
    std::uint64_t packet = 0;
    Receipt receipt = Receipt::open;
    Tag tag;
  };

  void connect();
  void on_connected(std::uint64_t connection, bool session_present);
  void on_lost();
  void on_message(std::uint64_t packet, const Publication& message, const Tag& tag);
  void settle(std::uint64_t connection, std::uint64_t packet, bool stored);
  void acknowledge_in_order();
  void cut();
  void on_puback(std::uint64_t id);
  [[nodiscard]] std::vector<core::Input> inputs_of(const Publication& message, core::Caller caller) const;

  Process& process_;
  std::uint64_t connection_ = 0;  // 0: none
  std::uint64_t attempt_ = 0;
  std::int64_t retry_ms_ = 500;
  std::int64_t last_wait_ms_ = 0;
  std::int64_t online_since_ms_ = 0;
  std::deque<Unsettled> unsettled_;
  std::map<std::uint64_t, core::Position> sent_;  // no PUBACK yet
  std::uint64_t last_id_ = 0;
};

}  // namespace storegate::sim
