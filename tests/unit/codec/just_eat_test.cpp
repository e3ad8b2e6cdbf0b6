// Just Eat: its key, orders in decimals, releases by the preparation webhook, cancels and their reasons.
#include "codec/partners/just_eat.hpp"

#include <doctest/doctest.h>

#include "builders.hpp"
#include "mutation.hpp"
#include "partner_case.hpp"

namespace storegate::codec {
namespace {

using test::fixture;
using test::PartnerCase;
using test::replaced;

constexpr const char* order_id = "k3vd0q8mzu6x1rj9wtnh2y";

std::string accepted_text() { return fixture("just_eat/acceptance_requested.json"); }
std::string ready_text() { return fixture("just_eat/ready_for_preparation.json"); }

std::string cancel_text(const std::string& reason) {
  return replaced(fixture("just_eat/order_cancelled.json"), "rest_cancelled_out_of_stock", reason);
}

TEST_CASE("the key lets in, whole or after its scheme word, under either secret, and nothing else does") {
  test::must_authenticate("just_eat", "Authorization", [](std::string_view secret, std::string_view body) {
    // They sign nothing: another body has the same key, which the shared case must not hear.
    const bool same = body == R"({"a":1})" || body == "{";
    return "JE-API-KEY " + std::string(secret) + (same ? "" : "!");
  });
  CHECK(PartnerCase("just_eat").with("authorization", "old-secret").lets_in("{}"));
  CHECK_FALSE(PartnerCase("just_eat").with("X-Api-Key", "old-secret").lets_in("{}"));
}

TEST_CASE("an order to be accepted is read field by field, each amount in pence") {
  test::must_read_as(
      PartnerCase("just_eat"), accepted_text(),
      R"({"partner":"just_eat","partner_order_id":"k3vd0q8mzu6x1rj9wtnh2y",)"
      R"("placed_at":"2026-11-23T18:02:11.483Z","test":false,)"
      R"("fulfilment":{"type":"delivery","promised_at":"2026-11-23T18:45:00.000Z"},)"
      R"("release":{"mode":null,"at":null,"fallback_at":null,"fallback":null},)"
      R"("customer":{"name":"Moira canary-of-a-customer Fennimore","phone":"+440000000042 code 71903",)"
      R"("note":"noteForRestaurant: no vinegar please, canary-of-a-customer\n)"
      R"(noteForDelivery: blue door behind the boathouse, canary-of-a-customer"},"currency":"GBP",)"
      R"_("items":[{"id":"FS-20","name":"Harbour Fish Supper (Large)","quantity":2,"unit_price":950,"note":"",)_"
      R"("modifiers":[{"id":"SC-3","name":"Curry Sauce","quantity":1,"unit_price":120,)"
      R"("modifiers":[{"id":"HT-1","name":"Extra Hot","quantity":2,"unit_price":25,"modifiers":[]}]},)"
      R"({"id":"77","name":"Mushy Peas","quantity":1,"unit_price":0,"modifiers":[]}]},)"
      R"_({"id":"Ginger Beer","name":"Ginger Beer (330ml)","quantity":3,"unit_price":185,"note":"","modifiers":[]}],)_"
      R"("totals":{"subtotal":2795,"tax":0,"tip":150,"discount":250,"total":2983},"payment":{"prepaid":true}})");
  const auto items = PartnerCase("just_eat").order(accepted_text()).order.items;
  CHECK(subtotal_of(items)->minor == 2795);  // unit prices, parts for each piece: what they state
}

TEST_CASE("a test order that is collected and not yet paid says so, its notes being a list") {
  const core::CanonicalOrder order = PartnerCase("just_eat").order(ready_text()).order;
  CHECK(order.test);
  CHECK(order.fulfilment == core::FulfilmentType::pickup);
  CHECK_FALSE(order.prepaid);
  CHECK(order.customer.note == "Floor: second, canary-of-a-customer\nGate: code 0420");
  CHECK(order.customer.phone == "+440000000042");
  CHECK(order.items.at(0).unit_price.minor == 600);
}

