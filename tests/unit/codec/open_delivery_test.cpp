// Open Delivery: authentication, events by webhook and polling, the order behind them, what is told, answers and codes.
#include "codec/partners/open_delivery.hpp"

#include <doctest/doctest.h>

#include "builders.hpp"
#include "codec/json.hpp"
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
constexpr const char* order_id = "3c9e1f57-8a2d-4b6c-b1d0-7f8e9a0b1c23";

std::string order_text() { return fixture("open_delivery/order.json"); }

FetchedOrder fetched_with(std::string_view what, std::string_view with) {
  return fetched("open_delivery", replaced(order_text(), what, with));
}

core::CanonicalOrder order_with(std::string_view what, std::string_view with) {
  return fetched_with(what, with).decoded.order;
}

TEST_CASE("an HMAC over the body in hex lets in") {
  test::must_authenticate("open_delivery", "X-App-Signature", test::hmac_hex,
                          {{"X-App-Id", "app"}, {"X-App-MerchantId", "m"}});
  const std::string body = fixture("open_delivery/created.json");
  CHECK_FALSE(PartnerCase("open_delivery").with("X-App-Id", "old-secret").lets_in(body));
}

TEST_CASE("a created order is announced, and where it is") {
  const auto announced =
      PartnerCase("open_delivery", "cardapio").said<OrderAnnounced>(fixture("open_delivery/created.json"));
  CHECK(announced.partner == "cardapio");
  CHECK(announced.partner_order_id == order_id);
  CHECK(announced.href == "https://od.example.com/v1/orders/" + std::string(order_id));
  CHECK(announced.is_new);
}

TEST_CASE("a cancel names the order, why, and the customer who asked for it") {
  const PartnerCase partner("open_delivery");
  const std::string cancelled = fixture("open_delivery/cancelled.json");
  test::must_cancel(partner, cancelled, order_id, "other", core::Actor::customer);
  const std::pair<const char*, const char*> rows[] = {
      {"UNAVAILABLE_ITEM", "item_unavailable"},   {"OUTDATED_MENU", "item_unknown"},
      {"OUTSIDE_DELIVERY_HOURS", "store_closed"}, {"INTERNAL_DIFFICULTIES_OF_THE_RESTAURANT", "too_busy"},
      {"SYSTEMIC_ISSUES", "pos_offline"},         {"DUPLICATE_APPLICATION", "invalid_order"},
      {"OTHER_CANCELLATION_REASON", "other"},     {"RISK_AREA", "changed their mind"}};
  for (const auto& [theirs, ours] : rows)
    test::must_cancel(partner, replaced(cancelled, "CONSUMER_CANCELLATION_REQUESTED", theirs), order_id,
                      ours);
  test::must_cancel(
      partner,
      replaced(cancelled, R"("reason": "changed their mind", "code": "CONSUMER_CANCELLATION_REQUESTED")",
               R"("code": "RISK_AREA")"),
      order_id, "RISK_AREA");
  test::must_cancel(partner, replaced(cancelled, "\"metadata\"", "\"x\""), order_id, "");
  for (const char* wish : {"ORDER_CANCELLATION_REQUEST", "ORDER_CANCELLATION_REQUESTED"})
    test::must_cancel(partner, replaced(cancelled, "\"CANCELLED\"", "\"" + std::string(wish) + "\""),
                      order_id, "other", core::Actor::customer);
}

TEST_CASE("what the store has told itself, and what becomes of the food, is nothing") {
  const PartnerCase partner("open_delivery");
  for (const char* event :
       {"CONFIRMED", "DISPATCHED", "READY_FOR_PICKUP", "PICKUP_AREA_ASSIGNED", "DELIVERED", "CONCLUDED",
        "CANCELLATION_REQUESTED", "CANCELLED_DENIED", "BRAND_NEW"}) {
    const std::string text = replaced(fixture("open_delivery/created.json"), "CREATED", event);
    test::must_be_nothing(partner, {text});
    CHECK(partner.read(text, WebhookKind::order).ok());
  }
}

