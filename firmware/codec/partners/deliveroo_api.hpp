// Deliveroo's Order API: an order is accepted or rejected, and they are told whether it reached the till and when it is
// ready. Source: api-docs.deliveroo.com (update order status, create sync status, prep stages).
#pragma once

#include "codec/partners/partner_api.hpp"

namespace storegate::codec {

class DeliverooApi final : public PartnerApi {
 public:
  [[nodiscard]] ApiSignIn sign_in() const noexcept override { return ApiSignIn::client_credentials; }
  [[nodiscard]] std::string_view default_url() const noexcept override {
    return "https://api.developers.deliveroo.com";
  }
  [[nodiscard]] std::string_view default_token_url() const noexcept override {
    return "https://auth.developers.deliveroo.com/oauth2/token";
  }

  /// `begun` confirms an order for later, as they want it before it is prepared. `placed` and `cancelled` are the two ends of a sync: an accepted order has no other way back.
  [[nodiscard]] core::Notices notices() const noexcept override {
    return {core::Notice::accepted, core::Notice::rejected, core::Notice::begun,
            core::Notice::placed,   core::Notice::ready,    core::Notice::cancelled};
  }
  [[nodiscard]] HttpRequest tell(const ApiStore& store, const core::TellPartner& what) const override;
};

}  // namespace storegate::codec