TEST_CASE("amounts follow the currency's digits and never a binary fraction") {
  const auto price = [](const std::string& currency, const std::string& written) {
    const std::string text =
        replaced(replaced(ready_text(), "GBP", currency), "\"UnitPrice\": 6", "\"UnitPrice\": " + written);
    return PartnerCase("just_eat").order(text).order.items.at(0).unit_price.minor;
  };
  CHECK(price("GBP", "7.25") == 725);
  CHECK(price("GBP", "7.249999999999999") == 725);
  CHECK(price("GBP", "\"7.20\"") == 720);
  CHECK(price("JPY", "650") == 650);
  CHECK(price("KWD", "1.125") == 1125);
}

TEST_CASE("a discount counts the same with either sign, and totals that nobody states stay unknown") {
  const PartnerCase just_eat("just_eat");
  const std::string negative = replaced(accepted_text(), "\"Discount\": 2.5", "\"Discount\": -2.5");
  CHECK(just_eat.order(negative).order.totals->discount.minor == 250);
  const auto bare = just_eat.order(
      R"({"OrderId":"b-1","Items":[{"Name":"Tea","Reference":"T","Quantity":2,"UnitPrice":1.5}]})");
  CHECK_FALSE(bare.order.totals);
  CHECK(bare.order.currency.empty());
  CHECK_FALSE(bare.order.promised_at_wall_ms);
}

TEST_CASE("the same body is an order, and the same order with its release under the URL that says so") {
  const PartnerCase just_eat("just_eat");
  const auto order = just_eat.said<OrderReceived>(ready_text());
  CHECK(order.decoded.order.partner_order_id == order_id);
  CHECK_FALSE(order.released);
  const auto released = just_eat.said<OrderReceived>(ready_text(), WebhookKind::release);
  CHECK(released.released);
  CHECK(released.decoded.body.canonical == order.decoded.body.canonical);
  CHECK(released.decoded.body.raw == ready_text());
  const auto wrong = just_eat.read(ready_text(), WebhookKind::cancel);
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.problem().kind == ProblemKind::wrong_kind);
}

TEST_CASE("a kind that the URL fixes takes no other shape") {
  test::must_keep_kinds(PartnerCase("just_eat"),
                        {{fixture("just_eat/order_cancelled.json"), WebhookKind::cancel},
                         {fixture("just_eat/send_to_pos_failed.json"), WebhookKind::release}});
}

TEST_CASE(
    "cancels name the order, a reason of ours where one fits, and the customer where it was the customer") {
  const PartnerCase just_eat("just_eat");
  using enum core::Actor;
  test::must_cancel(just_eat, cancel_text("rest_cancelled_out_of_stock"), order_id, "item_unavailable");
  test::must_cancel(just_eat, cancel_text("rest_cancelled_too_busy"), order_id, "too_busy");
  test::must_cancel(just_eat, cancel_text("rest_cancelled_other"), order_id, "other");
  test::must_cancel(just_eat, cancel_text("system_cancelled_other"), order_id, "other");
  test::must_cancel(just_eat, cancel_text("system_cancelled_test_order"), order_id,
                    "system_cancelled_test_order");
  test::must_cancel(just_eat, cancel_text("delivery_partner_cancelled"), order_id,
                    "delivery_partner_cancelled");
  test::must_cancel(just_eat, cancel_text("cust_cancelled_other"), order_id, "other", customer);
  test::must_cancel(just_eat, cancel_text("cust_cancelled_changed_mind"), order_id,
                    "cust_cancelled_changed_mind", customer);
  test::must_cancel(just_eat, cancel_text("rest_cancelled_customer_requested"), order_id,
                    "rest_cancelled_customer_requested", customer);
  test::must_cancel(just_eat, R"({"Event":"OrderCancelled","OrderId":"x"})", "x", "");
  test::must_cancel(just_eat, R"({"Event":"OrderRejected","OrderId":"x","RejectedReason":"Kitchen is full"})",
                    "x", "Kitchen is full");
}

