// Reads what the POS double needs from the body of POST /orders, and says what is wrong with a bad one.
#pragma once

#include <string>
#include <string_view>

#include "tests/support/pos_double/tickets.hpp"

namespace storegate::pos_double {

struct OrderBody {
  Ticket ticket;      // reference, display_code, partner, partner_order_id, reprint
  std::string wrong;  // "" = good
};

/// A JSON object with `reference` equal to the key, `display_code` of four letters or digits and a non-empty `items`.
[[nodiscard]] OrderBody read_order(std::string_view body, std::string_view idempotency_key);

}  // namespace storegate::pos_double
