// What partners' APIs answer: an order, a page of missed ones, what they say of being told something, a token. The partners are
// those of the register that have an API.
#include <algorithm>
#include <string>

#include "app/partner_token.hpp"
#include "codec/commands.hpp"
#include "codec/limits.hpp"
#include "codec/partners/api_outcomes.hpp"
#include "codec/partners/partner.hpp"
#include "oracle.hpp"
#include "platform/log.hpp"
#include "target.hpp"

namespace storegate::fuzz {

namespace {

constexpr std::string_view asked_for = "ord-7Q4";  // as the fixtures have it, and whoever changes them
constexpr codec::ApiStore our_store{"store-1", "merchant-1"};

void must_be_bounded(const std::optional<core::Milliseconds>& wait_ms) {
  if (wait_ms) expect(*wait_ms >= 0 && *wait_ms <= codec::retry_after_s_max * 1000, "a wait is bounded");
}

void fetch(const codec::PartnerApi& api, std::string_view partner, const codec::ApiReply& reply,
           const codec::ApiStore& store) {
  core::FetchOrder effect;
  effect.partner = partner;
  effect.partner_order_id = asked_for;
  const auto read = api.read_fetched(reply.body, partner, store);
  if (read && !read->decoded.order.partner_order_id.empty())
    effect.partner_order_id = read->decoded.order.partner_order_id;
  const auto fetched = codec::fetched_from(api, effect, reply, store);
  must_be_bounded(fetched.retry_after_ms);
  using core::FetchOutcome;
  if (reply.status < 200 || reply.status >= 300)
    expect(fetched.outcome != FetchOutcome::fetched && fetched.outcome != FetchOutcome::unreadable,
           "a refusal brings no order");
  if (fetched.outcome == FetchOutcome::unreadable)
    expect(!fetched.why.empty() && fetched.why.size() <= 200, "what cannot be read says why, in short");
  if (fetched.outcome != FetchOutcome::fetched) return;
  expect(fetched.arrived.order.partner_order_id == effect.partner_order_id,
         "no other order than the one that was asked for");
  expect(fetched.arrived.order.partner == partner, "an order is its partner's");
  expect(!read->other_store, "another store's order is none of ours");
  effect.partner_order_id += "-another";
  expect(codec::fetched_from(api, effect, reply, store).outcome != FetchOutcome::fetched,
         "no other order than the one that was asked for");
}

void tell(const codec::PartnerApi& api, std::string_view partner, core::Notice notice,
          const codec::ApiReply& reply) {
  core::TellPartner effect;
  effect.notice = notice;
  const auto told = codec::told_from(api, effect, reply);
  must_be_bounded(told.retry_after_ms);
  using core::TellOutcome;
  const bool is_good = reply.status >= 200 && reply.status < 300;
  const bool was_cancelled =
      partner == "just_eat" && notice == core::Notice::cancelled && reply.status == 409;
  // There nobody need have asked for the cancel that is agreed to.
  const bool was_unasked =
      partner == "open_delivery" && notice == core::Notice::cancel_agreed &&
      (reply.status == 404 || reply.status == 409 || reply.status == 410 || reply.status == 422);
  if (told.outcome == TellOutcome::told)
    expect(is_good || was_cancelled || was_unasked, "only who took it has been told");
  if (reply.status == 0 && reply.sent)
    expect(told.outcome == TellOutcome::failed, "without an answer nobody knows whether it was told");
  expect(told.why.empty() || told.outcome == TellOutcome::decided || told.outcome == TellOutcome::gone,
         "a code belongs to a refusal");
  expect(told.why.size() <= 64 && std::none_of(told.why.begin(), told.why.end(),
                                               [](char c) { return c <= ' ' || c > '~' || c == '"'; }),
         "a refusal's code is one word, and never a sentence");
}

void must_be_sendable(const codec::HttpRequest& request) {
  expect(!request.method.empty() && request.target.starts_with('/'), "what is sent then has a target");
  expect(
      std::none_of(request.target.begin(), request.target.end(), [](char c) { return c <= ' ' || c > '~'; }),
      "a target is plain");
  if (!request.body.empty()) must_be_json(request.body);
}

void pull(const codec::PartnerApi& api, std::string_view partner, std::string_view body) {
  auto page = api.read_pulled(body, partner, our_store);
  if (!page) return must_say_why(page.problem());
  for (const auto& request : page->then) must_be_sendable(request);
  for (const auto& words : page->unreadable) expect(!words.empty(), "what cannot be read is named");
  std::string next = page->next;
  if (!next.empty()) must_be_sendable(api.pull(our_store, next));
  if (!next.empty()) next = api.next_behind(next).value_or("");
  if (!next.empty()) must_be_sendable(api.pull(our_store, next));
  for (auto& webhook : page->webhooks) {
    if (const auto* order = std::get_if<codec::OrderReceived>(&webhook)) must_be_whole(order->decoded);
    const bool nothing = std::holds_alternative<codec::NothingReceived>(webhook);
    expect(codec::commands_of(std::move(webhook), core::Source::webhook).empty() == nothing,
           "what was missed becomes an input");
  }
}

void take_token(const codec::ApiReply& reply) {
  platform::log_set_level(platform::LogLevel::error);
  app::PartnerMemory memory("/nonexistent/tokens", [](const std::function<void()>&) {});
  const auto now = [] { return core::Now{.steady_ms = 1'000'000, .wall_ms = 1'800'000'000'000}; };
  platform::HttpCallback answer;
  app::TokenKeeper keeper("acme", memory, now, [&](platform::HttpCall, platform::HttpCallback callback) {
    answer = std::move(callback);
  });
  app::PartnerApiConfig api;
  api.token_url = "https://acme.example/token";
  keeper.configure(api);
  std::optional<std::string> got;
  keeper.get([&](const std::string& bearer) { got = bearer; });
  platform::HttpOutcome outcome;
  outcome.response.emplace();
  outcome.response->status = reply.status;
  outcome.response->body = reply.body;
  answer(std::move(outcome));
  expect(got.has_value(), "whoever waits for a token is told");
  expect(got->empty() || reply.status == 200, "only a good answer holds a token");
  expect(std::none_of(got->begin(), got->end(), [](char c) { return c <= ' ' || c > '~'; }),
         "a token fits into a header");
  const auto* kept = memory.token("acme");
  expect((kept != nullptr) == !got->empty(), "a token that is used is kept");
  if (kept != nullptr) expect(kept->expires_wall_ms > kept->obtained_wall_ms, "a token has a life");
}

}  // namespace

/// A line "PARTNER fetched|told|pulled|token NOTICE STATUS SENT RETRY-AFTER", numbers but for the words and the last; the body.
void run_reply(std::string_view input) {
  Cut cut(input);
  Cut first(cut.line());
  const auto* codec = codec::partner_codec(first.until(' '));
  const auto what = first.until(' ');
  const auto notice = static_cast<core::Notice>(first.number() % core::notice_count);
  codec::ApiReply reply;
  reply.status = static_cast<int>(std::min<std::uint32_t>(first.number(), 999));
  reply.sent = first.number() != 0 || reply.status != 0;
  reply.retry_after = first.rest();
  reply.body = cut.rest();
  if (what == "token") return take_token(reply);
  if (codec == nullptr || codec->api() == nullptr) return;
  const codec::PartnerApi& api = *codec->api();
  if (what == "fetched" && api.can_ask())
    for (const codec::ApiStore& store : {codec::ApiStore{}, our_store})
      fetch(api, codec->name(), reply, store);
  if (what == "told") tell(api, codec->name(), notice, reply);
  if (what == "pulled" && api.pulls()) pull(api, codec->name(), reply.body);
}

}  // namespace storegate::fuzz
