// What a person in the store reads on the terminal. Values to text: no I/O, no clock. Text that came from outside
// is stripped of control characters, which could otherwise move the cursor or forge lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli_answers.hpp"

namespace storegate::app {

/// One line an order, newest as the service gave them: id, code (on the ticket), partner, their number, phase, why, age.
[[nodiscard]] std::string format_orders(const std::vector<OrderLine>& orders, std::int64_t wall_ms);

/// What is stuck, since when, and what to do about each.
[[nodiscard]] std::string format_parked(const std::vector<OrderLine>& orders, std::int64_t wall_ms);

/// The life of one order.
[[nodiscard]] std::string format_order(const OrderDetail& order, std::int64_t wall_ms);

/// "order ID is now PHASE (why)" after a command.
[[nodiscard]] std::string format_outcome(const OrderLine& order);

[[nodiscard]] std::string format_availability(const std::vector<AvailabilityLine>& items);
/// Whether orders are taken, and until when not.
[[nodiscard]] std::string format_store(const StoreLine& store);
/// `heading`: with the names of the columns, and a word if there are none.
[[nodiscard]] std::string format_events(const std::vector<EventLine>& events, bool heading = true);

/// Control characters (C0, DEL, C1) become blanks; bytes that are not UTF-8 become '?'.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace storegate::app
