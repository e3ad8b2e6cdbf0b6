// Otter: authentication, order webhooks, answers and codes.
#include "codec/partners/otter.hpp"

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
constexpr const char* order_id = "0c8d3f51-7a3e-4d1c-a2b7-6a9e1f40c5d2";

std::string order_text() { return fixture("otter/order.json"); }

core::CanonicalOrder order_with(std::string_view what, std::string_view with) {
  return PartnerCase("otter").order(replaced(order_text(), what, with)).order;
}

Parsed<Webhook> read(const std::string& text, std::optional<WebhookKind> fixed = {}) {
  return PartnerCase("otter").read(text, fixed);
}

template <typename Said>
Said said(const std::string& text) {
  return PartnerCase("otter").said<Said>(text);
}

TEST_CASE("an HMAC over the body in base64 lets in") {
  test::must_authenticate("otter", "X-HMAC-SHA256", test::hmac_base64);
  const std::string body = order_text();
  CHECK_FALSE(PartnerCase("otter").with("X-HMAC-SHA256", test::hmac_hex("old-secret", body)).lets_in(body));
  CHECK_FALSE(PartnerCase("otter").with("Authorization", "Bearer old-secret").lets_in(body));
}

TEST_CASE("an order is read field by field") {
  const Decoded decoded = PartnerCase("otter").order(order_text());
  const core::CanonicalOrder& order = decoded.order;
  CHECK(order.partner == "otter");
  CHECK(order.partner_order_id == order_id);
  CHECK(order.placed_at_wall_ms == noon_ms);
  CHECK(order.promised_at_wall_ms == noon_ms + 25 * minute_ms);
  CHECK(order.fulfilment == core::FulfilmentType::delivery);
  CHECK(order.release == core::ReleaseWish{});
  CHECK(order.customer.name == "Tom canary-of-a-customer");
  CHECK(order.customer.phone == "+1 555 canary-of-a-customer");
  CHECK(order.customer.note == "Extra napkins, canary-of-a-customer");
  CHECK(order.currency == "USD");
  CHECK(order.prepaid);
  CHECK_FALSE(order.test);
  CHECK(decoded.body.raw == order_text());
  CHECK(decoded.body.shared.find(test::canary) == std::string::npos);
  CHECK(test::broken_rule(order) == "");
}

TEST_CASE("lines keep their prices of one in cents, sold before stored") {
  const core::CanonicalOrder order = PartnerCase("otter").order(order_text()).order;
  REQUIRE(order.items.size() == 2);
  const core::Item& burger = order.items[0];
  CHECK(burger.id == "smash-double");
  CHECK(burger.name == "Double Smash Burger");
  CHECK(burger.quantity == 2);
  CHECK(burger.unit_price.minor == 925);
  CHECK(burger.note == "Well done, canary-of-a-customer");
  REQUIRE(burger.modifiers.size() == 2);
  CHECK(burger.modifiers[0].id == "bacon");
  CHECK(burger.modifiers[0].unit_price.minor == 150);
  REQUIRE(burger.modifiers[0].modifiers.size() == 1);
  CHECK(burger.modifiers[0].modifiers[0].id == "crispy");
  CHECK(burger.modifiers[0].modifiers[0].quantity == 2);
  CHECK(burger.modifiers[0].modifiers[0].unit_price.minor == 25);
  CHECK(burger.modifiers[1].id == "sku-911");
  CHECK(burger.modifiers[1].unit_price.minor == -30);
  CHECK(order.items[1].id == "fries");
  CHECK(order.items[1].unit_price.minor == 340);
  CHECK(order.items[1].note.empty());
}

TEST_CASE("totals are those of orderTotal, and none without it") {
  const core::CanonicalOrder order = PartnerCase("otter").order(order_text()).order;
  REQUIRE(order.totals);
  CHECK(order.totals->subtotal.minor == 2530);
  CHECK(order.totals->subtotal == *subtotal_of(order.items));
  CHECK(order.totals->discount.minor == 253);
  CHECK(order.totals->tax.minor == 202);
  CHECK(order.totals->tip.minor == 300);
  CHECK(order.totals->total.minor == 2978);  // 29.779999999999998 is what binary floating point makes of it
  CHECK_FALSE(order_with("\"orderTotal\"", "\"orderTotalV2\"").totals);
  CHECK(order_with("\"total\"", "\"x\"").totals->total.minor == 2530 - 253 + 202 + 300);
  CHECK_FALSE(order_with("PROCESSED", "COLLECTABLE").prepaid);
}

