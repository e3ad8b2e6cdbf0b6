// Grubhub's POS API: an order's status is put, and orders that wait for confirmation can be asked for. Source: the status
// schema and the pages of their developers' site (orders, example order).
#pragma once

#include "codec/partners/partner_api.hpp"

namespace storegate::codec {

class GrubhubApi final : public PartnerApi {
 public:
  /// Basic, the pair as base64. The MAC that their own host asks for signs each request: see the README.
  [[nodiscard]] ApiSignIn sign_in() const noexcept override { return ApiSignIn::static_header; }
  [[nodiscard]] std::pair<std::string_view, std::string_view> secret_header() const noexcept override {
    return {"Authorization", "Basic "};
  }
  [[nodiscard]] ApiNeeds needs() const noexcept override { return {.merchant_id = true}; }
  [[nodiscard]] std::string_view own_id(const ApiStore& store) const noexcept override {
    return store.merchant_id;
  }

  /// Their own host is refused. How it is signed for is published in words that contradict each other: whether the secret is
  /// used as it stands or decoded, and what of the body is hashed.
  [[nodiscard]] std::string_view flaw_of_host(std::string_view host) const noexcept override;

  /// Their webhooks have the order whole: it is asked for where something is in doubt.
  [[nodiscard]] bool can_ask() const noexcept override { return true; }
  [[nodiscard]] HttpRequest fetch(const ApiStore& store, const ApiOrder& order) const override;
  [[nodiscard]] Parsed<FetchedOrder> read_fetched(std::string_view body, std::string_view partner,
                                                  const ApiStore& store) const override;

  [[nodiscard]] bool pulls() const noexcept override { return true; }
  /// Nothing else notices that webhooks alone do not get through.
  [[nodiscard]] std::int64_t pull_interval_s() const noexcept override { return 300; }
  /// Those that nobody has confirmed yet, of `store.merchant_id`; in one page, whenever they were placed.
  [[nodiscard]] HttpRequest pull(const ApiStore& store, std::string_view cursor) const override;
  [[nodiscard]] Parsed<PulledPage> read_pulled(std::string_view body, std::string_view partner,
                                               const ApiStore& store) const override;

  /// Not `cancelled`: what was confirmed goes back by a change request, for which no call is published.
  [[nodiscard]] core::Notices notices() const noexcept override {
    return {core::Notice::accepted, core::Notice::rejected, core::Notice::ready};
  }
  [[nodiscard]] HttpRequest tell(const ApiStore& store, const core::TellPartner& what) const override;
};

}  // namespace storegate::codec
