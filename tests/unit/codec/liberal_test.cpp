// What partners write oddly and no order may be lost for: times, names, flags, amounts, quantities; and what is compared
// when an order comes again.
#include <doctest/doctest.h>

#include "builders.hpp"
#include "codec/commands.hpp"
#include "codec/partners/generic.hpp"
#include "codec/partners/reading.hpp"
#include "codec/times.hpp"
#include "partner_case.hpp"

namespace storegate::codec {
namespace {

using test::PartnerCase;
using test::replaced;

/// The reading of one value by a function, or nothing if it made a problem of it.
template <typename Read>
auto reading_of(const std::string& json, Read read, int local_offset_minutes = 0) {
  const std::string text = R"({"v":)" + json + "}";  // the document is a view of it
  const auto document = json::Document::parse(text);
  REQUIRE(document.ok());
  json::Reading reading(*document, local_offset_minutes);
  const json::Place root(reading);
  std::optional<decltype(read(root))> value(std::in_place, read(root.member("v")));
  if (reading.failed()) value.reset();
  return value;
}

const core::OrderArrived& arrived_in(const Commands& commands) {
  return std::get<core::OrderArrived>(commands.back());
}

TEST_CASE("a time is read in every form that partners write, and lost for none that they do not") {
  constexpr std::int64_t noon = 1'795'435'200'000;  // 2026-11-23T12:00:00Z
  const auto time = [](const std::string& json, int ahead = 0) {
    const auto read = reading_of(json, time_in_any_form, ahead);
    REQUIRE(read);  // never a problem
    return *read;
  };
  for (const char* written :
       {"\"2026-11-23T12:00:00Z\"", "\"2026-11-23T13:00:00+0100\"", "\"2026-11-23T13:00:00+01\"",
        "\" 2026-11-23 12:00:00Z \"", "\"2026-11-23 13:00:00 +0100\"", "\"2026-11-23T12:00Z\"",
        "\"2026-11-23T12:00:00.000000-00:00\"", "1795435200", "1795435200000", "\"1795435200\"",
        "1795435200.0"}) {
    CAPTURE(written);
    CHECK(time(written) == noon);
  }
  CHECK(time("\"2026-11-23T06:00:00\"", -360) == noon);  // no zone: the store's
  CHECK(time("\"2026-11-23T12:00:00\"") == noon);
  for (const char* written : {"null", "\"\"", "\"  \"", "\"soon\"", "\"2026-13-01T00:00:00Z\"", "true", "[]",
                              "-5", "0", "0.0", "\"0\"", "\"2026-11-23T12:00:00 +\"", "-9223372036854775808",
                              "9223372036854775807", "\"99999999999999999999\"", "1e30"}) {
    CAPTURE(written);
    CHECK(time(written) == std::nullopt);
  }
  CHECK_FALSE(time_from("2026-11-23T13:00:00+0100"));  // canonical orders keep RFC 3339
  CHECK_FALSE(time_from("2026-11-23T13:00:00"));
}

TEST_CASE("a name is cut where a character ends, and never refused") {
  const auto name = [](const std::string& json) {
    return *reading_of(json, [](const json::Place& place) { return name_text(place); });
  };
  const std::string cut = name("\"" + std::string(1023, 'x') + "\xc3\xa9\"");
  CHECK(cut == std::string(1023, 'x'));
  CHECK(name("\"" + std::string(1022, 'x') + "\xc3\xa9\"").size() == 1024);
  CHECK(name("77") == "77");
  CHECK(name("{}").empty());
  CHECK(name("\"a\\u0000b\"") == "ab");
}

TEST_CASE("what has no id goes by its name, however long") {
  const auto id = [](const std::string& id_json, const std::string& name_json) {
    return reading_of(R"({"id":)" + id_json + R"(,"name":)" + name_json + "}", [](const json::Place& line) {
      return id_or_name(line.member("id"), line.member("name"));
    });
  };
  CHECK(id("null", "\"Tea\"") == "Tea");
  CHECK(id("\" \"", "\"Tea\\nhot\"") == "Tea hot");
  CHECK(id("\"\"", "\"" + std::string(200, 'n') + "\"") == std::string(128, 'n'));
  CHECK(id("5", "\"Tea\"") == "5");
  CHECK_FALSE(id("null", "null"));
  CHECK_FALSE(id("null", "\"  \""));
}

TEST_CASE("whole cents may be written 950.0, and nothing else with a point") {
  const auto minor = [](const std::string& json) {
    return reading_of(json, [](const json::Place& place) { return minor_units(place, 0); });
  };
  CHECK(minor("950") == 950);
  CHECK(minor("950.0") == 950);
  CHECK_FALSE(minor("9.50"));
  CHECK_FALSE(minor("11.00"));  // eleven dollars, and not eleven cents
  CHECK_FALSE(minor("950.5"));
  CHECK_FALSE(minor("\"950\""));
}

TEST_CASE("a flag is read in its usual forms, and anything else leaves it as it is assumed") {
  const auto flag = [](const std::string& json, bool otherwise) {
    return *reading_of(json, [&](const json::Place& place) { return flag_of(place, otherwise); });
  };
  for (const char* yes : {"true", "\"true\"", "\"True\"", "1", "\"1\""}) CHECK(flag(yes, false));
  for (const char* no : {"false", "\"false\"", "0", "\"0\""}) CHECK_FALSE(flag(no, true));
  for (const char* odd : {"null", "\"yes\"", "[]", "\"\""}) {
    CHECK(flag(odd, true));
    CHECK_FALSE(flag(odd, false));
  }
}

TEST_CASE("a quantity must be whole, and says so in words") {
  const auto problem = [](const std::string& json) {
    const std::string text = R"({"v":)" + json + "}";  // the document is a view of it
    const auto document = json::Document::parse(text);
    json::Reading reading(*document);
    const json::Place root(reading);
    (void)required_quantity(root.member("v"));
    return reading.failed() ? reading.take_problem().detail : std::string();
  };
  for (const char* whole : {"2", "2.0", "\"2\"", "\"2.0\"", "2e0"}) CHECK(problem(whole).empty());
  CHECK(problem("\"0.5\"") == "must be a whole number: a part of a dish cannot be cooked");
  CHECK(problem("0") == "must be 1 to 10000");
  CHECK(problem("-1") == "must be 1 to 10000");
  CHECK(problem("10001") == "must be 1 to 10000");
  CHECK(problem("\"two\"") == "must be a whole number: a part of a dish cannot be cooked");
}

TEST_CASE("a modifier of which there are none is left out") {
  struct Row {
    const char* codec;
    std::string text;
  };
  const Row rows[] = {
      {"doordash",
       R"({"order":{"id":"1","categories":[{"items":[{"merchant_supplied_id":"a","price":1,"quantity":1,"extras":)"
       R"([{"options":[{"merchant_supplied_id":"o","quantity":QUANTITY}]}]}]}]}})"},
      {"just_eat",
       R"({"OrderId":"1","Items":[{"Name":"a","Reference":"a","Quantity":1,"UnitPrice":1,"Items":)"
       R"([{"Name":"o","Reference":"o","Quantity":QUANTITY}]}]})"},
      {"jet_connect",
       R"({"id":"1","items":[{"plu":"a","price":1,"children":[{"plu":"o","quantity":QUANTITY}]}]})"},
      {"deliverect",
       R"({"_id":"1","items":[{"plu":"a","price":1,"quantity":1,"subItems":[{"plu":"o","quantity":QUANTITY}]}]})"},
      {"deliveroo",
       R"({"event":"order.new","body":{"order":{"id":"1","items":[{"pos_item_id":"a","quantity":1,"unit_price":)"
       R"({"fractional":1,"currency_code":"GBP"},"modifiers":[{"pos_item_id":"o","quantity":QUANTITY}]}]}}})"},
      {"otter",
       R"({"eventType":"orders.new_order","metadata":{"payload":{"externalIdentifiers":{"id":"1"},"items":)"
       R"([{"id":"a","quantity":1,"price":1,"modifiers":[{"id":"o","quantity":QUANTITY}]}]}}})"},
      {"grubhub",
       R"({"uuid":"1","status":"RESTAURANT_CONFIRMABLE","charges":{"line_groups":[{"lines":)"
       R"([{"external_id":"a","quantity":1,"price":1,"line_options":[{"external_id":"o","quantity":QUANTITY}]}]}]}})"},
      {"hubrise",
       R"({"resource_type":"order","event_type":"create","order_id":"1","new_state":{"items":)"
       R"([{"sku_ref":"a","quantity":"1","price":"1.00 EUR","options":[{"ref":"o","quantity":QUANTITY}]}]}})"}};
  for (const Row& row : rows) {
    CAPTURE(row.codec);
    const auto modifiers = [&](const std::string& quantity) {
      return PartnerCase(row.codec)
          .order(replaced(row.text, "QUANTITY", quantity))
          .order.items.at(0)
          .modifiers.size();
    };
    CHECK(modifiers("1") == 1);
    for (const char* none : {"0", "0.0", "\"0\""}) CHECK(modifiers(none) == 0);
    CHECK_FALSE(PartnerCase(row.codec).read(replaced(row.text, "QUANTITY", "-1")).ok());
  }
}

TEST_CASE("of a modifier of which there are none, what was left out or remarked stays in the item's note") {
  struct Row {
    const char* codec;
    std::string text;
    std::string note;
  };
  const Row rows[] = {
      {"deliverect",
       R"({"_id":"1","items":[{"plu":"a","price":1,"quantity":1,"subItems":[{"plu":"o","name":"Peanuts",)"
       R"("quantity":0,"remark":"none, allergy"}]}]})",
       "Peanuts: none, allergy"},
      {"grubhub",
       R"({"uuid":"1","status":"RESTAURANT_CONFIRMABLE","charges":{"line_groups":[{"lines":)"
       R"([{"external_id":"a","quantity":1,"price":1,"line_options":[{"name":"Peanuts","quantity":0,)"
       R"("default_context":{"removed":true}}]}]}]}})",
       "No Peanuts"},
      {"hubrise",
       R"({"resource_type":"order","event_type":"create","order_id":"1","new_state":{"items":)"
       R"([{"sku_ref":"a","quantity":"1","price":"1.00 EUR","options":[{"name":"Peanuts","quantity":0,"removed":true}]}]}})",
       "without: Peanuts"}};
  for (const Row& row : rows) {
    CAPTURE(row.codec);
    const core::Item item = PartnerCase(row.codec).order(row.text).order.items.at(0);
    CHECK(item.modifiers.empty());
    CHECK(item.note == row.note);
  }
}

TEST_CASE("a line that takes money off is no dish, and the total stays theirs") {
  const std::string items = R"({"_id":"1","items":[{"plu":"a","name":"Soup","price":900,"quantity":1},)"
                            R"({"plu":"off","name":"Happy hour","price":-200,"quantity":1}])";
  const PartnerCase deliverect("deliverect");
  const core::CanonicalOrder stated = deliverect.order(items + R"(,"payment":{"amount":700}})").order;
  REQUIRE(stated.items.size() == 1);
  CHECK(stated.items[0].id == "a");
  CHECK(stated.totals->total.minor == 700);
  CHECK(stated.totals->subtotal.minor == 700);
  CHECK(deliverect.order(items + "}").order.totals->total.minor == 700);
  const auto alone = deliverect.read(R"({"_id":"1","items":[{"plu":"off","price":-200,"quantity":1}]})");
  REQUIRE_FALSE(alone.ok());
  CHECK(alone.problem().pointer == "/items");
}

TEST_CASE("an order that comes again with other times is the same order, and with another dish it is not") {
  const auto told = [](const std::string& text) {
    return commands_of(*PartnerCase("doordash").read(text), core::Source::webhook);
  };
  const std::string text = test::fixture("doordash/order.json");
  const Commands first = told(text);
  const Commands later = told(replaced(text, "2026-11-23T14:15:22Z", "2026-11-23T14:19:00Z"));
  const Commands other = told(replaced(text, "\"price\":1100", "\"price\":1101"));
  CHECK(arrived_in(first).body.canonical != arrived_in(later).body.canonical);  // what is promised is told
  CHECK(arrived_in(first).digested() == arrived_in(later).digested());
  CHECK(arrived_in(first).digested() != arrived_in(other).digested());
  // … but a time that appears or goes, or the release's, makes no other order either.
  const Commands without = told(replaced(text, "2026-11-23T14:15:22Z", ""));
  CHECK(arrived_in(without).digested() == arrived_in(first).digested());
}

TEST_CASE("a canonical order is compared whole, whichever way it comes") {
  const std::string text = test::canonical_text();
  const WebhookScheme scheme;
  PartnerCase kiosk("generic", "kiosk");
  kiosk.by(scheme);
  const auto webhook = kiosk.read(text);
  REQUIRE(webhook.ok());
  CHECK(arrived_in(commands_of(*webhook, core::Source::webhook)).digested() ==
        decode_canonical(text)->body.canonical);
}

}  // namespace
}  // namespace storegate::codec
