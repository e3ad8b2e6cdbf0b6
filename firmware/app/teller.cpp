// The codec says what to send and what an answer means; without an answer nothing is known to be told.
#include "app/teller.hpp"

#include <utility>

#include "codec/partners/api_outcomes.hpp"
#include "platform/log.hpp"

namespace storegate::app {

void Teller::carry_out(core::TellPartner effect) {
  PartnerLine* line = lines_.find(effect.partner);
  if (line == nullptr) {
    lines_.later([this, effect = std::move(effect)] {
      core::PartnerTold told;
      told.order = effect.order;
      told.attempt = effect.attempt;
      told.outcome = core::TellOutcome::not_now;  // nothing has left
      offer_(std::move(told));
    });
    return;
  }
  const codec::PartnerApi* api = line->api;
  auto request = api->tell(line->store(), effect);
  ++in_flight_;
  line->client.call("tell", std::move(request), [this, api, effect = std::move(effect)](PartnerReply reply) {
    --in_flight_;
    auto told = codec::told_from(*api, effect, reply.seen());
    if (told.outcome != core::TellOutcome::told)
      platform::log_info("a partner was not told", {{"order", core::text_of(effect.id)},
                                                    {"partner", effect.partner},
                                                    {"notice", core::name_of(effect.notice)},
                                                    {"status", reply.status.value_or(0)},
                                                    {"why", told.why.empty() ? reply.why : told.why}});
    offer_(std::move(told));
  });
}

}  // namespace storegate::app
