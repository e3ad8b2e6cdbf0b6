// Grubhub: orders as their API has them, told anew at each change of state, and the just-in-time event. Knows their field
// names and nothing of any other partner.
#pragma once

#include "codec/partners/partner_api.hpp"

namespace storegate::codec {

class Grubhub final : public PartnerCodec {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "grubhub"; }
  [[nodiscard]] std::string_view store_member() const noexcept override { return "merchant_id"; }

  /// The Authorization header, whole or after one scheme word, equals a secret; of a Basic one also the `user:password`
  /// in it. Their MAC and JWT schemes are refused: see the README.
  [[nodiscard]] bool authenticate(const Delivery& delivery) const override;

  /// Kind by state (PosOrder of their Orders API): RESTAURANT_CONFIRMABLE = order, with its release if
  /// `just_in_time_fired`; CANCELLED and REJECTED = cancel; `just_in_time_fired` in any other state, and the just-in-time
  /// event = release; everything else, and whatever lacks the members that their pages give an order = nothing.
  [[nodiscard]] Parsed<Webhook> read(const Delivery& delivery,
                                     std::optional<WebhookKind> fixed) const override;

  /// An order as the API gives it (PosOrder): CANCELLED and REJECTED ones are not to be cooked, `just_in_time_fired` wants it
  /// now, ANTICIPATED is none yet, and one that is no longer RESTAURANT_CONFIRMABLE is in somebody's POS.
  [[nodiscard]] static Parsed<FetchedOrder> read_fetched(std::string_view body, std::string_view partner,
                                                         std::string_view store);

  /// `reason_code` of PUT …/orders/{uuid}/status with REJECTED: the order could not be put into the POS.
  [[nodiscard]] std::string_view rejection_code(core::Reason reason) const noexcept override;
  /// "": an order that cannot be made after all goes back by a change request, which has no codes.
  [[nodiscard]] std::string_view cancel_code(core::Reason reason) const noexcept override;

  /// They say nothing of when they come again: 503 says it more plainly than 429.
  [[nodiscard]] AnswerStyle style() const noexcept override { return {.comes_again_on_429 = false}; }

  /// grubhub_api.hpp
  [[nodiscard]] const PartnerApi* api() const noexcept override;
};

}  // namespace storegate::codec