TEST_CASE("a cancel of ours that they deny calls a person, and nobody keys anything in") {
  const std::string denied =
      replaced(fixture("open_delivery/created.json"), "CREATED", "CANCELLATION_REQUEST_DENIED");
  const auto called = PartnerCase("open_delivery").said<PersonCalled>(denied);
  CHECK(test::named(called.orders.at(0)).second == order_id);
  CHECK(called.untold == core::Notice::cancelled);
}

TEST_CASE("a kind that the URL fixes takes no other shape") {
  test::must_keep_kinds(PartnerCase("open_delivery"),
                        {{fixture("open_delivery/created.json"), WebhookKind::order},
                         {fixture("open_delivery/cancelled.json"), WebhookKind::cancel}});
}

TEST_CASE("bad webhooks are refused with the place") {
  test::must_refuse(PartnerCase("open_delivery"),
                    {{"{}", "/eventType"},
                     {R"({"eventType":"CREATED"})", "/orderId"},
                     {R"({"eventType":"CANCELLED","orderId":null})", "/orderId"}});
}

TEST_CASE("an order is read field by field") {
  test::must_be_good("open_delivery", order_text());
  const FetchedOrder whole = fetched("open_delivery", order_text());
  CHECK_FALSE((whole.released || whole.cancelled || whole.over));
  const core::CanonicalOrder& order = whole.decoded.order;
  CHECK(order.partner == "open_delivery");
  CHECK(order.partner_order_id == order_id);
  CHECK(order.placed_at_wall_ms == noon_ms);
  CHECK_FALSE(order.promised_at_wall_ms);  // the estimate is of the customer's door
  CHECK(order.release == core::ReleaseWish{});
  CHECK(order.fulfilment == core::FulfilmentType::delivery);
  CHECK(order.customer.name == "Lia canary-of-a-customer");
  CHECK(order.customer.phone == "0800 canary-of-a-customer code 77");
  CHECK(order.customer.note == "Talheres, canary-of-a-customer");
  CHECK(order.currency == "BRL");
  CHECK(order.prepaid);
}

TEST_CASE("decimals become minor units of the order's currency, digit by digit") {
  const core::CanonicalOrder order = fetched("open_delivery", order_text()).decoded.order;
  REQUIRE(order.items.size() == 2);
  const core::Item& pizza = order.items[0];
  CHECK(pizza.id == "pizza-calabresa");
  CHECK(pizza.name == "Calabresa");
  CHECK(pizza.quantity == 2);
  CHECK(pizza.unit_price.minor == 4990);
  CHECK(pizza.note == "Sem cebola, canary-of-a-customer\nBorda: fina");
  REQUIRE(pizza.modifiers.size() == 2);
  CHECK(pizza.modifiers[0].id == "borda");
  CHECK(pizza.modifiers[0].unit_price.minor == 650);
  CHECK(pizza.modifiers[1].id == "azeitona");  // without a code of the POS it goes by its id
  CHECK(pizza.modifiers[1].quantity == 2);
  CHECK(pizza.modifiers[1].unit_price.minor == 100);
  REQUIRE(order.totals);
  CHECK(order.totals->subtotal.minor == 12380);
  CHECK(order.totals->subtotal == *subtotal_of(order.items));
  CHECK(order.totals->discount.minor == 1238);
  CHECK(order.totals->tip.minor == 300);  // the merchant's
  CHECK(order.totals->total.minor == 12241);
  std::string yen = order_text();
  for (auto at = yen.find("BRL"); at != std::string::npos; at = yen.find("BRL")) yen.replace(at, 3, "JPY");
  CHECK(fetched("open_delivery", yen).decoded.order.items[0].unit_price.minor == 50);
}

