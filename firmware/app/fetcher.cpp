// The codec says what to ask and what an order is; this file what a status means.
#include "app/fetcher.hpp"

#include <utility>
#include <variant>

#include "codec/commands.hpp"
#include "platform/log.hpp"

namespace storegate::app {

namespace {
core::OrderFetched answer_to(const core::FetchOrder& effect, core::FetchOutcome outcome) {
  core::OrderFetched fetched;
  fetched.order = effect.order;
  fetched.attempt = effect.attempt;
  fetched.outcome = outcome;
  return fetched;
}

core::OrderFetched order_of(const core::FetchOrder& effect, codec::FetchedOrder order,
                            std::string content_type) {
  auto fetched = answer_to(effect, core::FetchOutcome::fetched);
  fetched.released = order.released;
  fetched.cancelled = order.cancelled;
  fetched.cancel_text = std::move(order.cancel_text);
  fetched.cancelled_by = order.cancelled_by;
  // The very input that a webhook with the whole order would have been.
  auto commands = codec::commands_of(
      codec::OrderReceived{std::move(order.decoded), false, order.placed_at_wall_ms}, core::Source::webhook);
  fetched.arrived = std::get<core::OrderArrived>(std::move(commands.back()));
  fetched.arrived.body.content_type = std::move(content_type);
  return fetched;
}

core::OrderFetched unreadable(const core::FetchOrder& effect, const codec::Problem& problem) {
  auto fetched = answer_to(effect, core::FetchOutcome::unreadable);
  fetched.why = problem.text();
  platform::log_warn(
      "an order that was fetched cannot be understood",
      {{"partner", effect.partner}, {"partner_order_id", effect.partner_order_id}, {"why", fetched.why}});
  return fetched;
}
}  // namespace

core::OrderFetched fetched_of(const core::FetchOrder& effect, const codec::PartnerApi& api,
                              PartnerReply reply) {
  if (reply.is_good()) {
    auto order = api.read_fetched(reply.body, effect.partner);
    if (!order) return unreadable(effect, order.problem());
    return order_of(effect, std::move(*order), std::move(reply.content_type));
  }
  if (reply.is_gone()) return answer_to(effect, core::FetchOutcome::gone);
  auto fetched =
      answer_to(effect, reply.is_not_now() ? core::FetchOutcome::not_now : core::FetchOutcome::failed);
  fetched.why = reply.status ? "HTTP " + std::to_string(*reply.status) : std::move(reply.why);
  if (reply.is_not_now()) fetched.retry_after_ms = reply.retry_after_ms;
  return fetched;
}

void Fetcher::carry_out(core::FetchOrder effect) {
  PartnerLine* line = lines_.find(effect.partner);
  if (line == nullptr) {
    // Only after a restart with another configuration: the order waits for its partner to be configured again.
    lines_.later([this, effect = std::move(effect)] {
      auto fetched = answer_to(effect, core::FetchOutcome::failed);
      fetched.why = "the partner's API is not configured";
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
  line->client.call("fetch", std::move(request), [this, api, effect = std::move(effect)](PartnerReply reply) {
    offer_(fetched_of(effect, *api, std::move(reply)));
  });
}

}  // namespace storegate::app
