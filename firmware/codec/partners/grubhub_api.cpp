// One call for every status; a list of whole orders for those whose webhooks may have been missed.
#include "codec/partners/grubhub_api.hpp"

#include <utility>

#include "codec/partners/grubhub.hpp"
#include "codec/partners/telling.hpp"
#include "codec/text.hpp"

namespace storegate::codec {

namespace {

using core::Notice;

const Grubhub grubhub;
const GrubhubApi grubhub_api;

std::string orders_of(const ApiStore& store) {
  return "/pos/v1/merchant/" + percent_encoded(store.merchant_id) + "/orders";
}

std::string order_of(const ApiStore& store, std::string_view order_id) {
  return orders_of(store) + "/" + percent_encoded(order_id);
}

}  // namespace

std::string_view GrubhubApi::flaw_of_host(std::string_view host) const noexcept {
  constexpr std::string_view theirs = "grubhub.com";
  if (host.size() < theirs.size()) return {};
  const std::string_view end = host.substr(host.size() - theirs.size());
  const bool is_theirs = same_ignoring_case(end, theirs) &&
                         (host.size() == theirs.size() || host[host.size() - theirs.size() - 1] == '.');
  if (!is_theirs) return {};
  return "must not be Grubhub's own host: it wants each request signed (MAC), which storegate does not do; "
         "give the "
         "address of a proxy of yours that signs, or leave [partner.api] out and answer = \"cloud\"";
}

HttpRequest GrubhubApi::fetch(const ApiStore& store, const ApiOrder& order) const {
  return {"GET", order_of(store, order.partner_order_id), {}, ""};
}

Parsed<FetchedOrder> GrubhubApi::read_fetched(std::string_view body, std::string_view partner,
                                              const ApiStore& store) const {
  return Grubhub::read_fetched(body, partner, own_id(store));
}

HttpRequest GrubhubApi::pull(const ApiStore& store, std::string_view) const {
  return {"GET", orders_of(store) + "?status=RESTAURANT_CONFIRMABLE", {}, ""};
}

Parsed<PulledPage> GrubhubApi::read_pulled(std::string_view body, std::string_view partner,
                                           const ApiStore& store) const {
  const auto orders = array_elements(body, "orders");
  if (!orders) return Problem{ProblemKind::invalid_document, "must be a list of orders", "", std::nullopt};
  PulledPage page;
  for (const std::string_view order : *orders) {
    auto webhook = grubhub.read(
        {.headers = {}, .body = order, .secrets = {}, .partner = partner, .store = own_id(store)},
        std::nullopt);
    if (!webhook)
      page.unreadable.push_back("an order of the list: " + webhook.problem().text());
    else if (!std::holds_alternative<NothingReceived>(*webhook))
      page.webhooks.push_back(std::move(*webhook));
  }
  return page;
}

HttpRequest GrubhubApi::tell(const ApiStore& store, const core::TellPartner& what) const {
  JsonObject body;
  if (what.notice == Notice::rejected) {
    body.text("status", "REJECTED")
        .text("reason_code", grubhub.rejection_code(what.reason))
        .text("message", refusal_words(what));
  } else {
    body.text("status", what.notice == Notice::ready ? "PICKUP_READY" : "CONFIRMED");
    const auto minutes = minutes_to_ready(what);
    if (minutes && what.notice == Notice::accepted) body.integer("wait_time_in_minutes", *minutes);
  }
  return json_request("PUT", order_of(store, what.partner_order_id) + "/status", body);
}

const PartnerApi* Grubhub::api() const noexcept { return &grubhub_api; }

}  // namespace storegate::codec