TEST_CASE("an order that a person is to key in is not released as well: it would be cooked twice") {
  const std::string failed = fixture("just_eat/send_to_pos_failed.json");
  for (const auto fixed : {std::optional<WebhookKind>{}, std::optional(WebhookKind::release)}) {
    const auto called = PartnerCase("just_eat").said<PersonCalled>(failed, fixed);
    CHECK(test::named(called.orders.at(0)) == std::pair<std::string, std::string>("just_eat", order_id));
    CHECK(called.untold == core::Notice::accepted);
  }
  const auto called =
      PartnerCase("just_eat").said<PersonCalled>(R"({"OrderId":"x","FailedAt":"2026-11-23T12:00:00Z"})");
  CHECK(test::named(called.orders.at(0)).second == "x");
}

TEST_CASE("other events are thanked for, and an order inside one of them is not cooked") {
  test::must_be_nothing(
      PartnerCase("just_eat"),
      {R"({"Event":"OrderAccepted","OrderId":"x","AcceptedFor":"2026-11-23T12:00:00Z"})",
       R"({"Event":"OrderRejected","RejectedReason":"Kitchen is full"})",
       R"({"Event":"DriverAtRestaurant","OrderId":"x","DriverName":"canary-of-a-customer"})",
       R"({"OrderId":"x","DriverName":"canary-of-a-customer"})", R"({"OrderId":null,"FailedAt":"now"})",
       R"({"OrderId":"x","EtaAtRestaurant":"2026-11-23T12:00:00Z"})", R"({"OrderId":"x","IsEligible":true})",
       R"({"OrderId":"x","Location":{"Latitude":1.5}})", R"({"Event":5,"OrderId":"x"})", R"({})",
       replaced(accepted_text(), "{", R"({"Event":"OrderAmended",)")});
}

TEST_CASE("what nothing hangs on never loses an order") {
  const PartnerCase just_eat("just_eat");
  std::string text = replaced(accepted_text(), "\"+440000000042\"", "440000000042");
  text = replaced(text, "\"71903\"", "71903");
  text = replaced(text, "\"Moira canary-of-a-customer Fennimore\"", "{\"First\":\"Moira\"}");
  text = replaced(text, "\"Restrictions\": []", "\"Restrictions\": null, \"NewThing\": [1]");
  const core::CanonicalOrder order = just_eat.order(text).order;
  CHECK(order.customer.phone == "440000000042 code 71903");
  CHECK(order.customer.name.empty());
  const std::string long_code = replaced(accepted_text(), "71903", std::string(120, '7'));
  CHECK(just_eat.order(long_code).order.customer.phone == "+440000000042");
  CHECK_FALSE(just_eat.read(replaced(accepted_text(), "noteForDelivery", "note\\u0000")).ok());
}

TEST_CASE("bad webhooks are refused with the place") {
  const std::string good = accepted_text();
  test::must_refuse(PartnerCase("just_eat"),
                    {{"[]", ""},
                     {R"({"Event":"OrderCancelled"})", "/OrderId"},
                     {replaced(good, "\"OrderId\"", "\"Id\""), "/OrderId"},
                     {replaced(good, "\"Items\": [\n    {\n      \"Name\": \"Harbour",
                               "\"Things\": [\n    {\n      \"Name\": \"Harbour"),
                      "/Items"},
                     {replaced(good, "\"UnitPrice\": 9.5", "\"UnitPrice\": \"nine\""), "/Items/0/UnitPrice"},
                     {replaced(good, "\"Quantity\": 2,\n      \"UnitPrice\": 9.5",
                               "\"Quantity\": 1.5,\n      \"UnitPrice\": 9.5"),
                      "/Items/0/Quantity"},
                     {replaced(good, "\"Reference\": \"\"", "\"Reference\": [1]"), "/Items/1/Reference"},
                     {replaced(good, "\"Quantity\": 3,", ""), "/Items/1/Quantity"},
                     {replaced(good, "blue door", std::string(8150, 'x')), "/CustomerNotes/noteForDelivery"},
                     {replaced(good, "\"GBP\"", "\"gbp\""), "/Currency"},
                     {replaced(good, "\"Tips\": 1.5", "\"Tips\": 1.5, \"Tips\": 0"), "/PriceBreakdown/Tips"},
                     {replaced(good, "\"TotalPrice\": 29.83", "\"TotalPrice\": 1e15"), "/TotalPrice"}});
}

