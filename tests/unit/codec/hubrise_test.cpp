// HubRise: its signature, orders out of creations alone, amounts with their currency, couriers and cancels out of updates.
#include "codec/partners/hubrise.hpp"

#include <doctest/doctest.h>

#include "builders.hpp"
#include "mutation.hpp"
#include "partner_case.hpp"

namespace storegate::codec {
namespace {

using test::fixture;
using test::PartnerCase;
using test::replaced;

constexpr const char* order_id = "q8w2e";

std::string order_text() { return fixture("hubrise/order_create.json"); }

core::CanonicalOrder order_with(std::string_view what, std::string_view with) {
  return PartnerCase("hubrise").order(replaced(order_text(), what, with)).order;
}

std::string with_status(const std::string& status) {
  return replaced(order_text(), "\"status\": \"new\"", "\"status\": \"" + status + "\"");
}

TEST_CASE("the body's signature in hex lets in, under either secret, and nothing else does") {
  test::must_authenticate("hubrise", "X-HubRise-Hmac-SHA256", test::hmac_hex);
}

TEST_CASE("a created order is read field by field; what is deleted is not there, what is removed is a note") {
  test::must_read_as(
      PartnerCase("hubrise"), order_text(),
      R"({"partner":"hubrise","partner_order_id":"q8w2e","placed_at":"2026-11-23T12:00:00.000Z","test":false,)"
      R"("fulfilment":{"type":"pickup","promised_at":"2026-11-23T12:40:00.000Z"},)"
      R"("release":{"mode":null,"at":null,"fallback_at":null,"fallback":null},)"
      R"("customer":{"name":"Yann canary-of-a-customer Le Goff","phone":"+330000000099 code 4410",)"
      R"("note":"nut allergy, canary-of-a-customer\nbell is broken, canary-of-a-customer"},"currency":"EUR",)"
      R"_("items":[{"id":"GAL-C-L","name":"Galette complete (Grande)","quantity":2,"unit_price":1090,)_"
      R"("note":"crisp, canary-of-a-customer\nwithout: Onions",)"
      R"("modifiers":[{"id":"EGG","name":"Egg","quantity":2,"unit_price":120,"modifiers":[]},)"
      R"({"id":"Chives","name":"Chives","quantity":1,"unit_price":0,"modifiers":[]}]},)"
      R"({"id":"812","name":"Cidre brut","quantity":1,"unit_price":450,"note":"","modifiers":[]}],)"
      R"("totals":{"subtotal":3110,"tax":0,"tip":0,"discount":300,"total":3060},"payment":{"prepaid":true}})");
}

TEST_CASE("an amount has its currency behind it, and the whole order one currency") {
  const auto price = [](const std::string& amount) {
    std::string text =
        R"({"resource_type":"order","event_type":"create","order_id":"1","new_state":{"items":[)";
    text += R"({"product_name":"a","sku_ref":"a","quantity":"1","price":")" + amount + "\"}]}}";
    return PartnerCase("hubrise").read(text);
  };
  const auto minor = [&](const std::string& amount) {
    return std::get<OrderReceived>(*price(amount)).decoded.order.items.at(0).unit_price.minor;
  };
  CHECK(minor("9.00 EUR") == 900);
  CHECK(minor("0.05 GBP") == 5);
  CHECK(minor("12 EUR") == 1200);
  CHECK(minor("900.00 JPY") == 900);
  CHECK(minor("1.50 KWD") == 1500);
  for (const char* bad : {"9.00", "EUR", "9.00 eur", "9.00  EUR", "9,00 EUR", "", " EUR", "9.00 EURO",
                          "99999999999999.00 EUR"}) {
    CAPTURE(bad);
    const auto refused = price(bad);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.problem().pointer == "/new_state/items/0/price");
  }
}

TEST_CASE("paid is what payments cover, cash apart; an order without payments is not paid") {
  CHECK_FALSE(order_with("\"amount\": \"10.60 EUR\"", "\"amount\": \"10.59 EUR\"").prepaid);
  CHECK_FALSE(
      order_with("\"type\": \"online\", \"name\": \"Voucher\"", "\"type\": \"cash\", \"name\": \"Voucher\"")
          .prepaid);
  CHECK_FALSE(order_with("\"payments\": [", "\"payments\": [], \"was\": [").prepaid);
  CHECK(order_with("\"amount\": \"10.60 EUR\"", "\"amount\": \"11.00 EUR\"").prepaid);
}

TEST_CASE("the time that was confirmed counts before the one that was asked for; an order may have neither") {
  CHECK(order_with("\"confirmed_time\": null", "\"confirmed_time\": \"2026-11-23T13:50:00+01:00\"")
            .promised_at_wall_ms == 1'795'438'200'000);
  CHECK_FALSE(order_with("\"expected_time\": \"2026-11-23T13:40:00+01:00\"", "\"expected_time\": null")
                  .promised_at_wall_ms);
}

