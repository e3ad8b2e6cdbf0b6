// Signs with the platform's digest, so that no test of a codec trusts the codec's own arithmetic.
#include "partner_case.hpp"

#include <cstdint>
#include <fstream>
#include <iterator>
#include <span>

#include "builders.hpp"
#include "platform/digest.hpp"

namespace storegate::codec::test {

namespace {

std::array<std::uint8_t, 32> sign(std::string_view secret, std::string_view bytes) {
  const std::span key(reinterpret_cast<const std::uint8_t*>(secret.data()), secret.size());
  return platform::KeyedDigest(key).full(bytes);
}

}  // namespace

std::string fixture(std::string_view name) {
  std::ifstream file(std::string(STOREGATE_FIXTURES) + "/partners/" + std::string(name), std::ios::binary);
  if (!file) FAIL("no fixture of this name: " << name);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

const SignatureFunction& signature() {
  static const SignatureFunction function = sign;
  return function;
}

std::string hmac_hex(std::string_view secret, std::string_view bytes) {
  return platform::to_hex(sign(secret, bytes));
}

std::string hmac_base64(std::string_view secret, std::string_view bytes) {
  static constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto digest = sign(secret, bytes);
  std::string out;
  for (std::size_t at = 0; at < digest.size(); at += 3) {
    std::uint32_t group = 0;
    for (std::size_t byte = at; byte < at + 3; ++byte)
      group = group << 8U | (byte < digest.size() ? digest[byte] : 0U);
    for (unsigned shift = 24; shift > 0; shift -= 6) out += alphabet[group >> (shift - 6U) & 63U];
  }
  out.back() = '=';  // 32 bytes are ten groups and two bytes
  return out;
}

PartnerCase::PartnerCase(std::string_view codec, std::string_view configured)
    : codec_(partner_codec(codec)), configured_(configured) {
  REQUIRE(codec_ != nullptr);
}

PartnerCase& PartnerCase::with(std::string name, std::string value) {
  headers_.emplace_back(std::move(name), std::move(value));
  return *this;
}

PartnerCase& PartnerCase::without_headers() {
  headers_.clear();
  return *this;
}

PartnerCase& PartnerCase::at(std::optional<std::int64_t> now_wall_ms) {
  now_wall_ms_ = now_wall_ms;
  return *this;
}

PartnerCase& PartnerCase::by(const WebhookScheme& scheme) {
  scheme_ = &scheme;
  return *this;
}

PartnerCase& PartnerCase::in(std::string_view store) {
  store_ = store;
  return *this;
}

std::vector<HeaderView> PartnerCase::views() const {
  std::vector<HeaderView> views{{"Content-Type", "application/json"}};
  for (const auto& [name, value] : headers_) views.push_back({name, value});
  return views;
}

Delivery PartnerCase::delivery(std::string_view body, const std::vector<HeaderView>& headers) const {
  return {headers, body, secrets_, &signature(), configured_, now_wall_ms_, scheme_, store_};
}

bool PartnerCase::lets_in(std::string_view body) const {
  const auto headers = views();
  return codec_->authenticate(delivery(body, headers));
}

Parsed<Webhook> PartnerCase::open(std::string_view body, std::optional<WebhookKind> fixed) const {
  const auto headers = views();
  return open_webhook(*codec_, delivery(body, headers), fixed);
}

Parsed<Webhook> PartnerCase::read(std::string_view body, std::optional<WebhookKind> fixed) const {
  const auto headers = views();
  return codec_->read(delivery(body, headers), fixed);
}

Decoded PartnerCase::order(std::string_view body) const { return said<OrderReceived>(body).decoded; }

int PartnerCase::status(WebhookKind kind, core::AnswerKind answer) const {
  core::Answer said;
  said.kind = answer;
  said.order = core::ShortAnswer{};
  return codec_->answer(kind, said).status;
}

std::pair<std::string, std::string> named(const core::OrderRef& ref) {
  const auto* pair = std::get_if<std::pair<std::string, std::string>>(&ref.by);
  REQUIRE(pair != nullptr);
  return *pair;
}

void must_authenticate(std::string_view codec, const std::string& header,
                       const std::function<std::string(std::string_view, std::string_view)>& sign,
                       const std::vector<std::pair<std::string, std::string>>& others) {
  const std::string body = R"({"a":1})";
  const auto sender = [&] {
    PartnerCase from(codec);
    for (const auto& [name, value] : others) from.with(name, value);
    return from;
  };
  const auto lets_in = [&](const std::string& value) { return sender().with(header, value).lets_in(body); };
  CHECK(lets_in(sign(PartnerCase::old_secret, body)));
  CHECK(lets_in(sign(PartnerCase::new_secret, body)));
  CHECK_FALSE(lets_in(""));
  CHECK_FALSE(lets_in(sign("other-secret", body)));
  CHECK_FALSE(lets_in(sign("", body)));
  CHECK_FALSE(lets_in(sign(PartnerCase::old_secret, R"({"a":2})")));
  std::string damaged = sign(PartnerCase::old_secret, body);
  damaged[damaged.size() / 2] = damaged[damaged.size() / 2] == 'a' ? 'b' : 'a';
  CHECK_FALSE(lets_in(damaged));
  CHECK_FALSE(lets_in(sign(PartnerCase::old_secret, body) + "00"));
  CHECK_FALSE(sender().lets_in(body));
  const std::string good = sign(PartnerCase::old_secret, body);
  CHECK_FALSE(sender().with(header, good).with(header, good).lets_in(body));
  const auto unread = sender().with(header, sign("other-secret", "{")).open("{");
  REQUIRE_FALSE(unread.ok());
  CHECK(unread.problem().kind == ProblemKind::not_authenticated);  // and not that it is no JSON
}

void must_read_as(const PartnerCase& partner, const std::string& text, const std::string& canonical) {
  const Decoded decoded = partner.order(text);
  CHECK(decoded.body.canonical == canonical);
  CHECK(broken_rule(decoded.order) == "");
  CHECK(decoded.body.shared.find(canary) == std::string::npos);
  CHECK(decoded.body.raw == text);
  CHECK(partner.order(text).body.canonical == decoded.body.canonical);
}

void must_refuse(const PartnerCase& partner, const std::vector<Refused>& rows) {
  for (const Refused& row : rows) {
    CAPTURE(row.pointer);
    CAPTURE(row.text);
    const auto webhook = partner.read(row.text);
    REQUIRE_FALSE(webhook.ok());
    CHECK(webhook.problem().pointer == row.pointer);
    CHECK_FALSE(webhook.problem().detail.empty());
  }
}

void must_keep_kinds(const PartnerCase& partner,
                     const std::vector<std::pair<std::string, WebhookKind>>& bodies) {
  for (const auto& [body, own] : bodies) {
    for (const WebhookKind kind : {WebhookKind::order, WebhookKind::cancel, WebhookKind::release}) {
      CAPTURE(body);
      const auto webhook = partner.read(body, kind);
      CHECK(webhook.ok() == (kind == own));
      if (!webhook) CHECK(webhook.problem().kind == ProblemKind::wrong_kind);
    }
  }
}

void must_have_codes(const PartnerCodec& codec, const std::vector<Codes>& rows) {
  CHECK(rows.size() == static_cast<std::size_t>(core::Reason::other));
  for (const Codes& row : rows) {
    CAPTURE(name_of(row.reason));
    CHECK(codec.rejection_code(row.reason) == row.rejection);
    CHECK(codec.cancel_code(row.reason) == row.cancel);
  }
}

void must_cancel(const PartnerCase& partner, const std::string& text, const std::string& order_id,
                 const std::string& why, core::Actor actor) {
  CAPTURE(text);
  const auto cancel = partner.said<CancelReceived>(text);
  CHECK(named(cancel.orders.at(0)).second == order_id);
  CHECK(cancel.text == why);
  CHECK(cancel.actor == actor);
}

void must_release(const PartnerCase& partner, const std::string& text, const std::string& order_id,
                  std::optional<WebhookKind> fixed) {
  CAPTURE(text);
  const auto release = partner.said<ReleaseReceived>(text, fixed);
  CHECK(named(release.orders.at(0)).second == order_id);
}

void must_be_nothing(const PartnerCase& partner, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    CAPTURE(text);
    (void)partner.said<NothingReceived>(text);
  }
}

}  // namespace storegate::codec::test
