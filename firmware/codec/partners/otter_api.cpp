// Commands upon an order of one marketplace; reasons of a rejection are those of a cancellation.
#include "codec/partners/otter_api.hpp"

#include "codec/partners/otter.hpp"
#include "codec/partners/telling.hpp"
#include "codec/text.hpp"

namespace storegate::codec {

namespace {

using core::Notice;

const Otter otter;
const OtterApi otter_api;

}  // namespace

HttpRequest OtterApi::tell(const ApiStore& store, const core::TellPartner& what) const {
  const std::string order = "/manager/order/v1/sources/" + percent_encoded(store.merchant_id) + "/orders/" +
                            percent_encoded(what.partner_order_id);
  JsonObject body;
  std::string command = "/cancel";
  if (what.notice == Notice::ready) {
    command = "/ready-to-pickup";
  } else if (what.notice == Notice::accepted) {
    command = "/confirm";
    if (const auto minutes = minutes_to_ready(what)) body.integer("estimatedPrepTimeMinutes", *minutes);
  } else {
    body.text("cancellationReason", otter.cancel_code(what.reason));
  }
  HttpRequest request = json_request("POST", order + command, body);
  request.headers.emplace_back("X-Store-Id", store.store_id);
  return request;
}

const PartnerApi* Otter::api() const noexcept { return &otter_api; }

}  // namespace storegate::codec