TEST_CASE("items nest ten levels and not eleven") {
  const auto nested = [](int levels) {
    std::string parts = "[]";
    for (int level = 0; level < levels; ++level)
      parts = R"([{"Name":"p","Reference":"p","Quantity":1,"UnitPrice":0,"Items":)" + parts + "}]";
    return R"({"OrderId":"1","Items":[{"Name":"a","Reference":"a","Quantity":1,"UnitPrice":1,"Items":)" +
           parts + "}]}";
  };
  CHECK(PartnerCase("just_eat").read(nested(10)).ok());
  const auto eleven = PartnerCase("just_eat").read(nested(11));
  REQUIRE_FALSE(eleven.ok());
  CHECK(eleven.problem().detail == "more than 10 levels of modifiers");
}

TEST_CASE("answers are 200, and failures that make them tell of it") {
  using core::AnswerKind;
  const PartnerCase just_eat("just_eat");
  CHECK(just_eat.status(WebhookKind::order, AnswerKind::created) == 200);
  CHECK(just_eat.status(WebhookKind::order, AnswerKind::replayed) == 200);
  CHECK(just_eat.status(WebhookKind::order, AnswerKind::conflict) == 409);
  CHECK(just_eat.status(WebhookKind::order, AnswerKind::too_many) == 503);
  CHECK(just_eat.status(WebhookKind::order, AnswerKind::not_stored) == 503);
  CHECK(just_eat.status(WebhookKind::release, AnswerKind::not_found) == 200);
  // The release of an order that we have in other words has been done: a failure would have it keyed in as well.
  core::Answer other_words;
  other_words.kind = AnswerKind::conflict;
  CHECK(just_eat.codec().answer(WebhookSubject{.released = true}, other_words).status == 200);
  CHECK(just_eat.status(WebhookKind::cancel, AnswerKind::conflict) == 200);
}

TEST_CASE("an order that nobody here will make is answered as a failure, so that somebody hears of it") {
  const PartnerCodec& codec = *partner_codec("just_eat");
  core::Answer answer;
  const auto status = [&](bool released, core::AnswerKind kind, core::Phase first,
                          std::optional<core::Phase> stands) {
    answer.kind = kind;
    answer.order = core::ShortAnswer{};
    answer.order->phase = first;
    answer.stands = stands;
    return codec.answer(WebhookSubject{.released = released}, answer).status;
  };
  using enum core::AnswerKind;
  using enum core::Phase;
  CHECK(status(false, created, rejected, {}) == 400);
  CHECK(status(false, replayed, rejected, rejected) == 400);
  CHECK(status(true, created, rejected, {}) == 400);
  CHECK(status(true, conflict, rejected, rejected) == 400);
  // Its release has come, and it was cancelled or given up meanwhile.
  CHECK(status(true, replayed, held, cancelled) == 400);
  CHECK(status(true, replayed, held, expired) == 400);
  CHECK(status(true, conflict, held, cancelled) == 400);
  // It waits for a person, whom nobody else tells that the driver is there.
  CHECK(status(true, replayed, held, parked) == 400);
  CHECK(status(true, created, parked, {}) == 400);
  CHECK(status(false, created, parked, {}) == 200);
  CHECK(status(true, replayed, held, placed) == 200);
  CHECK(status(true, conflict, held, completed) == 200);
  CHECK(status(false, replayed, held, cancelled) == 200);  // the same request, the same answer
}

