// Generic: signatures by configuration, canonical bodies of the partner's own orders.
#include "codec/partners/generic.hpp"

#include <doctest/doctest.h>

#include "builders.hpp"
#include "mutation.hpp"
#include "partner_case.hpp"

namespace storegate::codec {
namespace {

using test::fixture;
using test::hmac_base64;
using test::hmac_hex;
using test::PartnerCase;
using test::replaced;

constexpr std::int64_t now_s = 1'795'440'000;

std::string order_text() { return replaced(fixture("generic/order.json"), "\"generic\"", "\"acme\""); }

TEST_CASE("an HMAC over the body lets in, in hex or base64, with or without a prefix") {
  const std::string body = order_text();
  WebhookScheme scheme;
  scheme.header = "X-Acme-Signature";
  const auto lets_in = [&](const std::string& value) {
    return PartnerCase("generic", "acme").by(scheme).with("x-acme-signature", value).lets_in(body);
  };
  CHECK(lets_in(hmac_hex("old-secret", body)));
  CHECK(lets_in(hmac_hex("new-secret", body)));
  CHECK_FALSE(lets_in(hmac_hex("other-secret", body)));
  CHECK_FALSE(lets_in(hmac_base64("old-secret", body)));
  CHECK_FALSE(lets_in(""));
  scheme.prefix = "sha256=";
  CHECK(lets_in("sha256=" + hmac_hex("old-secret", body)));
  CHECK_FALSE(lets_in(hmac_hex("old-secret", body)));
  scheme.prefix.clear();
  scheme.encoding = SignatureEncoding::base64;
  CHECK(lets_in(hmac_base64("old-secret", body)));
}

TEST_CASE("without a scheme, or with one that does not sign the body, nobody is let in") {
  const std::string body = order_text();
  const std::string good = hmac_hex("old-secret", body);
  CHECK_FALSE(PartnerCase("generic", "acme").with("X-Signature", good).lets_in(body));
  WebhookScheme scheme;
  scheme.signed_text = "{timestamp}";
  scheme.timestamp_header = "T";
  CHECK_FALSE(PartnerCase("generic", "acme")
                  .by(scheme)
                  .with("T", "1")
                  .with("X-Signature", hmac_hex("old-secret", "1"))
                  .lets_in(body));
  CHECK(flaw_of(scheme) == "signs no {body}: anyone could change it");
  CHECK(flaw_of(WebhookScheme{}).empty());
  CHECK(flaw_of(standard_webhooks()).empty());
  CHECK(flaw_of(stripe_webhooks()).empty());
}

TEST_CASE(
    "Standard Webhooks: several signatures, id and time signed, the age judged by a clock that is trusted") {
  // The example of its specification: secret, id, time, body and signature belong together.
  const auto key = standard_webhooks_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  REQUIRE(key);
  CHECK(hmac_base64(*key, R"(msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314})") ==
        "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  CHECK_FALSE(standard_webhooks_secret("whsec_!"));
  CHECK_FALSE(standard_webhooks_secret("whsec_"));

  const std::string body = order_text();
  const WebhookScheme scheme = standard_webhooks();
  const auto lets_in = [&](std::int64_t sent_s, std::optional<std::int64_t> now_wall_ms,
                           const std::string& head = "") {
    const std::string time = std::to_string(sent_s);
    return PartnerCase("generic", "acme")
        .by(scheme)
        .at(now_wall_ms)
        .with("webhook-id", "msg_1")
        .with("webhook-timestamp", time)
        .with("webhook-signature", head + "v1," + hmac_base64("old-secret", "msg_1." + time + "." + body))
        .lets_in(body);
  };
  CHECK(lets_in(now_s, now_s * 1000));
  CHECK(lets_in(now_s, now_s * 1000, "v1,AAAA v1a,x "));
  CHECK(lets_in(now_s - 300, now_s * 1000));
  CHECK_FALSE(lets_in(now_s - 301, now_s * 1000));
  CHECK_FALSE(lets_in(now_s + 301, now_s * 1000));
  CHECK(lets_in(now_s - 301, std::nullopt));  // in 1970 every message would be from the future
}

TEST_CASE("a signed value that is missing or was changed lets nobody in") {
  const std::string body = order_text();
  const WebhookScheme scheme = standard_webhooks();
  const std::string time = std::to_string(now_s);
  const std::string good = "v1," + hmac_base64("old-secret", "msg_1." + time + "." + body);
  const auto open = [&](const char* id, const std::string& sent) {
    PartnerCase acme("generic", "acme");
    acme.by(scheme).at(now_s * 1000).with("webhook-signature", good).with("webhook-timestamp", sent);
    if (id != nullptr) acme.with("webhook-id", id);
    return acme.lets_in(body);
  };
  CHECK(open("msg_1", time));
  CHECK_FALSE(open("msg_2", time));
  CHECK_FALSE(open(nullptr, time));
  CHECK_FALSE(open("msg_1", std::to_string(now_s + 1)));
  CHECK_FALSE(open("msg_1", ""));
  CHECK_FALSE(open("msg_1", "soon"));
}

TEST_CASE("Stripe's scheme: the time stands in the signature header, once") {
  const std::string body = order_text();
  const WebhookScheme scheme = stripe_webhooks();
  const std::string time = std::to_string(now_s);
  const std::string mac = hmac_hex("new-secret", time + "." + body);
  const auto lets_in = [&](const std::string& value) {
    return PartnerCase("generic", "acme")
        .by(scheme)
        .at(now_s * 1000)
        .with("Stripe-Signature", value)
        .lets_in(body);
  };
  CHECK(lets_in("t=" + time + ",v1=" + mac));
  CHECK(lets_in("t=" + time + ", v0=x, v1=00, v1=" + mac));
  CHECK_FALSE(lets_in("t=" + time + ",v0=" + mac));
  CHECK_FALSE(lets_in("v1=" + mac));
  CHECK_FALSE(lets_in("t=" + time + ",t=" + time + ",v1=" + mac));
  CHECK_FALSE(lets_in("t=" + std::to_string(now_s - 1) + ",v1=" + mac));
}

TEST_CASE("many signatures in one header cost one HMAC a secret, and eight of them are looked at") {
  const std::string body = order_text();
  int calls = 0;
  const SignatureFunction counting = [&](std::string_view secret, std::string_view bytes) {
    ++calls;
    return test::signature()(secret, bytes);
  };
  WebhookScheme scheme;
  scheme.separator = ',';
  const std::vector<std::string> secrets{"old-secret", "new-secret"};
  const auto lets_in = [&](int wrong_before) {
    std::string value;
    for (int i = 0; i < wrong_before; ++i) value += hmac_hex("other-secret", std::to_string(i)) + ",";
    value += hmac_hex("new-secret", body);
    const HeaderView headers[] = {{"X-Signature", value}};
    Delivery delivery{headers, body, secrets, &counting, "acme"};
    delivery.scheme = &scheme;
    calls = 0;
    return partner_codec("generic")->authenticate(delivery);
  };
  CHECK(lets_in(0));
  CHECK(calls == 2);
  CHECK(lets_in(7));
  CHECK(calls == 2);
  CHECK_FALSE(lets_in(8));
  CHECK(calls == 2);
  CHECK_FALSE(lets_in(200));
  CHECK(calls == 2);
}

TEST_CASE("an order belongs to the configured name, and another's is refused") {
  const Decoded decoded = PartnerCase("generic", "acme").order(order_text());
  CHECK(decoded.order.partner == "acme");
  CHECK(decoded.body.raw == order_text());
  CHECK(test::broken_rule(decoded.order) == "");
  const auto other = PartnerCase("generic", "acme").read(test::canonical_text());
  REQUIRE_FALSE(other.ok());
  CHECK(other.problem().text() == "/partner: is another partner than this webhook's");
}

TEST_CASE("releases and cancels name the partner's own orders, alone or in a list") {
  const PartnerCase acme("generic", "acme");
  const auto released = acme.read(R"({"partner_order_id":"A-1"})", WebhookKind::release);
  REQUIRE(released.ok());
  CHECK(test::named(std::get<ReleaseReceived>(*released).orders.at(0)) ==
        std::pair<std::string, std::string>("acme", "A-1"));
  const auto many = acme.read(R"({"releases":[{"partner_order_id":"A-1"},{"partner_order_id":"A-2"}]})");
  REQUIRE(many.ok());
  CHECK(std::get<ReleaseReceived>(*many).orders.size() == 2);
  const auto cancelled = acme.read(
      R"({"partner_order_id":"A-1","reason":"item_unavailable","by":"customer"})", WebhookKind::cancel);
  REQUIRE(cancelled.ok());
  CHECK(std::get<CancelReceived>(*cancelled).text == "item_unavailable");
  CHECK(std::get<CancelReceived>(*cancelled).actor == core::Actor::customer);
}

TEST_CASE("the fixtures are read as what they are: order, release, releases, cancel, ping") {
  const PartnerCase generic("generic");
  test::must_read_as(
      generic, fixture("generic/order.json"),
      R"({"partner":"generic","partner_order_id":"G-4411","placed_at":null,"test":false,"fulfilment":{"type":"delivery","promised_at":null},"release":{"mode":null,"at":null,"fallback_at":null,"fallback":null},"customer":{"name":"Ines canary-of-a-customer","phone":"+1 555 canary-of-a-customer","note":"Second floor, canary-of-a-customer"},"currency":"USD","items":[{"id":"soup-2","name":"Lentil Soup","quantity":2,"unit_price":650,"note":"no cumin, canary-of-a-customer","modifiers":[{"id":"size","name":"Large","quantity":1,"unit_price":150,"modifiers":[{"id":"bread","name":"Bread","quantity":2,"unit_price":40,"modifiers":[]}]},{"id":"no-onion","name":"No onion","quantity":1,"unit_price":-20,"modifiers":[]}]},{"id":"water","name":"Mineral Water","quantity":1,"unit_price":220,"note":"","modifiers":[]}],"totals":{"subtotal":1940,"tax":136,"tip":150,"discount":0,"total":2226},"payment":{"prepaid":true}})");
  test::must_release(generic, fixture("generic/release.json"), "G-4411", WebhookKind::release);
  const auto both = generic.said<ReleaseReceived>(fixture("generic/releases.json"));
  REQUIRE(both.orders.size() == 2);
  CHECK(test::named(both.orders[1]).second == "G-4412");
  test::must_cancel(generic, fixture("generic/cancel.json"), "G-4411", "item_unavailable",
                    core::Actor::customer);
  test::must_be_nothing(generic, {fixture("generic/ping.json")});
}

TEST_CASE("a body that does not say what it is, or speaks of another partner, is refused with the place") {
  const PartnerCase acme("generic", "acme");
  struct Row {
    std::string text;
    std::optional<WebhookKind> fixed;
    const char* pointer;
    ProblemKind kind = ProblemKind::invalid_document;
  };
  // A good one, but whose order is it? The codec cannot ask.
  const std::string token = core::text_of(core::ReleaseToken{core::OrderNumber{7}, {1, 2, 3}});
  const Row rows[] = {
      {R"({"partner_order_id":"A-1"})", {}, "", ProblemKind::wrong_kind},
      {R"({"partner_order_id":"A-1"})", WebhookKind::order, "/partner"},
      {order_text(), WebhookKind::release, "", ProblemKind::wrong_kind},
      {R"({"releases":[{"partner":"kiosk","partner_order_id":"K-1"}]})", {}, "/releases/0/partner"},
      {R"({"releases":[]})", {}, "/releases"},
      {R"({"id":"01935a00-1122-7033-8044-5566778899aa"})", WebhookKind::cancel, "/partner_order_id"},
      {R"({"release_token":"x"})", WebhookKind::release, "/partner_order_id"},
      {R"({"releases":[{"release_token":")" + token + "\"}]}", {}, "/releases/0/partner_order_id"},
      {R"({"release_token":")" + token + "\"}", WebhookKind::cancel, "/partner_order_id"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto webhook = acme.read(row.text, row.fixed);
    REQUIRE_FALSE(webhook.ok());
    CHECK(webhook.problem().pointer == row.pointer);
    CHECK(webhook.problem().kind == row.kind);
  }
}

TEST_CASE("answers are those of the orders' endpoint, without its 201") {
  using core::AnswerKind;
  const PartnerCase acme("generic", "acme");
  CHECK(acme.status(WebhookKind::order, AnswerKind::created) == 200);
  CHECK(acme.status(WebhookKind::order, AnswerKind::too_many) == 429);
  CHECK(acme.status(WebhookKind::cancel, AnswerKind::not_found) == 200);
  CHECK(acme.codec().rejection_code(core::Reason::too_busy) == "too_busy");
}

TEST_CASE("twenty thousand damaged generic orders give a problem or a whole webhook") {
  const test::Tally tally = test::mutate_webhook("generic", fixture("generic/order.json"), 30);
  CHECK(tally.refused > 5000);
  CHECK(tally.understood > 500);
}

}  // namespace
}  // namespace storegate::codec
