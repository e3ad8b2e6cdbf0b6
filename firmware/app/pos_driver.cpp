// Each effect becomes one HTTP call; the codec says what its outcome means.
#include "app/pos_driver.hpp"

#include <algorithm>
#include <string_view>
#include <type_traits>
#include <utility>

#include "codec/pos_rest.hpp"
#include "platform/log.hpp"

namespace storegate::app {

namespace {
platform::Url url_of(const PosConfig& config) {
  auto url = platform::Url::parse(config.url);
  return std::move(url).value();
}

/// As many connections as the gateway asks at once, its questions after tickets among them, and one for each list: a
/// request that waits here would eat up its own deadline.
platform::HttpClientOptions client_options(const PosConfig& config) {
  platform::HttpClientOptions options;
  options.connections_max = static_cast<std::size_t>(std::max<std::int64_t>(config.requests_max, 1) +
                                                     std::max<std::int64_t>(config.watch_max, 1)) +
                            core::pos_list_count;
  return options;
}

std::string_view name_of(core::PosRequest request) {
  switch (request) {
    case core::PosRequest::place: return "place";
    case core::PosRequest::ask: return "ask";
    case core::PosRequest::check_health: return "check_health";
    case core::PosRequest::cancel: return "void";
    case core::PosRequest::watch: return "watch";
  }
  return "place";
}

std::string_view name_of(core::PosList list) { return list == core::PosList::menu ? "menu" : "availability"; }

std::string_view name_of(core::PosListed::Outcome outcome) {
  switch (outcome) {
    case core::PosListed::Outcome::listed: return "listed";
    case core::PosListed::Outcome::no_list: return "no_list";
    case core::PosListed::Outcome::failed: return "failed";
  }
  return "failed";
}

/// A whole response, or how far the request's bytes went.
codec::PosHttpOutcome http_of(const platform::HttpOutcome& outcome) {
  codec::PosHttpOutcome http;
  http.request_bytes_written = outcome.request_bytes_written;
  if (outcome.response) {
    http.status = outcome.response->status;
    http.retry_after = outcome.response->headers.get("Retry-After");
    http.body = outcome.response->body;
  }
  return http;
}

std::string_view name_of(core::PosOutcome outcome) {
  switch (outcome) {
    case core::PosOutcome::took: return "took";
    case core::PosOutcome::refused: return "refused";
    case core::PosOutcome::cannot: return "cannot";
    case core::PosOutcome::not_taken: return "not_taken";
    case core::PosOutcome::not_now: return "not_now";
    case core::PosOutcome::not_delivered: return "not_delivered";
    case core::PosOutcome::in_doubt: return "in_doubt";
    case core::PosOutcome::found: return "found";
    case core::PosOutcome::found_voided: return "found_voided";
    case core::PosOutcome::not_found: return "not_found";
    case core::PosOutcome::healthy: return "healthy";
    case core::PosOutcome::unanswered: return "unanswered";
    case core::PosOutcome::voided: return "voided";
    case core::PosOutcome::too_late: return "too_late";
    case core::PosOutcome::shown: return "shown";
  }
  return "in_doubt";
}
}  // namespace

PosDriver::PosDriver(platform::Loop& loop, const PosConfig& config, Gauges& gauges, Offer offer)
    : gauges_(gauges),
      offer_(std::move(offer)),
      url_(url_of(config)),
      token_(config.token),
      timeout_(config.timeout_ms),
      client_(loop, client_options(config)) {}

platform::HttpCall PosDriver::call_of(codec::HttpRequest request) const {
  platform::HttpCall call;
  call.method = std::move(request.method);
  call.origin = url_.origin;
  call.target = url_.path + request.target;
  for (const auto& [name, value] : request.headers) call.headers.add(name, value);
  if (!token_.empty()) call.headers.add("Authorization", "Bearer " + token_);
  call.body = std::move(request.body);
  call.timeout = timeout_;
  return call;
}

template <typename Effect>
void PosDriver::send(Effect effect, codec::HttpRequest request) {
  if (!open_) return offer_(codec::outcome_of(effect, {}));
  constexpr bool is_waited_for = !std::is_same_v<Effect, core::WatchOrder>;
  if (is_waited_for) ++in_flight_;
  client_.request(call_of(std::move(request)), [this, effect = std::move(effect),
                                                begun = instant_now()](platform::HttpOutcome outcome) {
    if (is_waited_for) --in_flight_;
    const codec::PosHttpOutcome http = http_of(outcome);
    auto answered = codec::outcome_of(effect, http);
    gauges_.pos_answered(name_of(answered.request), name_of(answered.outcome), seconds_since(begun));
    platform::log_debug("POS answered",
                        {{"row", core::value_of(answered.order)},
                         {"request", name_of(answered.request)},
                         {"outcome", name_of(answered.outcome)},
                         {"status", http.status},
                         {"why", outcome.ok() ? std::string_view{} : outcome.failure.context}});
    offer_(std::move(answered));
  });
}

void PosDriver::carry_out(core::PlaceOrder effect) {
  if (effect.body.empty()) {
    platform::log_error("an order's body is damaged or missing: it is not sent",
                        {{"row", core::value_of(effect.order)}});
    core::PosAnswered answered;
    answered.order = effect.order;
    answered.attempt = effect.attempt;
    answered.outcome = core::PosOutcome::cannot;
    return offer_(std::move(answered));
  }
  if (clock_.now().steady_ms > effect.not_after_ms) {
    platform::log_warn("a second try came too late to be safe: it is not sent",
                       {{"row", core::value_of(effect.order)}});
    return offer_(core::not_in_time(effect));
  }
  auto request = codec::request_of(effect);
  effect.body = {};  // it went into the request; what the outcome is judged by needs no copy of it
  send(std::move(effect), std::move(request));
}

void PosDriver::carry_out(core::AskPos effect) {
  auto request = codec::request_of(effect);
  send(std::move(effect), std::move(request));
}

void PosDriver::carry_out(core::CheckPosHealth effect) {
  auto request = codec::request_of(effect);
  send(std::move(effect), std::move(request));
}

void PosDriver::carry_out(core::VoidOrder effect) {
  auto request = codec::request_of(effect);
  send(std::move(effect), std::move(request));
}

void PosDriver::carry_out(core::WatchOrder effect) {
  auto request = codec::request_of(effect);
  send(std::move(effect), std::move(request));
}

// Not counted among what is in flight: the end of the service waits for no list.
void PosDriver::carry_out(core::AskPosList effect) {
  if (!open_) return offer_(codec::outcome_of(effect, {}));
  client_.request(call_of(codec::request_of(effect)),
                  [this, effect, begun = instant_now()](platform::HttpOutcome outcome) {
                    const codec::PosHttpOutcome http = http_of(outcome);
                    auto listed = codec::outcome_of(effect, http);
                    list_ended(listed, http.status, seconds_since(begun));
                    offer_(std::move(listed));
                  });
}

// A person hears when a list stops coming and when it comes again, not each time.
void PosDriver::list_ended(const core::PosListed& listed, int status, double seconds) {
  gauges_.pos_answered(name_of(listed.list), name_of(listed.outcome), seconds);
  auto& last = lists_[static_cast<std::size_t>(listed.list)];
  if (std::exchange(last, listed.outcome) == listed.outcome) return;
  if (listed.outcome == core::PosListed::Outcome::listed)
    platform::log_info("the POS gives its list again", {{"list", name_of(listed.list)}});
  else
    platform::log_warn(
        "the POS gave no list that can be used: what it said last still counts",
        {{"list", name_of(listed.list)}, {"outcome", name_of(listed.outcome)}, {"status", status}});
}

}  // namespace storegate::app
