// JET Connect's result of an order that was taken with 202: sent to the POS, or not. Source: JET Connect's OpenAPI
// document (Manage Order Status).
#pragma once

#include "codec/partners/partner_api.hpp"

namespace storegate::codec {

class JetConnectApi final : public PartnerApi {
 public:
  [[nodiscard]] ApiSignIn sign_in() const noexcept override { return ApiSignIn::static_header; }
  [[nodiscard]] std::pair<std::string_view, std::string_view> secret_header() const noexcept override {
    return {"X-Flyt-Api-Key", ""};
  }

  /// By them the order is in once somebody answers for it, so `accepted` is told and not `placed`: they wait for 3
  /// minutes, and the release may come later. 400: the order is no longer pending.
  [[nodiscard]] core::Notices notices() const noexcept override {
    return {core::Notice::accepted, core::Notice::rejected};
  }
  [[nodiscard]] HttpRequest tell(const ApiStore& store, const core::TellPartner& what) const override;
};

}  // namespace storegate::codec
