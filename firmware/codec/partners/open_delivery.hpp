// Open Delivery (the open standard of Abrasel, v1.3): events by webhook or polling, orders fetched, cancels negotiated. Knows
// its field names and nothing of any other partner.
#pragma once

#include "codec/partners/partner.hpp"

namespace storegate::codec {

class OpenDelivery final : public PartnerCodec {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "open_delivery"; }
  [[nodiscard]] std::string_view store_member() const noexcept override { return "merchant.id"; }

  /// `X-App-Signature` is the hex HMAC-SHA-256 of the body under the client secret.
  [[nodiscard]] bool authenticate(const Delivery& delivery) const override;

  /// Kind by `eventType`: CREATED announces an order; CANCELLED, and the ordering application's wish to cancel, cancel it;
  /// everything else tells what the store itself has told, or what becomes of the food = nothing.
  [[nodiscard]] Parsed<Webhook> read(const Delivery& delivery,
                                     std::optional<WebhookKind> fixed) const override;

  /// `code` of POST …/requestCancellation, before and after a confirmation alike.
  [[nodiscard]] std::string_view rejection_code(core::Reason reason) const noexcept override;

  /// Neither a body nor a 429 is foreseen; 503 is.
  [[nodiscard]] AnswerStyle style() const noexcept override {
    return {.comes_again_on_429 = false, .has_body = false};
  }

  [[nodiscard]] const PartnerApi* api() const noexcept override;
};

}  // namespace storegate::codec
