// Alarms about the way up, the disk and certificates: what is raised once when it has lasted, and cleared once when it is over. Soft
// state: after a restart an alarm that still holds is raised anew. The POS's alarm is the POS gate's.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/messages.hpp"
#include "core/time.hpp"

namespace storegate::core {

/// Half the events that raise the alarm must be gone before it is cleared: it would come and go with each publish.
inline constexpr std::int64_t backlog_cleared_below = 2;

struct AlarmLimits {
  std::optional<Milliseconds> uplink_after_ms;  // nothing: never, or there is no uplink
  std::int64_t backlog_events = 0;              // 0 = never
};

/// What an alarm is judged by.
struct AlarmFacts {
  bool connected = false;
  std::uint64_t connections =
      0;  // how often it came up: it may have been up and down again between two looks
  std::int64_t events_waiting = 0;
  StorageRoom room = StorageRoom::enough;
  bool certificate_ends = false;
};

class Alarms {
 public:
  struct Change {
    std::string_view name;
    bool raised = false;
  };

  void set_limits(const AlarmLimits& limits) noexcept { limits_ = limits; }

  [[nodiscard]] std::vector<Change> look(const AlarmFacts& facts, Milliseconds steady_ms) {
    if (facts.connected || std::exchange(connections_, facts.connections) != facts.connections)
      down_since_ms_.reset();
    if (!facts.connected && !down_since_ms_) down_since_ms_ = steady_ms;
    std::vector<Change> changes;
    const auto turn = [&](bool& alarmed, bool now, std::string_view name) {
      if (std::exchange(alarmed, now) != now) changes.push_back({name, now});
    };
    const auto& after = limits_.uplink_after_ms;
    turn(uplink_, after && down_since_ms_ && steady_ms >= *down_since_ms_ + *after, "uplink_unreachable");
    const std::int64_t most =
        backlog_ ? limits_.backlog_events / backlog_cleared_below : limits_.backlog_events;
    turn(backlog_, limits_.backlog_events > 0 && facts.events_waiting > most, "backlog_events");
    turn(low_, facts.room == StorageRoom::disk_low, "disk_low");
    turn(full_, facts.room == StorageRoom::database_full, "database_full");
    turn(certificate_, facts.certificate_ends, "certificate_expires");
    return changes;
  }
  /// What was raised and cleared since `before` was not written after all; what was seen was seen.
  void take_back(const Alarms& before) noexcept {
    uplink_ = before.uplink_;
    backlog_ = before.backlog_;
    low_ = before.low_;
    full_ = before.full_;
    certificate_ = before.certificate_;
  }
  /// When to look without anything else happening; nothing = no need.
  [[nodiscard]] std::optional<Milliseconds> wake_ms(bool connected) const noexcept {
    if (!limits_.uplink_after_ms) return {};
    if (connected) return uplink_ ? std::optional<Milliseconds>(0) : std::nullopt;
    if (!down_since_ms_) return 0;
    if (uplink_) return {};
    return *down_since_ms_ + *limits_.uplink_after_ms;
  }

 private:
  AlarmLimits limits_;
  std::optional<Milliseconds> down_since_ms_;
  std::uint64_t connections_ = 0;
  bool uplink_ = false, backlog_ = false, low_ = false, full_ = false, certificate_ = false;
};

}  // namespace storegate::core
