// Uber Eats (Marketplace, Order API): thin webhooks, signed over the body. Knows their field names and nothing of any other
// partner.
#pragma once

#include "codec/partners/partner.hpp"

namespace storegate::codec {

class UberEats final : public PartnerCodec {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "uber_eats"; }
  [[nodiscard]] std::string_view store_member() const noexcept override { return "store.id"; }

  /// `X-Uber-Signature` is the hex HMAC-SHA-256 of the body under the application's client secret.
  [[nodiscard]] bool authenticate(const Delivery& delivery) const override;

  /// Kind by `event_type`: orders.notification announces an order; orders.cancel, and orders.failure of stores on
  /// version 1.0.0, cancel it; orders.release releases it; everything else = nothing.
  [[nodiscard]] Parsed<Webhook> read(const Delivery& delivery,
                                     std::optional<WebhookKind> fixed) const override;

  /// `reason.code` of POST …/deny_pos_order.
  [[nodiscard]] std::string_view rejection_code(core::Reason reason) const noexcept override;
  /// `reason` of POST …/cancel.
  [[nodiscard]] std::string_view cancel_code(core::Reason reason) const noexcept override;

  /// They ask for a 200 without a body, and send again after anything else, seven times in all.
  [[nodiscard]] AnswerStyle style() const noexcept override { return {.has_body = false}; }

  [[nodiscard]] const PartnerApi* api() const noexcept override;
};

}  // namespace storegate::codec
