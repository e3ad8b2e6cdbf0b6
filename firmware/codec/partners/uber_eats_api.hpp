// Uber Eats' API: the order behind a notification, orders that were missed, and accept, deny and cancel. Sources:
// developer.uber.com/docs/eats, Get Order Details (v2), Get Active Created Orders, Accept, Deny and Cancel Order (v1).
#pragma once

#include "codec/partners/partner_api.hpp"

namespace storegate::codec {

class UberEatsApi final : public PartnerApi {
 public:
  [[nodiscard]] ApiSignIn sign_in() const noexcept override { return ApiSignIn::client_credentials; }
  [[nodiscard]] std::string_view default_url() const noexcept override { return "https://api.uber.com"; }
  [[nodiscard]] std::string_view default_token_url() const noexcept override {
    return "https://auth.uber.com/oauth/v2/token";
  }
  [[nodiscard]] std::string_view default_scope() const noexcept override {
    return "eats.order eats.store.orders.read";
  }
  [[nodiscard]] ApiNeeds needs() const noexcept override { return {.store_id = true}; }

  [[nodiscard]] bool fetches() const noexcept override { return true; }
  /// By its id in any case: an announced address may be one of their other APIs, whose orders look different.
  [[nodiscard]] HttpRequest fetch(const ApiStore& store, const ApiOrder& order) const override;
  [[nodiscard]] Parsed<FetchedOrder> read_fetched(std::string_view body, std::string_view partner,
                                                  const ApiStore& store) const override;

  /// Orders that nobody has accepted or denied yet. They are few, and never come in pages.
  [[nodiscard]] bool pulls() const noexcept override { return true; }
  /// Nothing else notices that webhooks alone do not get through.
  [[nodiscard]] std::int64_t pull_interval_s() const noexcept override { return 300; }
  [[nodiscard]] HttpRequest pull(const ApiStore& store, std::string_view cursor) const override;
  [[nodiscard]] Parsed<PulledPage> read_pulled(std::string_view body, std::string_view partner,
                                               const ApiStore& store) const override;

  /// By itself: 409 for one that is accepted or denied already, 404 for one that has ended.
  [[nodiscard]] core::Notices notices() const noexcept override {
    return {core::Notice::accepted, core::Notice::rejected, core::Notice::cancelled};
  }
  [[nodiscard]] HttpRequest tell(const ApiStore& store, const core::TellPartner& what) const override;
};

}  // namespace storegate::codec
