// Uber Eats: authentication, thin webhooks, the order behind them, answers and codes.
#include "codec/partners/uber_eats.hpp"

#include <doctest/doctest.h>

#include "builders.hpp"
#include "fetched_case.hpp"

namespace storegate::codec {
namespace {

using test::api_of;
using test::fetched;
using test::fixture;
using test::news;
using test::PartnerCase;
using test::replaced;

constexpr std::int64_t noon_ms = 1'795'435'200'000;  // 2026-11-23T12:00:00Z
constexpr std::int64_t minute_ms = 60'000;
constexpr const char* order_id = "7b1f6c0a-52d4-4a5e-9c1b-0f3e2d4c5a61";

std::string order_text() { return fixture("uber_eats/order.json"); }

FetchedOrder fetched_with(std::string_view what, std::string_view with) {
  return fetched("uber_eats", replaced(order_text(), what, with));
}

core::CanonicalOrder order_with(std::string_view what, std::string_view with) {
  return fetched_with(what, with).decoded.order;
}

std::string notification_of(std::string_view event) {
  return replaced(fixture("uber_eats/notification.json"), "orders.notification", event);
}

TEST_CASE("an HMAC over the body in hex lets in") {
  test::must_authenticate("uber_eats", "X-Uber-Signature", test::hmac_hex);
  const std::string body = fixture("uber_eats/notification.json");
  CHECK_FALSE(
      PartnerCase("uber_eats").with("X-Uber-Signature", test::hmac_base64("old-secret", body)).lets_in(body));
  CHECK_FALSE(PartnerCase("uber_eats").with("Authorization", "Bearer old-secret").lets_in(body));
}

TEST_CASE("a notification announces its order, and where it is") {
  const auto announced =
      PartnerCase("uber_eats").said<OrderAnnounced>(fixture("uber_eats/notification.json"));
  CHECK(announced.partner == "uber_eats");
  CHECK(announced.partner_order_id == order_id);
  CHECK(announced.href == "https://api.uber.com/v2/eats/order/" + std::string(order_id));
  CHECK(announced.is_new);
  const auto renamed =
      PartnerCase("uber_eats", "uber-north").said<OrderAnnounced>(fixture("uber_eats/notification.json"));
  CHECK(renamed.partner == "uber-north");
}

TEST_CASE("an address that could not stand in a request is left out, and the order goes by its id") {
  const auto href_of = [](const std::string& href) {
    return PartnerCase("uber_eats")
        .said<OrderAnnounced>(
            R"({"event_type":"orders.notification","meta":{"resource_id":"1"},"resource_href":)" + href + "}")
        .href;
  };
  const std::string longest = "https://api.uber.com/" + std::string(core::href_bytes_max - 21, 'x');
  CHECK(href_of("\"" + longest + "\"") == longest);
  CHECK(href_of("\"" + longest + "x\"").empty());
  for (const char* bad :
       {"\"https://a/b c\"", R"("https://a/b\r\nX: y")", R"("https://a/\u00e9")", "7", "null"})
    CHECK(href_of(bad).empty());
}

TEST_CASE("cancels in all their words and the release name the same order") {
  const PartnerCase uber("uber_eats");
  test::must_cancel(uber, fixture("uber_eats/cancel.json"), order_id, "");
  test::must_cancel(uber, notification_of("orders.failure"), order_id, "");
  test::must_cancel(uber, notification_of("orders.failed"), order_id, "");
  test::must_release(uber, fixture("uber_eats/release.json"), order_id);
}

TEST_CASE("what is no news of an order to cook is nothing, under any URL") {
  const PartnerCase uber("uber_eats");
  test::must_be_nothing(
      uber, {notification_of("orders.scheduled.notification"), notification_of("store.provisioned"),
             notification_of("order.fulfillment_issues.resolved"),
             notification_of("store.menu_refresh_request"), R"({"event_type":"brand.new"})"});
  for (const WebhookKind kind : {WebhookKind::order, WebhookKind::cancel, WebhookKind::release})
    CHECK(uber.read(notification_of("store.provisioned"), kind).ok());
}

TEST_CASE("a kind that the URL fixes takes no other shape") {
  test::must_keep_kinds(PartnerCase("uber_eats"),
                        {{fixture("uber_eats/notification.json"), WebhookKind::order},
                         {fixture("uber_eats/cancel.json"), WebhookKind::cancel},
                         {fixture("uber_eats/release.json"), WebhookKind::release}});
}

TEST_CASE("bad webhooks are refused with the place") {
  test::must_refuse(
      PartnerCase("uber_eats"),
      {{"{}", "/event_type"},
       {"[]", ""},
       {R"({"event_type":7})", "/event_type"},
       {R"({"event_type":"orders.notification"})", "/meta/resource_id"},
       {R"({"event_type":"orders.cancel","meta":{"resource_id":""}})", "/meta/resource_id"},
       {R"({"event_type":"orders.release","meta":{"resource_id":"a\u0001"}})", "/meta/resource_id"}});
}

TEST_CASE("an order is read field by field") {
  test::must_be_good("uber_eats", order_text());
  const FetchedOrder whole = fetched("uber_eats", order_text());
  const core::CanonicalOrder& order = whole.decoded.order;
  CHECK_FALSE(whole.released);
  CHECK_FALSE(whole.cancelled);
  CHECK_FALSE(whole.over);
  CHECK(order.partner == "uber_eats");
  CHECK(order.partner_order_id == order_id);
  CHECK(order.placed_at_wall_ms == noon_ms);
  CHECK(order.promised_at_wall_ms == noon_ms + 20 * minute_ms);
  CHECK(order.fulfilment == core::FulfilmentType::delivery);
  CHECK(order.release == core::ReleaseWish{});
  CHECK(order.customer.name == "Nora canary-of-a-customer K.");
  CHECK(order.customer.phone == "+1 555 canary-of-a-customer code 482 17");
  CHECK(order.customer.note == "Two bags please, canary-of-a-customer");
  CHECK(order.currency == "USD");
  CHECK(order.prepaid);
  CHECK_FALSE(order.test);
}

TEST_CASE("lines keep their prices without modifiers, and their notes with allergies and what was left out") {
  const core::CanonicalOrder order = fetched("uber_eats", order_text()).decoded.order;
  REQUIRE(order.items.size() == 2);
  const core::Item& burrito = order.items[0];
  CHECK(burrito.id == "burrito");
  CHECK(burrito.name == "Burrito");
  CHECK(burrito.quantity == 2);
  CHECK(burrito.unit_price.minor == 900);
  CHECK(burrito.note ==
        "No cilantro, canary-of-a-customer\nAllergy: PEANUTS\nAllergy: kiwi\nAllergy: Clean the board "
        "first\nwithout: Black beans");
  REQUIRE(burrito.modifiers.size() == 2);
  CHECK(burrito.modifiers[0].id == "salsa-verde");
  CHECK(burrito.modifiers[0].quantity == 2);
  CHECK(burrito.modifiers[0].unit_price.minor == 20);
  CHECK(burrito.modifiers[1].id == "guacamole");
  CHECK(burrito.modifiers[1].unit_price.minor == 120);  // 150 with its chips
  REQUIRE(burrito.modifiers[1].modifiers.size() == 1);
  CHECK(burrito.modifiers[1].modifiers[0].id == "chips");
  CHECK(order.items[1].unit_price.minor == 350);
  CHECK(order.items[1].modifiers.empty());
}

TEST_CASE("totals are theirs, the promotion a discount, and the lines add up to the subtotal") {
  const core::CanonicalOrder order = fetched("uber_eats", order_text()).decoded.order;
  REQUIRE(order.totals);
  CHECK(order.totals->subtotal.minor == 2530);
  CHECK(order.totals->subtotal == *subtotal_of(order.items));
  CHECK(order.totals->tax.minor == 202);
  CHECK(order.totals->tip.minor == 300);
  CHECK(order.totals->discount.minor == 253);
  CHECK(order.totals->total.minor == 3078);
  CHECK(order_with("\"amount\": -253", "\"amount\": 253").totals->discount.minor == 253);
  CHECK_FALSE(order_with("\"charges\"", "\"x\"").totals);
  CHECK_FALSE(
      order_with("\"cash_amount_due\": {\"amount\": 0", "\"cash_amount_due\": {\"amount\": 3078").prepaid);
}

TEST_CASE("an item without an id goes by the POS's own, else by its title") {
  CHECK(order_with("\"id\": \"burrito\"", "\"id\": null").items[0].id == "plu-100");
  CHECK(order_with("\"id\": \"horchata\"", "\"id\": \"\"").items[1].id == "Horchata");
}

TEST_CASE("who brings it is said by four words, and an unknown one is a delivery") {
  const auto type = [](const std::string& word) {
    return order_with("\"DELIVERY_BY_UBER\"", "\"" + word + "\"").fulfilment;
  };
  CHECK(type("PICK_UP") == core::FulfilmentType::pickup);
  CHECK(type("DINE_IN") == core::FulfilmentType::dine_in);
  CHECK(type("DELIVERY_BY_RESTAURANT") == core::FulfilmentType::delivery);
  CHECK(type("BY_DRONE") == core::FulfilmentType::delivery);
}

TEST_CASE("how an order stands: cancelled, over, or wanted now by a courier who waits") {
  for (const char* state : {"CANCELED", "DENIED"}) {
    CAPTURE(state);
    const FetchedOrder order = fetched_with("\"CREATED\"", "\"" + std::string(state) + "\"");
    CHECK(order.cancelled);
    CHECK_FALSE(order.over);
    CHECK(order.cancelled_by == core::Actor::partner);
  }
  CHECK(fetched_with("\"CREATED\"", "\"FINISHED\"").over);
  CHECK_FALSE(fetched_with("\"CREATED\"", "\"FINISHED\"").cancelled);
  for (const char* state : {"ACCEPTED", "UNKNOWN", "BRAND_NEW"}) {
    CAPTURE(state);
    const FetchedOrder order = fetched_with("\"CREATED\"", "\"" + std::string(state) + "\"");
    CHECK_FALSE((order.cancelled || order.over || order.released));
  }
  const auto courier = [](const std::string& state) { return fetched_with("EN_ROUTE_TO_PICKUP", state); };
  CHECK(courier("ARRIVED_AT_PICKUP").released);
  CHECK(courier("EN_ROUTE_TO_DROPOFF").over);
  CHECK(courier("COMPLETED").over);
  CHECK_FALSE((courier("FAILED").released || courier("FAILED").over));
  const std::string at_the_door = replaced(order_text(), "EN_ROUTE_TO_PICKUP", "ARRIVED_AT_PICKUP");
  CHECK_FALSE(fetched("uber_eats", replaced(at_the_door, "\"CREATED\"", "\"CANCELED\"")).released);
}

TEST_CASE("of an order that is not to be cooked nothing but its name is owed") {
  const std::string empty = R"({"id":"u-1","current_state":"CANCELED","cart":{"items":[]}})";
  const FetchedOrder order = fetched("uber_eats", empty);
  CHECK(order.cancelled);
  CHECK(order.decoded.order.partner == "uber_eats");
  CHECK(order.decoded.order.partner_order_id == "u-1");
  CHECK(order.decoded.body.canonical.empty());
  test::must_refuse_fetched("uber_eats", {{replaced(empty, "CANCELED", "CREATED"), "/cart/items"},
                                          {replaced(empty, "\"u-1\"", "\"\""), "/id"}});
}

TEST_CASE("orders that cannot be read are refused with the place") {
  const std::string good = order_text();
  test::must_refuse_fetched(
      "uber_eats",
      {{"", ""},
       {"[]", ""},
       {"{}", "/id"},
       {R"({"id":"1"})", "/cart/items"},
       {replaced(good, "\"quantity\": 2", "\"quantity\": 0"), "/cart/items/0/quantity"},
       {replaced(good, "\"quantity\": 1,\n        \"price\"", "\"price\""), "/cart/items/1/quantity"},
       {replaced(good, "\"amount\": 900", "\"amount\": 9.5"), "/cart/items/0/price/base_unit_price/amount"},
       {replaced(good, "\"amount\": 150", "\"amount\": 150000000000"),
        "/cart/items/0/selected_modifier_groups/1/selected_items/0/price/unit_price/amount"},
       {replaced(good, "\"unit_price\": {\"amount\": 350, \"currency_code\": \"USD\"}", "\"x\": 1"),
        "/cart/items/1/price/unit_price"},
       {replaced(good, "\"amount\": 350, \"currency_code\": \"USD\"",
                 "\"amount\": 350, \"currency_code\": \"EUR\""),
        "/cart/items/1/price/unit_price/currency_code"},
       {replaced(good, "\"amount\": 3078", "\"amount\": -1"), "/payment/charges/total/amount"},
       {replaced(good, "No cilantro", std::string(9000, 'n')), "/cart/items/0/special_instructions"}});
}

TEST_CASE("a price without a base holds its modifiers, unless it cannot or the order does not add up so") {
  const std::string base =
      "\"base_unit_price\": {\"amount\": 900, \"currency_code\": \"USD\", \"formatted_amount\": \"$9.00\"}";
  CHECK(order_with(base, "\"x\": 1").items[0].unit_price.minor == 900);
  const core::CanonicalOrder less = fetched("uber_eats", replaced(replaced(order_text(), base, "\"x\": 1"),
                                                                  "\"amount\": 1090", "\"amount\": 180"))
                                        .decoded.order;
  CHECK(less.items[0].unit_price.minor == 180);
  const auto price = [](int unit_price, int sub_total) {
    return fetched(
               "uber_eats",
               R"({"id":"1","cart":{"items":[{"id":"a","quantity":1,"price":{"unit_price":{"amount":)" +
                   std::to_string(unit_price) +
                   R"(}},"selected_modifier_groups":[{"selected_items":[{"id":"m","price":{"unit_price":{"amount":50}}}]}]}]},)"
                   R"("payment":{"charges":{"sub_total":{"amount":)" +
                   std::to_string(sub_total) + R"(},"total":{"amount":999}}}})")
        .decoded.order.items[0]
        .unit_price.minor;
  };
  CHECK(price(350, 350) == 300);  // held
  CHECK(price(300, 350) == 300);  // beside it
  CHECK(price(350, 777) == 300);  // neither adds up: held, as they document it
}

TEST_CASE("what is said of a modifier of which there is none stays in the item's note") {
  const core::Item item =
      fetched("uber_eats",
              R"({"id":"1","cart":{"items":[{"id":"a","quantity":1,"price":{"unit_price":{"amount":100}},)"
              R"("selected_modifier_groups":[{"selected_items":[{"id":"m","title":"Sauce","quantity":0,)"
              R"("special_instructions":"no peanuts"}]}]}]}})")
          .decoded.order.items.at(0);
  CHECK(item.modifiers.empty());
  CHECK(item.note == "no peanuts");
}

TEST_CASE("amounts in minor units may be written 900.0, and nothing else with a point") {
  const auto with_amount = [](const std::string& amount) {
    return R"({"id":"1","cart":{"items":[{"id":"a","quantity":1,"price":{"unit_price":{"amount":)" + amount +
           "}}}]}}";
  };
  CHECK(fetched("uber_eats", with_amount("900.0")).decoded.order.items.at(0).unit_price.minor == 900);
  for (const char* bad : {"9.00", "11.00", "900.5"})  // eleven dollars, and not eleven cents
    test::must_refuse_fetched("uber_eats", {{with_amount(bad), "/cart/items/0/price/unit_price/amount"}});
}

TEST_CASE("modifiers nest ten levels and not eleven") {
  const auto order = [](int levels) {
    return R"({"id":"1","cart":{"items":[{"id":"a","quantity":1,"price":{"unit_price":{"amount":100}})" +
           test::nested(levels,
                        [](const std::string& inner) {
                          return R"(,"selected_modifier_groups":[{"selected_items":[{"id":"m")" + inner +
                                 "}]}]";
                        }) +
           "}]}}";
  };
  CHECK(fetched("uber_eats", order(10)).decoded.order.items[0].unit_price.minor == 100);
  CHECK(api_of("uber_eats").read_fetched(order(11), "uber_eats", {}).problem().detail ==
        "more than 10 levels of modifiers");
}

TEST_CASE("an order is asked for by its id, wherever it was announced to be") {
  const PartnerApi& api = api_of("uber_eats");
  CHECK(api.sign_in() == ApiSignIn::client_credentials);
  CHECK(api.default_url() == "https://api.uber.com");
  CHECK(api.default_token_url() == "https://auth.uber.com/oauth/v2/token");
  CHECK(api.default_scope() == "eats.order eats.store.orders.read");
  CHECK(api.fetches());
  const HttpRequest request = api.fetch({}, {"a/b 1", "/v1/delivery/order/a"});
  CHECK(request.method == "GET");
  CHECK(request.target == "/v2/eats/order/a%2Fb%201");
  CHECK(request.body.empty());
}

TEST_CASE("orders that nobody has decided on are announced again, and a bad one hinders none") {
  const PartnerApi& api = api_of("uber_eats");
  CHECK(api.pulls());
  CHECK(api.pull_interval_s() == 300);
  CHECK(api.needs().store_id);
  CHECK_FALSE(api.needs().merchant_id);
  CHECK(api.pull({.store_id = "st/1", .merchant_id = ""}, "").target ==
        "/v1/eats/stores/st%2F1/created-orders");
  const auto page = api.read_pulled(fixture("uber_eats/created_orders.json"), "uber-north", {});
  REQUIRE(page.ok());
  REQUIRE(page->webhooks.size() == 2);
  const auto& first = std::get<OrderAnnounced>(page->webhooks[0]);
  CHECK(first.partner == "uber-north");
  CHECK(first.partner_order_id == order_id);
  CHECK(first.is_new);
  CHECK(std::get<OrderAnnounced>(page->webhooks[1]).partner_order_id.starts_with("8c2e7d1b"));
  CHECK(page->unreadable.size() == 1);
  CHECK(page->then.empty());
  CHECK(page->next.empty());
  CHECK(api.read_pulled(R"({"orders":[]})", "uber_eats", {})->webhooks.empty());
  for (const char* bad : {"", "{}", "[]", R"({"orders":{}})"})
    CHECK_FALSE(api.read_pulled(bad, "uber_eats", {}).ok());
  const auto odd = api.read_pulled(R"({"orders":[{"id":7},{"id":"a\u0001"},7,{"id":"2"}]})", "uber_eats", {});
  CHECK(odd->webhooks.size() == 1);
  CHECK(odd->unreadable.size() == 3);
}

TEST_CASE("acceptance, denial and cancel are told as they document them") {
  using enum core::Notice;
  const PartnerApi& api = api_of("uber_eats");
  CHECK(api.notices() == core::Notices{accepted, rejected, cancelled});
  const HttpRequest yes = api.tell({}, news(accepted));
  CHECK(yes.method == "POST");
  CHECK(yes.target == "/v1/eats/orders/a%2Fb%201/accept_pos_order");
  CHECK(yes.body == R"({"reason":"accepted","external_reference_id":"K\"7Q","pickup_time":1795435920})");
  CHECK(yes.headers.at(0) == std::pair<std::string, std::string>("Content-Type", "application/json"));
  core::TellPartner unknown_time = news(accepted);
  unknown_time.ready_at_wall_ms.reset();
  CHECK(api.tell({}, unknown_time).body == R"({"reason":"accepted","external_reference_id":"K\"7Q"})");
  const HttpRequest no = api.tell({}, news(rejected, core::Reason::item_unavailable));
  CHECK(no.target == "/v1/eats/orders/a%2Fb%201/deny_pos_order");
  CHECK(
      no.body ==
      R"({"reason":{"explanation":"item_unavailable","code":"ITEM_AVAILABILITY","out_of_stock_items":["taco-01","cola"],"invalid_items":["old\"pie"]}})");
  core::TellPartner closed = news(rejected, core::Reason::store_closed);
  closed.refusals.clear();
  CHECK(api.tell({}, closed).body == R"({"reason":{"explanation":"store_closed","code":"STORE_CLOSED"}})");
  const HttpRequest off = api.tell({}, news(cancelled, core::Reason::too_busy));
  CHECK(off.target == "/v1/eats/orders/a%2Fb%201/cancel");
  CHECK(off.body == R"({"reason":"RESTAURANT_TOO_BUSY","details":"too_busy","cancelling_party":"MERCHANT"})");
  CHECK(api.told(accepted, 204, "") == core::TellOutcome::told);
  CHECK(api.told(accepted, 409, "") == core::TellOutcome::decided);
  CHECK(api.told(cancelled, 404, "") == core::TellOutcome::gone);
  CHECK(api.told(accepted, 403, "") == core::TellOutcome::failed);
}

