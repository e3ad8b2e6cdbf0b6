// RBI: authentication, thin webhooks and the fire call, the order behind them, answers and codes.
#include "codec/partners/rbi.hpp"

#include <doctest/doctest.h>

#include "builders.hpp"
#include "fetched_case.hpp"

namespace storegate::codec {
namespace {

using test::api_of;
using test::fetched;
using test::fixture;
using test::PartnerCase;
using test::replaced;

constexpr std::int64_t noon_ms = 1'795'435'200'000;  // 2026-11-23T12:00:00Z
constexpr std::int64_t second_ms = 1000;

std::string order_text() { return fixture("rbi/order.json"); }

FetchedOrder fetched_with(std::string_view what, std::string_view with) {
  return fetched("rbi", replaced(order_text(), what, with));
}

core::CanonicalOrder order_with(std::string_view what, std::string_view with) {
  return fetched_with(what, with).decoded.order;
}

TEST_CASE("an HMAC over the body in hex lets in") {
  test::must_authenticate("rbi", "x-signature", test::hmac_hex);
  const std::string body = fixture("rbi/order_updated.json");
  CHECK_FALSE(PartnerCase("rbi").with("x-signature", test::hmac_base64("old-secret", body)).lets_in(body));
}

TEST_CASE("every event of an order announces it, with the address at which to read it") {
  const PartnerCase rbi("rbi");
  const auto news = rbi.said<OrderAnnounced>(fixture("rbi/order_updated.json"));
  CHECK(news.partner == "rbi");
  CHECK(news.partner_order_id == "ord-7Q4");
  CHECK(news.href == "https://bk-partners.rbictg.com/api/v1/orders/channel/ord-7Q4");
  CHECK_FALSE(news.is_new);
  CHECK(rbi.said<OrderAnnounced>(
               replaced(fixture("rbi/order_updated.json"), "ORDER_UPDATED", "ORDER_BRAND_NEW"))
            .partner_order_id == "ord-7Q4");
  CHECK(PartnerCase("rbi", "bk-7").said<OrderAnnounced>(fixture("rbi/order_updated.json")).partner == "bk-7");
}

TEST_CASE("news of menus and stores are nothing, under any URL") {
  const PartnerCase rbi("rbi");
  const std::string menu = fixture("rbi/menu_updated.json");
  test::must_be_nothing(rbi, {menu, replaced(menu, "MENU_UPDATED", "STORE_UPDATED"), R"({"eventType":"X"})"});
  for (const WebhookKind kind : {WebhookKind::order, WebhookKind::cancel, WebhookKind::release})
    CHECK(rbi.read(menu, kind).ok());
}

TEST_CASE("under the release's URL whatever names an order is their fire call") {
  const PartnerCase rbi("rbi");
  test::must_release(rbi, R"({"id":"ord-7Q4"})", "ord-7Q4", WebhookKind::release);
  test::must_release(rbi, fixture("rbi/order_updated.json"), "ord-7Q4", WebhookKind::release);
  const auto cancel = rbi.read(fixture("rbi/order_updated.json"), WebhookKind::cancel);
  REQUIRE_FALSE(cancel.ok());
  CHECK(cancel.problem().kind == ProblemKind::wrong_kind);
}

TEST_CASE("bad webhooks are refused with the place") {
  test::must_refuse(PartnerCase("rbi"), {{"{}", "/eventType"},
                                         {"7", ""},
                                         {R"({"id":"ord-7Q4"})", "/eventType"},
                                         {R"({"eventType":"ORDER_UPDATED"})", "/id"},
                                         {R"({"eventType":"ORDER_UPDATED","id":7})", "/id"}});
}

TEST_CASE("an order is read field by field, in its envelope or without") {
  test::must_be_good("rbi", order_text());
  const FetchedOrder whole = fetched("rbi", order_text());
  CHECK_FALSE((whole.released || whole.cancelled || whole.over));
  const core::CanonicalOrder& order = whole.decoded.order;
  CHECK(order.partner == "rbi");
  CHECK(order.partner_order_id == "ord-7Q4");
  CHECK(order.placed_at_wall_ms == noon_ms);
  CHECK(order.promised_at_wall_ms == noon_ms + 901 * second_ms);  // from its last change, a second later
  CHECK(order.fulfilment == core::FulfilmentType::delivery);
  CHECK(order.customer.name == "Ann canary-of-a-customer");
  CHECK(order.customer.phone == "+1555canary-of-a-customer");
  CHECK(order.customer.note == "Ring twice, canary-of-a-customer");
  CHECK(order.currency == "USD");
  CHECK(order.prepaid);
  CHECK_FALSE(order.test);
  const std::string bare =
      R"({"id":"r-1","status":"COMMITTED","cart":{"menuSelections":[{"id":"a","quantity":1,"price":{"amount":100}}]}})";
  CHECK(fetched("rbi", bare).decoded.order.partner_order_id == "r-1");
}

TEST_CASE("selections nest, and what was taken out of one stands in its item's note") {
  const core::CanonicalOrder order = fetched("rbi", order_text()).decoded.order;
  REQUIRE(order.items.size() == 2);
  const core::Item& meal = order.items[0];
  CHECK(meal.id == "item_whopper_meal");
  CHECK(meal.quantity == 2);
  CHECK(meal.unit_price.minor == 899);
  CHECK(meal.note == "without: item_pickles");
  REQUIRE(meal.modifiers.size() == 2);
  CHECK(meal.modifiers[0].id == "item_whopper");
  REQUIRE(meal.modifiers[0].modifiers.size() == 1);
  CHECK(meal.modifiers[0].modifiers[0].id == "item_bacon");
  CHECK(meal.modifiers[0].modifiers[0].quantity == 2);
  CHECK(meal.modifiers[0].modifiers[0].unit_price.minor == 75);
  CHECK(meal.modifiers[1].unit_price.minor == -50);
  CHECK(order.items[1].id == "item_cola");
  const core::CanonicalOrder less =
      order_with("\"id\": \"item_cola\", \"quantity\": 1", "\"id\": \"x\", \"quantity\": 0");
  CHECK(less.items.size() == 1);
  CHECK(order_with("\"id\": \"item_whopper_meal\"", "\"id\": \"\"").items[0].id == "item_900");
}

TEST_CASE("totals are theirs: every discount counts, and fees stand in the total alone") {
  const core::CanonicalOrder order = fetched("rbi", order_text()).decoded.order;
  REQUIRE(order.totals);
  CHECK(order.totals->subtotal.minor == 2227);
  CHECK(order.totals->subtotal == *subtotal_of(order.items));
  CHECK(order.totals->tax.minor == 178);
  CHECK(order.totals->discount.minor == 300);
  CHECK(order.totals->total.minor == 2115);
  CHECK_FALSE(order_with("\"charges\"", "\"x\"").totals);
  for (const char* method : {"CASH", "UNPAID"}) CHECK_FALSE(order_with("CREDIT_CARD", method).prepaid);
}

TEST_CASE(
    "the lead time is when to cook: null holds, 0 is at once, and seconds count from when it was bought") {
  const auto lead = [](const char* seconds) {
    return fetched_with("\"fireOrderInSeconds\": null", "\"fireOrderInSeconds\": " + std::string(seconds));
  };
  const FetchedOrder held = fetched("rbi", order_text());
  CHECK(held.decoded.order.release.mode == core::ReleaseMode::on_event);
  CHECK_FALSE(held.released);
  const FetchedOrder now = lead("0");
  CHECK(now.decoded.order.release.mode == core::ReleaseMode::immediate);
  CHECK(now.released);  // of an order that was held, it is the news that it is fired
  const FetchedOrder later = lead("600");
  CHECK(later.decoded.order.release.mode == core::ReleaseMode::at_time);
  CHECK(later.decoded.order.release.at_wall_ms == noon_ms + 601 * second_ms);
  // Priced at noon and bought an hour later: not fired 50 minutes before that.
  const std::string bought = replaced(replaced(order_text(), "2026-11-23T12:00:01Z", "2026-11-23T13:00:00Z"),
                                      "\"fireOrderInSeconds\": null", "\"fireOrderInSeconds\": 600");
  const core::CanonicalOrder hour_later = fetched("rbi", bought).decoded.order;
  CHECK(hour_later.release.at_wall_ms == noon_ms + 4200 * second_ms);
  CHECK(hour_later.promised_at_wall_ms == noon_ms + 4500 * second_ms);
  CHECK_FALSE(later.released);
  CHECK_FALSE(fetched_with("\"fireOrderInSeconds\"", "\"x\"").decoded.order.release.mode);
  CHECK_FALSE(order_with("\"readyInSeconds\": 900", "\"readyInSeconds\": null").promised_at_wall_ms);
}

TEST_CASE("how an order stands: cancelled with why, over, or cooked already") {
  const auto status = [](const std::string& word) { return fetched_with("COMMITTED", word); };
  CHECK(status("CANCELED").cancelled);
  CHECK(status("CANCELED").cancel_text.empty());
  const std::pair<const char*, const char*> errors[] = {{"MENU", "item_unknown"},
                                                        {"STORE", "store_closed"},
                                                        {"TIMEOUT", "timed_out"},
                                                        {"UNKNOWN", "other"},
                                                        {"BRAND_NEW", "BRAND_NEW"}};
  for (const auto& [theirs, ours] : errors) {
    CAPTURE(theirs);
    const std::string text =
        replaced(replaced(order_text(), "COMMITTED", "ERROR"), "\"errors\": []",
                 R"("errors": [{"message":"TERMINAL DOWN","code":")" + std::string(theirs) + R"("}])");
    CHECK(fetched("rbi", text).cancelled);
    CHECK(fetched("rbi", text).cancel_text == ours);
  }
  for (const char* word : {"PREPARED", "DONE"}) {
    CHECK(status(word).over);
    CHECK_FALSE(status(word).cancelled);
  }
  CHECK(status("PREPARING").released);
  for (const char* word : {"CREATED", "PRICED", "BRAND_NEW"}) {
    CAPTURE(word);
    CHECK_FALSE((status(word).released || status(word).cancelled || status(word).over));
    CHECK(status(word).early == (std::string(word) != "BRAND_NEW"));
  }
  // What nobody has bought yet is not cooked, however soon it would have to be fired.
  const FetchedOrder priced =
      fetched("rbi", R"({"data":{"id":"r-1","status":"PRICED","fireOrderInSeconds":0}})");
  CHECK(priced.early);
  CHECK_FALSE(priced.released);
}

TEST_CASE("of an order that is not to be cooked nothing but its name is owed") {
  const FetchedOrder order = fetched("rbi", R"({"data":{"id":"r-1","status":"CANCELED"}})");
  CHECK(order.cancelled);
  CHECK(order.decoded.order.partner_order_id == "r-1");
  CHECK(order.decoded.body.canonical.empty());
}

TEST_CASE("how it is served is said by six words, and an unknown one is a delivery") {
  using enum core::FulfilmentType;
  const std::pair<const char*, core::FulfilmentType> rows[] = {
      {"TAKEOUT", pickup},        {"DRIVE_THRU", pickup}, {"EAT_IN", dine_in},
      {"TABLE_SERVICE", dine_in}, {"CURBSIDE", curbside}, {"BY_DRONE", delivery}};
  for (const auto& [word, type] : rows) {
    CAPTURE(word);
    CHECK(order_with("\"serviceMode\": \"DELIVERY\"", "\"serviceMode\": \"" + std::string(word) + "\"")
              .fulfilment == type);
  }
}

TEST_CASE("orders that cannot be read are refused with the place") {
  const std::string good = order_text();
  const std::string lines = "/data/cart/menuSelections";
  test::must_refuse_fetched(
      "rbi",
      {{"", ""},
       {"{}", "/id"},
       {R"({"data":{}})", "/data/id"},
       {R"({"data":{"id":"1"}})", lines},
       {R"({"data":{"id":"1","cart":{"menuSelections":[{"id":"a","quantity":0}]}}})", lines},
       {replaced(good, "\"quantity\": 2", "\"quantity\": 1.5"), lines + "/0/quantity"},
       {replaced(good, "\"amount\": 899", "\"amount\": 8.99"), lines + "/0/price/amount"},
       {replaced(good, "\"currency\": \"USD\", \"amount\": 229", "\"currency\": \"CAD\", \"amount\": 229"),
        lines + "/1/price/currency"},
       {replaced(good, "\"fireOrderInSeconds\": null", "\"fireOrderInSeconds\": -1"),
        "/data/fireOrderInSeconds"},
       {replaced(good, "\"fireOrderInSeconds\": null", "\"fireOrderInSeconds\": \"soon\""),
        "/data/fireOrderInSeconds"}});
}

TEST_CASE("modifiers nest ten levels and not eleven") {
  const auto order = [](int levels) {
    return R"({"id":"1","cart":{"menuSelections":[{"id":"a","quantity":1,"price":{"amount":1})" +
           test::nested(levels,
                        [](const std::string& inner) {
                          return R"(,"menuSelections":[{"id":"m","quantity":1)" + inner + "}]";
                        }) +
           "}]}}";
  };
  CHECK(fetched("rbi", order(10)).decoded.order.items.size() == 1);
  CHECK(api_of("rbi").read_fetched(order(11), "rbi", {}).problem().detail ==
        "more than 10 levels of modifiers");
}

TEST_CASE(
    "an order is asked for where it was announced to be, or by its id; nothing else can be asked or told") {
  const PartnerApi& api = api_of("rbi");
  CHECK(api.sign_in() == ApiSignIn::static_header);
  CHECK(api.secret_header() == std::pair<std::string_view, std::string_view>("Authorization", "Bearer "));
  CHECK(api.default_url() == "https://bk-partners.rbictg.com/api/v1");
  CHECK(api.fetches());
  CHECK(api.fetch({}, {"a/b 1", ""}).target == "/orders/channel/a%2Fb%201");
  CHECK(api.fetch({}, {"a/b 1", "/orders/channel/x?y=1"}).target == "/orders/channel/x?y=1");
  CHECK_FALSE(api.pulls());
  CHECK(api.notices().empty());
}

TEST_CASE("answers are 200, and 503 where they are to come again") {
  using core::AnswerKind;
  const PartnerCase rbi("rbi");
  CHECK(rbi.status(WebhookKind::order, AnswerKind::created) == 200);
  CHECK(rbi.status(WebhookKind::order, AnswerKind::too_many) == 503);
  CHECK(rbi.status(WebhookKind::order, AnswerKind::not_stored) == 503);
  CHECK(rbi.status(WebhookKind::release, AnswerKind::not_found) == 200);
  CHECK(decision_deadline_s("rbi") == 0);
}

TEST_CASE("every canonical reason is one of their error codes") {
  using enum core::Reason;
  test::must_have_codes(*partner_codec("rbi"), {{item_unavailable, "MENU", "MENU"},
                                                {item_unknown, "MENU", "MENU"},
                                                {store_closed, "STORE", "STORE"},
                                                {pos_offline, "STORE", "STORE"},
                                                {too_busy, "STORE", "STORE"},
                                                {price_mismatch, "MENU", "MENU"},
                                                {invalid_order, "UNKNOWN", "UNKNOWN"},
                                                {timed_out, "TIMEOUT", "TIMEOUT"},
                                                {other, "UNKNOWN", "UNKNOWN"}});
}

TEST_CASE("twenty thousand damaged RBI webhooks and orders give a problem or something whole") {
  const test::Tally webhooks = test::mutate_webhook("rbi", fixture("rbi/order_updated.json"), 61);
  CHECK(webhooks.refused > 5000);
  CHECK(webhooks.understood > 500);
  const test::Tally orders = test::mutate_fetched("rbi", order_text(), 62);
  CHECK(orders.refused > 5000);
  CHECK(orders.understood > 500);
}

}  // namespace
}  // namespace storegate::codec
