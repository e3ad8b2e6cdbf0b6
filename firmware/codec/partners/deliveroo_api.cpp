// Three calls: the decision, whether the till has it, and that the food is ready.
#include "codec/partners/deliveroo_api.hpp"

#include "codec/partners/deliveroo.hpp"
#include "codec/partners/telling.hpp"
#include "codec/text.hpp"

namespace storegate::codec {

namespace {

using core::Notice;

const Deliveroo deliveroo;
const DeliverooApi deliveroo_api;

std::string_view status_of(Notice notice) {
  if (notice == Notice::rejected) return "rejected";
  return notice == Notice::begun ? "confirmed" : "accepted";
}

HttpRequest decide(const std::string& order, const core::TellPartner& what) {
  JsonObject body;
  body.text("status", status_of(what.notice));
  if (what.notice == Notice::rejected)
    body.text("reject_reason", deliveroo.rejection_code(what.reason)).text("notes", refusal_words(what));
  return json_request("PATCH", order, body);
}

HttpRequest sync(const std::string& order, const core::TellPartner& what) {
  JsonObject body;
  body.text("status", what.notice == Notice::cancelled ? "failed" : "succeeded");
  if (what.notice == Notice::cancelled)
    body.text("reason", deliveroo.cancel_code(what.reason)).text("notes", refusal_words(what));
  body.time("occurred_at", what.at_wall_ms);
  return json_request("POST", order + "/sync_status", body);
}

}  // namespace

HttpRequest DeliverooApi::tell(const ApiStore&, const core::TellPartner& what) const {
  const std::string order = "/order/v1/orders/" + percent_encoded(what.partner_order_id);
  if (what.notice == Notice::ready) {
    return json_request(
        "POST", order + "/prep_stage",
        JsonObject().text("stage", "ready_for_collection").time("occurred_at", what.at_wall_ms));
  }
  const bool is_sync = what.notice == Notice::placed || what.notice == Notice::cancelled;
  return is_sync ? sync(order, what) : decide(order, what);
}

const PartnerApi* Deliveroo::api() const noexcept { return &deliveroo_api; }

}  // namespace storegate::codec
