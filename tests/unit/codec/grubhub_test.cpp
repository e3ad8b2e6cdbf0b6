// Grubhub: authentication, orders at each of their states, the just-in-time event, answers and codes.
#include "codec/partners/grubhub.hpp"

#include <doctest/doctest.h>

#include "builders.hpp"
#include "mutation.hpp"
#include "partner_case.hpp"

namespace storegate::codec {
namespace {

using test::fixture;
using test::PartnerCase;
using test::replaced;

constexpr std::int64_t noon_ms = 1'795'435'200'000;  // 2026-11-23T12:00:00Z
constexpr std::int64_t minute_ms = 60'000;
constexpr const char* order_id = "q3T8mK0vEe2xUw-Lr5ZbQA";

std::string order_text() { return fixture("grubhub/order.json"); }

/// The fixture's order, collected by the diner.
std::string pickup_text() {
  std::string text = replaced(order_text(), "delivery_info", "pickup_info");
  text = replaced(text, "\"id\": \"dl-5501\"", "\"name\": \"Max canary-of-a-customer\"");
  text = replaced(text, "\"is_managed_delivery\": true,", "");
  return replaced(text, "\"instruction\"", "\"instructions\"");
}

core::CanonicalOrder order_with(std::string_view what, std::string_view with) {
  return PartnerCase("grubhub").order(replaced(order_text(), what, with)).order;
}

Parsed<Webhook> read(const std::string& text, std::optional<WebhookKind> fixed = {}) {
  return PartnerCase("grubhub").read(text, fixed);
}

template <typename Said>
Said said(const std::string& text) {
  return PartnerCase("grubhub").said<Said>(text);
}

std::string with_status(const char* status) {
  return replaced(order_text(), "\"status\": \"RESTAURANT_CONFIRMABLE\",\n  \"statusHistory\"",
                  "\"status\": \"" + std::string(status) + "\",\n  \"statusHistory\"");
}

TEST_CASE("the authorization is a secret, whole, after a scheme word, or as the pair in a Basic one") {
  const auto lets_in = [](const std::string& value) {
    return PartnerCase("grubhub").with("Authorization", value).lets_in("{");
  };
  // "b2xkLXNlY3JldA==" is "old-secret", "bmV3LXNlY3JldA==" is "new-secret".
  for (const char* good : {"old-secret", "new-secret", "Bearer old-secret", "Basic old-secret",
                           "Basic b2xkLXNlY3JldA==", "basic  bmV3LXNlY3JldA=="}) {
    CAPTURE(good);
    CHECK(lets_in(good));
  }
  for (const char* bad : {"", "Basic", "Basic ", "Basic b2xkLXNlY3Jld", "Basic bm9uZQ==",
                          "Bearer b2xkLXNlY3JldA==", "b2xkLXNlY3JldA==", "Basic x old-secret", "OLD-SECRET",
                          "MAC id=\"sv:v1:x\",nonce=\"1\",bodyhash=\"x\",mac=\"x\""}) {
    CAPTURE(bad);
    CHECK_FALSE(lets_in(bad));
  }
}

TEST_CASE("no header and two headers let nobody in, before anything is parsed") {
  CHECK_FALSE(PartnerCase("grubhub").lets_in("{}"));
  CHECK_FALSE(PartnerCase("grubhub")
                  .with("Authorization", "old-secret")
                  .with("authorization", "old-secret")
                  .lets_in("{}"));
  const auto webhook = PartnerCase("grubhub").with("Authorization", "x").open("{");
  REQUIRE_FALSE(webhook.ok());
  CHECK(webhook.problem().kind == ProblemKind::not_authenticated);
  const HeaderView empty[] = {{"Authorization", "Basic "}};
  const std::vector<std::string> blank{""};
  CHECK_FALSE(partner_codec("grubhub")->authenticate({empty, "{}", blank, nullptr}));
}

TEST_CASE("an order is read field by field") {
  const Decoded decoded = PartnerCase("grubhub").order(order_text());
  const core::CanonicalOrder& order = decoded.order;
  CHECK(order.partner == "grubhub");
  CHECK(order.partner_order_id == order_id);
  CHECK(order.placed_at_wall_ms == noon_ms + 214);
  CHECK(order.promised_at_wall_ms ==
        noon_ms + 31 * minute_ms);  // their courier comes then, the diner waits longer
  CHECK_FALSE(order.test);
  CHECK(order.fulfilment == core::FulfilmentType::delivery);
  CHECK(order.release.mode == core::ReleaseMode::on_event);
  CHECK(order.customer.name == "Lena canary-of-a-customer");
  CHECK(order.customer.phone == "(555) canary-of-a-customer");
  CHECK(order.customer.note == "Side door, canary-of-a-customer\nNo napkins or cutlery");
  CHECK(order.currency == "USD");
  CHECK(order.prepaid);
  CHECK(decoded.body.raw == order_text());
  CHECK(decoded.body.shared.find(test::canary) == std::string::npos);
  CHECK(test::broken_rule(order) == "");
}

TEST_CASE("lines come from every group with the merchant's price of one, and options nest") {
  const core::CanonicalOrder order = PartnerCase("grubhub").order(order_text()).order;
  REQUIRE(order.items.size() == 2);
  const core::Item& noodles = order.items[0];
  CHECK(noodles.id == "PT-01");
  CHECK(noodles.name == "Pad Thai");
  CHECK(noodles.quantity == 2);
  CHECK(noodles.unit_price.minor == 1195);
  REQUIRE(noodles.modifiers.size() == 1);
  CHECK(noodles.modifiers[0].id == "PT-TOFU");
  CHECK(noodles.modifiers[0].unit_price.minor == 200);
  REQUIRE(noodles.modifiers[0].modifiers.size() == 1);
  CHECK(noodles.modifiers[0].modifiers[0].id == "TOFU-FRIED");
  CHECK(noodles.modifiers[0].modifiers[0].quantity == 2);
  CHECK(noodles.modifiers[0].modifiers[0].unit_price.minor == 50);
  CHECK(order.items[1].id == "77120045");
  CHECK(order.items[1].unit_price.minor == 450);
  CHECK(order_with("\"merchant_price\": 1195", "\"x\": 1").items[0].unit_price.minor == 1200);
}

TEST_CASE("what the customer left out is a note and no modifier") {
  CHECK(PartnerCase("grubhub").order(order_text()).order.items[0].note ==
        "Mild please, canary-of-a-customer\nNo Peanuts");
  const core::CanonicalOrder kept =
      order_with("\"quantity\": 0,\n                \"default_context\": {\"removed\": true}",
                 "\"quantity\": 1,\n                \"default_context\": {\"removed\": false}");
  REQUIRE(kept.items[0].modifiers.size() == 2);
  CHECK(kept.items[0].modifiers[1].id == "PT-PEANUT");
}

TEST_CASE("totals are the merchant's, in cents as they are") {
  const core::CanonicalOrder order = PartnerCase("grubhub").order(order_text()).order;
  REQUIRE(order.totals);
  CHECK(order.totals->subtotal.minor == 3440);
  CHECK(order.totals->subtotal == *subtotal_of(order.items));
  CHECK(order.totals->discount.minor == 300);
  CHECK(order.totals->tax.minor == 251);
  CHECK(order.totals->tip.minor == 400);
  CHECK(order.totals->total.minor == 3791);
  CHECK(order_with("\"merchant_subtotal\"", "\"x\"").totals->discount.minor == 300);  // then by the coupons
  CHECK(order_with(", \"merchant_total\": 251", "").totals->tax.minor == 260);
  CHECK(order_with("\"merchant_total\": 3791", "\"x\": 0").totals->total.minor == 4090);
  CHECK_FALSE(order_with("CREDIT_CARD", "CASH").prepaid);
}

TEST_CASE("a pickup and the restaurant's own delivery are promised by when_for") {
  const core::CanonicalOrder pickup = PartnerCase("grubhub").order(pickup_text()).order;
  CHECK(pickup.fulfilment == core::FulfilmentType::pickup);
  CHECK(pickup.promised_at_wall_ms == noon_ms + 52 * minute_ms);
  CHECK(pickup.customer.name == "Max canary-of-a-customer");
  CHECK(pickup.customer.note.starts_with("Side door"));
  CHECK(order_with("\"is_managed_delivery\": true", "\"is_managed_delivery\": false").promised_at_wall_ms ==
        noon_ms + 52 * minute_ms);
}

TEST_CASE("times come as RFC 3339 or as an instant's milliseconds") {
  CHECK(order_with("\"2026-11-23T12:00:00.214Z\"", "{\"millis\": 1795435200214}").placed_at_wall_ms ==
        noon_ms + 214);
  CHECK(order_with("2026-11-23T12:00:00.214Z", "2026-11-23T06:00:00.214-06:00").placed_at_wall_ms ==
        noon_ms + 214);
}

TEST_CASE("an order just in time waits for its driver, and one whose driver is there brings its release") {
  CHECK_FALSE(order_with("\"jit_enabled\": true", "\"jit_enabled\": false").release.mode);
  CHECK_FALSE(order_with("\"is_managed_delivery\": true", "\"is_managed_delivery\": false").release.mode);
  CHECK_FALSE(PartnerCase("grubhub").order(pickup_text()).order.release.mode);
  CHECK_FALSE(said<OrderReceived>(order_text()).released);
  const std::string fired =
      replaced(order_text(), "\"just_in_time_fired\": false", "\"just_in_time_fired\": true");
  const auto released = said<OrderReceived>(fired);
  CHECK(released.released);
  CHECK(released.decoded.order.release.mode == core::ReleaseMode::on_event);
}

TEST_CASE("a test order is one") { CHECK(order_with("\"is_test\": false", "\"is_test\": true").test); }

TEST_CASE("a customer's odd name or phone loses no sale; a note is never dropped") {
  CHECK(order_with("\"(555) canary-of-a-customer\"", "5550100").customer.phone == "5550100");
  CHECK(order_with("\"Lena canary-of-a-customer\"", "{}").customer.name.empty());
  CHECK(read(replaced(order_text(), "Side door", std::string(9000, 'd'))).problem().pointer ==
        "/fulfillment_info/delivery_info/instruction");
  CHECK(read(replaced(order_text(), "Mild please", std::string(8192 - 22, 'm'))).problem().pointer ==
        "/charges/line_groups/0/lines/0/line_options/1");
}

TEST_CASE("the same order again has the same bytes, whatever its history has come to") {
  const PartnerCase grubhub("grubhub");
  const std::string first = grubhub.order(order_text()).body.canonical;
  const std::string again = replaced(replaced(order_text(), "\"updated_at\": \"2026-11-23T12:00:01.900Z\"",
                                              "\"updated_at\": \"2026-11-23T12:03:00.000Z\""),
                                     "\"transmission_id\": \"tr-1\"", "\"transmission_id\": \"tr-2\"");
  CHECK(grubhub.order(again).body.canonical == first);
  const std::string fired =
      replaced(order_text(), "\"just_in_time_fired\": false", "\"just_in_time_fired\": true");
  CHECK(grubhub.order(fired).body.canonical == first);
  const auto compared = [&](const std::string& text) { return encode_timeless(grubhub.order(text).order); };
  for (const char* drifted : {"2026-11-23T12:38:00.000Z", "soon"}) {
    CAPTURE(drifted);
    CHECK(compared(replaced(order_text(), "2026-11-23T12:31:00.000Z", drifted)) == compared(order_text()));
  }
  CHECK(PartnerCase("grubhub", "seamless").order(order_text()).order.partner == "seamless");
}

TEST_CASE("only an order that waits for the restaurant is a new one") {
  for (const char* status : {"ANTICIPATED", "DINER_CONFIRMABLE", "DELIVERY_CONFIRMABLE", "CONFIRMED",
                             "PICKUP_READY", "READY_FOR_PICKUP", "OUT_FOR_DELIVERY", "FULFILLED", "UNKNOWN",
                             "POS_VALIDATING", "POS_VALIDATION_REJECTED", "BRAND_NEW"}) {
    CAPTURE(status);
    (void)said<NothingReceived>(with_status(status));
  }
  (void)said<OrderReceived>(with_status("RESTAURANT_CONFIRMABLE"));
}

TEST_CASE("what is told of a menu or a delivery is nothing, under any URL but a release's") {
  (void)said<NothingReceived>(fixture("grubhub/menu_status.json"));
  (void)said<NothingReceived>("{}");
  (void)said<NothingReceived>(
      R"({"event_type":"DELIVERY_STATUS_UPDATE","order_uuid":"u","order_status":"X","order_id":"u"})");
  for (const WebhookKind kind : {WebhookKind::order, WebhookKind::cancel})
    CHECK(read(fixture("grubhub/menu_status.json"), kind).ok());
}

TEST_CASE("a cancel names the order and the diner who asked for it") {
  const auto cancel = said<CancelReceived>(fixture("grubhub/cancelled.json"));
  CHECK(test::named(cancel.orders.at(0)) == std::pair<std::string, std::string>("grubhub", order_id));
  CHECK(cancel.actor == core::Actor::customer);
  CHECK(cancel.text.empty());  // their words are the diner's
  CHECK(said<CancelReceived>(replaced(fixture("grubhub/cancelled.json"), "\"DINER\"", "\"GRUBHUB_CARE\""))
            .actor == core::Actor::partner);
  CHECK(said<CancelReceived>(with_status("REJECTED")).orders.size() == 1);
  const auto slim = said<CancelReceived>(R"({"uuid":"u-1","status":"CANCELLED"})");
  CHECK(test::named(slim.orders.at(0)).second == "u-1");
  const auto event = said<CancelReceived>(
      R"({"order_id":"u-2","order_merchant_id":"m","order_number":"1","order_status":"CANCELLED"})");
  CHECK(test::named(event.orders.at(0)).second == "u-2");
  const auto under_url = read(R"({"order_uuid":"u-3","new_status":"CANCELLED"})", WebhookKind::cancel);
  REQUIRE(under_url.ok());
  CHECK(test::named(std::get<CancelReceived>(*under_url).orders.at(0)).second == "u-3");
}

TEST_CASE(
    "what names an order beside a state, and is not told by their pages, neither cancels nor releases it") {
  test::must_be_nothing(
      PartnerCase("grubhub"),
      {R"({"order_uuid":"u","status":"CANCELLED"})",  // a courier's job
       R"({"order_uuid":"u","new_status":"CANCELLED"})",
       R"({"job_id":"j","order_id":"u","status":"REJECTED"})", R"({"status":"CANCELLED"})",
       R"({"order_id":"u","order_status":"CANCELLED"})", R"({"order_id":"u","order_status":"CONFIRMED"})",
       R"({"order_id":"u","order_status":"CONFIRMED","order_number":"1"})",
       R"({"order_id":"u","order_status":"CONFIRMED","order_merchant_id":"m"})"});
}

TEST_CASE("their reason comes to a canonical one, and an order that nobody confirmed timed out") {
  const std::pair<const char*, const char*> rows[] = {{"RESTAURANT_OFFLINE", "pos_offline"},
                                                      {"MENU_ITEM_NOT_FOUND", "item_unknown"},
                                                      {"PRICE_MISMATCH", "price_mismatch"},
                                                      {"OTHER", "other"},
                                                      {"BRAND_NEW", "BRAND_NEW"}};
  for (const auto& [theirs, ours] : rows) {
    CAPTURE(theirs);
    const std::string text =
        R"({"uuid":"u","status":"REJECTED","reason_code":")" + std::string(theirs) + "\"}";
    CHECK(said<CancelReceived>(text).text == ours);
  }
  CHECK(said<CancelReceived>(
            R"({"uuid":"u","status":"REJECTED","statusHistory":[{"status":"REJECTED"},{"status":"STALE"}]})")
            .text == "timed_out");
}

TEST_CASE("the driver's coming releases: the event, the flag, or any news under the release's URL") {
  const auto release = said<ReleaseReceived>(fixture("grubhub/just_in_time.json"));
  CHECK(test::named(release.orders.at(0)) == std::pair<std::string, std::string>("grubhub", order_id));
  const std::string fired =
      replaced(with_status("CONFIRMED"), "\"just_in_time_fired\": false", "\"just_in_time_fired\": true");
  CHECK(test::named(said<ReleaseReceived>(fired).orders.at(0)).second == order_id);
  CHECK(said<ReleaseReceived>(R"({"event_type":"JIT","order_uuid":"u"})").orders.size() == 1);
  const auto under_url = read(R"({"order_uuid":"u-2"})", WebhookKind::release);
  REQUIRE(under_url.ok());
  CHECK(test::named(std::get<ReleaseReceived>(*under_url).orders.at(0)).second == "u-2");
}

TEST_CASE("a kind that the URL fixes takes no other shape") {
  test::must_keep_kinds(PartnerCase("grubhub"),
                        {{order_text(), WebhookKind::order},
                         {fixture("grubhub/cancelled.json"), WebhookKind::cancel},
                         {fixture("grubhub/just_in_time.json"), WebhookKind::release}});
}

TEST_CASE("bad webhooks are refused with the place") {
  const std::string good = order_text();
  const std::string line = "/charges/line_groups/0/lines/0";
  test::must_refuse(
      PartnerCase("grubhub"),
      {{R"({"charges":{}})", "/status"},
       {R"({"charges":{},"status":"RESTAURANT_CONFIRMABLE"})", "/uuid"},
       {R"({"charges":[],"uuid":"u","status":"RESTAURANT_CONFIRMABLE"})", "/charges"},
       {R"({"charges":{"line_groups":[{"lines":[]}]},"uuid":"u","status":"RESTAURANT_CONFIRMABLE"})",
        "/charges/line_groups"},
       {R"({"charges":{},"status":"CANCELLED"})", "/uuid"},
       {R"({"order_id":7,"order_status":"CONFIRMED","order_merchant_id":"m","order_number":"1"})",
        "/order_id"},
       {replaced(good, "\"quantity\": 2,\n            \"menu_item_id\"",
                 "\"x\": 2,\n            \"menu_item_id\""),
        line + "/quantity"},
       {replaced(good, "1195", "11.95"), line + "/merchant_price"},
       {replaced(replaced(good, "\"merchant_price\": 1195", "\"x\": 1"), "\"price\": 1200", "\"y\": 1"),
        line + "/merchant_price"},
       {replaced(good, "\"external_id\": \"PT-TOFU\"", "\"external_id\": \"\\n\""),
        line + "/line_options/0/external_id"},
       {replaced(good, "\"tip\": {\"amount\": 400", "\"tip\": {\"amount\": -1"), "/charges/tip/amount"}});
}

TEST_CASE("options nest ten levels and not eleven") {
  const auto nested = [](int levels) {
    std::string options = "[]";
    for (int level = 0; level < levels; ++level)
      options = R"([{"external_id":"o","quantity":"1","line_sub_options":)" + options + "}]";
    return R"({"uuid":"u","status":"RESTAURANT_CONFIRMABLE","charges":{"line_groups":[{"lines":[{"external_id":"a",)"
           R"("merchant_price":1,"quantity":1,"line_options":)" +
           options + "}]}]}}";
  };
  CHECK(read(nested(10)).ok());
  CHECK(read(nested(11)).problem().detail == "more than 10 levels of modifiers");
}

TEST_CASE("answers make Grubhub stop once an order is stored, and 503 where it is to come again") {
  using core::AnswerKind;
  const PartnerCase grubhub("grubhub");
  CHECK(grubhub.status(WebhookKind::order, AnswerKind::created) == 200);
  CHECK(grubhub.status(WebhookKind::order, AnswerKind::replayed) == 200);
  CHECK(grubhub.status(WebhookKind::order, AnswerKind::conflict) == 409);
  CHECK(grubhub.status(WebhookKind::order, AnswerKind::too_many) == 503);
  CHECK(grubhub.status(WebhookKind::order, AnswerKind::not_stored) == 503);
  for (const WebhookKind kind : {WebhookKind::cancel, WebhookKind::release}) {
    CHECK(grubhub.status(kind, AnswerKind::not_found) == 200);
    CHECK(grubhub.status(kind, AnswerKind::conflict) == 200);
  }
}

TEST_CASE("every canonical reason has a code for a rejection; a cancel has none") {
  using enum core::Reason;
  test::must_have_codes(*partner_codec("grubhub"), {{item_unavailable, "MENU_ITEM_NOT_FOUND", ""},
                                                    {item_unknown, "MENU_ITEM_NOT_FOUND", ""},
                                                    {store_closed, "RESTAURANT_OFFLINE", ""},
                                                    {pos_offline, "RESTAURANT_OFFLINE", ""},
                                                    {too_busy, "OTHER", ""},
                                                    {price_mismatch, "PRICE_MISMATCH", ""},
                                                    {invalid_order, "OTHER", ""},
                                                    {timed_out, "OTHER", ""},
                                                    {other, "OTHER", ""}});
}

TEST_CASE("twenty thousand damaged Grubhub orders give a problem or a whole webhook") {
  const test::Tally tally = test::mutate_webhook("grubhub", order_text(), 42);
  CHECK(tally.refused > 5000);
  CHECK(tally.understood > 500);
}

}  // namespace
}  // namespace storegate::codec