TEST_CASE("amounts are minor units of the order's currency, as number or text") {
  CHECK(order_with("9.25", "\"9.25\"").items[0].unit_price.minor == 925);
  CHECK(order_with("9.25", "9").items[0].unit_price.minor == 900);
  CHECK(order_with("9.25", "9.2e0").items[0].unit_price.minor == 920);
  CHECK(order_with("\"USD\"", "\"JPY\"").items[0].unit_price.minor == 9);
  CHECK(order_with("\"USD\"", "\"KWD\"").items[0].unit_price.minor == 9250);
  const core::CanonicalOrder none = order_with("\"currencyCode\"", "\"x\"");
  CHECK(none.currency.empty());
  CHECK(none.items[0].unit_price.minor == 925);
}

TEST_CASE("who brings it is said by five words, and an unknown one is a delivery") {
  const auto fulfilment = [](const char* word) {
    return order_with("\"DELIVERY\"", "\"" + std::string(word) + "\"").fulfilment;
  };
  CHECK(fulfilment("RESTAURANT_DELIVERY") == core::FulfilmentType::delivery);
  CHECK(fulfilment("PICKUP") == core::FulfilmentType::pickup);
  CHECK(fulfilment("DRIVE_THROUGH") == core::FulfilmentType::pickup);
  CHECK(fulfilment("DINE_IN") == core::FulfilmentType::dine_in);
  CHECK(fulfilment("TELEPORT") == core::FulfilmentType::delivery);
  CHECK(order_with("\"tableIdentifier\": null", "\"tableIdentifier\": \"R-4\"")
            .customer.note.ends_with("\nTable R-4"));
}

TEST_CASE(
    "the promised time is the pickup's, its estimate's, or the delivery's, which is the store's own first") {
  const std::string no_pickup = replaced(order_text(), "\"pickupTime\"", "\"x\"");
  const auto promised = [](const std::string& text) {
    return PartnerCase("otter").order(text).order.promised_at_wall_ms;
  };
  CHECK(promised(no_pickup) == noon_ms + 27 * minute_ms);
  CHECK(promised(replaced(no_pickup, "\"estimatedPickupTime\"", "\"y\"")) == noon_ms + 45 * minute_ms);
  CHECK(promised(replaced(order_text(), "\"DELIVERY\"", "\"RESTAURANT_DELIVERY\"")) ==
        noon_ms + 45 * minute_ms);
  CHECK(promised(replaced(order_text(), "\"2026-11-23T12:25:00Z\"", "1795436700")) ==
        noon_ms + 25 * minute_ms);
  CHECK_FALSE(promised(replaced(order_text(), "\"fulfillmentInfo\"", "\"z\"")));
}

TEST_CASE("an order for later waits for its time, one for now for what the store decides") {
  CHECK(order_with("ASAP", "FIXED_TIME").release.mode == core::ReleaseMode::at_time);
  CHECK_FALSE(order_with("ASAP", "FIXED_TIME").release.at_wall_ms);
  CHECK_FALSE(order_with("ASAP", "WHENEVER").release.mode);
}

TEST_CASE("an order for a fixed time that cannot be read is refused there") {
  const auto at = [](const std::string& scheduling, const std::string& time) {
    return R"({"eventType":"orders.new_order","metadata":{"payload":{"externalIdentifiers":{"id":"1"},"items":)"
           R"([{"id":"a","quantity":1,"price":1}],"fulfillmentInfo":{"schedulingType":")" +
           scheduling + R"(","pickupTime":)" + time + "}}}}";
  };
  const auto refused = read(at("FIXED_TIME", "\"noon\""));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.problem().pointer == "/metadata/payload/fulfillmentInfo/pickupTime");
  CHECK(read(at("ASAP", "\"noon\"")).ok());
  CHECK(read(at("FIXED_TIME", "0")).ok());  // none
}

TEST_CASE("a customer's odd name or phone loses no sale; a note is never dropped") {
  CHECK(order_with("\"Tom canary-of-a-customer\"", "[]").customer.name.empty());
  CHECK(order_with("\"+1 555 canary-of-a-customer\"", "15550100").customer.phone == "15550100");
  CHECK(order_with("\"customer\": {", "\"customer\": null, \"x\": {").customer.name.empty());
  CHECK(read(replaced(order_text(), "Extra napkins", std::string(9000, 'n'))).problem().pointer ==
        "/metadata/payload/customerNote");
}