TEST_CASE("paid is an order of which nothing is pending") {
  CHECK_FALSE(order_with("\"pending\": 0", "\"pending\": 0.01").prepaid);
  CHECK(order_with("\"pending\": 0,", "").prepaid);
  CHECK_FALSE(
      fetched("open_delivery", replaced(replaced(order_text(), "\"pending\": 0,", ""), "PREPAID", "PENDING"))
          .decoded.order.prepaid);
}

TEST_CASE("an order that is to be begun later waits for its time") {
  const FetchedOrder later = fetched_with("\"preparationStartDateTime\": \"2026-11-23T12:00:00Z\"",
                                          "\"preparationStartDateTime\": \"2026-11-23T12:10:00Z\"");
  CHECK(later.decoded.order.release.mode == core::ReleaseMode::at_time);
  CHECK(later.decoded.order.release.at_wall_ms == noon_ms + 10 * minute_ms);
  const core::CanonicalOrder scheduled = order_with(
      "\"INSTANT\"", R"("SCHEDULED", "schedule": {"scheduledDateTimeStart": "2026-11-23T14:00:00Z"})");
  CHECK(scheduled.release.mode == core::ReleaseMode::at_time);
  CHECK_FALSE(scheduled.release.at_wall_ms);
  CHECK(scheduled.promised_at_wall_ms == noon_ms + 120 * minute_ms);
}

TEST_CASE("a scheduled order whose time cannot be read is refused there, one for now is not") {
  const auto with_start = [](const std::string& timing, const std::string& start) {
    return replaced(order_text(), "\"INSTANT\"",
                    "\"" + timing + R"(", "schedule": {"scheduledDateTimeStart": )" + start + "}");
  };
  test::must_refuse_fetched("open_delivery",
                            {{with_start("SCHEDULED", "\"at two\""), "/schedule/scheduledDateTimeStart"}});
  CHECK_FALSE(fetched("open_delivery", with_start("INSTANT", "\"at two\"")).decoded.order.release.mode);
  CHECK(fetched("open_delivery", with_start("SCHEDULED", "\"2026-11-23 11:00:00 -0300\""))
            .decoded.order.promised_at_wall_ms == noon_ms + 120 * minute_ms);
}

TEST_CASE("a time that is the order's own creation promises nothing") {
  CHECK_FALSE(order_with("2026-11-23T12:45:00Z", "2026-11-23T12:00:00Z").promised_at_wall_ms);
  CHECK(order_with("\"type\": \"DELIVERY\"",
                   R"("type": "TAKEOUT", "takeout": {"takeoutDateTime": "2026-11-23T12:15:00Z"})")
            .promised_at_wall_ms == noon_ms + 15 * minute_ms);
}

TEST_CASE("three types of order, and a table or tab in the customer's note") {
  const auto type = [](const std::string& word) {
    return order_with("\"type\": \"DELIVERY\"", "\"type\": \"" + word + "\"").fulfilment;
  };
  CHECK(type("TAKEOUT") == core::FulfilmentType::pickup);
  CHECK(type("BY_DRONE") == core::FulfilmentType::delivery);
  const core::CanonicalOrder indoor =
      order_with("\"type\": \"DELIVERY\"", R"("type": "INDOOR", "indoor": {"place": "12", "tab": "C-7"})");
  CHECK(indoor.fulfilment == core::FulfilmentType::dine_in);
  CHECK(indoor.customer.note.ends_with("\nTable 12\nTab C-7"));
}

TEST_CASE("how an order stands is its last event") {
  const auto last = [](const std::string& event) {
    return fetched_with("\"lastEvent\": \"CREATED\"", "\"lastEvent\": \"" + event + "\"");
  };
  for (const char* event : {"CANCELLED", "ORDER_CANCELLATION_REQUEST"}) CHECK(last(event).cancelled);
  for (const char* event : {"READY_FOR_PICKUP", "DISPATCHED", "DELIVERED", "CONCLUDED"}) {
    CHECK(last(event).over);
    CHECK_FALSE(last(event).cancelled);
  }
  for (const char* event : {"CONFIRMED", "CANCELLATION_REQUEST_DENIED", "CANCELLED_DENIED", "BRAND_NEW"})
    CHECK_FALSE((last(event).over || last(event).cancelled || last(event).released));
}

