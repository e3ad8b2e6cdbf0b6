// Deliverect's order status, by which a POS tells how an order fares. Source: Deliverect's developer hub, POS API (order
// status update, order statuses).
#pragma once

#include "codec/partners/partner_api.hpp"

namespace storegate::codec {

class DeliverectApi final : public PartnerApi {
 public:
  [[nodiscard]] ApiSignIn sign_in() const noexcept override { return ApiSignIn::client_credentials; }
  [[nodiscard]] std::string_view default_url() const noexcept override {
    return "https://api.deliverect.com";
  }
  [[nodiscard]] std::string_view default_token_url() const noexcept override {
    return "https://api.deliverect.com/oauth/token";
  }

  [[nodiscard]] bool asks_token_by_json() const noexcept override { return true; }

  /// 20 accepted, 120 failed, 40 printed, 70 ready for pickup, 110 cancelled (ours and theirs alike).
  [[nodiscard]] core::Notices notices() const noexcept override {
    return {core::Notice::accepted, core::Notice::rejected,  core::Notice::placed,
            core::Notice::ready,    core::Notice::cancelled, core::Notice::cancel_agreed};
  }
  [[nodiscard]] HttpRequest tell(const ApiStore& store, const core::TellPartner& what) const override;
};

}  // namespace storegate::codec