TEST_CASE("the same order again has the same bytes, wherever its courier is") {
  const PartnerCase otter("otter");
  const std::string first = otter.order(order_text()).body.canonical;
  const std::string again = replaced(replaced(replaced(order_text(), "COURIER_ASSIGNED", "COURIER_ARRIVED"),
                                              "\"latitude\": 41.1", "\"latitude\": 41.2"),
                                     "3be14c0e", "4be14c0e");
  CHECK(otter.order(again).body.canonical == first);
  CHECK(PartnerCase("otter", "otter-2").order(order_text()).order.partner == "otter-2");
}

TEST_CASE("a cancel names the order, its reason and the customer who asked for it") {
  const auto cancel = said<CancelReceived>(fixture("otter/cancel.json"));
  CHECK(test::named(cancel.orders.at(0)) == std::pair<std::string, std::string>("otter", order_id));
  CHECK(cancel.actor == core::Actor::customer);
  const std::pair<const char*, const char*> rows[] = {{"UNAVAILABLE_ITEM", "item_unavailable"},
                                                      {"ALL_ITEMS_OUT_OF_STOCK", "item_unavailable"},
                                                      {"KITCHEN_CLOSED", "store_closed"},
                                                      {"RESTAURANT_TOO_BUSY", "too_busy"},
                                                      {"LABOR_UNAVAILABLE", "too_busy"},
                                                      {"UNACCEPTED_ORDER", "timed_out"},
                                                      {"DUPLICATE_ORDER", "invalid_order"},
                                                      {"CANNOT_COMPLETE_CUSTOMER_REQUEST", "invalid_order"},
                                                      {"REASON_OTHER", "other"},
                                                      {"COURIER_NOT_FOUND", "COURIER_NOT_FOUND"},
                                                      {"BRAND_NEW", "BRAND_NEW"}};
  for (const auto& [theirs, ours] : rows) {
    CAPTURE(theirs);
    const auto told =
        said<CancelReceived>(replaced(fixture("otter/cancel.json"), "CUSTOMER_CALLED_TO_CANCEL", theirs));
    CHECK(told.text == ours);
    CHECK(told.actor == core::Actor::partner);
  }
}

TEST_CASE("an order that was cancelled or rejected is a cancel in either event") {
  for (const char* state : {"CANCELED", "REJECTED"}) {
    const std::string text = replaced(order_text(), "NEW_ORDER", state);
    CHECK(said<CancelReceived>(text).orders.size() == 1);
    CHECK(said<CancelReceived>(replaced(text, "orders.new_order", "orders.update")).orders.size() == 1);
  }
}

TEST_CASE("an injection that a person makes up for calls a person, and one that is tried again does not") {
  const std::string failing = fixture("otter/injection_state.json");
  for (const char* state : {"INJECTION_FAILED", "MANUAL_INJECTION_REQUIRED", "MANUAL_INJECTION_SUCCEEDED"}) {
    CAPTURE(state);
    const auto called = said<PersonCalled>(replaced(failing, "INJECTION_FAILING", state));
    CHECK(test::named(called.orders.at(0)).second == "0c8d3f51-7a3e-4d1c-a2b7-6a9e1f40c5d2");
    CHECK(called.untold == core::Notice::accepted);
    CHECK(called.why == state);
  }
  for (const char* state : {"SUCCEEDED", "SUCCEEDED_WITH_UNLINKED_ITEMS", "BRAND_NEW"})
    (void)said<NothingReceived>(replaced(failing, "INJECTION_FAILING", state));
}

TEST_CASE("what is no news of an order to cook is nothing, under any URL") {
  (void)said<NothingReceived>(fixture("otter/ping.json"));
  (void)said<NothingReceived>(fixture("otter/injection_state.json"));
  (void)said<NothingReceived>(R"({"eventType":"orders.brand_new"})");
  // An update carries a whole order: it must not be cooked as a new one.
  (void)said<NothingReceived>(replaced(order_text(), "orders.new_order", "orders.update"));
  for (const char* made : {"PREPARED", "PICKED_UP", "FULFILLED"})
    (void)said<NothingReceived>(replaced(order_text(), "NEW_ORDER", made));
  for (const char* live : {"CONFIRMED", "UNKNOWN", "BRAND_NEW"})
    (void)said<OrderReceived>(replaced(order_text(), "NEW_ORDER", live));
  for (const WebhookKind kind : {WebhookKind::order, WebhookKind::cancel, WebhookKind::release})
    CHECK(read(fixture("otter/ping.json"), kind).ok());
}

TEST_CASE("a kind that the URL fixes takes no other shape") {
  test::must_keep_kinds(PartnerCase("otter"), {{order_text(), WebhookKind::order},
                                               {fixture("otter/cancel.json"), WebhookKind::cancel}});
}

