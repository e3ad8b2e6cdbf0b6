// HubRise (a hub between ordering and POS systems): its active callbacks, events of orders and deliveries with their new
// state. Knows their field names and no other partner's. Source: HubRise's API documentation (callbacks, orders,
// deliveries, general concepts).
#pragma once

#include "codec/partners/partner_api.hpp"

namespace storegate::codec {

class HubRise final : public PartnerCodec {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "hubrise"; }
  [[nodiscard]] std::string_view store_member() const noexcept override { return "location_id"; }

  /// `X-HubRise-Hmac-SHA256`: the HMAC-SHA-256 of the body under the client secret, in hex.
  [[nodiscard]] bool authenticate(const Delivery& delivery) const override;

  /// `order.create` of an order that is `new` = order; `order.update` to cancelled or rejected = cancel; an update of an
  /// order or a delivery whose courier nears the pickup or waits there = release. Everything else is nothing: an order
  /// that is created as accepted or later came out of a POS.
  [[nodiscard]] Parsed<Webhook> read(const Delivery& delivery,
                                     std::optional<WebhookKind> fixed) const override;

  /// An order as the API gives it: what an event has as its new state. Cancelled and rejected ones are not to be cooked; a
  /// courier who nears the pickup or waits there wants it now; one that is no longer `new` is in somebody's POS.
  [[nodiscard]] static Parsed<FetchedOrder> read_fetched(std::string_view body, std::string_view partner,
                                                         std::string_view store);

  /// HubRise has no codes for reasons: "rejected" and "cancelled" are the statuses that say it.
  [[nodiscard]] std::string_view rejection_code(core::Reason) const noexcept override { return "rejected"; }
  [[nodiscard]] std::string_view cancel_code(core::Reason) const noexcept override { return "cancelled"; }

  /// Anything from 200 to 499 is taken as received, and the event deleted: only a 5xx makes it come again (six times, 1
  /// to 32 minutes apart), so a rate's refusal, and an event of theirs that we cannot read, are told as 503.
  [[nodiscard]] AnswerStyle style() const noexcept override {
    return {.comes_again_on_429 = false, .below_500_is_delivered = true};
  }

  /// hubrise_api.hpp
  [[nodiscard]] const PartnerApi* api() const noexcept override;
};

}  // namespace storegate::codec
