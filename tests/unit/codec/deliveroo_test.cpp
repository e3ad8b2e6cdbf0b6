// Deliveroo: authentication, order and rider events, answers and codes.
#include "codec/partners/deliveroo.hpp"

#include <doctest/doctest.h>

#include "builders.hpp"
#include "mutation.hpp"
#include "partner_case.hpp"

namespace storegate::codec {
namespace {

using test::fixture;
using test::hmac_hex;
using test::PartnerCase;
using test::replaced;

constexpr std::int64_t noon_ms = 1'795'435'200'000;  // 2026-11-23T12:00:00Z
constexpr const char* guid_header = "X-Deliveroo-Sequence-Guid";
constexpr const char* order_id = "gb:7d1f0a52-3c88-4b1e-9a46-0c2f5e8b9d17";

std::string order_text() { return fixture("deliveroo/order.json"); }

core::CanonicalOrder order_with(std::string_view what, std::string_view with) {
  return PartnerCase("deliveroo").order(replaced(order_text(), what, with)).order;
}

Parsed<Webhook> read(const std::string& text, std::optional<WebhookKind> fixed = {}) {
  return PartnerCase("deliveroo").read(text, fixed);
}

template <typename Said>
Said said(const std::string& text) {
  return PartnerCase("deliveroo").said<Said>(text);
}

TEST_CASE("an HMAC over the sequence's guid, a blank and the body lets in") {
  test::must_authenticate("deliveroo", "x-deliveroo-hmac-sha256",
                          [](std::string_view secret, std::string_view body) {
                            return hmac_hex(secret, "guid-1 " + std::string(body));
                          },
                          {{guid_header, "guid-1"}});
}

TEST_CASE(
    "a guid that is missing, another or there twice lets nobody in, nor does the legacy way of signing") {
  const std::string body = order_text();
  const auto lets_in = [&](const std::vector<std::string>& guids, const std::string& bytes) {
    PartnerCase from("deliveroo");
    for (const std::string& guid : guids) from.with(guid_header, guid);
    return from.with("X-Deliveroo-Hmac-Sha256", hmac_hex("old-secret", bytes)).lets_in(body);
  };
  CHECK(lets_in({"g"}, "g " + body));
  CHECK_FALSE(lets_in({}, " " + body));
  CHECK_FALSE(lets_in({}, body));
  CHECK_FALSE(lets_in({"h"}, "g " + body));
  CHECK_FALSE(lets_in({"g", "g"}, "g " + body));
  CHECK_FALSE(lets_in({"g"}, "g \n " + body));
  CHECK_FALSE(lets_in({"g"}, body));
  CHECK(lets_in({"{g}~!"}, "{g}~! " + body));
  for (const char* torn : {"g h", "g\t", "g\x7f", "g\xc2\xa0", "\x01"}) {  // the guid could end elsewhere
    CAPTURE(torn);
    CHECK_FALSE(lets_in({torn}, torn + (" " + body)));
  }
}

TEST_CASE("an order is read field by field") {
  const Decoded decoded = PartnerCase("deliveroo").order(order_text());
  const core::CanonicalOrder& order = decoded.order;
  CHECK(order.partner == "deliveroo");
  CHECK(order.partner_order_id == order_id);
  CHECK_FALSE(order.placed_at_wall_ms);  // the log may tell it in one repeat and not in another
  CHECK(said<OrderReceived>(order_text()).placed_at_wall_ms == noon_ms);
  CHECK(order.promised_at_wall_ms == noon_ms + (24 * 60 + 30) * 1000);
  CHECK_FALSE(order.test);
  CHECK(order.fulfilment == core::FulfilmentType::delivery);
  CHECK(order.release == core::ReleaseWish{});
  CHECK(order.customer.name == "Priya canary-of-a-customer N.");
  CHECK(order.customer.phone == "+44 20 canary-of-a-customer");
  CHECK(order.customer.note == "Sesame allergy, canary-of-a-customer\nNO CUTLERY");
  CHECK(order.currency == "GBP");
  CHECK(order.prepaid);
  CHECK(decoded.body.raw == order_text());
  CHECK(decoded.body.shared.find(test::canary) == std::string::npos);
  CHECK(test::broken_rule(order) == "");
}

TEST_CASE("lines keep their prices of one, and modifiers nest as lines or in groups") {
  const core::CanonicalOrder order = PartnerCase("deliveroo").order(order_text()).order;
  REQUIRE(order.items.size() == 3);
  const core::Item& wrap = order.items[0];
  CHECK(wrap.id == "wrap-lamb");
  CHECK(wrap.name == "Lamb Shawarma Wrap");
  CHECK(wrap.quantity == 2);
  CHECK(wrap.unit_price.minor == 895);
  REQUIRE(wrap.modifiers.size() == 2);
  CHECK(wrap.modifiers[0].id == "sauce-tahini");
  CHECK(wrap.modifiers[0].unit_price.minor == 0);
  CHECK(wrap.modifiers[1].id == "extra-halloumi");
  CHECK(wrap.modifiers[1].quantity == 2);
  CHECK(wrap.modifiers[1].unit_price.minor == 150);
  REQUIRE(wrap.modifiers[1].modifiers.size() == 1);
  CHECK(wrap.modifiers[1].modifiers[0].id == "grilled");
  CHECK(wrap.modifiers[1].modifiers[0].unit_price.minor == 25);
  REQUIRE(order.items[1].modifiers.size() == 1);
  CHECK(order.items[1].modifiers[0].id == "salt-chilli");
  CHECK(order.items[1].modifiers[0].unit_price.minor == 30);
  CHECK(order.items[2].id == "LEMONADE MINT");  // what has no id of the POS's is named, and so found unknown
  CHECK(order.items[2].quantity == 3);
  CHECK(order.items[2].modifiers[0].unit_price.minor == -20);
}

TEST_CASE("totals are the store's: its total, the discount, and the sum of the lines") {
  const core::CanonicalOrder order = PartnerCase("deliveroo").order(order_text()).order;
  REQUIRE(order.totals);
  CHECK(order.totals->subtotal.minor == 3470);
  CHECK(order.totals->subtotal == *subtotal_of(order.items));
  CHECK(order.totals->discount.minor == 500);
  CHECK(order.totals->tax.minor == 0);
  CHECK(order.totals->tip.minor == 0);
  CHECK(order.totals->total.minor == 2980);
  CHECK(order_with("partner_order_total", "x").totals->total.minor == 3229);
  CHECK(order_with("\"subtotal\"", "\"x\"").totals->subtotal.minor == 3470);
  CHECK_FALSE(order_with("\"cash_due\": {\"fractional\": 0", "\"cash_due\": {\"fractional\": 2980").prepaid);
}

TEST_CASE("who brings it is said by four words, and an unknown one is a delivery") {
  const auto fulfilment = [](const char* word) {
    return order_with("\"fulfillment_type\": \"deliveroo\"",
                      "\"fulfillment_type\": \"" + std::string(word) + "\"")
        .fulfilment;
  };
  CHECK(fulfilment("restaurant") == core::FulfilmentType::delivery);
  CHECK(fulfilment("customer") == core::FulfilmentType::pickup);
  CHECK(fulfilment("table_service") == core::FulfilmentType::dine_in);
  CHECK(fulfilment("drone") == core::FulfilmentType::delivery);
  CHECK(order_with("\"table_number\": \"\"", "\"table_number\": 12").customer.note.ends_with("\nTable 12"));
}

TEST_CASE(
    "an order for later is released when they say that its making starts, and has no time to be accepted "
    "in") {
  const core::CanonicalOrder later = order_with("\"asap\": true", "\"asap\": false");
  CHECK(later.release.mode == core::ReleaseMode::at_time);
  CHECK(later.release.at_wall_ms == noon_ms + 12 * 60'000);
  const std::string for_later = replaced(order_text(), "\"asap\": true", "\"asap\": false");
  CHECK_FALSE(said<OrderReceived>(for_later).placed_at_wall_ms);
  const std::string text = replaced(order_text(), "\"asap\": true", "\"asap\": false");
  const auto without = PartnerCase("deliveroo").order(replaced(text, "start_preparing_at", "x")).order;
  CHECK(without.release == core::ReleaseWish{core::ReleaseMode::at_time, {}, {}, {}});
  CHECK(decision_deadline_s("deliveroo") == 600);
}

TEST_CASE("an order for later whose times cannot be read is refused there, one for now is not") {
  const auto at = [](const std::string& asap, const std::string& prepare_for, const std::string& start) {
    return R"({"event":"order.new","body":{"order":{"id":"1","asap":)" + asap + R"(,"prepare_for":)" +
           prepare_for + R"(,"start_preparing_at":)" + start +
           R"(,"items":[{"pos_item_id":"a","quantity":1,"unit_price":{"fractional":1}}]}}})";
  };
  const PartnerCase deliveroo("deliveroo");
  test::must_refuse(deliveroo, {{at("false", "\"soon\"", "null"), "/body/order/prepare_for"},
                                {at("false", "null", "\"soon\""), "/body/order/start_preparing_at"},
                                {at("false", "null", "-5"), "/body/order/start_preparing_at"}});
  CHECK(deliveroo.read(at("true", "\"soon\"", "\"soon\"")).ok());
  CHECK(deliveroo.read(at("false", "\"\"", "null")).ok());
}

TEST_CASE("a customer's odd name or phone loses no sale; a note is never dropped") {
  CHECK(order_with("\"first_name\": \"Priya canary-of-a-customer\"", "\"first_name\": 7").customer.name ==
        "7 N.");
  CHECK(order_with("\"+44 20 canary-of-a-customer\"", "442055500").customer.phone == "442055500");
  CHECK(order_with("\"+44 20 canary-of-a-customer\"", "{\"a\":[1]}").customer.phone.empty());
  CHECK(order_with("+44 20 canary", std::string(200, '4')).customer.phone.empty());
  CHECK(order_with("\"first_name\": \"Priya", "\"first_name\": \"" + std::string(600, 'P')).customer.name ==
        "N.");
  CHECK(read(replaced(order_text(), "Sesame", std::string(9000, 's'))).problem().pointer ==
        "/body/order/order_notes");
  CHECK(read(replaced(order_text(), "Sesame", std::string(8190 - 31, 's'))).problem().pointer ==
        "/body/order/cutlery_notes");
}

TEST_CASE("the same order again has the same bytes, whatever its log has come to") {
  const PartnerCase deliveroo("deliveroo");
  const std::string first = deliveroo.order(order_text()).body.canonical;
  CHECK(deliveroo.order(order_text()).body.canonical == first);
  const std::string later =
      replaced(replaced(order_text(), "\"status\": \"placed\",", "\"status\": \"accepted\","),
               "{\"at\": \"2026-11-23T12:00:00Z\", \"status\": \"placed\"}",
               "{\"at\": \"2026-11-23T12:00:00Z\", \"status\": \"placed\"},"
               "{\"at\": \"2026-11-23T12:01:00Z\", \"status\": \"accepted\"}");
  CHECK(deliveroo.order(later).body.canonical == first);
  const std::string unplaced =
      replaced(order_text(), ",\n        {\"at\": \"2026-11-23T12:00:00Z\", \"status\": \"placed\"}", "");
  CHECK(deliveroo.order(unplaced).body.canonical == first);
  CHECK_FALSE(said<OrderReceived>(unplaced).placed_at_wall_ms);
}

TEST_CASE("an order belongs to the configured name") {
  const PartnerCase renamed("deliveroo", "deliveroo-dark-kitchen");
  CHECK(renamed.order(order_text()).order.partner == "deliveroo-dark-kitchen");
}

TEST_CASE("a cancelled or rejected order is a cancel, in either event and wherever the log says it") {
  const auto cancel = said<CancelReceived>(fixture("deliveroo/status_canceled.json"));
  CHECK(test::named(cancel.orders.at(0)) == std::pair<std::string, std::string>("deliveroo", order_id));
  CHECK(cancel.text.empty());
  CHECK(cancel.actor == core::Actor::partner);
  const std::string log_only = replaced(fixture("deliveroo/status_canceled.json"),
                                        "\"status\": \"canceled\",", "\"status\": \"placed\",");
  CHECK(said<CancelReceived>(log_only).orders.size() == 1);
  const std::string rejected = replaced(order_text(), "\"status\": \"placed\",", "\"status\": \"rejected\",");
  CHECK(said<CancelReceived>(rejected).orders.size() ==
        1);  // an order.new that comes too late is never cooked
}

TEST_CASE("their reason for a rejection comes to a canonical one") {
  const std::pair<const char*, const char*> rows[] = {{"ingredient_unavailable", "item_unavailable"},
                                                      {"closing_early", "store_closed"},
                                                      {"busy", "too_busy"},
                                                      {"other", "other"},
                                                      {"brand_new", "brand_new"}};
  for (const auto& [theirs, ours] : rows) {
    CAPTURE(theirs);
    const std::string text =
        replaced(fixture("deliveroo/status_canceled.json"), "\"status\": \"canceled\",",
                 "\"status\": \"rejected\", \"reject_reason\": \"" + std::string(theirs) + "\",");
    CHECK(said<CancelReceived>(text).text == ours);
  }
}

TEST_CASE("a rider at the site releases, one on its way does not") {
  const std::string text = fixture("deliveroo/rider_arrived.json");
  const auto release = said<ReleaseReceived>(text);
  CHECK(test::named(release.orders.at(0)) == std::pair<std::string, std::string>("deliveroo", order_id));
  CHECK(
      said<ReleaseReceived>(replaced(text, "rider_arrived", "rider_confirmed_at_restaurant")).orders.size() ==
      1);
  for (const char* word : {"rider_assigned", "rider_unassigned", "rider_in_transit", "rider_dances"}) {
    CAPTURE(word);
    (void)said<NothingReceived>(replaced(text, "rider_arrived", word));
  }
}

TEST_CASE("what is no news of an order to cook is nothing, under any URL") {
  const std::string accepted = fixture("deliveroo/status_accepted.json");
  (void)said<NothingReceived>(accepted);
  (void)said<NothingReceived>(R"({"event":"menu.upload_result","body":{"result":"ok"}})");
  (void)said<NothingReceived>(R"({"event":"order.adjusted","body":{"order":{"id":"1"}}})");
  (void)said<NothingReceived>(replaced(order_text(), "order.new", "order.status_update"));  // only placed
  for (const WebhookKind kind : {WebhookKind::order, WebhookKind::cancel, WebhookKind::release}) {
    const auto webhook = read(accepted, kind);
    REQUIRE(webhook.ok());
    CHECK(std::holds_alternative<NothingReceived>(*webhook));
  }
}

TEST_CASE(
    "a whole order that was accepted is taken, should its order.new have been missed, and is no conflict") {
  const auto updated = [](const char* status) {
    return replaced(replaced(order_text(), "order.new", "order.status_update"), "\"status\": \"placed\",",
                    "\"status\": \"" + std::string(status) + "\",");
  };
  for (const char* status : {"accepted", "confirmed"}) {
    CAPTURE(status);
    const auto order = said<OrderReceived>(updated(status));
    CHECK(order.decoded.body.canonical == said<OrderReceived>(order_text()).decoded.body.canonical);
    CHECK(order.told_before);
    CHECK_FALSE(order.placed_at_wall_ms);
    core::Answer other_words;
    other_words.kind = core::AnswerKind::conflict;
    CHECK(partner_codec("deliveroo")->answer(subject_of(order), other_words).status == 200);
  }
  CHECK_FALSE(said<OrderReceived>(order_text()).told_before);
  (void)said<NothingReceived>(updated("brand_new"));
}

TEST_CASE("a discount counts with either sign") {
  const auto discount = [](const std::string& text) {
    return PartnerCase("deliveroo").order(text).order.totals->discount.minor;
  };
  CHECK(discount(order_text()) == 500);
  CHECK(discount(replaced(order_text(), "\"offer_discount\": {\"fractional\": 500",
                          "\"offer_discount\": {\"fractional\": -500")) == 500);
}

TEST_CASE("a kind that the URL fixes takes no other shape") {
  test::must_keep_kinds(PartnerCase("deliveroo"),
                        {{order_text(), WebhookKind::order},
                         {fixture("deliveroo/status_canceled.json"), WebhookKind::cancel},
                         {fixture("deliveroo/rider_arrived.json"), WebhookKind::release}});
}

TEST_CASE("bad webhooks are refused with the place") {
  const std::string good = order_text();
  test::must_refuse(
      PartnerCase("deliveroo"),
      {{"{}", "/event"},
       {R"({"event":7})", "/event"},
       {R"({"event":"order.new"})", "/body/order"},
       {R"({"event":"order.new","body":{"order":{"items":[]}}})", "/body/order/id"},
       {replaced(good, "order.new", "new_order"), "/event"},
       {replaced(good, "\"quantity\": 2", "\"quantity\": 0"), "/body/order/items/0/quantity"},
       {replaced(good, "\"quantity\": 2", "\"amount\": 2"), "/body/order/items/0/quantity"},
       {replaced(good, "\"quantity\": 2", "\"quantity\": 1.5"), "/body/order/items/0/quantity"},
       {replaced(good, "{\"fractional\": 895", "{\"fractional\": 8.95"),
        "/body/order/items/0/unit_price/fractional"},
       {replaced(good, "\"unit_price\": {\"fractional\": 895", "\"x\": {\"fractional\": 895"),
        "/body/order/items/0/unit_price"},
       {replaced(good, "895, \"currency_code\": \"GBP\"", "895, \"currency_code\": \"gbp\""),
        "/body/order/items/0/unit_price/currency_code"},
       {replaced(good, "3470, \"currency_code\": \"GBP\"", "3470, \"currency_code\": \"EUR\""),
        "/body/order/subtotal/currency_code"},
       {replaced(good, "\"pos_item_id\": \"wrap-lamb\"", "\"pos_item_id\": \"a\\u0007\""),
        "/body/order/items/0/pos_item_id"},
       {replaced(good, "\"pos_item_id\": \"grilled\", \"name\": \"Grilled\"", "\"x\": 1"),
        "/body/order/items/0/modifiers/1/modifiers/0/pos_item_id"},
       {R"({"event":"order.status_update","body":{"order":{"status":"canceled"}}})", "/body/order/id"},
       {R"({"event":"rider.status_update","body":{"status":"rider_arrived"}})", "/body/order_id"}});
}

TEST_CASE("modifiers nest ten levels and not eleven, and quantities may be texts") {
  const auto nested = [](int levels) {
    std::string modifiers = "[]";
    for (int level = 0; level < levels; ++level)
      modifiers = R"([{"pos_item_id":"m","quantity":"2","modifiers":)" + modifiers + "}]";
    return R"({"event":"order.new","body":{"order":{"id":"1","items":[{"pos_item_id":9,"quantity":2.0,)"
           R"("unit_price":{"fractional":1},"modifiers":)" +
           modifiers + "}]}}}";
  };
  const core::CanonicalOrder order = PartnerCase("deliveroo").order(nested(10)).order;
  CHECK(order.items[0].id == "9");
  CHECK(order.items[0].quantity == 2);
  CHECK(order.items[0].modifiers[0].quantity == 2);
  CHECK(order.currency.empty());
  CHECK(read(nested(11)).problem().detail == "more than 10 levels of modifiers");
}

TEST_CASE("answers make Deliveroo stop once an order is stored, and come again while it is not") {
  using core::AnswerKind;
  const PartnerCase deliveroo("deliveroo");
  CHECK(deliveroo.status(WebhookKind::order, AnswerKind::created) == 200);
  CHECK(deliveroo.status(WebhookKind::order, AnswerKind::replayed) == 200);
  CHECK(deliveroo.status(WebhookKind::order, AnswerKind::conflict) == 409);
  CHECK(deliveroo.status(WebhookKind::order, AnswerKind::too_many) == 429);
  CHECK(deliveroo.status(WebhookKind::order, AnswerKind::full) == 503);
  CHECK(deliveroo.status(WebhookKind::order, AnswerKind::not_stored) == 503);
  for (const WebhookKind kind : {WebhookKind::cancel, WebhookKind::release}) {
    CHECK(deliveroo.status(kind, AnswerKind::done) == 200);
    CHECK(deliveroo.status(kind, AnswerKind::not_found) == 200);
    CHECK(deliveroo.status(kind, AnswerKind::conflict) == 200);
    CHECK(deliveroo.status(kind, AnswerKind::not_stored) == 503);
  }
}

TEST_CASE("every canonical reason has a code for a rejection and one for a failed sync") {
  using enum core::Reason;
  test::must_have_codes(*partner_codec("deliveroo"),
                        {{item_unavailable, "ingredient_unavailable", "items_out_of_stock"},
                         {item_unknown, "other", "pos_item_id_not_found"},
                         {store_closed, "closing_early", "location_offline"},
                         {pos_offline, "other", "location_offline"},
                         {too_busy, "busy", "other"},
                         {price_mismatch, "other", "price_mismatched"},
                         {invalid_order, "other", "unsupported_order_type"},
                         {timed_out, "other", "timed_out"},
                         {other, "other", "other"}});
}

TEST_CASE("twenty thousand damaged Deliveroo orders give a problem or a whole webhook") {
  const test::Tally tally = test::mutate_webhook("deliveroo", order_text(), 40);
  CHECK(tally.refused > 5000);
  CHECK(tally.understood > 500);
}

}  // namespace
}  // namespace storegate::codec
