// Otter (Public API v1): order webhooks of many marketplaces in one format, signed over the body. Knows their field names
// and nothing of any other partner.
#pragma once

#include "codec/partners/partner_api.hpp"

namespace storegate::codec {

class Otter final : public PartnerCodec {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "otter"; }
  [[nodiscard]] std::string_view store_member() const noexcept override { return "metadata.storeId"; }

  /// `X-HMAC-SHA256` is the base64 HMAC-SHA-256 of the body; they sign every webhook so, whatever else they send.
  [[nodiscard]] bool authenticate(const Delivery& delivery) const override;

  /// Kind by `eventType` and state: orders.new_order = order; orders.cancel_order, and orders.update or
  /// orders.new_order about an order that was cancelled or rejected = cancel; orders.pos_injection_state_update that a
  /// person makes up for = a person's call; everything else, an order that is made already too, = nothing.
  [[nodiscard]] Parsed<Webhook> read(const Delivery& delivery,
                                     std::optional<WebhookKind> fixed) const override;

  /// An order as the API gives it (OrderWithManagerInfo): one that was cancelled or rejected is not to be cooked, nor is one
  /// that is made already.
  [[nodiscard]] static Parsed<FetchedOrder> read_fetched(std::string_view body, std::string_view partner);

  /// Why an order could not be put into the POS (their injection issues and cancellation reasons).
  [[nodiscard]] std::string_view rejection_code(core::Reason reason) const noexcept override;
  /// `cancellationReason` of POST …/orders/{id}/cancel (ManagerCancelOrderRequest).
  [[nodiscard]] std::string_view cancel_code(core::Reason reason) const noexcept override;

  /// They ask for a 200 without a body, and say nothing of when they come again. What their own API does with a 4xx is
  /// to give up, so a rate's refusal is told as 503.
  [[nodiscard]] AnswerStyle style() const noexcept override {
    return {.comes_again_on_429 = false, .has_body = false};
  }

  /// otter_api.hpp
  [[nodiscard]] const PartnerApi* api() const noexcept override;
};

}  // namespace storegate::codec
