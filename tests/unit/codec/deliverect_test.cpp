// Deliverect: its signature, orders and cancels on one webhook told apart by status, sub-items, totals and answers.
#include "codec/partners/deliverect.hpp"

#include <doctest/doctest.h>

#include "builders.hpp"
#include "codec/commands.hpp"
#include "mutation.hpp"
#include "partner_case.hpp"

namespace storegate::codec {
namespace {

using test::fixture;
using test::PartnerCase;
using test::replaced;

constexpr const char* order_id = "6563f0c2a91b7e0012d4c8aa";

std::string order_text() { return fixture("deliverect/order.json"); }
std::string cancel_text() { return fixture("deliverect/cancel.json"); }

std::string with_status(const std::string& status) {
  return replaced(order_text(), "\"status\": 1,\n", "\"status\": " + status + ",\n");
}

core::CanonicalOrder order_with(std::string_view what, std::string_view with) {
  return PartnerCase("deliverect").order(replaced(order_text(), what, with)).order;
}

TEST_CASE("the body's signature in hex lets in, under either secret, and nothing else does") {
  test::must_authenticate("deliverect", "X-Server-Authorization-HMAC-SHA256", test::hmac_hex);
}

TEST_CASE("an order is read field by field: each amount, and each note of a sub-item under its name") {
  test::must_read_as(
      PartnerCase("deliverect"), order_text(),
      R"({"partner":"deliverect","partner_order_id":"6563f0c2a91b7e0012d4c8aa",)"
      R"("placed_at":"2026-11-23T12:00:00.250Z","test":false,)"
      R"("fulfilment":{"type":"delivery","promised_at":"2026-11-23T12:30:00.000Z"},)"
      R"("release":{"mode":null,"at":null,"fallback_at":null,"fallback":null},)"
      R"("customer":{"name":"Bram canary-of-a-customer de Wit","phone":"+320000000088 code 0311",)"
      R"("note":"ring at the side door, canary-of-a-customer\nsecond floor, canary-of-a-customer"},"currency":null,)"
      R"("items":[{"id":"P-RAMEN","name":"Tonkotsu Ramen","quantity":2,"unit_price":1350,)"
      R"("note":"no bamboo, canary-of-a-customer\nMarinated Egg: runny, canary-of-a-customer",)"
      R"("modifiers":[{"id":"M-EGG","name":"Marinated Egg","quantity":1,"unit_price":180,)"
      R"("modifiers":[{"id":"M-SALT","name":"Truffle Salt","quantity":2,"unit_price":40,"modifiers":[]}]},)"
      R"({"id":"M-THIN","name":"Thin Noodles","quantity":1,"unit_price":0,"modifiers":[]}]},)"
      R"({"id":"P-TEA","name":"Cold Tea","quantity":1,"unit_price":320,"note":"","modifiers":[]}],)"
      R"("totals":{"subtotal":3540,"tax":292,"tip":350,"discount":354,"total":4236},"payment":{"prepaid":true}})");
}

TEST_CASE("totals are read from the details where the sums are absent") {
  using std::string_view_literals::operator""sv;
  const auto discount = [](std::string_view what, std::string_view with) {
    return order_with(what, with).totals->discount.minor;
  };
  CHECK(discount("\"discountTotal\": -354"sv, "\"discountTotal\": 400"sv) == 400);
  CHECK(discount("\"discountTotal\": -354,"sv, ""sv) == 354);
  CHECK(order_with("\"taxTotal\": 292,", "").totals->tax.minor == 292);
  CHECK(order_with("\"amount\": 4236, ", "").totals->total.minor == 3540 + 292 + 350 - 354);
}

TEST_CASE("the kinds of fulfilment, and a new one as a delivery") {
  using enum core::FulfilmentType;
  const auto fulfilment = [](const std::string& type) {
    return order_with("\"orderType\": 2", "\"orderType\": " + type).fulfilment;
  };
  CHECK(fulfilment("1") == pickup);
  CHECK(fulfilment("3") == dine_in);
  CHECK(fulfilment("4") == curbside);
  CHECK(fulfilment("5") == pickup);
  CHECK(fulfilment("99") == delivery);
  CHECK(fulfilment("null") == delivery);
}

TEST_CASE("a pre-order is released for its time, one as soon as possible as the store has it") {
  const core::CanonicalOrder later = order_with("\"deliveryIsAsap\": true", "\"deliveryIsAsap\": false");
  CHECK(later.release.mode == core::ReleaseMode::at_time);
  CHECK_FALSE(later.release.at_wall_ms);
  CHECK_FALSE(order_with("\"deliveryIsAsap\": true", "\"deliveryIsAsap\": null").release.mode);
  // Without a time for the kitchen the customer's is one, of an order for later only.
  const std::string without = replaced(order_text(), "\"pickupTime\": \"2026-11-23T12:30:00Z\",", "");
  const auto promised = [](const std::string& text) {
    return PartnerCase("deliverect").order(text).order.promised_at_wall_ms;
  };
  CHECK_FALSE(promised(without));
  CHECK(promised(replaced(without, "\"deliveryIsAsap\": true", "\"deliveryIsAsap\": false")) ==
        1'795'438'200'000);
}

TEST_CASE("a pre-order whose time cannot be read is refused there, and one as soon as possible is not") {
  const std::string collected =
      replaced(order_text(), "\"pickupTime\": \"2026-11-23T12:30:00Z\"", "\"pickupTime\": \"half past\"");
  const std::string later = "\"deliveryIsAsap\": false";
  test::must_refuse(PartnerCase("deliverect"),
                    {{replaced(collected, "\"deliveryIsAsap\": true", later), "/pickupTime"}});
  CHECK_FALSE(PartnerCase("deliverect").order(collected).order.promised_at_wall_ms);
  const std::string none =
      replaced(order_text(), "\"pickupTime\": \"2026-11-23T12:30:00Z\"", "\"pickupTime\": \"\"");
  CHECK(PartnerCase("deliverect")
            .order(replaced(none, "\"deliveryIsAsap\": true", later))
            .order.promised_at_wall_ms == 1'795'438'200'000);  // the delivery's
}

TEST_CASE("status and types may be written with a point, and a status that is no number is not guessed") {
  const PartnerCase deliverect("deliverect");
  CHECK(deliverect.order(with_status("10.0")).order.partner_order_id == order_id);
  CHECK(deliverect.order(with_status("\" 10 \"")).order.partner_order_id == order_id);
  test::must_cancel(deliverect, with_status("100.0"), order_id, "");
  test::must_cancel(deliverect, R"({"_id":"x","status":"110.0"})", "x", "");
  test::must_be_nothing(deliverect, {with_status("90.0")});
  test::must_refuse(deliverect, {{with_status("\"new\""), "/status"},
                                 {with_status("10.5"), "/status"},
                                 {with_status("true"), "/status"},
                                 {R"({"_id":"x","status":"cancelled"})", "/status"}});
  const std::string one = R"({"_id":"1","orderType":TYPE,"payment":{"amount":1,"type":TYPE},"items":)"
                          R"([{"plu":"a","price":1,"quantity":1}]})";
  const core::CanonicalOrder order =
      deliverect.order(replaced(replaced(one, "TYPE", "1.0"), "TYPE", "1.0")).order;
  CHECK(order.fulfilment == core::FulfilmentType::pickup);
  CHECK_FALSE(order.prepaid);
}

TEST_CASE("paid is what the flag says, else what its payment's type means; a test order is one") {
  const auto prepaid = [](const std::string& flag, const std::string& type) {
    std::string text =
        replaced(order_text(), "\"orderIsAlreadyPaid\": true", "\"orderIsAlreadyPaid\": " + flag);
    text = replaced(text, "\"amount\": 4236, \"type\": 3", "\"amount\": 4236, \"type\": " + type);
    return PartnerCase("deliverect").order(text).order.prepaid;
  };
  CHECK(prepaid("true", "1"));
  CHECK_FALSE(prepaid("false", "0"));
  for (const char* type : {"0", "3", "7", "8", "9", "null"}) CHECK(prepaid("null", type));
  for (const char* type : {"1", "2", "4", "5", "6"}) CHECK_FALSE(prepaid("null", type));
  CHECK(order_with("\"testOrder\": false", "\"testOrder\": true").test);
}

TEST_CASE("couriers, status logs and times of updates leave the order's bytes alone when it comes again") {
  const PartnerCase deliverect("deliverect");
  std::string again =
      replaced(with_status("2"), "\"firstName\": \"canary-of-a-customer\"", "\"firstName\": \"Al\"");
  again = replaced(again, "\"_updated\": \"2026-11-23T12:00:01.000000Z\"",
                   "\"_updated\": \"2026-11-23T12:01:00Z\"");
  again = replaced(again, "\"response\": \"\"", "\"response\": \"timeout\"");
  CHECK(deliverect.order(again).body.canonical == deliverect.order(order_text()).body.canonical);
}

TEST_CASE("up to accepted it is an order, cancel and cancelled are cancels, all else is nothing") {
  const PartnerCase deliverect("deliverect");
  for (const char* status : {"1", "2", "10", "20", "\"1\"", "null"}) {
    CAPTURE(status);
    CHECK(deliverect.order(with_status(status)).order.partner_order_id == order_id);
  }
  test::must_cancel(deliverect, with_status("100"), order_id, "");
  test::must_cancel(deliverect, with_status("110"), order_id, "");
  test::must_be_nothing(
      deliverect, {with_status("30"), with_status("35"), with_status("50"), with_status("90"),
                   with_status("95"), with_status("120"), with_status("777"), with_status("15"),
                   with_status("-1"), R"({"orderId":"x","status":20,"channelOrderId":"y","reason":""})",
                   R"({"channelOrderId":"y","orderId":"x","status":"6","pickupTime":"2026-11-23T12:00:00Z"})",
                   R"({"_id":"x","status":80,"courier":{"firstName":"canary-of-a-customer"}})", R"({})"});
}

TEST_CASE("flags and types that are written as text are read, and no order is lost for one that cannot be") {
  const PartnerCase deliverect("deliverect");
  const auto order = [&](std::string_view what, std::string_view with) {
    return deliverect.order(replaced(order_text(), what, with)).order;
  };
  CHECK(order("\"orderType\": 2", "\"orderType\": \"1\"").fulfilment == core::FulfilmentType::pickup);
  CHECK(order("\"orderType\": 2", "\"orderType\": \"delivery\"").fulfilment ==
        core::FulfilmentType::delivery);
  CHECK_FALSE(order("\"2026-11-23T12:30:00Z\"", "\"at noon\"").promised_at_wall_ms);
  const auto prepaid = [&](const char* flag) {
    return deliverect
        .order(
            R"({"_id":"1","items":[{"plu":"a","price":1,"quantity":1}],"payment":{"type":1},"orderIsAlreadyPaid":)" +
            std::string(flag) + "}")
        .order.prepaid;
  };
  CHECK(prepaid("\"true\""));
  CHECK(prepaid("true"));
  CHECK_FALSE(prepaid("\"false\""));
  CHECK_FALSE(prepaid("{}"));  // by the payment: cash
}

TEST_CASE("the time at the customer's door promises nothing, but for an order for later") {
  const auto promised = [](const std::string& asap) {
    return PartnerCase("deliverect")
        .order(
            R"({"_id":"1","items":[{"plu":"a","price":1,"quantity":1}],"deliveryTime":"2026-11-23T12:00:00Z",)"
            R"("deliveryIsAsap":)" +
            asap + "}")
        .order;
  };
  CHECK_FALSE(promised("true").promised_at_wall_ms);
  CHECK(promised("false").promised_at_wall_ms == 1'795'435'200'000);
  CHECK(promised("false").release.mode == core::ReleaseMode::at_time);
}

TEST_CASE("their registration call hears where the orders go, or why it cannot be answered") {
  const std::string text =
      R"({"accountId":"a","locationId":"l","externalLocationId":"e","locationName":"n"})";
  Delivery delivery;
  delivery.body = text;
  delivery.webhook_url = "https://store.example/v1/partners/deliverect/webhook";
  const PartnerCodec& codec = *partner_codec("deliverect");
  const auto webhook = codec.read(delivery, {});
  REQUIRE(webhook.ok());
  CHECK(name_of(*webhook) == "registration");
  const HttpReply reply = codec.answer(subject_of(*webhook), core::Answer{});
  CHECK(reply.status == 200);
  CHECK(reply.body == R"({"ordersWebhookURL":"https://store.example/v1/partners/deliverect/webhook"})");
  CHECK(commands_of(*webhook, core::Source::webhook).empty());
  delivery.webhook_url = {};
  const auto unanswered = codec.read(delivery, {});
  REQUIRE_FALSE(unanswered.ok());
  CHECK(unanswered.problem().detail.find("public_url") != std::string::npos);
}

TEST_CASE("a cancel names the order and says why, in a word of ours where one fits") {
  const PartnerCase deliverect("deliverect");
  const auto because = [](const std::string& reason) {
    return replaced(cancel_text(), "Item out of stock", reason);
  };
  test::must_cancel(deliverect, cancel_text(), order_id, "item_unavailable");
  test::must_cancel(deliverect, because("product_snoozed"), order_id, "item_unavailable");
  test::must_cancel(deliverect, because("quantity_unavailable"), order_id, "item_unavailable");
  test::must_cancel(deliverect, because("product_not_found"), order_id, "item_unknown");
  test::must_cancel(deliverect, because("price_mismatch"), order_id, "price_mismatch");
  test::must_cancel(deliverect, because("They called us"), order_id, "They called us");
  test::must_cancel(deliverect, R"({"_id":"x","status":100,"reason":"They called us"})", "x",
                    "They called us");
  test::must_cancel(deliverect, R"({"_id":"x","status":100,"cancellationReason":[1]})", "x", "");
}

TEST_CASE("a kind that the URL fixes takes no other shape") {
  test::must_keep_kinds(PartnerCase("deliverect"), {{order_text(), WebhookKind::order},
                                                    {cancel_text(), WebhookKind::cancel},
                                                    {with_status("50"), WebhookKind::release}});
}

TEST_CASE("what nothing hangs on never loses an order") {
  CHECK(order_with("\"+320000000088\"", "320000000088").customer.phone == "320000000088 code 0311");
  CHECK(order_with("\"+320000000088\"", "[]").customer.phone.empty());
  CHECK(order_with("\"Bram canary-of-a-customer de Wit\"", "12").customer.name == "12");
  const std::string cut =
      order_with("\"Bram canary", "\"" + std::string(2000, 'n') + " canary").customer.name;
  CHECK(cut == std::string(cut.size(), 'n'));
  CHECK(cut.size() >= 100);
  CHECK(order_with("\"plu\": \"P-TEA\"", "\"plu\": \"\"").items.at(1).id == "Cold Tea");
  CHECK(order_with("\"plu\": \"P-TEA\"", "\"plu\": 4711").items.at(1).id == "4711");
  CHECK(order_with("\"price\": 320, \"quantity\": 1", "\"price\": 320, \"quantity\": \"3.0\"")
            .items.at(1)
            .quantity == 3);
}

TEST_CASE("bad webhooks are refused with the place, and orders of a kitchen display, which have no prices") {
  const std::string good = order_text();
  test::must_refuse(
      PartnerCase("deliverect"),
      {{"[]", ""},
       {R"({"orderId":"x","status":1,"items":[{"plu":"a","name":"b","quantity":1}]})", "/_id"},
       {R"({"_id":"x","status":1,"items":[{"plu":"a","name":"b","quantity":1}]})", "/items/0/price"},
       {R"({"status":100,"items":[]})", "/_id"},
       {replaced(good, "\"items\": [\n", "\"items\": {}, \"more\": [\n"), "/items"},
       {replaced(good, "\"price\": 1350", "\"price\": 13.5"), "/items/0/price"},
       {replaced(good, "\"quantity\": 2,\n      \"remark\"", "\"quantity\": 0,\n      \"remark\""),
        "/items/0/quantity"},
       {replaced(good, "\"price\": 320, \"quantity\": 1", "\"price\": 320"), "/items/1/quantity"},
       {replaced(good, "\"price\": 40", "\"price\": \"40\""), "/items/0/subItems/0/subItems/0/price"},
       {replaced(good, "\"tip\": 200", "\"tip\": -200"), "/tip"},
       {replaced(good, "\"no bamboo", "\"" + std::string(8190, 'x') + "no bamboo"), "/items/0/remark"},
       {replaced(good, "\"runny", "\"" + std::string(8120, 'x') + "runny"), "/items/0/subItems/0/remark"}});
}

TEST_CASE("sub-items nest ten levels and not eleven") {
  const auto nested = [](int levels) {
    std::string sub_items = "[]";
    for (int level = 0; level < levels; ++level)
      sub_items = R"([{"plu":"s","name":"s","price":0,"quantity":1,"subItems":)" + sub_items + "}]";
    return R"({"_id":"1","status":1,"items":[{"plu":"a","price":1,"quantity":1,"subItems":)" + sub_items +
           "}]}";
  };
  CHECK(PartnerCase("deliverect").read(nested(10)).ok());
  CHECK_FALSE(PartnerCase("deliverect").read(nested(11)).ok());
}

TEST_CASE("answers are 200, and what shall come again is 503, since they repeat for nothing else of ours") {
  using core::AnswerKind;
  const PartnerCase deliverect("deliverect");
  CHECK(deliverect.status(WebhookKind::order, AnswerKind::created) == 200);
  CHECK(deliverect.status(WebhookKind::order, AnswerKind::replayed) == 200);
  CHECK(deliverect.status(WebhookKind::order, AnswerKind::conflict) == 409);
  CHECK(deliverect.status(WebhookKind::order, AnswerKind::too_many) == 503);
  CHECK(deliverect.status(WebhookKind::order, AnswerKind::not_stored) == 503);
  CHECK(deliverect.status(WebhookKind::cancel, AnswerKind::too_many) == 503);
  CHECK(deliverect.status(WebhookKind::cancel, AnswerKind::not_found) == 200);
}

TEST_CASE("every reason of ours has an error of theirs") {
  using enum core::Reason;
  const auto row = [](core::Reason reason, const char* code) { return test::Codes{reason, code, code}; };
  test::must_have_codes(*partner_codec("deliverect"),
                        {row(item_unavailable, "product_snoozed"), row(item_unknown, "product_not_found"),
                         row(store_closed, "unknown"), row(pos_offline, "unknown"), row(too_busy, "unknown"),
                         row(price_mismatch, "price_mismatch"), row(invalid_order, "unknown"),
                         row(timed_out, "unknown"), row(other, "unknown")});
}

TEST_CASE("twenty thousand damaged Deliverect orders give a problem or a whole webhook") {
  const test::Tally tally = test::mutate_webhook("deliverect", order_text(), 43);
  CHECK(tally.refused > 5000);
  CHECK(tally.understood > 500);
}

}  // namespace
}  // namespace storegate::codec
