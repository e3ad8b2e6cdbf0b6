// The codec says what to send and what an answer means; without an answer nothing is known to be told.
#include "app/teller.hpp"

#include <string>
#include <utility>

#include "codec/json.hpp"
#include "codec/reader.hpp"
#include "platform/log.hpp"

namespace storegate::app {

namespace {
constexpr std::size_t words_bytes_max = 200;

/// Whole characters only.
void cut(std::string& text) {
  if (text.size() <= words_bytes_max) return;
  std::size_t end = words_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
}

void add_word(std::string& words, std::string_view word) {
  if (word.empty()) return;
  if (!words.empty()) words += ": ";
  for (const char c : word.substr(0, words_bytes_max)) words += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
}

/// The members by which APIs call a code and a sentence.
std::string words_in(const codec::json::Place& place) {
  std::string words;
  for (const std::string_view name : {"code", "error_code", "errorCode", "error"}) {
    if (!words.empty()) break;
    add_word(words, place.member(name).text_or_empty());
  }
  for (const std::string_view name : {"message", "error_description", "detail", "description", "title"}) {
    const auto word = place.member(name).text_or_empty();
    if (word.empty()) continue;
    add_word(words, word);
    break;
  }
  return words;
}

std::string_view name_of(core::Notice notice) {
  switch (notice) {
    case core::Notice::accepted: return "accepted";
    case core::Notice::rejected: return "rejected";
    case core::Notice::placed: return "placed";
    case core::Notice::ready: return "ready";
    case core::Notice::cancelled: return "cancelled";
    case core::Notice::cancel_agreed: return "cancel_agreed";
    case core::Notice::cancel_refused: return "cancel_refused";
  }
  return "accepted";
}

core::PartnerTold answer_to(const core::TellPartner& effect) {
  core::PartnerTold told;
  told.order = effect.order;
  told.attempt = effect.attempt;
  return told;
}
}  // namespace

std::string words_of(std::string_view body) {
  const auto document = codec::json::Document::parse(body);
  if (!document) return {};
  codec::json::Reading reading(*document);
  const codec::json::Place root(reading);
  std::string words = words_in(root);
  if (words.empty() && root.member("error").is(codec::json::Kind::object))
    words = words_in(root.member("error"));
  if (words.empty() && root.member("errors").is(codec::json::Kind::array))
    root.member("errors").elements(0, 1000, [&](const codec::json::Place& place) {
      if (words.empty()) words = words_in(place);
    });
  cut(words);
  return words;
}

core::PartnerTold told_of(const core::TellPartner& effect, const codec::PartnerApi& api,
                          const PartnerReply& reply) {
  auto told = answer_to(effect);
  if (!reply.status) return told;
  told.outcome = api.told(effect.notice, *reply.status, reply.body);
  if (told.outcome == core::TellOutcome::not_now) told.retry_after_ms = reply.retry_after_ms;
  if (told.outcome == core::TellOutcome::decided || told.outcome == core::TellOutcome::gone)
    told.why = words_of(reply.body);
  return told;
}

void Teller::carry_out(core::TellPartner effect) {
  PartnerLine* line = lines_.find(effect.partner);
  if (line == nullptr) return lines_.later([this, told = answer_to(effect)] { offer_(told); });
  const codec::PartnerApi* api = line->api;
  auto request = api->tell(line->store(), effect);
  ++in_flight_;
  line->client.call("tell", std::move(request), [this, api, effect = std::move(effect)](PartnerReply reply) {
    --in_flight_;
    auto told = told_of(effect, *api, reply);
    if (told.outcome != core::TellOutcome::told)
      platform::log_info("a partner was not told", {{"order", core::text_of(effect.id)},
                                                    {"partner", effect.partner},
                                                    {"notice", name_of(effect.notice)},
                                                    {"status", reply.status.value_or(0)},
                                                    {"why", told.why.empty() ? reply.why : told.why}});
    offer_(std::move(told));
  });
}

}  // namespace storegate::app