TEST_CASE("orders that cannot be read are refused with the place") {
  const std::string good = order_text();
  test::must_refuse_fetched(
      "open_delivery",
      {{"", ""},
       {"{}", "/id"},
       {R"({"id":"1"})", "/items"},
       {replaced(good, "\"quantity\": 2.0", "\"quantity\": 0.5"), "/items/0/quantity"},
       {replaced(good, "49.9", "\"x\""), "/items/0/unitPrice/value"},
       {replaced(good, "\"value\": 7, \"currency\": \"BRL\"", "\"value\": 7, \"currency\": \"USD\""),
        "/items/1/unitPrice/currency"},
       {replaced(good, "\"unitPrice\": {\"value\": 7", "\"x\": {\"value\": 7"), "/items/1/unitPrice"},
       {replaced(good, "\"pending\": 0", "\"pending\": -1"), "/payments/pending"}});
}

TEST_CASE("what is said of an option of which there is none stays in the item's note") {
  const core::Item item =
      fetched("open_delivery", R"({"id":"1","items":[{"id":"a","quantity":1,"unitPrice":{"value":1},)"
                               R"("options":[{"id":"o","name":"Peanuts","quantity":0,)"
                               R"("specialInstructions":"none, allergy"}]}]})")
          .decoded.order.items.at(0);
  CHECK(item.modifiers.empty());
  CHECK(item.note == "Peanuts: none, allergy");
}

TEST_CASE("a CNPJ alone stands for all of its stores, and a whole id for one") {
  const std::string order = order_text();  // of 12345678000199-0c1d
  const auto is_other = [&](std::string_view ours) {
    const auto read = api_of("open_delivery").read_fetched(order, "open_delivery", {"", ours});
    REQUIRE(read.ok());
    return read->other_store;
  };
  CHECK_FALSE(is_other("12345678000199"));
  CHECK_FALSE(is_other("12345678000199-0C1D"));
  CHECK_FALSE(is_other(""));
  for (const char* other : {"1234567800019", "12345678000199-", "12345678000199-0", "12345678000198",
                            "12345678000199-0c1d-1", "12345678000199-0c1e"})
    CHECK(is_other(other));
}

TEST_CASE("options nest ten levels and not eleven") {
  const auto order = [](int levels) {
    return R"({"id":"1","items":[{"id":"a","quantity":1,"unitPrice":{"value":1})" +
           test::nested(levels,
                        [](const std::string& inner) { return R"(,"options":[{"id":"m")" + inner + "}]"; }) +
           "}]}";
  };
  CHECK(fetched("open_delivery", order(10)).decoded.order.items.size() == 1);
  CHECK(api_of("open_delivery").read_fetched(order(11), "open_delivery", {}).problem().detail ==
        "more than 10 levels of modifiers");
}

TEST_CASE("an order is asked for where it was announced to be, or by its id") {
  const PartnerApi& api = api_of("open_delivery");
  CHECK(api.sign_in() == ApiSignIn::client_credentials);
  CHECK(api.default_url().empty());
  CHECK(api.default_token_url().empty());
  CHECK(api.default_scope().empty());
  CHECK(api.fetch({}, {"a/b 1", ""}).target == "/v1/orders/a%2Fb%201");
  CHECK(api.fetch({}, {"a/b 1", "/hub/v1/orders/7"}).target == "/hub/v1/orders/7");
}

