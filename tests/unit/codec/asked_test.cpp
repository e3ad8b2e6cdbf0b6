// Orders that come whole by webhook, and are asked for where something is in doubt: what HubRise, Grubhub and Otter are
// asked, and what their answers say of how an order stands.
#include <doctest/doctest.h>

#include "builders.hpp"
#include "codec/json.hpp"
#include "fetched_case.hpp"

namespace storegate::codec {
namespace {

using test::api_of;
using test::fetched;
using test::fixture;
using test::PartnerCase;
using test::replaced;

/// The object that is the member `name`; the fixtures have no brace in a text.
std::string member_of(const std::string& text, const std::string& name) {
  const auto begin = text.find('{', text.find("\"" + name + "\": {"));
  int depth = 0;
  auto end = begin;
  do {
    if (text.at(end) == '{') ++depth;
    if (text.at(end) == '}') --depth;
    ++end;
  } while (depth > 0);
  return text.substr(begin, end - begin);
}

/// What its creation had as the new state.
std::string hubrise_text() { return member_of(fixture("hubrise/order_create.json"), "new_state"); }

std::string otter_text() {
  return R"({"order":)" + member_of(fixture("otter/order.json"), "payload") +
         R"(,"injectionState":"SUCCEEDED","injectionEvent":"ORDER_CREATE"})";
}

std::string grubhub_text() { return fixture("grubhub/order.json"); }

std::string hubrise_with(const std::string& status, const std::string& courier = "pending") {
  return replaced(hubrise_text(), "\"status\": \"new\"",
                  "\"status\": \"" + status + "\", \"delivery\": {\"status\": \"" + courier + "\"}");
}

std::string grubhub_with(const std::string& status) {
  return replaced(grubhub_text(), "\"status\": \"RESTAURANT_CONFIRMABLE\",\n  \"statusHistory\"",
                  "\"status\": \"" + status + "\",\n  \"statusHistory\"");
}

/// How it stands, as a letter each: cancelled, released, over, early, another store's.
std::string standing(const FetchedOrder& order) {
  std::string letters;
  for (const auto& [is_so, letter] :
       {std::pair{order.cancelled, 'c'}, std::pair{order.released, 'r'}, std::pair{order.over, 'o'},
        std::pair{order.early, 'e'}, std::pair{order.other_store, 's'}})
    if (is_so) letters += letter;
  return letters;
}

std::string line_of(const HttpRequest& request) { return request.method + " " + request.target; }

TEST_CASE("HubRise is asked for an order at the store's location, or at the token's own") {
  const PartnerApi& api = api_of("hubrise");
  CHECK(api.can_ask());
  CHECK_FALSE(api.fetches());  // its events have the order whole
  CHECK(line_of(api.fetch({}, {"q8 w2e", ""})) == "GET /location/orders/q8%20w2e");
  CHECK(line_of(api.fetch({"z3/k1p-0", ""}, {"q8w2e", ""})) == "GET /locations/z3%2Fk1p-0/orders/q8w2e");
}

TEST_CASE("Grubhub is asked for an order of its merchant") {
  const PartnerApi& api = api_of("grubhub");
  CHECK(api.can_ask());
  CHECK_FALSE(api.fetches());
  CHECK(line_of(api.fetch({"", "m 1"}, {"q3T8/1", ""})) == "GET /pos/v1/merchant/m%201/orders/q3T8%2F1");
}

TEST_CASE("Otter is asked for an order of its marketplace, in the name of the store") {
  const PartnerApi& api = api_of("otter");
  CHECK(api.can_ask());
  CHECK_FALSE(api.fetches());
  const HttpRequest request = api.fetch({"s-1", "uber eats"}, {"o/1", ""});
  CHECK(line_of(request) == "GET /manager/order/v1/sources/uber%20eats/orders/o%2F1");
  REQUIRE(request.headers.size() == 1);
  CHECK(request.headers[0] == std::pair<std::string, std::string>("X-Store-Id", "s-1"));
}

TEST_CASE("Otter's status says whether it is to be cooked") {
  const auto of = [](const std::string& status) {
    return standing(fetched("otter", replaced(otter_text(), "\"NEW_ORDER\"", "\"" + status + "\"")));
  };
  for (const char* alive : {"NEW_ORDER", "CONFIRMED", "UNKNOWN"}) CHECK(of(alive).empty());
  for (const char* ended : {"CANCELED", "CANCELLED", "REJECTED"}) CHECK(of(ended) == "c");
  for (const char* made : {"PREPARED", "PICKED_UP", "FULFILLED"}) CHECK(of(made) == "o");
}

TEST_CASE("an order that was asked for is the one that its webhook brought") {
  const FetchedOrder of_otter = fetched("otter", otter_text());
  CHECK(of_otter.decoded.order == PartnerCase("otter").order(fixture("otter/order.json")).order);
  test::must_be_good("otter", otter_text());
  const FetchedOrder of_hubrise = fetched("hubrise", hubrise_text());
  CHECK(of_hubrise.decoded.order == PartnerCase("hubrise").order(fixture("hubrise/order_create.json")).order);
  CHECK(standing(of_hubrise).empty());
  const FetchedOrder of_grubhub = fetched("grubhub", grubhub_text());
  CHECK(of_grubhub.decoded.order == PartnerCase("grubhub").order(grubhub_text()).order);
  CHECK(standing(of_grubhub).empty());
  test::must_be_good("hubrise", hubrise_text());
  test::must_be_good("grubhub", grubhub_text());
}

TEST_CASE("HubRise's state says whether it is to be cooked, and its delivery whether now") {
  const auto of = [](const std::string& status, const std::string& courier = "pending") {
    return standing(fetched("hubrise", hubrise_with(status, courier)));
  };
  CHECK(of("new").empty());
  CHECK(of("cancelled") == "c");
  CHECK(of("rejected") == "c");
  for (const char* taken : {"received", "accepted", "in_preparation", "awaiting_collection", "in_delivery",
                            "completed", "delivery_failed", "a_new_one"}) {
    CAPTURE(taken);
    CHECK(of(taken) == "o");  // somebody's POS has it: nothing new is cooked of it
  }
  CHECK(of("new", "pickup_approaching") == "r");
  CHECK(of("accepted", "pickup_waiting") == "ro");
  CHECK(of("new", "delivered").empty());
  CHECK(of("cancelled", "pickup_waiting") == "c");  // and not released
}

TEST_CASE("Grubhub's status says whether it is to be cooked, and its flag whether now") {
  const auto of = [](const std::string& status) {
    return standing(fetched("grubhub", grubhub_with(status)));
  };
  CHECK(of("RESTAURANT_CONFIRMABLE").empty());
  CHECK(of("ANTICIPATED") == "e");
  for (const char* ended : {"CANCELLED", "CANCELED", "REJECTED"}) CHECK(of(ended) == "c");
  for (const char* taken : {"CONFIRMED", "PICKUP_READY", "OUT_FOR_DELIVERY", "FULFILLED", "A_NEW_ONE"})
    CHECK(of(taken) == "o");
  const auto fired = [](const std::string& text) {
    return standing(
        fetched("grubhub", replaced(text, "\"just_in_time_fired\": false", "\"just_in_time_fired\": true")));
  };
  CHECK(fired(grubhub_text()) == "r");
  CHECK(fired(grubhub_with("CONFIRMED")) == "ro");
  CHECK(fired(grubhub_with("CANCELLED")) == "c");
}

TEST_CASE(
    "Grubhub's cancel says who wanted it, and a rejection of one that nobody confirmed that it timed out") {
  const FetchedOrder by_diner = fetched("grubhub", fixture("grubhub/cancelled.json"));
  CHECK(by_diner.cancelled);
  CHECK(by_diner.cancelled_by == core::Actor::customer);
  CHECK(by_diner.decoded.order.partner_order_id == "q3T8mK0vEe2xUw-Lr5ZbQA");
  CHECK(by_diner.decoded.body.canonical.empty());  // it has no line, and none is needed
  const FetchedOrder stale =
      fetched("grubhub", R"({"uuid":"u-1","status":"REJECTED","statusHistory":[{"status":"STALE"}]})");
  CHECK(stale.cancelled);
  CHECK(stale.cancel_text == "timed_out");
  CHECK(stale.cancelled_by == core::Actor::partner);
}

TEST_CASE("of an order that is not to be cooked its name is enough") {
  CHECK(standing(fetched("hubrise", R"({"id":"q8w2e","status":"cancelled"})")) == "c");
  CHECK(standing(fetched("hubrise", R"({"id":"q8w2e","status":"completed"})")) == "o");
  CHECK(standing(fetched("grubhub", R"({"uuid":"u-1","status":"FULFILLED"})")) == "o");
  CHECK(standing(fetched("otter", R"({"order":{"externalIdentifiers":{"id":"1"},"status":"CANCELED"}})")) ==
        "c");
}

TEST_CASE("another location's order is none of this store's, whatever else it says") {
  const auto other = api_of("hubrise").read_fetched(hubrise_text(), "hubrise", {"z3k1p-9", ""});
  REQUIRE(other.ok());
  CHECK(standing(*other) == "s");
  CHECK(other->decoded.order.items.empty());
  for (const char* ours : {"", "z3k1p-0"}) {
    const auto own = api_of("hubrise").read_fetched(hubrise_text(), "hubrise", {ours, ""});
    REQUIRE(own.ok());
    CHECK(standing(*own).empty());
  }
}

TEST_CASE("what is no order is refused with the place") {
  test::must_refuse_fetched(
      "hubrise",
      {{"[]", ""},
       {R"({"status":"new","items":[]})", "/id"},
       {R"({"id":"1","status":"new"})", "/items"},
       {replaced(hubrise_text(), "\"quantity\": \"2.0\"", "\"quantity\": \"0.35\""), "/items/0/quantity"}});
  test::must_refuse_fetched(
      "otter", {{"[]", ""},
                {R"({"order":{"status":"NEW_ORDER"}})", "/order/externalIdentifiers/id"},
                {R"({"order":{"externalIdentifiers":{"id":"1"}}})", "/order/status"},
                {R"({"order":{"externalIdentifiers":{"id":"1"},"status":"NEW_ORDER"}})", "/order/items"}});
  test::must_refuse_fetched("grubhub", {{"[]", ""},
                                        {R"({"status":"CONFIRMED"})", "/uuid"},
                                        {R"({"uuid":"u-1"})", "/status"},
                                        {R"({"uuid":"u-1","status":"RESTAURANT_CONFIRMABLE"})", "/charges"}});
}

TEST_CASE("sixty thousand damaged orders give a problem or a whole order") {
  for (const test::Tally& tally : {test::mutate_fetched("hubrise", hubrise_text(), 81),
                                   test::mutate_fetched("grubhub", grubhub_text(), 82),
                                   test::mutate_fetched("otter", otter_text(), 83)}) {
    CHECK(tally.refused > 2000);
    CHECK(tally.understood > 500);
  }
}

}  // namespace
}  // namespace storegate::codec
