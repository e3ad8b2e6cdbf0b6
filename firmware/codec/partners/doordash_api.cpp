// Their failure reasons are read by machines and by people: the code, and behind it the words that they prescribe.
#include "codec/partners/doordash_api.hpp"

#include "codec/partners/doordash.hpp"
#include "codec/partners/telling.hpp"
#include "codec/text.hpp"

namespace storegate::codec {

namespace {

using core::Notice;

const DoorDash doordash;
const DoorDashApi doordash_api;

/// "ITEM_OUT_OF_STOCK: Item Unavailable - taco-01 - Out of stock", as their detailed error spec has it.
std::string failure_reason(const core::TellPartner& what) {
  std::string reason(doordash.rejection_code(what.reason));
  std::string words;
  for (const std::string& id : out_of_stock(what)) {
    const std::string part = (words.empty() ? "" : "; ") + ("Item Unavailable - " + id) + " - Out of stock";
    if (words.size() + part.size() > refusal_words_bytes_max) break;
    words += part;
  }
  return reason.append(": ").append(words.empty() ? refusal_words(what) : words);
}

HttpRequest confirm(const std::string& order, const core::TellPartner& what) {
  JsonObject body;
  body.text("merchant_supplied_id", core::text_of(what.id));
  if (what.notice == Notice::rejected)
    body.text("order_status", "fail").text("failure_reason", failure_reason(what));
  else
    body.text("order_status", "success");
  if (what.ready_at_wall_ms) body.time("prep_time", *what.ready_at_wall_ms);
  return json_request("PATCH", order, body);
}

}  // namespace

HttpRequest DoorDashApi::tell(const ApiStore&, const core::TellPartner& what) const {
  const std::string order = "/orders/" + percent_encoded(what.partner_order_id);
  if (what.notice == Notice::ready) {
    return json_request("PATCH", order + "/events/order_ready_for_pickup",
                        JsonObject().text("merchant_supplied_id", core::text_of(what.id)));
  }
  if (what.notice == Notice::cancelled) {
    return json_request("PATCH", order + "/cancellation",
                        JsonObject()
                            .text("cancel_reason", doordash.cancel_code(what.reason))
                            .text("cancel_details", refusal_words(what)));
  }
  return confirm(order, what);
}

const PartnerApi* DoorDash::api() const noexcept { return &doordash_api; }

}  // namespace storegate::codec