TEST_CASE("events are polled, read as webhooks are, and acknowledged with those that ask for nothing") {
  const PartnerApi& api = api_of("open_delivery");
  CHECK(api.pulls());
  CHECK(api.pull_interval_s() == 30);
  CHECK(api.pull({}, "").target == "/v1/events:polling");
  CHECK(api.pull({}, "").headers.empty());
  const HttpRequest of_one = api.pull({.store_id = "", .merchant_id = "m-1"}, "");
  CHECK(of_one.headers.at(0) == std::pair<std::string, std::string>("x-polling-merchants", "m-1"));
  const auto page = api.read_pulled(fixture("open_delivery/polled.json"), "cardapio", {});
  REQUIRE(page.ok());
  REQUIRE(page->webhooks.size() == 2);
  const auto& created = std::get<OrderAnnounced>(page->webhooks[0]);
  CHECK(created.partner == "cardapio");
  CHECK(created.partner_order_id == "od-1");
  CHECK(created.href == "https://od.example.com/v1/orders/od-1");
  const auto& cancel = std::get<CancelReceived>(page->webhooks[1]);
  CHECK(test::named(cancel.orders.at(0)) == std::pair<std::string, std::string>("cardapio", "od-0"));
  CHECK(cancel.text == "out of area");
  CHECK(page->unreadable.size() == 1);
  CHECK(page->next.empty());
  REQUIRE(page->then.size() == 1);
  CHECK(page->then[0].method == "POST");
  CHECK(page->then[0].target == "/v1/events/acknowledgment");
  CHECK(
      page->then[0].body ==
      R"([{"id":"ev-1","orderId":"od-1","eventType":"CREATED"},{"id":"ev-2","orderId":"od-0","eventType":"CONFIRMED"},{"id":"ev-4","orderId":"od-0","eventType":"ORDER_CANCELLATION_REQUEST"}])");
}

TEST_CASE("nothing new is an empty answer or list, and asks for no acknowledgement") {
  const PartnerApi& api = api_of("open_delivery");
  for (const char* nothing : {"", "[]"}) {
    const auto page = api.read_pulled(nothing, "open_delivery", {});
    REQUIRE(page.ok());
    CHECK(page->webhooks.empty());
    CHECK(page->then.empty());
  }
  for (const char* bad : {"{}", "[", "7"}) CHECK_FALSE(api.read_pulled(bad, "open_delivery", {}).ok());
}

TEST_CASE("a hundred events are acknowledged at once, and every one of them once") {
  std::string events;
  for (int at = 0; at < 250; ++at)
    events.append(at == 0 ? "[" : ",")
        .append(R"({"eventId":"e)" + std::to_string(at) + R"(","orderId":"o","eventType":"CONFIRMED"})");
  const auto page = api_of("open_delivery").read_pulled(events + "]", "open_delivery", {});
  REQUIRE(page.ok());
  REQUIRE(page->then.size() == 3);
  std::size_t sum = 0;
  for (const HttpRequest& request : page->then) {
    const auto document = json::Document::parse(request.body);
    REQUIRE(document.ok());
    CHECK(document->root().count <= 100);
    sum += document->root().count;
  }
  CHECK(sum == 250);
}

TEST_CASE("confirmation, readiness and both sides of a cancel are told as the standard has them") {
  using enum core::Notice;
  const PartnerApi& api = api_of("open_delivery");
  CHECK(api.notices() == core::Notices{accepted, rejected, ready, cancelled, cancel_agreed, cancel_refused});
  const std::string order = "/v1/orders/a%2Fb%201";
  const HttpRequest yes = api.tell({}, news(accepted));
  CHECK(yes.method == "POST");
  CHECK(yes.target == order + "/confirm");
  CHECK(yes.body ==
        R"({"createdAt":"2026-11-23T12:00:00.000Z","orderExternalCode":"K\"7Q","preparationTime":13})");
  core::TellPartner unknown_time = news(accepted);
  unknown_time.ready_at_wall_ms.reset();
  CHECK(api.tell({}, unknown_time).body ==
        R"({"createdAt":"2026-11-23T12:00:00.000Z","orderExternalCode":"K\"7Q"})");
  for (const core::Notice notice : {rejected, cancelled}) {
    const HttpRequest no = api.tell({}, news(notice, core::Reason::item_unavailable));
    CHECK(no.target == order + "/requestCancellation");
    CHECK(no.body == R"({"reason":"item_unavailable","code":"UNAVAILABLE_ITEM","mode":"AUTO"})");
  }
  CHECK(api.tell({}, news(ready)).target == order + "/readyForPickup");
  CHECK(api.tell({}, news(ready)).body.empty());
  CHECK(api.tell({}, news(ready)).headers.empty());
  CHECK(api.tell({}, news(cancel_agreed)).target == order + "/acceptCancellation");
  const HttpRequest too_late = api.tell({}, news(cancel_refused, core::Reason::too_late));
  CHECK(too_late.target == order + "/denyCancellation");
  CHECK(too_late.body == R"({"reason":"the food is being made","code":"DISH_ALREADY_DONE"})");
  CHECK(api.told(accepted, 202, "") == core::TellOutcome::told);
  CHECK(api.told(accepted, 422, "") == core::TellOutcome::decided);
}

