// Sent to the POS, or failed to: two calls.
#include "codec/partners/jet_connect_api.hpp"

#include "codec/partners/jet_connect.hpp"
#include "codec/partners/telling.hpp"
#include "codec/text.hpp"

namespace storegate::codec {

namespace {

using core::Notice;

const JetConnect jet_connect;
const JetConnectApi jet_connect_api;

}  // namespace

HttpRequest JetConnectApi::tell(const ApiStore&, const core::TellPartner& what) const {
  const std::string order = "/order/" + percent_encoded(what.partner_order_id);
  JsonObject body;
  body.time("happenedAt", what.at_wall_ms);
  if (what.notice != Notice::rejected) return json_request("POST", order + "/sent-to-pos-success", body);
  body.text("errorCode", jet_connect.rejection_code(what.reason)).text("errorMessage", refusal_words(what));
  return json_request("POST", order + "/sent-to-pos-failed", body);
}

const PartnerApi* JetConnect::api() const noexcept { return &jet_connect_api; }

}  // namespace storegate::codec