TEST_CASE("promised is when the food is to be ready, and not when the customer has it") {
  const auto promised = [](const std::string& fulfilment) {
    return PartnerCase("just_eat")
        .order(
            R"({"OrderId":"1","PlacedDate":"2026-11-23T12:00:00Z","Items":[{"Name":"Tea","Quantity":1,"UnitPrice":1}],)"
            R"("Fulfilment":{)" +
            fulfilment + "}}")
        .order.promised_at_wall_ms;
  };
  constexpr std::int64_t noon = 1'795'435'200'000;
  constexpr std::int64_t minute = 60'000;
  const std::string due = R"("CustomerDueDate":"2026-11-23T12:50:00Z")";
  CHECK(promised(due + R"(,"Method":"Collection","CustomerDueAsap":true)") == noon + 50 * minute);
  CHECK(promised(due + R"(,"Method":"Delivery","CustomerDueAsap":true)") == std::nullopt);
  CHECK(promised(due + R"(,"Method":"Delivery","CustomerDueAsap":false)") == noon + 50 * minute);
  CHECK(promised(due + R"(,"Method":"Delivery","PreparationTime":"0:23:32")") == noon + 23 * minute + 32'000);
  CHECK(promised(due + R"(,"Method":"Delivery","PrepareFor":"2026-11-23T12:20:00Z")") == noon + 20 * minute);
  CHECK(promised(due + R"(,"Method":"Delivery","PreparationTime":"soon")") == std::nullopt);
  CHECK(promised(R"("Method":"Collection","PreparationTime":"0:15:00")") == noon + 15 * minute);
}

TEST_CASE("prepaid is what the paid lines cover, whatever else stands beside them") {
  const auto prepaid = [](const std::string& lines) {
    return PartnerCase("just_eat")
        .order(
            R"({"OrderId":"1","Currency":"GBP","Items":[{"Name":"Tea","Quantity":1,"UnitPrice":8}],"TotalPrice":8,)"
            R"("Payment":{"Lines":[)" +
            lines + "]}}")
        .order.prepaid;
  };
  CHECK(prepaid(R"({"Type":"Card","Paid":true,"Value":8})"));
  CHECK(prepaid(R"({"Type":"Credit","Paid":false,"Value":8},{"Type":"Card","Paid":true,"Value":8})"));
  CHECK_FALSE(prepaid(R"({"Type":"Cash","Paid":false,"Value":8})"));
  CHECK_FALSE(prepaid(R"({"Type":"Credit","Paid":true,"Value":3},{"Type":"Cash","Paid":false,"Value":5})"));
  CHECK_FALSE(prepaid(R"({"Type":"Cash","Paid":false},{"Type":"Card","Paid":true})"));
  CHECK(prepaid(""));
}

TEST_CASE("every reason of ours has a word of theirs") {
  using enum core::Reason;
  const auto row = [](core::Reason reason, const char* word) { return test::Codes{reason, word, word}; };
  test::must_have_codes(
      *partner_codec("just_eat"),
      {row(item_unavailable, "rest_cancelled_out_of_stock"), row(item_unknown, "rest_cancelled_other"),
       row(store_closed, "rest_cancelled_declined"), row(pos_offline, "system_cancelled_other"),
       row(too_busy, "rest_cancelled_too_busy"), row(price_mismatch, "rest_cancelled_other"),
       row(invalid_order, "rest_cancelled_other"), row(timed_out, "rest_cancelled_other"),
       row(other, "rest_cancelled_other")});
}

TEST_CASE("twenty thousand damaged Just Eat orders give a problem or a whole webhook") {
  const test::Tally tally = test::mutate_webhook("just_eat", accepted_text(), 41);
  CHECK(tally.refused > 5000);
  CHECK(tally.understood > 500);
}

}  // namespace
}  // namespace storegate::codec