TEST_CASE("agreeing to a cancel that was no question, but a fact, leaves nothing untold") {
  using enum core::Notice;
  const PartnerApi& api = api_of("open_delivery");
  for (const int status : {202, 404, 409, 410, 422})
    CHECK(api.told(cancel_agreed, status, "") == core::TellOutcome::told);
  for (const int status : {0, 401, 500, 503})
    CHECK(api.told(cancel_agreed, status, "") == core::TellOutcome::failed);
  CHECK(api.told(cancel_agreed, 429, "") == core::TellOutcome::not_now);
  // That the food is being made, and the application has cancelled, is for a person.
  CHECK(api.told(cancel_refused, 422, "") == core::TellOutcome::decided);
  CHECK(api.told(ready, 404, "") == core::TellOutcome::gone);
}

TEST_CASE("answers are a 200 without a body, and 503 where they are to come again") {
  using core::AnswerKind;
  const PartnerCase partner("open_delivery");
  CHECK(partner.status(WebhookKind::order, AnswerKind::created) == 200);
  CHECK(partner.status(WebhookKind::order, AnswerKind::too_many) == 503);
  CHECK(partner.status(WebhookKind::cancel, AnswerKind::not_found) == 200);
  core::Answer answer;
  answer.kind = AnswerKind::created;
  answer.order = core::ShortAnswer{};
  CHECK(partner.codec().answer(WebhookKind::order, answer).body.empty());
  CHECK(decision_deadline_s("open_delivery") == 0);
}

TEST_CASE("every canonical reason is one of their codes") {
  using enum core::Reason;
  constexpr const char* difficulties = "INTERNAL_DIFFICULTIES_OF_THE_RESTAURANT";
  test::must_have_codes(*partner_codec("open_delivery"),
                        {{item_unavailable, "UNAVAILABLE_ITEM", "UNAVAILABLE_ITEM"},
                         {item_unknown, "OUTDATED_MENU", "OUTDATED_MENU"},
                         {store_closed, "OUTSIDE_DELIVERY_HOURS", "OUTSIDE_DELIVERY_HOURS"},
                         {pos_offline, "SYSTEMIC_ISSUES", "SYSTEMIC_ISSUES"},
                         {too_busy, difficulties, difficulties},
                         {price_mismatch, "OUTDATED_MENU", "OUTDATED_MENU"},
                         {invalid_order, "SYSTEMIC_ISSUES", "SYSTEMIC_ISSUES"},
                         {timed_out, "SYSTEMIC_ISSUES", "SYSTEMIC_ISSUES"},
                         {other, difficulties, difficulties}});
}

TEST_CASE("twenty thousand damaged Open Delivery webhooks and orders give a problem or something whole") {
  const test::Tally webhooks =
      test::mutate_webhook("open_delivery", fixture("open_delivery/created.json"), 71);
  CHECK(webhooks.refused > 5000);
  CHECK(webhooks.understood > 500);
  const test::Tally orders = test::mutate_fetched("open_delivery", order_text(), 72);
  CHECK(orders.refused > 5000);
  CHECK(orders.understood > 500);
}

}  // namespace
}  // namespace storegate::codec
