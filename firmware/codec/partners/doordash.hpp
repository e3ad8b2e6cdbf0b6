// DoorDash Marketplace: order, cancel and auto-order-release webhooks, authenticated by a token. Knows their field
// names and nothing of any other partner.
#pragma once

#include "codec/partners/partner.hpp"

namespace storegate::codec {

class DoorDash final : public PartnerCodec {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "doordash"; }
  [[nodiscard]] std::string_view store_member() const noexcept override {
    return "store.merchant_supplied_id";
  }

  /// The Authorization header, whole or after one scheme word, equals a secret. They sign nothing.
  [[nodiscard]] bool authenticate(const Delivery& delivery) const override;

  /// Kind by shape: `order` = order; `dasher_status` = release if it says near or arrived, else nothing; `dasher` or
  /// `distance_from_store` = release; another body with an `external_order_id` = cancel, without one nothing.
  [[nodiscard]] Parsed<Webhook> read(const Delivery& delivery,
                                     std::optional<WebhookKind> fixed) const override;

  /// Their failure codes (ITEM_OUT_OF_STOCK, STORE_CLOSED, …) for the PATCH that refuses an order.
  [[nodiscard]] std::string_view rejection_code(core::Reason reason) const noexcept override;

  /// `cancel_reason` of an order that had been confirmed. Never STORE_CLOSED: it takes the store off for twelve hours, which
  /// nobody has decided.
  [[nodiscard]] std::string_view cancel_code(core::Reason reason) const noexcept override;

  /// 202: received; the decision goes out as our event or their PATCH.
  [[nodiscard]] AnswerStyle style() const noexcept override { return {.order = 202}; }

  /// doordash_api.hpp
  [[nodiscard]] const PartnerApi* api() const noexcept override;
};

}  // namespace storegate::codec
