// DoorDash Marketplace's API: an order is confirmed or failed, cancelled, and told ready. Source: their Marketplace OpenAPI
// document (legacy and current host have the same calls) and their detailed error spec.
#pragma once

#include "codec/partners/partner_api.hpp"

namespace storegate::codec {

class DoorDashApi final : public PartnerApi {
 public:
  [[nodiscard]] ApiSignIn sign_in() const noexcept override { return ApiSignIn::signed_token; }
  [[nodiscard]] std::string_view default_url() const noexcept override {
    return "https://openapi.doordash.com/marketplace/api/v1";
  }

  /// Their 202 awaits it within 8 minutes; after that, and once decided, they answer 400.
  [[nodiscard]] core::Notices notices() const noexcept override {
    return {core::Notice::accepted, core::Notice::rejected, core::Notice::ready, core::Notice::cancelled};
  }
  [[nodiscard]] HttpRequest tell(const ApiStore& store, const core::TellPartner& what) const override;
};

}  // namespace storegate::codec
