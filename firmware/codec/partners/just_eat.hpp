// Just Eat's own API (before JET Connect): acceptance and preparation webhooks that carry the whole order, and cancels.
// Knows their field names and nothing of any other partner. Source: Just Eat UK's OpenAPI document and its prose.
#pragma once

#include "codec/partners/partner.hpp"

namespace storegate::codec {

class JustEat final : public PartnerCodec {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "just_eat"; }
  [[nodiscard]] std::string_view store_member() const noexcept override { return "Restaurant.Id"; }

  /// The Authorization header, whole or after one scheme word ("JE-API-KEY x"), equals a secret. They sign nothing.
  [[nodiscard]] bool authenticate(const Delivery& delivery) const override;

  /// An order's body (acceptance-requested, order-ready-for-preparation: one shape) is an order, but under the URL that
  /// ends in /release it is the order with its release, since we may never have heard of it. `Event` OrderCancelled, and
  /// OrderRejected with an id, are cancels; every other event is nothing. `{"OrderId"}` alone (send-to-pos-failed) calls a
  /// person, who keys that order in: released as well it would be cooked twice.
  [[nodiscard]] Parsed<Webhook> read(const Delivery& delivery,
                                     std::optional<WebhookKind> fixed) const override;

  /// Their reject and cancel requests take a `Message`, and no code; these are the words of their own OrderCancelled
  /// event (rest_cancelled_out_of_stock, …), so that both directions say the same.
  [[nodiscard]] std::string_view rejection_code(core::Reason reason) const noexcept override;

  /// 200 for the synchronous webhooks. A 429 or another status counts as a failure, which their send-to-pos-failed
  /// tells; nothing is said of a repeat, so a rate's refusal goes out as 503, which says that the fault is ours.
  /// What nobody here will make is 400, which they have for it: a 200 would tell them that the kitchen has it.
  [[nodiscard]] AnswerStyle style() const noexcept override {
    return {.comes_again_on_429 = false, .refused = 400};
  }

  /// just_eat_api.hpp
  [[nodiscard]] const PartnerApi* api() const noexcept override;
};

}  // namespace storegate::codec