TEST_CASE("bad webhooks are refused with the place") {
  const std::string good = order_text();
  const std::string order = "/metadata/payload";
  test::must_refuse(PartnerCase("otter"),
                    {{"{}", "/eventType"},
                     {R"({"eventType":"orders.new_order"})", order},
                     {R"({"eventType":"orders.cancel_order"})", order + "/externalIdentifiers/id"},
                     {replaced(good, "\"externalIdentifiers\"", "\"x\""), order + "/externalIdentifiers/id"},
                     {replaced(good, "\"USD\"", "\"usd\""), order + "/currencyCode"},
                     {replaced(good, "\"items\"", "\"x\""), order + "/items"},
                     {replaced(good, "\"quantity\": 2", "\"quantity\": 0"), order + "/items/0/quantity"},
                     {replaced(good, "9.25", "\"nine\""), order + "/items/0/price"},
                     {replaced(good, "\"skuPrice\": 3.4", "\"x\": 3.4"), order + "/items/1/skuPrice"},
                     {replaced(good, "\"id\": \"crispy\", \"name\": \"Extra crispy\"", "\"x\": 1"),
                      order + "/items/0/modifiers/0/modifiers/0/id"},
                     {replaced(good, "\"subtotal\"", "\"x\""), order + "/orderTotal/subtotal"},
                     {replaced(good, "\"tip\": 3", "\"tip\": -3"), order + "/orderTotal/tip"}});
}

TEST_CASE("modifiers nest ten levels and not eleven") {
  const auto nested = [](int levels) {
    std::string modifiers = "null";
    for (int level = 0; level < levels; ++level)
      modifiers = R"([{"id":"m","quantity":"1.0","modifiers":)" + modifiers + "}]";
    return R"({"eventType":"orders.new_order","metadata":{"payload":{"externalIdentifiers":{"id":"1"},)"
           R"("items":[{"id":"a","quantity":"2","price":1,"modifiers":)" +
           modifiers + "}]}}}";
  };
  CHECK(PartnerCase("otter").order(nested(10)).order.items[0].quantity == 2);
  CHECK(read(nested(11)).problem().detail == "more than 10 levels of modifiers");
}

TEST_CASE("answers are a 200 without a body, and 503 where they are to come again") {
  using core::AnswerKind;
  const PartnerCase otter("otter");
  CHECK(otter.status(WebhookKind::order, AnswerKind::created) == 200);
  CHECK(otter.status(WebhookKind::order, AnswerKind::replayed) == 200);
  CHECK(otter.status(WebhookKind::order, AnswerKind::conflict) == 409);
  CHECK(otter.status(WebhookKind::order, AnswerKind::too_many) == 503);
  CHECK(otter.status(WebhookKind::order, AnswerKind::not_stored) == 503);
  CHECK(otter.status(WebhookKind::cancel, AnswerKind::not_found) == 200);
  core::Answer answer;
  answer.kind = AnswerKind::created;
  answer.order = core::ShortAnswer{};
  CHECK(otter.codec().answer(WebhookKind::order, answer).body.empty());
  CHECK(decision_deadline_s("otter") == 0);
}

TEST_CASE("every canonical reason has a code for a rejection and one for a cancel") {
  using enum core::Reason;
  test::must_have_codes(*partner_codec("otter"),
                        {{item_unavailable, "UNAVAILABLE_ITEM", "UNAVAILABLE_ITEM"},
                         {item_unknown, "ITEM_MAPPING_FAILED", "UNAVAILABLE_ITEM"},
                         {store_closed, "KITCHEN_CLOSED", "KITCHEN_CLOSED"},
                         {pos_offline, "INTEGRATION_ERROR", "RESTAURANT_INTERNAL_ISSUE"},
                         {too_busy, "RESTAURANT_TOO_BUSY", "RESTAURANT_TOO_BUSY"},
                         {price_mismatch, "REASON_OTHER", "REASON_OTHER"},
                         {invalid_order, "UNKNOWN_ORDER_ISSUE", "REASON_OTHER"},
                         {timed_out, "ORDER_TOO_OLD", "UNACCEPTED_ORDER"},
                         {other, "REASON_OTHER", "REASON_OTHER"}});
}

TEST_CASE("twenty thousand damaged Otter orders give a problem or a whole webhook") {
  const test::Tally tally = test::mutate_webhook("otter", order_text(), 41);
  CHECK(tally.refused > 5000);
  CHECK(tally.understood > 500);
}

}  // namespace
}  // namespace storegate::codec
