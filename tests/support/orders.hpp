// Builders of partners' and canonical orders as JSON text: realistic in size (about 1.5 KB, four items with
// modifiers) and fresh in time. Written from the interface pages; knows nothing of the code that will read them.
#pragma once

#include <string>
#include <string_view>

namespace storegate::support {

/// What an order should be like; the defaults give an ordinary one.
struct OrderShape {
  std::string fulfilment = "delivery";  // delivery | pickup | dine_in | curbside
  int promised_in_minutes = 30;         // from now; may be negative
  bool promise = true;                  // false: no promised_at at all
  std::string release_mode;             // "" = no `release` member: the partner's configuration decides
  int release_at_minutes = 0;           // with "at_time": from now
  int fallback_minutes = 0;             // 0 = fallback_at null
  std::string fallback = "release";
  int items = 4;
  std::string first_item_id = "taco-01";  // for the 86 list
  std::string customer_name = "Ana Lima";
  std::string customer_phone = "+15550100";
  std::string note = "Ring twice, please";
  bool test = false;
};

/// A canonical order of `interfaces.md`.
[[nodiscard]] std::string canonical_order(std::string_view partner, std::string_view partner_order_id,
                                          const OrderShape& shape = {});
/// A DoorDash "OrderCreate" webhook body.
[[nodiscard]] std::string doordash_order(std::string_view order_id, const OrderShape& shape = {});
/// Their release webhook (auto order release: a dasher is near) and their cancellation webhook.
[[nodiscard]] std::string doordash_release(std::string_view external_order_id, int distance_m = 240);
[[nodiscard]] std::string doordash_cancel(std::string_view external_order_id);
/// Commands of the cloud on …/in/release and …/in/cancel, by partner and partner_order_id.
[[nodiscard]] std::string release_command(std::string_view partner, std::string_view partner_order_id);
[[nodiscard]] std::string cancel_command(std::string_view partner, std::string_view partner_order_id,
                                         std::string_view reason = "customer changed their mind");

/// PREFIX-…: different for every call, process and run.
[[nodiscard]] std::string unique_id(std::string_view prefix);

}  // namespace storegate::support
