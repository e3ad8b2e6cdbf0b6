// Statuses to outcomes.
#include "codec/partners/api_outcomes.hpp"

#include <algorithm>
#include <utility>

#include "codec/pos_rest.hpp"
#include "codec/reader.hpp"

namespace storegate::codec {

namespace {

constexpr std::size_t words_bytes_max = 200;

core::FetchOutcome outcome_of(int status) noexcept {
  if (status >= 200 && status < 300) return core::FetchOutcome::fetched;
  if (status == 404 || status == 410) return core::FetchOutcome::gone;
  if (status == 429 || status == 503) return core::FetchOutcome::not_now;
  return core::FetchOutcome::failed;
}

void take_order(FetchedOrder order, core::OrderFetched& fetched) {
  fetched.arrived.source = core::Source::webhook;
  fetched.arrived.sent_at_wall_ms = order.placed_at_wall_ms;
  fetched.arrived.order = std::move(order.decoded.order);
  fetched.arrived.body = std::move(order.decoded.body);
  fetched.arrived.body.content_type = "application/json";
  fetched.released = order.released;
  fetched.cancelled = order.cancelled;
  fetched.over = order.over;
  fetched.cancel_text = std::move(order.cancel_text);
  fetched.cancelled_by = order.cancelled_by;
}

/// Of a text in UTF-8, never half a character.
std::string cut(std::string_view text) {
  if (text.size() <= words_bytes_max) return std::string(text);
  std::size_t end = words_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return std::string(text.substr(0, end));
}

constexpr std::size_t code_bytes_max = 64;

/// A code, and no sentence: that may name a customer, or repeat what was sent.
bool is_code(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  return !text.empty() && text.size() <= code_bytes_max && std::all_of(text.begin(), text.end(), fits);
}

/// The partner's own code for a refusal, where it gives one under a common name; "" otherwise.
std::string code_in(std::string_view body) {
  const auto document = json::Document::parse(body);
  if (!document) return {};
  json::Reading reading(*document);
  const json::Place root(reading);
  if (!root.is(json::Kind::object)) return {};
  for (const std::string_view name : {"code", "error", "reason"})
    if (const std::string_view code = root.member(name).text_or_empty(); is_code(code))
      return std::string(code);
  return {};
}

}  // namespace

core::OrderFetched fetched_from(const PartnerApi& api, const core::FetchOrder& effect, const ApiReply& reply,
                                const ApiStore& store) {
  core::OrderFetched fetched;
  fetched.order = effect.order;
  fetched.attempt = effect.attempt;
  fetched.outcome = outcome_of(reply.status);
  if (fetched.outcome == core::FetchOutcome::not_now)
    fetched.retry_after_ms = retry_after_ms(reply.retry_after);
  if (fetched.outcome != core::FetchOutcome::fetched) return fetched;
  auto order = api.read_fetched(reply.body, effect.partner, store);
  if (!order) {
    fetched.outcome = core::FetchOutcome::unreadable;
    const std::string why = order.problem().text();
    fetched.why = cut(why);
  } else if (order->decoded.order.partner_order_id != effect.partner_order_id) {
    fetched.outcome = core::FetchOutcome::unreadable;
    fetched.why = "it is another order than the one that was asked for";
  } else if (order->other_store) {
    fetched.outcome = core::FetchOutcome::not_ours;
  } else if (order->early) {
    fetched.outcome = core::FetchOutcome::not_yet;
  } else {
    take_order(std::move(*order), fetched);
  }
  return fetched;
}

core::PartnerTold told_from(const PartnerApi& api, const core::TellPartner& effect, const ApiReply& reply) {
  core::PartnerTold told;
  told.order = effect.order;
  told.attempt = effect.attempt;
  if (reply.status != 0)
    told.outcome = api.told(effect.notice, reply.status, reply.body);
  else  // of what never left nothing can have come
    told.outcome = reply.sent ? core::TellOutcome::failed : core::TellOutcome::not_now;
  if (told.outcome == core::TellOutcome::not_now || told.outcome == core::TellOutcome::failed)
    told.retry_after_ms = retry_after_ms(reply.retry_after);
  if (told.outcome == core::TellOutcome::decided || told.outcome == core::TellOutcome::gone)
    told.why = code_in(reply.body);
  return told;
}

}  // namespace storegate::codec
