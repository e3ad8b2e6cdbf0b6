// Otter's manager API: an order is confirmed, cancelled, told ready and asked for. Source: Otter's Public API (Manager Order Endpoints).
#pragma once

#include "codec/partners/partner_api.hpp"

namespace storegate::codec {

class OtterApi final : public PartnerApi {
 public:
  /// Where it is, its token too, they say at registration.
  [[nodiscard]] ApiSignIn sign_in() const noexcept override { return ApiSignIn::client_credentials; }
  [[nodiscard]] std::string_view default_scope() const noexcept override { return "manager.orders"; }
  [[nodiscard]] ApiNeeds needs() const noexcept override { return {.store_id = true, .merchant_id = true}; }

  /// Their webhooks have the order whole: it is asked for where something is in doubt.
  [[nodiscard]] bool can_ask() const noexcept override { return true; }
  [[nodiscard]] HttpRequest fetch(const ApiStore& store, const ApiOrder& order) const override;
  [[nodiscard]] Parsed<FetchedOrder> read_fetched(std::string_view body, std::string_view partner,
                                                  const ApiStore& store) const override;

  /// Their paths name an order's marketplace (`store.merchant_id`) as well, so one section speaks for one marketplace.
  [[nodiscard]] core::Notices notices() const noexcept override {
    return {core::Notice::accepted, core::Notice::rejected, core::Notice::ready, core::Notice::cancelled};
  }
  [[nodiscard]] HttpRequest tell(const ApiStore& store, const core::TellPartner& what) const override;
};

}  // namespace storegate::codec
