// JET Connect: its hash and its keys, orders of three kinds with free items apart, drivers, cancels, and answers that
// send what we cannot take to the tablet.
#include "codec/partners/jet_connect.hpp"

#include <doctest/doctest.h>

#include "builders.hpp"
#include "mutation.hpp"
#include "partner_case.hpp"

namespace storegate::codec {
namespace {

using test::fixture;
using test::hmac_base64;
using test::PartnerCase;
using test::replaced;

constexpr const char* order_id = "5be0a7c2-91d4-4f6e-8a33-0c6f2d1b7e90";

std::string order_text() { return fixture("jet_connect/delivery_by_partner.json"); }

std::string hash_of(std::string_view secret, std::string_view body) {
  return "HMAC-SHA256 t=1795435200000,signature=" + hmac_base64(secret, body);
}

std::string cancel_text(const std::string& code) {
  return replaced(fixture("jet_connect/cancel.json"), "restCancelledTooBusy", code);
}

std::string driver_text(const std::string& code) {
  return replaced(fixture("jet_connect/driver_arriving.json"), "driverArrivingAtRestaurant", code);
}

TEST_CASE("the hash of the raw body lets in, under either secret, and nothing else does") {
  test::must_authenticate("jet_connect", "X-JET-Connect-Hash", hash_of);
  // The example of their documentation.
  CHECK(hmac_base64("key", "example") == "FGwot7AqiDIthEv6TippJm35DaRpRac5NSLd/wSp9go=");
  const std::string signature = "signature=" + hmac_base64("old-secret", "{}");
  CHECK(PartnerCase("jet_connect").with("x-jet-connect-hash", signature + ",t=5").lets_in("{}"));
  CHECK_FALSE(
      PartnerCase("jet_connect").with("x-jet-connect-hash", hmac_base64("old-secret", "{}")).lets_in("{}"));
}

TEST_CASE("without a hash the key lets in, and never instead of a hash that is wrong") {
  const auto keyed = [](const char* header, const char* key) {
    return PartnerCase("jet_connect").with(header, key);
  };
  CHECK(keyed("Authorization", "old-secret").lets_in("{}"));
  CHECK(keyed("Authorization", "Bearer new-secret").lets_in("{}"));
  CHECK(keyed("X-Flyt-Api-Key", "new-secret").lets_in("{}"));
  CHECK_FALSE(keyed("Authorization", "other-secret").lets_in("{}"));
  CHECK_FALSE(keyed("X-Flyt-Api-Key", "").lets_in("{}"));
  CHECK_FALSE(PartnerCase("jet_connect").lets_in("{}"));
  CHECK_FALSE(keyed("Authorization", "old-secret")
                  .with("X-JET-Connect-Hash", hash_of("old-secret", "{ }"))
                  .lets_in("{}"));
  CHECK_FALSE(keyed("Authorization", "old-secret").with("X-JET-Connect-Hash", "").lets_in("{}"));
  PartnerCase twice = keyed("Authorization", "old-secret");
  twice.with("X-JET-Connect-Hash", hash_of("old-secret", "{}"))
      .with("X-JET-Connect-Hash", hash_of("old-secret", "{}"));
  CHECK_FALSE(twice.lets_in("{}"));
}

TEST_CASE("an order that a courier collects is read field by field, the free item of its promotion with it") {
  test::must_read_as(
      PartnerCase("jet_connect"), order_text(),
      R"({"partner":"jet_connect","partner_order_id":"5be0a7c2-91d4-4f6e-8a33-0c6f2d1b7e90",)"
      R"("placed_at":"2026-11-23T12:00:00.000Z","test":false,)"
      R"("fulfilment":{"type":"delivery","promised_at":"2026-11-23T12:30:00.000Z"},)"
      R"("release":{"mode":null,"at":null,"fallback_at":null,"fallback":null},)"
      R"("customer":{"name":"Ines canary-of-a-customer Oakley","phone":"+440000000077 code 5512",)"
      R"("note":"sesame allergy, canary-of-a-customer\ncourier rings twice, canary-of-a-customer"},"currency":null,)"
      R"("items":[{"id":"SB-2","name":"Smash Burger","quantity":1,"unit_price":1150,)"
      R"("note":"well done, canary-of-a-customer","modifiers":[)"
      R"({"id":"BJ-1","name":"Bacon Jam","quantity":1,"unit_price":95,"modifiers":[)"
      R"({"id":"SM-1","name":"Extra Smoky","quantity":1,"unit_price":20,"modifiers":[]}]},)"
      R"({"id":"NP-1","name":"No Pickles","quantity":1,"unit_price":-15,"modifiers":[]}]},)"
      R"({"id":"SB-2","name":"Smash Burger","quantity":1,"unit_price":1150,"note":"","modifiers":[]},)"
      R"({"id":"BL-330","name":"Bottled Lemonade","quantity":1,"unit_price":280,"note":"","modifiers":[]},)"
      R"({"id":"Onion Rings","name":"Onion Rings","quantity":1,"unit_price":320,"note":"","modifiers":[]}],)"
      R"("totals":{"subtotal":3025,"tax":0,"tip":150,"discount":320,"total":3114},"payment":{"prepaid":true}})");
}

TEST_CASE(
    "what the restaurant delivers at once is promised for no time, for later for its delivery; cash is not "
    "paid") {
  const std::string text = fixture("jet_connect/delivery_by_merchant.json");
  const core::CanonicalOrder order = PartnerCase("jet_connect").order(text).order;
  CHECK(order.fulfilment == core::FulfilmentType::delivery);
  CHECK_FALSE(order.promised_at_wall_ms);
  const std::string later =
      replaced(text, "\"promotions\"", "\"extras\": {\"asap\": \"false\"}, \"promotions\"");
  CHECK(PartnerCase("jet_connect").order(later).order.promised_at_wall_ms == 1'795'438'800'000);
  CHECK_FALSE(order.prepaid);
  CHECK(order.totals->discount.minor == 60);
  CHECK(order.totals->total.minor == 250);
  CHECK(order.customer.note == "leave with the porter, canary-of-a-customer");
}

TEST_CASE("an order that its customer collects has the collector's name") {
  const core::CanonicalOrder order =
      PartnerCase("jet_connect").order(fixture("jet_connect/collection.json")).order;
  CHECK(order.fulfilment == core::FulfilmentType::pickup);
  CHECK(order.customer.name == "Petra canary-of-a-customer");
  CHECK(order.customer.phone == "0000 222");
  CHECK(order.promised_at_wall_ms == 1'795'436'400'000);
}

TEST_CASE("a discount that an adjustment and a promotion both tell counts once") {
  const std::string both =
      replaced(order_text(), R"({ "name": "bagfee",)",
               R"({ "name": "discount", "price": { "inc_tax": 320 } }, { "name": "bagfee",)");
  CHECK(PartnerCase("jet_connect").order(both).order.totals->discount.minor == 320);
}

TEST_CASE(
    "times are seconds as text or number; new types are deliveries; a quantity counts if one is there") {
  const PartnerCase jet("jet_connect");
  const auto order = [&](std::string_view what, std::string_view with) {
    return jet.order(replaced(order_text(), what, with)).order;
  };
  CHECK(order("\"1795435200\"", "1795435200").placed_at_wall_ms == 1'795'435'200'000);
  CHECK(order("\"1795435200\"", "\"2026-11-23T12:00:00Z\"").placed_at_wall_ms == 1'795'435'200'000);
  CHECK_FALSE(order("\"1795435200\"", "\"\"").placed_at_wall_ms);
  CHECK(order("delivery-by-delivery-partner", "delivery-by-drone").fulfilment ==
        core::FulfilmentType::delivery);
  CHECK(order("\"plu\": \"BL-330\"", "\"plu\": \"BL-330\", \"quantity\": 4").items.at(2).quantity == 4);
}

TEST_CASE("another driver, and whatever else may change between repeats, leaves the order's bytes alone") {
  const PartnerCase jet("jet_connect");
  const std::string again = replaced(order_text(), "\"Courier\"", "\"Another\"");
  CHECK(jet.order(again).body.canonical == jet.order(order_text()).body.canonical);
}

TEST_CASE("a driver who arrives or is there releases the order, and no other notice does") {
  const PartnerCase jet("jet_connect");
  test::must_release(jet, driver_text("driverArrivingAtRestaurant"), order_id);
  test::must_release(jet, driver_text("driverAtRestaurant"), order_id);
  test::must_be_nothing(
      jet,
      {driver_text("onItsWay"), driver_text("delivered"), driver_text("driverOnTheMoon"),
       R"({"type":"SENT_TO_POS","timestamp":"2026-11-23T12:00:00Z","data":{"orderId":"x"}})",
       R"({"restaurantId":"r","lastChangedTimeStampUtc":"2026-11-23T12:00:00Z","delivery":{"isOffline":true}})",
       R"({"something":"new"})", R"({})"});
}

TEST_CASE(
    "cancels name the order, a reason of ours where one fits, and the customer where it was the customer") {
  const PartnerCase jet("jet_connect");
  using enum core::Actor;
  test::must_cancel(jet, cancel_text("restCancelledTooBusy"), order_id, "too_busy");
  test::must_cancel(jet, cancel_text("restCancelledOutOfStock"), order_id, "item_unavailable");
  test::must_cancel(jet, cancel_text("deletedNoAnswerFromRestaurant"), order_id, "timed_out");
  test::must_cancel(jet, cancel_text("restCancelledOther"), order_id, "other");
  test::must_cancel(jet, cancel_text("systemCancelledOther"), order_id, "other");
  test::must_cancel(jet, cancel_text("deletedSystemError"), order_id, "deletedSystemError");
  test::must_cancel(jet, cancel_text("custCancelledOther"), order_id, "other", customer);
  test::must_cancel(jet, cancel_text("custCancelledMadeMistake"), order_id, "custCancelledMadeMistake",
                    customer);
  test::must_cancel(jet, cancel_text("restCancelledCustomerRequested"), order_id,
                    "restCancelledCustomerRequested", customer);
  test::must_cancel(jet, R"({"orderID":"x","reason":{}})", "x", "");
}

TEST_CASE("an order that JET has keyed in by hand calls a person, by whichever of its notices") {
  for (const char* text :
       {R"({"validationError":"MENU_ERROR","order":{"orderId":"x","items":[{"name":"a","quantity":1}]}})",
        R"({"type":"FAILED_TO_SEND_TO_POS","timestamp":"2026-11-23T12:00:00Z","data":{"orderId":"x"}})"}) {
    CAPTURE(text);
    const auto called = PartnerCase("jet_connect").said<PersonCalled>(text);
    CHECK(test::named(called.orders.at(0)).second == "x");
    CHECK(called.untold == core::Notice::accepted);
  }
}

TEST_CASE("a failed order whose id cannot be read is refused, and never cooked as an order [I2]") {
  const std::string items = R"(,"id":"o-1","items":[{"plu":"a","price":1}]})";
  test::must_refuse(PartnerCase("jet_connect"),
                    {{R"({"validationError":"MENU_ERROR")" + items, "/order/orderId"},
                     {R"({"validationError":"MENU_ERROR","order":{"orderId":{}})" + items, "/order/orderId"},
                     {R"({"type":"FAILED_TO_SEND_TO_POS","data":{"orderId":""})" + items, "/data/orderId"}});
}

TEST_CASE("an id may be a number, and its cancel names the same order") {
  const PartnerCase jet("jet_connect");
  CHECK(jet.order(R"({"id":7,"items":[{"plu":"a","price":1}]})").order.partner_order_id == "7");
  test::must_cancel(jet, R"({"orderID":7,"reason":{}})", "7", "");
}

TEST_CASE("subtotal, tip and discount come to the total but for the fees, whatever is given for nothing") {
  const auto totals = [](const std::string& cart, const std::string& adjustments,
                         const std::string& final_price) {
    return *PartnerCase("jet_connect")
                .order(R"({"id":"1","items":[{"plu":"a","price":1000}],"promotions":[{"discount_value":300,)"
                       R"("items":[{"plu":"b","price":300}]},{"discount_value":50,"items":[]}],"payment":{)"
                       R"("items_in_cart":{"inc_tax":)" +
                       cart + R"(,"tax":90},"adjustments":[)" + adjustments + R"(],"final":{"inc_tax":)" +
                       final_price + R"(,"tax":90}}})")
                .order.totals;
  };
  const auto off = [](int minor) {
    return R"({"name":"discount","price":{"inc_tax":-)" + std::to_string(minor) + "}}";
  };
  const core::Totals by_promotions = totals("1000", "", "950");
  CHECK(by_promotions.subtotal.minor == 1300);
  CHECK(by_promotions.discount.minor == 350);
  CHECK(by_promotions.tax.minor == 0);  // it is in the prices
  const core::Totals apart = totals("1000", off(50), "950");
  CHECK(apart.subtotal.minor - apart.discount.minor == 950);
  const core::Totals in_cart = totals("1300", off(350), "950");
  CHECK(in_cart.subtotal.minor == 1300);
  CHECK(in_cart.discount.minor == 350);
}

TEST_CASE("another body of an order that we rejected goes to the tablet too") {
  core::Answer answer;
  answer.kind = core::AnswerKind::conflict;
  answer.order = core::ShortAnswer{};
  const WebhookSubject subject{.partner_order_id = "x"};
  const PartnerCodec& codec = *partner_codec("jet_connect");
  CHECK(codec.answer(subject, answer).status == 200);
  answer.order->phase = core::Phase::rejected;
  CHECK(codec.answer(subject, answer).status == 400);
}

TEST_CASE("a kind that the URL fixes takes no other shape") {
  test::must_keep_kinds(PartnerCase("jet_connect"),
                        {{order_text(), WebhookKind::order},
                         {fixture("jet_connect/cancel.json"), WebhookKind::cancel},
                         {fixture("jet_connect/driver_arriving.json"), WebhookKind::release}});
}

TEST_CASE("bad webhooks are refused with the place") {
  const std::string good = order_text();
  test::must_refuse(
      PartnerCase("jet_connect"),
      {{"[]", ""},
       {R"({"items":[{"plu":"a","price":1}]})", "/id"},
       {R"({"id":"x","items":[]})", "/items"},
       {R"({"id":"x","items":{}})", "/items"},
       {R"({"driverStatus":{"code":"driverAtRestaurant"}})", "/orderID"},
       {replaced(good, "\"price\": 1150", "\"price\": 11.50"), "/items/0/price"},
       {replaced(good, "\"price\": 1150", "\"price\": \"1150\""), "/items/0/price"},
       {replaced(good, "\"price\": 20,", "\"price\": null, \"plu\": 1,"),
        "/items/0/children/0/children/0/plu"},
       {replaced(good, "\"name\": \"Onion Rings\", \"plu\": \"\"", "\"plu\": \"\""),
        "/promotions/0/items/0/name"},
       {replaced(good, "\"inc_tax\": 3114", "\"inc_tax\": -3114"), "/payment/final/inc_tax"},
       {replaced(good, "\"inc_tax\": 150", "\"inc_tax\": 15e1"), "/payment/adjustments/2/price/inc_tax"}});
}

TEST_CASE("children nest ten levels and not eleven") {
  const auto nested = [](int levels) {
    std::string children = "[]";
    for (int level = 0; level < levels; ++level)
      children = R"([{"plu":"c","name":"c","price":0,"children":)" + children + "}]";
    return R"({"id":"1","items":[{"plu":"a","name":"a","price":1,"children":)" + children + "}]}";
  };
  CHECK(PartnerCase("jet_connect").read(nested(10)).ok());
  CHECK_FALSE(PartnerCase("jet_connect").read(nested(11)).ok());
}

TEST_CASE("200 says that the order is in, so one that we reject gets 400 and goes to the tablet") {
  using core::AnswerKind;
  const PartnerCase jet("jet_connect");
  CHECK(jet.status(WebhookKind::order, AnswerKind::created) == 200);
  CHECK(jet.status(WebhookKind::order, AnswerKind::replayed) == 200);
  CHECK(jet.status(WebhookKind::order, AnswerKind::too_many) == 503);
  CHECK(jet.status(WebhookKind::order, AnswerKind::full) == 503);
  CHECK(jet.status(WebhookKind::cancel, AnswerKind::not_found) == 200);
  CHECK(jet.status(WebhookKind::release, AnswerKind::done) == 200);
  core::Answer answer;
  answer.kind = AnswerKind::created;
  answer.order = core::ShortAnswer{};
  answer.order->partner_order_id = "o-\"1\"";
  CHECK(jet.codec().answer(WebhookKind::order, answer).body == R"({"OrderId":"o-\"1\""})");
  answer.order->phase = core::Phase::rejected;
  CHECK(jet.codec().answer(WebhookKind::order, answer).status == 400);
  CHECK(jet.codec().answer(WebhookKind::cancel, answer).status == 200);
  answer.order->phase = core::Phase::cancelled;  // by a cancel that came first: theirs, and nothing is wrong
  CHECK(jet.codec().answer(WebhookKind::order, answer).status == 200);
  core::Answer conflict;  // a failure would show a stored order on the tablet, and have it cooked twice
  conflict.kind = AnswerKind::conflict;
  const HttpReply reply = jet.codec().answer(WebhookSubject{.partner_order_id = "o-2"}, conflict);
  CHECK(reply.status == 200);
  CHECK(reply.body == R"({"OrderId":"o-2"})");
  CHECK(decision_deadline_s("jet_connect") == 180);
}

TEST_CASE("every reason of ours has an error code of theirs, and a cancel has none") {
  using enum core::Reason;
  test::must_have_codes(*partner_codec("jet_connect"), {{item_unavailable, "MENU_ERROR", ""},
                                                        {item_unknown, "MENU_ERROR", ""},
                                                        {store_closed, "STORE_CLOSED", ""},
                                                        {pos_offline, "INACTIVE", ""},
                                                        {too_busy, "UNKNOWN", ""},
                                                        {price_mismatch, "MENU_ERROR", ""},
                                                        {invalid_order, "MALFORMED_REQUEST", ""},
                                                        {timed_out, "TIMEOUT", ""},
                                                        {other, "UNKNOWN", ""}});
}

TEST_CASE("twenty thousand damaged JET Connect orders give a problem or a whole webhook") {
  const test::Tally tally = test::mutate_webhook("jet_connect", order_text(), 42);
  CHECK(tally.refused > 5000);
  CHECK(tally.understood > 500);
}

}  // namespace
}  // namespace storegate::codec
