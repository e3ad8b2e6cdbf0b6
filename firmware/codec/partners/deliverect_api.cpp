// One call with the status as a number.
#include "codec/partners/deliverect_api.hpp"

#include "codec/partners/deliverect.hpp"
#include "codec/partners/telling.hpp"
#include "codec/text.hpp"

namespace storegate::codec {

namespace {

using core::Notice;

const Deliverect deliverect;
const DeliverectApi deliverect_api;

// https://developers.deliverect.com/page/order-status
std::int64_t status_of(Notice notice) {
  switch (notice) {
    case Notice::accepted: return 20;
    case Notice::placed: return 40;  // printed: the kitchen has its ticket
    case Notice::ready: return 70;
    case Notice::rejected: return 120;
    default: return 110;
  }
}

/// Their word where they have one, and the items.
std::string reason_of(const core::TellPartner& what) {
  if (what.notice != Notice::rejected && what.notice != Notice::cancelled) return {};
  const std::string_view code = deliverect.rejection_code(what.reason);
  const std::string words = refusal_words(what);
  return code == "unknown" ? words : std::string(code) + ": " + words;
}

}  // namespace

HttpRequest DeliverectApi::tell(const ApiStore&, const core::TellPartner& what) const {
  JsonObject body;
  body.text("orderId", what.partner_order_id)
      .integer("status", status_of(what.notice))
      .time("timeStamp", what.at_wall_ms)
      .text("receiptId", what.pos_reference)
      .text("reason", reason_of(what));
  if (what.notice == Notice::accepted && what.ready_at_wall_ms)
    body.time("pickupTime", *what.ready_at_wall_ms);
  return json_request("POST", "/orderStatus/" + percent_encoded(what.partner_order_id), body);
}

const PartnerApi* Deliverect::api() const noexcept { return &deliverect_api; }

}  // namespace storegate::codec
