// The builders: valid JSON, realistic in size, fresh in time, and different each time.
#include "tests/support/orders.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <set>

#include "tests/support/json_text.hpp"

using namespace storegate::support;
namespace json = boost::json;

TEST_CASE("a canonical order is valid JSON of about 1.5 KB whose totals add up") {
  const std::string text = canonical_order("kiosk", "K-1");
  CHECK(text.size() > 1200);
  CHECK(text.size() < 2000);
  const json::object order = json::parse(text).as_object();
  CHECK(order.at("partner") == "kiosk");
  CHECK(order.at("partner_order_id") == "K-1");
  CHECK(order.at("items").as_array().size() == 4);
  CHECK_FALSE(order.contains("release"));
  std::int64_t sum = 0;
  for (const auto& item : order.at("items").as_array()) {
    std::int64_t each = item.at("unit_price").as_int64();
    for (const auto& modifier : item.at("modifiers").as_array()) each += modifier.at("unit_price").as_int64();
    sum += each * item.at("quantity").as_int64();
  }
  const json::object& totals = order.at("totals").as_object();
  CHECK(totals.at("subtotal").as_int64() == sum);
  CHECK(totals.at("total").as_int64() == sum + totals.at("tax").as_int64());
}

TEST_CASE("a shape changes what it names and nothing else") {
  OrderShape shape;
  shape.release_mode = "on_event";
  shape.fallback_minutes = 45;
  shape.fallback = "park";
  shape.first_item_id = "ice-09";
  shape.items = 1;
  shape.promise = false;
  const json::object order = json::parse(canonical_order("kiosk", "K-2", shape)).as_object();
  CHECK(order.at("release").at("mode") == "on_event");
  CHECK(order.at("release").at("at").is_null());
  CHECK(order.at("release").at("fallback_at").is_string());
  CHECK(order.at("release").at("fallback") == "park");
  CHECK(order.at("items").as_array().size() == 1);
  CHECK(order.at("items").at(0).at("id") == "ice-09");
  CHECK(order.at("fulfilment").at("promised_at").is_null());
}

TEST_CASE("DoorDash's order, release and cancel tell themselves apart by their shape") {
  const json::object order = json::parse(doordash_order("dd-1")).as_object();
  CHECK(order.at("order").at("id") == "dd-1");
  CHECK(order.at("order").at("categories").at(0).at("items").as_array().size() == 4);
  const json::object release = json::parse(doordash_release("dd-1")).as_object();
  CHECK(release.contains("dasher"));
  CHECK(release.at("external_order_id") == "dd-1");
  const json::object cancel = json::parse(doordash_cancel("dd-1")).as_object();
  CHECK(cancel.at("external_order_id") == "dd-1");
  CHECK_FALSE(cancel.contains("order"));
  CHECK_FALSE(cancel.contains("dasher"));
  CHECK_FALSE(cancel.contains("distance_from_store"));
}

TEST_CASE("the cloud's commands name the order by partner and id") {
  CHECK(release_command("kiosk", "K\"1") == R"({"partner":"kiosk","partner_order_id":"K\"1"})");
  CHECK(json::parse(cancel_command("kiosk", "K-1", "why\n")).at("reason") == "why\n");
}

TEST_CASE("a thousand unique ids differ") {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(unique_id("K"));
  CHECK(ids.size() == 1000);
}

TEST_CASE("times are RFC 3339 in UTC") {
  CHECK(utc_text_ms(std::chrono::system_clock::time_point(std::chrono::milliseconds(1'795'435'200'007))) ==
        "2026-11-23T12:00:00.007Z");
  CHECK(utc_text().size() == 20);
}