TEST_CASE("an order that is expected more than an hour after it was made is released for its time") {
  const auto mode = [](const std::string& expected) {
    return order_with("\"expected_time\": \"2026-11-23T13:40:00+01:00\"",
                      "\"expected_time\": \"" + expected + "\"")
        .release.mode;
  };
  CHECK(mode("2026-11-23T19:00:00+01:00") == core::ReleaseMode::at_time);
  CHECK(mode("2026-11-23T14:00:01+01:00") == core::ReleaseMode::at_time);
  CHECK_FALSE(mode("2026-11-23T14:00:00+01:00"));
  CHECK_FALSE(mode("2026-11-23T12:00:00+01:00"));
}

TEST_CASE("the kinds of service, and a new one as a delivery") {
  using enum core::FulfilmentType;
  const auto service = [](const std::string& type) {
    return order_with("\"service_type\": \"collection\"", "\"service_type\": " + type).fulfilment;
  };
  CHECK(service("\"delivery\"") == delivery);
  CHECK(service("\"eat_in\"") == dine_in);
  CHECK(service("\"by_drone\"") == delivery);
  CHECK(service("null") == delivery);
}

TEST_CASE("only a creation of a new order is one: what came out of a POS, or was changed, is never cooked") {
  CHECK(order_with("\"status\": \"new\"", "\"status\": null").partner_order_id == order_id);
  test::must_be_nothing(
      PartnerCase("hubrise"),
      {with_status("received"), with_status("accepted"), with_status("in_preparation"),
       with_status("completed"), with_status("cancelled"), with_status("a_new_one"),
       replaced(order_text(), "\"event_type\": \"create\"", "\"event_type\": \"update\""),
       replaced(order_text(), "\"event_type\": \"create\"", "\"event_type\": \"patch\""),
       replaced(order_text(), "\"resource_type\": \"order\"", "\"resource_type\": \"customer\""),
       R"({"id":"e","resource_type":"catalog","event_type":"update"})",
       R"({"id":"e","resource_type":"order","event_type":"update","order_id":"x"})"});
}

TEST_CASE(
    "a courier who nears the pickup or waits there releases the order, told by the order or by the "
    "delivery") {
  const PartnerCase hubrise("hubrise");
  const std::string order = fixture("hubrise/courier_near.json");
  const std::string delivery = fixture("hubrise/delivery_update.json");
  test::must_release(hubrise, order, order_id);
  test::must_release(hubrise, replaced(order, "pickup_approaching", "pickup_waiting"), order_id);
  test::must_release(hubrise, delivery, order_id);
  test::must_release(hubrise, replaced(delivery, "\"event_type\": \"update\"", "\"event_type\": \"create\""),
                     order_id);
  test::must_release(hubrise, replaced(delivery, "  \"order_id\": \"q8w2e\",\n", ""), order_id);
  for (const char* status :
       {"pending", "pickup_enroute", "dropoff_enroute", "delivered", "cancelled", "lost"})
    test::must_be_nothing(hubrise, {replaced(order, "pickup_approaching", status),
                                    replaced(delivery, "pickup_waiting", status)});
}

TEST_CASE("an order that was cancelled or rejected elsewhere is cancelled") {
  const PartnerCase hubrise("hubrise");
  const std::string cancel = fixture("hubrise/order_cancelled.json");
  test::must_cancel(hubrise, cancel, order_id, "");
  test::must_cancel(hubrise, replaced(cancel, "\"cancelled\"", "\"rejected\""), order_id, "");
  test::must_cancel(hubrise, replaced(cancel, "  \"order_id\": \"q8w2e\",\n", ""), order_id, "");
  test::must_be_nothing(hubrise, {replaced(cancel, "\"cancelled\"", "\"delivery_failed\""),
                                  replaced(cancel, "\"cancelled\"", "\"completed\"")});
  const std::string near = replaced(fixture("hubrise/courier_near.json"), "\"accepted\"", "\"cancelled\"");
  test::must_cancel(hubrise, near, order_id, "");  // and not released
}

TEST_CASE("a kind that the URL fixes takes no other shape") {
  test::must_keep_kinds(PartnerCase("hubrise"),
                        {{order_text(), WebhookKind::order},
                         {fixture("hubrise/order_cancelled.json"), WebhookKind::cancel},
                         {fixture("hubrise/courier_near.json"), WebhookKind::release}});
}

