// What a partner's API is by itself, where its own class says nothing else.
#include "codec/partners/partner_api.hpp"

namespace storegate::codec {

HttpRequest PartnerApi::fetch(const ApiStore&, const ApiOrder&) const { return {}; }

Parsed<FetchedOrder> PartnerApi::read_fetched(std::string_view, std::string_view, const ApiStore&) const {
  return Problem{ProblemKind::invalid_document, "this partner cannot be asked for an order", "",
                 std::nullopt};
}

HttpRequest PartnerApi::pull(const ApiStore&, std::string_view) const { return {}; }

Parsed<PulledPage> PartnerApi::read_pulled(std::string_view, std::string_view, const ApiStore&) const {
  return Problem{ProblemKind::invalid_document, "this partner cannot be asked for orders", "", std::nullopt};
}

std::optional<std::string> PartnerApi::next_behind(std::string_view) const { return std::nullopt; }

HttpRequest PartnerApi::tell(const ApiStore&, const core::TellPartner&) const { return {}; }

core::TellOutcome PartnerApi::told(core::Notice, int status, std::string_view) const {
  using core::TellOutcome;
  if (status >= 200 && status < 300) return TellOutcome::told;
  switch (status) {
    case 400:
    case 409:
    case 422: return TellOutcome::decided;
    case 404:
    case 410: return TellOutcome::gone;
    case 429: return TellOutcome::not_now;
    default: return TellOutcome::failed;
  }
}

}  // namespace storegate::codec
