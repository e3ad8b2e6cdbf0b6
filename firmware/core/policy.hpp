// What the store's owner configured, as the gateway reads it: pure values, replaced whole at a reload.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "core/order.hpp"
#include "core/time.hpp"

namespace storegate::core {

struct PartnerPolicy {
  ReleaseMode release = ReleaseMode::immediate;
  Milliseconds fallback_ms = 0;  // after the base
  Milliseconds fallback_without_promise_ms = 30 * minute_ms;
  FallbackPolicy fallback = FallbackPolicy::release;
  std::int64_t rate_per_minute = 120;  // new orders; 0 = no limit
  std::int64_t weight = 1;
};

struct PosPolicy {
  Milliseconds timeout_ms = 8000;
  Milliseconds max_processing_ms =
      30000;                         // the barrier: after it a request whose connection is closed is dead
  Milliseconds deduplicates_ms = 0;  // 0: it does not
  bool can_query = true;
  std::int64_t rate_per_s = 5;                       // new placements; 0 = no limit
  std::int64_t requests_max = 16;                    // at once
  Milliseconds expire_ms = 30 * minute_ms;           // counted from the release
  Milliseconds complete_after_ms = 240 * minute_ms;  // 0 = never
  Milliseconds ask_interval_ms = 5000;               // between the two "not found" (reliability.md section 5)
};

struct Policy {
  std::string store;
  Milliseconds prep_ms = 8 * minute_ms;
  Milliseconds order_id_reuse_ms = 48 * hour_ms;
  std::int64_t live_orders_max = 20000;   // not yet placed or ended
  bool wait_for_application_ack = false;  // [mqtt] acknowledgement = "application"
  Milliseconds pos_alarm_after_ms = 60 * second_ms;
  PosPolicy pos;
  std::map<std::string, PartnerPolicy, std::less<>> partners;
};

}  // namespace storegate::core
