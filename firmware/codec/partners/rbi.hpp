// RBI (Burger King and its sisters, Partners API): thin webhooks, signed over the body. Knows their field names and nothing
// of any other partner.
#pragma once

#include "codec/partners/partner.hpp"

namespace storegate::codec {

class Rbi final : public PartnerCodec {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "rbi"; }
  [[nodiscard]] std::string_view store_member() const noexcept override { return "storeId"; }

  /// `x-signature` is the hex HMAC-SHA-256 of the body.
  [[nodiscard]] bool authenticate(const Delivery& delivery) const override;

  /// Every event of an order announces it, in the same words whether it is new or has changed. MENU_UPDATED, STORE_UPDATED
  /// and whatever else is not of orders = nothing. Under `…/release` any body that names an order by `id` releases it:
  /// their fire call, which has no body of its own.
  [[nodiscard]] Parsed<Webhook> read(const Delivery& delivery,
                                     std::optional<WebhookKind> fixed) const override;

  /// Codes of their POSOrderError. An order of theirs ends in ERROR or CANCELED, whenever that is.
  [[nodiscard]] std::string_view rejection_code(core::Reason reason) const noexcept override;

  /// They ask for any 2xx, and say nothing of when they come again: a rate's refusal is told as 503.
  [[nodiscard]] AnswerStyle style() const noexcept override { return {.comes_again_on_429 = false}; }

  [[nodiscard]] const PartnerApi* api() const noexcept override;
};

}  // namespace storegate::codec
