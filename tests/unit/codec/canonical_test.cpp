// The canonical order: what is read, what is refused and where the problem points, and what events may see of it.
#include "codec/canonical.hpp"

#include <doctest/doctest.h>

#include "builders.hpp"

namespace storegate::codec {
namespace {

using test::canonical_text;
using test::replaced;

std::string minimal(std::string_view items = R"([{"id":"a","quantity":1,"unit_price":5}])") {
  return R"({"partner":"p","partner_order_id":"1","fulfilment":{"type":"pickup"},"items":)" +
         std::string(items) + "}";
}

TEST_CASE("the example of the interfaces is read whole") {
  const auto decoded = decode_canonical(canonical_text());
  REQUIRE(decoded.ok());
  const core::CanonicalOrder& order = decoded->order;
  CHECK(order.partner == "kiosk");
  CHECK(order.partner_order_id == "K-1001");
  CHECK(order.placed_at_wall_ms == 1'795'435'200'000);
  CHECK(order.promised_at_wall_ms == 1'795'437'000'250);
  CHECK(order.fulfilment == core::FulfilmentType::delivery);
  CHECK(order.release.mode == core::ReleaseMode::on_event);
  CHECK_FALSE(order.release.at_wall_ms);
  CHECK(order.release.fallback_at_wall_ms == 1'795'436'400'000);
  CHECK(order.release.fallback == core::FallbackPolicy::release);
  CHECK(order.currency == "USD");
  REQUIRE(order.items.size() == 3);
  CHECK(order.items[0].modifiers[1].name == "Sauce \"hot\" é🌮");
  CHECK(order.items[0].modifiers[1].modifiers[0].unit_price.minor == 5);
  CHECK(order.items[0].modifiers[0].unit_price.minor == -10);
  CHECK(order.items[2].modifiers.empty());
  REQUIRE(order.totals);
  CHECK(order.totals->total.minor == 1643);
  CHECK(subtotal_of(order.items)->minor == 2 * (199 - 10 + 2 * (50 + 5)) + 250 + 3 * 175);
  CHECK(decoded->body.raw == canonical_text());
  CHECK(test::broken_rule(order) == "");
}

TEST_CASE("only the required members are required; absent, null and default are the same order") {
  const auto bare = decode_canonical(minimal());
  REQUIRE(bare.ok());
  CHECK_FALSE(bare->order.totals);
  CHECK(bare->order.prepaid);
  CHECK(bare->order.currency.empty());
  const auto nulls = decode_canonical(
      R"({"items":[{"unit_price":5,"quantity":1,"id":"a","name":null,"note":null,"modifiers":[]}],"payment":null,
          "partner_order_id":"1","partner":"p","placed_at":null,"test":null,"release":null,"customer":null,
          "currency":null,"totals":null,"fulfilment":{"type":"pickup","promised_at":null},"x":[{}]})");
  REQUIRE(nulls.ok());
  CHECK(nulls->body.canonical == bare->body.canonical);
}

TEST_CASE("totals that are stated in part are worked out, those that are absent stay absent") {
  const auto stated = decode_canonical(replaced(
      minimal(
          R"([{"id":"a","quantity":3,"unit_price":100,"modifiers":[{"id":"m","quantity":2,"unit_price":10}]}])"),
      "\"items\"", R"("totals":{"tax":9,"tip":1,"discount":20},"items")"));
  REQUIRE(stated.ok());
  CHECK(stated->order.totals->subtotal.minor == 360);
  CHECK(stated->order.totals->total.minor == 350);
  CHECK(decode_canonical(minimal())->body.shared.ends_with(R"(,"totals":null)"));
}

struct BadInput {
  const char* what;
  std::string text;
  const char* pointer;
};

std::vector<BadInput> bad_inputs() {
  const std::string good = canonical_text();
  const auto with_item = [](const char* members) { return minimal("[{" + std::string(members) + "}]"); };
  return {
      {"root is an array", "[]", ""},
      {"root is null", "null", ""},
      {"no partner", replaced(good, "\"partner\"", "\"p\""), "/partner"},
      {"partner is a number", replaced(good, "\"kiosk\"", "7"), "/partner"},
      {"partner is empty", replaced(good, "\"kiosk\"", "\"\""), "/partner"},
      {"no partner_order_id", replaced(good, "\"partner_order_id\"", "\"q\""), "/partner_order_id"},
      {"id too long", replaced(good, "K-1001", std::string(129, 'x')), "/partner_order_id"},
      {"id with a line break", replaced(good, "K-1001", "K\\r\\nX-Evil: 1"), "/partner_order_id"},
      {"placed_at is no time", replaced(good, "2026-11-23T12:00:00Z", "yesterday"), "/placed_at"},
      {"placed_at is a number", replaced(good, "\"2026-11-23T12:00:00Z\"", "1795435200"), "/placed_at"},
      {"test is a string", replaced(good, "\"test\":false", "\"test\":\"false\""), "/test"},
      {"no fulfilment", replaced(good, "\"fulfilment\"", "\"f\""), "/fulfilment"},
      {"fulfilment is a string", replaced(minimal(), R"({"type":"pickup"})", "\"pickup\""), "/fulfilment"},
      {"no fulfilment.type", replaced(good, "\"type\"", "\"t\""), "/fulfilment/type"},
      {"fulfilment.type unknown", replaced(good, "\"delivery\"", "\"drone\""), "/fulfilment/type"},
      {"promised_at out of the calendar", replaced(good, "2026-11-23T13", "2026-11-31T13"),
       "/fulfilment/promised_at"},
      {"release.mode unknown", replaced(good, "\"on_event\"", "\"later\""), "/release/mode"},
      {"release.fallback unknown", replaced(good, "\"fallback\":\"release\"", "\"fallback\":\"x\""),
       "/release/fallback"},
      {"customer is a string", replaced(minimal(), "\"items\"", "\"customer\":\"Ana\",\"items\""),
       "/customer"},
      {"customer.phone is a number", replaced(minimal(), "\"items\"", "\"customer\":{\"phone\":1},\"items\""),
       "/customer/phone"},
      {"currency in small letters", replaced(good, "\"USD\"", "\"usd\""), "/currency"},
      {"currency too long", replaced(good, "\"USD\"", "\"USDX\""), "/currency"},
      {"no items", replaced(good, "\"items\"", "\"i\""), "/items"},
      {"items is an object", minimal("{}"), "/items"},
      {"items is empty", minimal("[]"), "/items"},
      {"an item is null", minimal("[null]"), "/items/0"},
      {"item without id", with_item(R"("quantity":1,"unit_price":1)"), "/items/0/id"},
      {"item without quantity", with_item(R"("id":"a","unit_price":1)"), "/items/0/quantity"},
      {"quantity 0", with_item(R"("id":"a","unit_price":1,"quantity":0)"), "/items/0/quantity"},
      {"quantity negative", with_item(R"("id":"a","unit_price":1,"quantity":-1)"), "/items/0/quantity"},
      {"quantity above its limit", with_item(R"("id":"a","unit_price":1,"quantity":10001)"),
       "/items/0/quantity"},
      {"quantity 1.0", with_item(R"("id":"a","unit_price":1,"quantity":1.0)"), "/items/0/quantity"},
      {"quantity as text", with_item(R"("id":"a","unit_price":1,"quantity":"1")"), "/items/0/quantity"},
      {"no unit_price", with_item(R"("id":"a","quantity":1)"), "/items/0/unit_price"},
      {"unit_price negative", with_item(R"("id":"a","quantity":1,"unit_price":-1)"), "/items/0/unit_price"},
      {"unit_price 1.99", with_item(R"("id":"a","quantity":1,"unit_price":1.99)"), "/items/0/unit_price"},
      {"unit_price 1e2", with_item(R"("id":"a","quantity":1,"unit_price":1e2)"), "/items/0/unit_price"},
      {"unit_price huge", with_item(R"("id":"a","quantity":1,"unit_price":99999999999999999999)"),
       "/items/0/unit_price"},
      {"note is an object", with_item(R"("id":"a","quantity":1,"unit_price":1,"note":{})"), "/items/0/note"},
      {"name with U+0000", with_item(R"("id":"a","quantity":1,"unit_price":1,"name":"\u0000")"),
       "/items/0/name"},
      {"modifiers is a string", with_item(R"("id":"a","quantity":1,"unit_price":1,"modifiers":"no")"),
       "/items/0/modifiers"},
      {"modifier without id", with_item(R"("id":"a","quantity":1,"unit_price":1,"modifiers":[{}])"),
       "/items/0/modifiers/0/id"},
      {"total is a string", replaced(good, "\"total\":1643", "\"total\":\"1643\""), "/totals/total"},
      {"tax negative", replaced(good, "\"tax\":110", "\"tax\":-1"), "/totals/tax"},
      {"prepaid is a number", replaced(good, "\"prepaid\":true", "\"prepaid\":1"), "/payment/prepaid"},
      {"duplicate member", replaced(good, "\"test\":false", "\"test\":false,\"test\":false"), "/test"},
      {"duplicate member in an item",
       replaced(good, "\"id\":\"drink-7\"", "\"id\":\"drink-7\",\"id\":\"drink-8\""), "/items/1/id"},
  };
}

TEST_CASE("each bad input is refused with a problem that points at the place") {
  for (const BadInput& bad : bad_inputs()) {
    CAPTURE(bad.what);
    const auto decoded = decode_canonical(bad.text);
    REQUIRE_FALSE(decoded.ok());
    CHECK(decoded.problem().pointer == bad.pointer);
    CHECK_FALSE(decoded.problem().detail.empty());
    CHECK(decoded.problem().text().find(test::canary) == std::string::npos);
  }
}

TEST_CASE("ten levels of modifiers are an order, eleven are not, a hundred are told so") {
  const auto with = [](int levels) {
    return minimal(R"([{"id":"a","quantity":1,"unit_price":5,"modifiers":)" + test::nested_modifiers(levels) +
                   "}]");
  };
  CHECK(decode_canonical(with(10)).ok());
  const auto eleven = decode_canonical(with(11));
  REQUIRE_FALSE(eleven.ok());
  CHECK(eleven.problem().detail == "more than 10 levels of modifiers");
  std::string place = "/items/0";
  for (int level = 0; level < 10; ++level) place += "/modifiers/0";
  CHECK(eleven.problem().pointer == place + "/modifiers");
  const auto hundred = decode_canonical(with(100));
  REQUIRE_FALSE(hundred.ok());
  CHECK(hundred.problem().detail == "nested deeper than 64 levels");
  CHECK(hundred.problem().pointer.starts_with(place));
}

TEST_CASE("an order of too many items or modifiers is refused as a whole") {
  std::string items = "[";
  for (int i = 0; i < 1001; ++i) items += R"({"id":"a","quantity":1,"unit_price":5},)";
  items.back() = ']';
  CHECK(decode_canonical(minimal(items)).problem().pointer == "/items");
  std::string modifiers = "[";
  for (int i = 0; i < 5000; ++i) modifiers += R"({"id":"m"},)";
  modifiers.back() = ']';
  const std::string item = R"({"id":"a","quantity":1,"unit_price":5,"modifiers":)" + modifiers + "}";
  CHECK(decode_canonical(minimal("[" + item + "]")).ok());
  const std::string second = R"({"id":"a","quantity":1,"unit_price":5,"modifiers":[{"id":"m"}]})";
  CHECK(decode_canonical(minimal("[" + item + "," + second + "]")).problem().pointer == "/items/1/modifiers");
}

TEST_CASE("amounts that would have to be worked out beyond every limit are refused, not wrapped around") {
  std::string modifiers = "[]";
  for (int level = 0; level < 10; ++level) {
    modifiers = R"([{"id":"m","quantity":10000,"unit_price":1000000000,"modifiers":)" + modifiers + "}]";
  }
  const auto order = replaced(
      minimal(R"([{"id":"a","quantity":10000,"unit_price":1000000000,"modifiers":)" + modifiers + "}]"),
      "\"items\"", "\"totals\":{},\"items\"");
  CHECK(decode_canonical(order).problem().pointer == "/totals");
}

TEST_CASE("the canonical encoding does not depend on the order or the spelling of members") {
  const auto one = decode_canonical(canonical_text());
  const auto other = decode_canonical(one->body.canonical);
  REQUIRE(other.ok());
  CHECK(other->body.canonical == one->body.canonical);
  CHECK(other->order == one->order);
  CHECK(one->body.canonical.starts_with(
      R"({"partner":"kiosk","partner_order_id":"K-1001","placed_at":"2026-11-23T12:00:00.000Z")"));
}

TEST_CASE("neither customer nor note is in what events share, and both are gone after erasing [I12]") {
  const auto decoded = decode_canonical(canonical_text());
  CHECK(decoded->body.shared.find(test::canary) == std::string::npos);
  CHECK(decoded->body.shared.find("note") == std::string::npos);
  CHECK(decoded->body.shared.starts_with(R"("fulfilment":{"type":"delivery")"));
  REQUIRE(decoded->body.canonical.find(test::canary) != std::string::npos);

  const auto erased = erase_customer(decoded->body.canonical);
  REQUIRE(erased.ok());
  CHECK(erased->find(test::canary) == std::string::npos);
  const auto again = decode_canonical(*erased);
  REQUIRE(again.ok());
  CHECK(again->body.shared == decoded->body.shared);
  CHECK(again->order.partner_order_id == "K-1001");
  CHECK_FALSE(erase_customer("{}").ok());
}

}  // namespace
}  // namespace storegate::codec
