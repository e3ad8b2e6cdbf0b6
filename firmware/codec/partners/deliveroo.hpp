// Deliveroo (Order API): order and rider events, signed over their sequence's guid and the body. Knows their field names
// and nothing of any other partner.
#pragma once

#include "codec/partners/partner.hpp"

namespace storegate::codec {

class Deliveroo final : public PartnerCodec {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "deliveroo"; }
  [[nodiscard]] std::string_view store_member() const noexcept override { return "location_id"; }

  /// `x-deliveroo-hmac-sha256` is the hex HMAC-SHA-256 of the `x-deliveroo-sequence-guid`, a blank and the body
  /// (api-docs.deliveroo.com, securing webhooks). Without a guid nobody is let in.
  [[nodiscard]] bool authenticate(const Delivery& delivery) const override;

  /// Kind by `event` and state: order.new = order, and order.status_update of one that stands accepted and is told whole;
  /// either order event about an order that was cancelled or rejected = cancel; a rider at the site = release; the legacy
  /// new_order is refused; everything else = nothing.
  [[nodiscard]] Parsed<Webhook> read(const Delivery& delivery,
                                     std::optional<WebhookKind> fixed) const override;

  /// `reject_reason` of PATCH /order/v1/orders/{id}.
  [[nodiscard]] std::string_view rejection_code(core::Reason reason) const noexcept override;
  /// `reason` of a failed POST …/sync_status: an accepted order has no other way back.
  [[nodiscard]] std::string_view cancel_code(core::Reason reason) const noexcept override;

  /// deliveroo_api.hpp
  [[nodiscard]] const PartnerApi* api() const noexcept override;
};

}  // namespace storegate::codec
