// RBI's Partners API: the order behind an event. It has no call by which a store accepts, refuses or cancels, and none that
// lists orders. Source: RBI's Channel Partners API (OpenAPI).
#pragma once

#include "codec/partners/partner_api.hpp"

namespace storegate::codec {

class RbiApi final : public PartnerApi {
 public:
  /// A bearer token that RBI issues.
  [[nodiscard]] ApiSignIn sign_in() const noexcept override { return ApiSignIn::static_header; }
  /// Burger King's; its sisters have their own.
  [[nodiscard]] std::string_view default_url() const noexcept override {
    return "https://bk-partners.rbictg.com/api/v1";
  }

  [[nodiscard]] bool fetches() const noexcept override { return true; }
  [[nodiscard]] HttpRequest fetch(const ApiStore& store, const ApiOrder& order) const override;
  [[nodiscard]] Parsed<FetchedOrder> read_fetched(std::string_view body, std::string_view partner,
                                                  const ApiStore& store) const override;
};

}  // namespace storegate::codec
