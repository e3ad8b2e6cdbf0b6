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

std::string order_of(const ApiStore& store, std::string_view order_id) {
  return "/manager/order/v1/sources/" + percent_encoded(store.merchant_id) + "/orders/" +
         percent_encoded(order_id);
}

HttpRequest in_name_of(const ApiStore& store, HttpRequest request) {
  request.headers.emplace_back("X-Store-Id", store.store_id);
  return request;
}

}  // namespace

HttpRequest OtterApi::fetch(const ApiStore& store, const ApiOrder& order) const {
  return in_name_of(store, {"GET", order_of(store, order.partner_order_id), {}, ""});
}

Parsed<FetchedOrder> OtterApi::read_fetched(std::string_view body, std::string_view partner,
                                            const ApiStore&) const {
  return Otter::read_fetched(body, partner);
}

HttpRequest OtterApi::tell(const ApiStore& store, const core::TellPartner& what) const {
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
  return in_name_of(store, json_request("POST", order_of(store, what.partner_order_id) + command, body));
}

const PartnerApi* Otter::api() const noexcept { return &otter_api; }

}  // namespace storegate::codec
