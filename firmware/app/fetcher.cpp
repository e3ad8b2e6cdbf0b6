// The codec says what to ask and what an answer means.
#include "app/fetcher.hpp"

#include <utility>

#include "codec/partners/api_outcomes.hpp"
#include "platform/log.hpp"

namespace storegate::app {

void Fetcher::carry_out(core::FetchOrder effect) {
  PartnerLine* line = lines_.find(effect.partner);
  if (line == nullptr) {
    // Only after a restart with another configuration: the order waits for its partner to be configured again.
    lines_.later([this, effect = std::move(effect)] {
      core::OrderFetched fetched;
      fetched.order = effect.order;
      fetched.attempt = effect.attempt;
      offer_(std::move(fetched));
    });
    return;
  }
  const codec::PartnerApi* api = line->api;
  const std::string href = line->client.under_api(effect.href);
  if (href.empty() && !effect.href.empty())
    platform::log_warn("an order's address lies outside its partner's API: it is asked for by its id",
                       {{"partner", effect.partner}, {"partner_order_id", effect.partner_order_id}});
  auto request = api->fetch(line->store(), {effect.partner_order_id, href});
  line->client.call(
      "fetch", std::move(request), [this, line, api, effect = std::move(effect)](PartnerReply reply) {
        auto fetched = codec::fetched_from(*api, effect, reply.seen(), line->store());
        if (fetched.outcome == core::FetchOutcome::not_ours)
          platform::log_warn("an order that was fetched is of another store: it is not cooked here",
                             {{"partner", effect.partner}, {"partner_order_id", effect.partner_order_id}});
        if (fetched.outcome == core::FetchOutcome::unreadable)
          platform::log_warn("an order that was fetched cannot be understood",
                             {{"partner", effect.partner},
                              {"partner_order_id", effect.partner_order_id},
                              {"why", fetched.why}});
        offer_(std::move(fetched));
      });
}

}  // namespace storegate::app