TEST_CASE("bad webhooks are refused with the place") {
  const std::string good = order_text();
  test::must_refuse(
      PartnerCase("hubrise"),
      {{"[]", ""},
       {R"({"resource_type":"order","event_type":"create"})", "/new_state"},
       {R"({"resource_type":"order","event_type":"create","new_state":{"items":[]}})", "/new_state/id"},
       {R"({"resource_type":"order","event_type":"create","order_id":"1","new_state":{}})",
        "/new_state/items"},
       {R"({"resource_type":"order","event_type":"create","order_id":5,"new_state":{}})", "/order_id"},
       {R"({"resource_type":"delivery","event_type":"update","new_state":{"status":"pickup_waiting"}})",
        "/new_state/order_id"},
       {replaced(good, "\"price\": \"10.90 EUR\"", "\"price\": 10.90"), "/new_state/items/0/price"},
       {replaced(good, "\"price\": \"4.50 EUR\"", "\"price\": \"4.50 GBP\""), "/new_state/items/1/price"},
       {replaced(good, "\"total\": \"30.60 EUR\"", "\"total\": \"30.60 USD\""), "/new_state/total"},
       {replaced(good, "\"quantity\": \"2.0\"", "\"quantity\": \"0.350\""), "/new_state/items/0/quantity"},
       {replaced(good, "\"quantity\": \"1\",\n        \"subtotal\": \"4.50", "\"subtotal\": \"4.50"),
        "/new_state/items/1/quantity"},
       {replaced(good, "\"ref\": \"EGG\"", "\"ref\": [1]"), "/new_state/items/0/options/0/ref"},
       {replaced(good, "\"price_off\": \"3.00 EUR\"", "\"price_off\": \"a lot\""),
        "/new_state/discounts/0/price_off"}});
  test::must_be_nothing(PartnerCase("hubrise"),
                        {R"({"status":"new","items":[]})", R"({"resource_type":"order"})", "{}"});
  const std::string one =
      R"({"resource_type":"order","event_type":"create","order_id":"1","new_state":{"items":[)"
      R"({"product_name":"a","price":"1.00 EUR","quantity":"1","deleted":true}]}})";
  test::must_refuse(PartnerCase("hubrise"), {{one, "/new_state/items"}});
}

TEST_CASE("anything below 500 would delete the event, so what shall come again is 503") {
  using core::AnswerKind;
  const PartnerCase hubrise("hubrise");
  CHECK(hubrise.status(WebhookKind::order, AnswerKind::created) == 200);
  CHECK(hubrise.status(WebhookKind::order, AnswerKind::replayed) == 200);
  CHECK(hubrise.status(WebhookKind::order, AnswerKind::conflict) == 409);
  CHECK(hubrise.status(WebhookKind::order, AnswerKind::too_many) == 503);
  CHECK(hubrise.status(WebhookKind::order, AnswerKind::full) == 503);
  CHECK(hubrise.status(WebhookKind::order, AnswerKind::not_stored) == 503);
  CHECK(hubrise.status(WebhookKind::release, AnswerKind::too_many) == 503);
  CHECK(hubrise.status(WebhookKind::cancel, AnswerKind::conflict) == 200);
}

TEST_CASE("what HubRise sent and we could not store is never answered below 500, whoever sent it") {
  const PartnerCodec& hubrise = *partner_codec("hubrise");
  for (const ProblemKind kind : {ProblemKind::malformed_json, ProblemKind::invalid_document,
                                 ProblemKind::wrong_kind, ProblemKind::too_large}) {
    const HttpReply reply = hubrise.refusal({kind, "must be a string", "/new_state", {}});
    CHECK(reply.status == 503);
    CHECK(reply.body.find("must be a string") != std::string::npos);
  }
  CHECK(hubrise.refusal({ProblemKind::not_authenticated, "", "", {}}).status == 401);
  CHECK(PartnerCase("hubrise").status(WebhookKind::order, core::AnswerKind::unknown_partner) == 503);
  CHECK(partner_codec("otter")->refusal({ProblemKind::wrong_kind, "", "", {}}).status == 400);
  CHECK(PartnerCase("otter").status(WebhookKind::order, core::AnswerKind::unknown_partner) == 404);
}

TEST_CASE("every reason of ours is a status of theirs") {
  for (auto reason = core::Reason::item_unavailable; reason <= core::Reason::other;
       reason = static_cast<core::Reason>(static_cast<int>(reason) + 1)) {
    CHECK(partner_codec("hubrise")->rejection_code(reason) == "rejected");
    CHECK(partner_codec("hubrise")->cancel_code(reason) == "cancelled");
  }
}

TEST_CASE("twenty thousand damaged HubRise events give a problem or a whole webhook") {
  const test::Tally tally = test::mutate_webhook("hubrise", order_text(), 44);
  CHECK(tally.refused > 5000);
  CHECK(tally.understood > 500);
}

}  // namespace
}  // namespace storegate::codec
