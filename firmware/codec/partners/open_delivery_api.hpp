// An ordering application's API after the Open Delivery standard: the order behind an event, the events themselves with
// their acknowledgement, and confirm, ready and both sides of a negotiated cancel. Source: Abrasel's Open Delivery API v1.3.
#pragma once

#include "codec/partners/partner_api.hpp"

namespace storegate::codec {

class OpenDeliveryApi final : public PartnerApi {
 public:
  /// With client id and secret, and no scope. Each application has an API and a token address of its own.
  [[nodiscard]] ApiSignIn sign_in() const noexcept override { return ApiSignIn::client_credentials; }
  /// An application's events are those of all its merchants whom it lets this client see.
  [[nodiscard]] ApiNeeds needs() const noexcept override { return {.merchant_id = true}; }
  [[nodiscard]] std::string_view own_id(const ApiStore& store) const noexcept override {
    return store.merchant_id;
  }

  [[nodiscard]] bool fetches() const noexcept override { return true; }
  [[nodiscard]] HttpRequest fetch(const ApiStore& store, const ApiOrder& order) const override;
  [[nodiscard]] Parsed<FetchedOrder> read_fetched(std::string_view body, std::string_view partner,
                                                  const ApiStore& store) const override;

  /// The standard asks for it, webhook or none: an event comes until it is acknowledged.
  [[nodiscard]] bool pulls() const noexcept override { return true; }
  [[nodiscard]] std::int64_t pull_interval_s() const noexcept override { return 30; }
  [[nodiscard]] HttpRequest pull(const ApiStore& store, std::string_view cursor) const override;
  [[nodiscard]] Parsed<PulledPage> read_pulled(std::string_view body, std::string_view partner,
                                               const ApiStore& store) const override;

  /// By itself: 422 for what the application has decided already.
  [[nodiscard]] core::Notices notices() const noexcept override {
    using enum core::Notice;
    return {accepted, rejected, ready, cancelled, cancel_agreed, cancel_refused};
  }
  [[nodiscard]] HttpRequest tell(const ApiStore& store, const core::TellPartner& what) const override;
  /// A cancel that is agreed to and not to be had any more is one that was no question: the application has cancelled.
  [[nodiscard]] core::TellOutcome told(core::Notice notice, int status, std::string_view body) const override;
};

}  // namespace storegate::codec
