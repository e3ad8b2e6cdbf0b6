// HubRise's API: an order's status is patched, and events that no callback has taken are asked for and deleted. Source:
// HubRise's API documentation (orders, callbacks, general concepts).
#pragma once

#include "codec/partners/partner_api.hpp"

namespace storegate::codec {

class HubRiseApi final : public PartnerApi {
 public:
  [[nodiscard]] ApiSignIn sign_in() const noexcept override { return ApiSignIn::static_header; }
  [[nodiscard]] std::pair<std::string_view, std::string_view> secret_header() const noexcept override {
    return {"X-Access-Token", ""};
  }
  [[nodiscard]] std::string_view default_url() const noexcept override {
    return "https://api.hubrise.com/v1";
  }

  /// Their events have the order whole: it is asked for where something is in doubt.
  [[nodiscard]] bool can_ask() const noexcept override { return true; }
  [[nodiscard]] HttpRequest fetch(const ApiStore& store, const ApiOrder& order) const override;
  [[nodiscard]] Parsed<FetchedOrder> read_fetched(std::string_view body, std::string_view partner,
                                                  const ApiStore& store) const override;

  [[nodiscard]] bool pulls() const noexcept override { return true; }
  /// "Should be no less than 30 seconds" (passive callbacks).
  [[nodiscard]] std::int64_t pull_interval_s() const noexcept override { return 30; }
  /// Their list has no states, so a page is either the list, which names its events, oldest first, as the next pages, or one
  /// event, after which the list is the next page again; behind one that is left, the event after it is. It comes to an end since each event is left, or deleted by its page's `then`:
  /// the next page must not be asked for before that was answered.
  [[nodiscard]] HttpRequest pull(const ApiStore& store, std::string_view cursor) const override;
  [[nodiscard]] Parsed<PulledPage> read_pulled(std::string_view body, std::string_view partner,
                                               const ApiStore& store) const override;
  [[nodiscard]] std::optional<std::string> next_behind(std::string_view cursor) const override;

  /// `ready` is awaiting_shipment for a delivery, awaiting_collection for whoever comes for it.
  [[nodiscard]] core::Notices notices() const noexcept override {
    return {core::Notice::accepted, core::Notice::rejected, core::Notice::placed, core::Notice::ready,
            core::Notice::cancelled};
  }
  [[nodiscard]] HttpRequest tell(const ApiStore& store, const core::TellPartner& what) const override;
};

}  // namespace storegate::codec
