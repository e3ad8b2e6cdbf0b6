// Just Eat's order acceptance API. Source: Just Eat UK's OpenAPI document.
#pragma once

#include "codec/partners/partner_api.hpp"

namespace storegate::codec {

class JustEatApi final : public PartnerApi {
 public:
  [[nodiscard]] ApiSignIn sign_in() const noexcept override { return ApiSignIn::static_header; }
  [[nodiscard]] std::pair<std::string_view, std::string_view> secret_header() const noexcept override {
    return {"Authorization", "JE-API-KEY "};
  }
  [[nodiscard]] std::string_view default_url() const noexcept override {
    return "https://uk.api.just-eat.io";
  }

  [[nodiscard]] core::Notices notices() const noexcept override {
    return {core::Notice::accepted, core::Notice::rejected, core::Notice::cancelled};
  }
  [[nodiscard]] HttpRequest tell(const ApiStore& store, const core::TellPartner& what) const override;
  /// 409 to a cancel says that the order is cancelled already, which is what was wanted.
  [[nodiscard]] core::TellOutcome told(core::Notice notice, int status, std::string_view body) const override;
};

}  // namespace storegate::codec
