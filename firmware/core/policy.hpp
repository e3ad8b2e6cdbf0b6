// What the store's owner configured, as the gateway reads it: pure values, replaced whole at a reload.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "core/alarms.hpp"
#include "core/hours.hpp"
#include "core/order.hpp"
#include "core/time.hpp"

namespace storegate::core {

struct PartnerPolicy {
  ReleaseMode release = ReleaseMode::immediate;
  Milliseconds fallback_ms = 0;  // after the base
  Milliseconds fallback_without_promise_ms = 30 * minute_ms;
  FallbackPolicy fallback = FallbackPolicy::release;
  std::int64_t rate_per_minute = 120;  // new orders; 0 = no limit
  std::int64_t weight = 1;            // how many it may have where others have one: of a turn, and of the POS
  bool enabled = true;                // false: its new orders are rejected, those that run go on
  Milliseconds decide_within_ms = 0;  // placed longer ago it has given an order up; 0 = it never does
  bool fetches = false;               // its API can be asked for an order
  Milliseconds fetch_within_ms = 0;   // an announced order that is not here by then is given up; 0 = an hour
  Notices tells;                      // what the store itself tells it (answer = "direct")
};

/// What is done with orders that only try the way (`"test":true`).
enum class TestOrders : std::uint8_t {
  accept = 0,    // as any other: they are cooked
  reject = 1,    // other, "test"
  simulate = 2,  // held and released as any other, then placed and completed without the POS
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
  Milliseconds watch_ms = 20 * second_ms;  // a placed order is first asked about within so long; 0 = never
  std::int64_t watch_max = 4;              // such questions at once
  std::int64_t watch_rate_per_s = 2;       // and so many a second; 0 = no limit
  Milliseconds availability_poll_ms = 0;   // its list of what is off; 0 = it is not asked
  Milliseconds menu_poll_ms = 0;           // its list of prices; 0 = it is not asked
  bool check_prices = false;               // reject what differs from the menu by more than this:
  std::int64_t price_tolerance = 1;        // minor units
};

/// What a turn takes in, and how long a line may become before new orders are turned away.
struct LoadPolicy {
  std::size_t inputs_per_turn_max = 256;  // the rest share the next commit
  std::size_t lane_orders_max = 512;      // of one partner, waiting for a turn; beyond it 429 without one
};

struct Policy {
  std::string store;
  Milliseconds prep_ms = 8 * minute_ms;
  Milliseconds order_id_reuse_ms = 48 * hour_ms;
  std::int64_t live_orders_max = 20000;   // not yet placed or ended
  bool wait_for_application_ack = false;  // [mqtt] acknowledgement = "application"
  Milliseconds pos_alarm_after_ms = 60 * second_ms;
  AlarmLimits alarms;
  PosPolicy pos;
  LoadPolicy load;
  std::map<std::string, PartnerPolicy, std::less<>> partners;
  std::string currency;                 // "" = any
  std::optional<OpeningHours> hours;    // nothing = always open
  std::int64_t kitchen_orders_max = 0;  // in the kitchen at once; 0 = no limit
  std::int64_t kitchen_items_max = 0;   // of their items together; 0 = no limit
  TestOrders test_orders = TestOrders::accept;

  /// A partner's share of a turn and of the POS. 1 for one that is no longer configured.
  [[nodiscard]] std::int64_t weight_of(const std::string& partner) const {
    const auto found = partners.find(partner);
    return found == partners.end() ? 1 : found->second.weight;
  }
};

}  // namespace storegate::core