TEST_CASE("answers are an empty 200; whatever else they hear, they send it again") {
  using core::AnswerKind;
  const PartnerCase uber("uber_eats");
  CHECK(uber.status(WebhookKind::order, AnswerKind::created) == 200);
  CHECK(uber.status(WebhookKind::order, AnswerKind::replayed) == 200);
  CHECK(uber.status(WebhookKind::order, AnswerKind::too_many) == 429);
  CHECK(uber.status(WebhookKind::order, AnswerKind::not_stored) == 503);
  for (const WebhookKind kind : {WebhookKind::cancel, WebhookKind::release}) {
    CHECK(uber.status(kind, AnswerKind::not_found) == 200);
    CHECK(uber.status(kind, AnswerKind::conflict) == 200);
  }
  core::Answer answer;
  answer.kind = AnswerKind::created;
  answer.order = core::ShortAnswer{};
  CHECK(uber.codec().answer(WebhookKind::order, answer).body.empty());
  CHECK(uber.codec().answer(WebhookKind::release, answer).body.empty());
  CHECK(decision_deadline_s("uber_eats") == 690);
}

TEST_CASE("every canonical reason has a code for a rejection and one for a cancel") {
  using enum core::Reason;
  test::must_have_codes(*partner_codec("uber_eats"), {{item_unavailable, "ITEM_AVAILABILITY", "OUT_OF_ITEMS"},
                                                      {item_unknown, "MISSING_ITEM", "OUT_OF_ITEMS"},
                                                      {store_closed, "STORE_CLOSED", "KITCHEN_CLOSED"},
                                                      {pos_offline, "POS_OFFLINE", "OTHER"},
                                                      {too_busy, "CAPACITY", "RESTAURANT_TOO_BUSY"},
                                                      {price_mismatch, "PRICING", "OTHER"},
                                                      {invalid_order, "MISSING_INFO", "OTHER"},
                                                      {timed_out, "OTHER", "OTHER"},
                                                      {other, "OTHER", "OTHER"}});
}

TEST_CASE("twenty thousand damaged Uber Eats webhooks and orders give a problem or something whole") {
  const test::Tally webhooks = test::mutate_webhook("uber_eats", fixture("uber_eats/notification.json"), 51);
  CHECK(webhooks.refused > 5000);
  CHECK(webhooks.understood > 500);
  const test::Tally orders = test::mutate_fetched("uber_eats", order_text(), 52);
  CHECK(orders.refused > 5000);
  CHECK(orders.understood > 500);
}

}  // namespace
}  // namespace storegate::codec
