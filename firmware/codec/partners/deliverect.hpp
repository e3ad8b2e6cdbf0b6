// Deliverect (a middleware of many channels): the POS order webhook, which also carries cancels. Knows their field names
// and no other partner's. Source: Deliverect's developer hub, POS API (order notification, cancellation, order statuses,
// modifiers and quantities, payments, failover, HMAC authentication).
#pragma once

#include "codec/partners/partner.hpp"

namespace storegate::codec {

class Deliverect final : public PartnerCodec {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "deliverect"; }
  [[nodiscard]] std::string_view store_member() const noexcept override { return "location"; }

  /// `X-Server-Authorization-HMAC-SHA256`: the HMAC-SHA-256 of the body, in hex. Until they have issued a secret, they
  /// sign with the channel link's id: it is then what to configure.
  [[nodiscard]] bool authenticate(const Delivery& delivery) const override;

  /// Told apart by `status`: 100 (cancel) and 110 (cancelled) are cancels; with `items` and a status up to 20 (accepted),
  /// or none, it is an order; later and unknown statuses, and bodies with neither, are nothing. Their registration call
  /// asks for the webhook's address.
  [[nodiscard]] Parsed<Webhook> read(const Delivery& delivery,
                                     std::optional<WebhookKind> fixed) const override;

  /// Their validation errors (product_snoozed, product_not_found, price_mismatch, unknown), for the `reason` of the
  /// status 120 or 110 that tells it.
  [[nodiscard]] std::string_view rejection_code(core::Reason reason) const noexcept override;

  /// 200. They come again on 502, 503 and 504 only, five times within 328 s, so a rate's refusal is told as 503.
  [[nodiscard]] AnswerStyle style() const noexcept override { return {.comes_again_on_429 = false}; }

  /// deliverect_api.hpp
  [[nodiscard]] const PartnerApi* api() const noexcept override;
};

}  // namespace storegate::codec
