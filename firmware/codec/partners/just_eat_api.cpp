// Reasons go out as a message: their requests have no codes.
#include "codec/partners/just_eat_api.hpp"

#include "codec/partners/just_eat.hpp"
#include "codec/partners/telling.hpp"
#include "codec/text.hpp"

namespace storegate::codec {

namespace {

using core::Notice;

const JustEatApi just_eat_api;

}  // namespace

HttpRequest JustEatApi::tell(const ApiStore&, const core::TellPartner& what) const {
  const std::string order = "/orders/" + percent_encoded(what.partner_order_id);
  JsonObject body;
  if (what.notice == Notice::accepted) {
    if (what.ready_at_wall_ms) body.time("TimeAcceptedFor", *what.ready_at_wall_ms);
    return json_request("PUT", order + "/accept", body);
  }
  body.text("Message", refusal_words(what));
  return json_request("PUT", order + (what.notice == Notice::rejected ? "/reject" : "/cancel"), body);
}

core::TellOutcome JustEatApi::told(Notice notice, int status, std::string_view body) const {
  if (notice == Notice::cancelled && status == 409) return core::TellOutcome::told;
  return PartnerApi::told(notice, status, body);
}

const PartnerApi* JustEat::api() const noexcept { return &just_eat_api; }

}  // namespace storegate::codec
