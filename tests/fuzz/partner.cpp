// A partner's webhook: authentication over any headers, then the reading of any body as if it had been authentic. The
// partners are those of the register.
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "codec/commands.hpp"
#include "codec/partners/generic.hpp"
#include "codec/partners/partner.hpp"
#include "codec/partners/partner_api.hpp"
#include "oracle.hpp"
#include "platform/digest.hpp"
#include "target.hpp"

namespace storegate::fuzz {

namespace {

using codec::PartnerCodec;

constexpr std::string_view our_store = "store-042";  // as some fixtures have it

std::array<std::uint8_t, 32> sign(std::string_view secret, std::string_view bytes) {
  const std::span key(reinterpret_cast<const std::uint8_t*>(secret.data()), secret.size());
  return platform::KeyedDigest(key).full(bytes);
}

/// By name, so that an input means the same whatever joins the register; by its sum for a name that is none.
const PartnerCodec& codec_for(std::string_view name) {
  if (const PartnerCodec* codec = codec::partner_codec(name)) return *codec;
  std::size_t sum = 0;
  for (const char c : name) sum += static_cast<unsigned char>(c);
  return *codec::partner_codecs()[sum % codec::partner_codecs().size()];
}

std::vector<codec::HeaderView> headers_in(Cut& input) {
  std::vector<codec::HeaderView> headers;
  for (;;) {
    Cut line(input.line());
    if (line.empty()) return headers;
    const auto name = line.until(':');
    headers.push_back({name, line.rest()});
  }
}

void authenticate(const PartnerCodec& codec, codec::Delivery delivery) {
  static const codec::SignatureFunction signature = sign;
  static const std::vector<std::string> secrets = {"whsec_b2xkLXNlY3JldA==", "new-secret"};
  static const std::array<codec::WebhookScheme, 3> schemes = {
      codec::WebhookScheme{}, codec::standard_webhooks(), codec::stripe_webhooks()};
  delivery.signature = &signature;
  delivery.now_wall_ms = 1'795'435'200'000;
  for (const codec::WebhookScheme& scheme : schemes) {
    delivery.scheme = &scheme;
    delivery.secrets = secrets;
    const bool lets_in = codec.authenticate(delivery);
    const auto opened = codec::open_webhook(codec, delivery);
    expect(lets_in || !opened.ok(), "nothing is read that is not authentic");
    delivery.secrets = {};
    expect(!codec.authenticate(delivery), "without a secret nobody is let in");
  }
}

void answer_all(const PartnerCodec& codec, const codec::WebhookSubject& subject) {
  for (int kind = 0; kind <= static_cast<int>(core::AnswerKind::not_stored); ++kind) {
    core::Answer answer;
    answer.kind = static_cast<core::AnswerKind>(kind);
    answer.order = core::ShortAnswer{};
    answer.order->partner_order_id = subject.partner_order_id;
    const auto reply = codec.answer(subject, answer);
    expect(reply.status >= 200 && reply.status < 600, "an answer has a status");
    if (!reply.body.empty()) must_be_json(reply.body);
  }
}

void refuse(const PartnerCodec& codec, const codec::Problem& problem) {
  must_say_why(problem);
  const auto reply = codec.refusal(problem);
  expect(reply.status >= 400, "a webhook that cannot be read is refused");
  if (!reply.body.empty()) must_be_json(reply.body);
}

void read(const PartnerCodec& codec, const codec::Delivery& delivery,
          std::optional<codec::WebhookKind> fixed) {
  auto webhook = codec.read(delivery, fixed);
  if (!webhook) return refuse(codec, webhook.problem());
  if (const auto* order = std::get_if<codec::OrderReceived>(&*webhook)) {
    expect(order->decoded.body.raw == delivery.body, "the bytes are kept as they came");
    must_be_whole(order->decoded);
  }
  if (const auto* thin = std::get_if<codec::OrderAnnounced>(&*webhook))
    expect(!thin->partner_order_id.empty(), "an announced order has an id");
  const bool nothing = std::holds_alternative<codec::NothingReceived>(*webhook);
  const bool asks = std::holds_alternative<codec::RegistrationAsked>(*webhook);  // answered, and no input
  expect(nothing || !fixed || codec::kind_of(*webhook) == *fixed, "a webhook is of the kind its URL names");
  answer_all(codec, codec::subject_of(*webhook));
  const auto commands = codec::commands_of(std::move(*webhook), core::Source::webhook);
  expect(commands.empty() == (nothing || asks), "what was received becomes an input");
}

}  // namespace

/// A line "PARTNER [order|cancel|release|fetched]", header lines, an empty line, the body.
void run_partner(std::string_view input) {
  Cut cut(input);
  Cut first(cut.line());
  const PartnerCodec& codec = codec_for(first.until(' '));
  const auto headers = headers_in(cut);
  codec::Delivery delivery{headers, cut.rest(), {}, nullptr};
  authenticate(codec, delivery);
  if (first.rest() == "fetched") {
    if (codec.api() == nullptr || !codec.api()->can_ask()) return;
    const auto fetched = codec.api()->read_fetched(cut.rest(), codec.name(), {});
    const auto compared = codec.api()->read_fetched(cut.rest(), codec.name(), {our_store, our_store});
    expect(compared.ok() || !fetched.ok(), "whose store an order is for makes none unreadable");
    if (!fetched) return must_say_why(fetched.problem());
    if (!fetched->cancelled && !fetched->over && !fetched->early && !fetched->other_store)
      must_be_whole(fetched->decoded);
    return;
  }
  const auto fixed = codec::webhook_kind_from(first.rest());
  delivery.webhook_url = "https://store.example/v1/partners/p/webhook";
  read(codec, delivery, fixed);
  delivery.store = our_store;
  read(codec, delivery, fixed);
}

}  // namespace storegate::fuzz
