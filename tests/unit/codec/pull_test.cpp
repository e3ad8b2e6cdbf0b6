// Orders that may have been missed: what Grubhub and HubRise are asked, and what is read of their answers.
#include <doctest/doctest.h>

#include "builders.hpp"
#include "codec/partners/partner_api.hpp"
#include "mutation.hpp"
#include "partner_case.hpp"

namespace storegate::codec {
namespace {

using test::fixture;
using test::replaced;

const PartnerApi& grubhub() { return *partner_codec("grubhub")->api(); }
const PartnerApi& hubrise() { return *partner_codec("hubrise")->api(); }

std::string line_of(const HttpRequest& request) { return request.method + " " + request.target; }

PulledPage read(const PartnerApi& api, const std::string& body, std::string_view partner) {
  auto page = api.read_pulled(body, partner, {});
  if (!page) FAIL(page.problem().text());
  return std::move(*page);
}

std::string list_of(const std::vector<std::string>& orders) {
  std::string list = "[";
  for (const std::string& order : orders) list += (list.size() > 1 ? "," : "") + order;
  return list + "]";
}

TEST_CASE("Grubhub is asked for what waits to be confirmed; Deliverect and others cannot be asked") {
  CHECK(grubhub().pulls());
  CHECK(grubhub().pull_interval_s() == 300);
  CHECK(grubhub().needs().merchant_id);
  const HttpRequest request = grubhub().pull({"", "503 736"}, "");
  CHECK(line_of(request) == "GET /pos/v1/merchant/503%20736/orders?status=RESTAURANT_CONFIRMABLE");
  CHECK(request.body.empty());
  for (const char* partner : {"deliverect", "deliveroo", "doordash", "jet_connect", "just_eat", "otter"})
    CHECK_FALSE(partner_codec(partner)->api()->pulls());
}

TEST_CASE("an order of Grubhub's list is, byte for byte, what its webhook would have brought") {
  const std::string order = fixture("grubhub/order.json");
  for (const std::string& body : {list_of({order}), "{\"orders\":" + list_of({order}) + "}"}) {
    const PulledPage page = read(grubhub(), body, "gh-west");
    REQUIRE(page.webhooks.size() == 1);
    CHECK(page.next.empty());
    CHECK(page.then.empty());
    const auto& received = std::get<OrderReceived>(page.webhooks[0]);
    const Decoded by_webhook = test::PartnerCase("grubhub", "gh-west").order(order);
    CHECK(received.decoded.order == by_webhook.order);
    CHECK(received.decoded.body.canonical == by_webhook.body.canonical);
    CHECK(received.decoded.body.raw == order.substr(0, order.find_last_of('}') + 1));
  }
}

TEST_CASE("one order of Grubhub's list that cannot be read does not hinder the others") {
  const std::string order = fixture("grubhub/order.json");
  const std::string ended = replaced(order, "\"status\": \"RESTAURANT_CONFIRMABLE\",\n  \"statusHistory\"",
                                     "\"status\": \"FULFILLED\",\n  \"statusHistory\"");
  const PulledPage page =
      read(grubhub(), list_of({"{\"uuid\":1,\"uuid\":2}", order, "nonsense", ended}), "grubhub");
  CHECK(page.webhooks.size() == 1);
  CHECK(page.unreadable.size() == 2);
  CHECK(read(grubhub(), "[]", "grubhub").webhooks.empty());
  for (const char* bad : {"", "{}", "null", "[{}", R"({"orders":null})"})
    CHECK_FALSE(grubhub().read_pulled(bad, "grubhub", {}).ok());
}

TEST_CASE("an order of Grubhub's list that is another restaurant's is told, and not taken") {
  const std::string order = fixture("grubhub/order.json");
  const auto page = grubhub().read_pulled(list_of({order, order}), "grubhub", {"", "store-042"});
  REQUIRE(page.ok());
  CHECK(page->webhooks.size() == 2);
  const auto others = grubhub().read_pulled(list_of({order}), "grubhub", {"", "store-043"});
  REQUIRE(others.ok());
  CHECK(others->webhooks.empty());
  REQUIRE(others->unreadable.size() == 1);
  CHECK(others->unreadable[0].find("another store") != std::string::npos);
}

TEST_CASE(
    "HubRise's events of another location are left where they are; so is one that says it when fetched") {
  const std::string list = R"([
    {"id":"e1","resource_type":"order","event_type":"create","created_at":"2026-11-23T12:00:01Z","location_id":"z9"},
    {"id":"c1","resource_type":"catalog","event_type":"update","created_at":"2026-11-23T12:00:02Z","location_id":"z9"},
    {"id":"e2","resource_type":"order","event_type":"create","created_at":"2026-11-23T12:00:03Z","location_id":"z3"}])";
  const auto page = hubrise().read_pulled(list, "hubrise", {"z3", ""});
  REQUIRE(page.ok());
  CHECK(page->next == "event e2");
  CHECK(page->then.empty());
  const auto others = hubrise().read_pulled(fixture("hubrise/order_create.json"), "hubrise", {"z3k1p-9", ""});
  REQUIRE(others.ok());
  CHECK(others->webhooks.empty());
  CHECK(others->then.empty());
  CHECK(others->left);
  CHECK_FALSE(others->forgets_unreadable);
  REQUIRE(others->unreadable.size() == 1);
  CHECK(others->unreadable[0].find("another store") != std::string::npos);
}

TEST_CASE("HubRise's events of another location hinder none behind them, and the pull ends") {
  std::vector<std::string> waiting{"a", "z1", "z2", "b"};
  std::vector<std::string> taken;
  std::string cursor;
  int pages = 0;
  for (; pages < 20; ++pages) {
    const HttpRequest request = hubrise().pull({}, cursor);
    std::string body;
    if (request.target == "/callback/events") {
      std::vector<std::string> rows;
      for (const std::string& id : waiting)
        rows.push_back(R"({"id":")" + id + R"(","resource_type":"order"})");
      body = list_of(rows);
    } else {
      const std::string id = request.target.substr(request.target.rfind('/') + 1);
      const std::string location = id.front() == 'z' ? "z9" : "z3";
      body = R"({"id":")" + id +
             R"(","resource_type":"order","event_type":"update","order_id":"o","location_id":")" + location +
             R"(","new_state":{"status":"cancelled"}})";
    }
    const auto page = hubrise().read_pulled(body, "hubrise", {"z3", ""});
    REQUIRE(page.ok());
    for (const HttpRequest& then : page->then) {
      taken.push_back(then.target.substr(then.target.rfind('/') + 1));
      std::erase(waiting, taken.back());
    }
    cursor = page->left ? hubrise().next_behind(cursor).value_or("") : page->next;
    if (cursor.empty()) break;
  }
  CHECK(pages < 20);
  CHECK(taken == std::vector<std::string>{"a", "b"});
  CHECK(waiting == std::vector<std::string>{"z1", "z2"});
}

TEST_CASE(
    "behind one of HubRise's events come the others that were listed; a list is known by itself alone") {
  CHECK(hubrise().next_behind("event a b c") == "event b c");
  CHECK(hubrise().next_behind("event c") == "");
  for (const char* list : {"", "list"}) CHECK_FALSE(hubrise().next_behind(list).has_value());
  CHECK_FALSE(grubhub().next_behind("").has_value());
}

TEST_CASE("HubRise is asked every 30 s, for the list and then for one event of it") {
  CHECK(hubrise().pulls());
  CHECK(hubrise().pull_interval_s() == 30);
  CHECK(line_of(hubrise().pull({}, "")) == "GET /callback/events");
  const PulledPage page = read(hubrise(), R"([
    {"id":"e/2","resource_type":"order","event_type":"update","created_at":"2026-11-23T13:00:02+01:00"},
    {"id":"e1","resource_type":"delivery","event_type":"update","created_at":"2026-11-23T12:00:01Z"},
    {"id":"e3","resource_type":"order","event_type":"create","created_at":"2026-11-23T12:00:03Z"},
    {"id":"c 1","resource_type":"customer","event_type":"update","created_at":"2026-11-23T11:00:00Z"},
    {"resource_type":"order"}])",
                               "hubrise");
  CHECK(page.webhooks.empty());
  CHECK(page.unreadable.size() == 1);
  REQUIRE(page.then.size() == 1);
  CHECK(line_of(page.then[0]) == "DELETE /callback/events/c%201");
  CHECK(line_of(hubrise().pull({}, page.next)) == "GET /callback/events/e1");
}

TEST_CASE("HubRise's event is what its callback would have brought, is deleted, and the list comes next") {
  const std::string event = fixture("hubrise/order_create.json");
  const PulledPage page = read(hubrise(), event, "hub-2");
  REQUIRE(page.webhooks.size() == 1);
  CHECK(std::get<OrderReceived>(page.webhooks[0]).decoded.order ==
        test::PartnerCase("hubrise", "hub-2").order(event).order);
  REQUIRE(page.then.size() == 1);
  CHECK(line_of(page.then[0]) == "DELETE /callback/events/ev7q2");
  CHECK(line_of(hubrise().pull({}, page.next)) == "GET /callback/events");
  const PulledPage near = read(hubrise(), fixture("hubrise/courier_near.json"), "hubrise");
  REQUIRE(near.webhooks.size() == 1);
  CHECK(std::holds_alternative<ReleaseReceived>(near.webhooks[0]));
}

TEST_CASE("HubRise's event that says nothing, or cannot be read, is deleted all the same") {
  const std::string event = fixture("hubrise/order_create.json");
  const PulledPage nothing =
      read(hubrise(), replaced(event, "\"status\": \"new\"", "\"status\": \"accepted\""), "hubrise");
  CHECK(nothing.webhooks.empty());
  CHECK(nothing.unreadable.empty());
  CHECK(nothing.then.size() == 1);
  const PulledPage broken =
      read(hubrise(), replaced(event, "\"quantity\": \"2.0\"", "\"quantity\": \"0.35\""), "hubrise");
  CHECK(broken.webhooks.empty());
  REQUIRE(broken.unreadable.size() == 1);
  CHECK(broken.forgets_unreadable);
  CHECK(broken.unreadable[0].starts_with("event ev7q2: /new_state/items/0/quantity"));
  CHECK(broken.then.size() == 1);
}

TEST_CASE("HubRise's empty list ends it, and what is neither list nor event is a problem") {
  const PulledPage page = read(hubrise(), "[]", "hubrise");
  CHECK(page.next.empty());
  CHECK(page.then.empty());
  for (const char* bad : {"", "{}", "null", "7", "[", R"({"id":7})"})
    CHECK_FALSE(hubrise().read_pulled(bad, "hubrise", {}).ok());
}

TEST_CASE("HubRise's events are taken one after the other until none is left") {
  std::vector<std::string> waiting{"a", "b", "c"};
  std::vector<std::string> taken;
  std::string next;
  for (int page_number = 0; page_number < 20; ++page_number) {
    const HttpRequest request = hubrise().pull({}, next);
    std::string body;
    if (request.target == "/callback/events") {
      std::vector<std::string> rows;
      for (const std::string& id : waiting)
        rows.push_back(R"({"id":")" + id + R"(","resource_type":"order"})");
      body = list_of(rows);
    } else {
      taken.push_back(request.target.substr(request.target.size() - 1));
      body = replaced(fixture("hubrise/order_cancelled.json"), "\"id\": \"",
                      "\"id\": \"" + taken.back() + "\", \"x\": \"");
    }
    const PulledPage page = read(hubrise(), body, "hubrise");
    for (const HttpRequest& then : page.then) std::erase(waiting, then.target.substr(then.target.size() - 1));
    next = page.next;
    if (next.empty()) break;
  }
  CHECK(next.empty());
  CHECK(taken == std::vector<std::string>{"a", "b", "c"});
  CHECK(waiting.empty());
}

TEST_CASE("five thousand damaged pages give a problem, or whole orders and words for what is not") {
  const auto damage = [](const PartnerApi& api, const std::string& text, std::uint64_t seed) {
    return test::mutate(text, seed, 5'000, [&](std::string_view damaged) {
      const auto page = api.read_pulled(damaged, "hub", {});
      if (!page) return test::must_say_why(page.problem()), false;
      for (const Webhook& webhook : page->webhooks)
        if (const auto* order = std::get_if<OrderReceived>(&webhook)) test::must_be_whole(order->decoded);
      for (const std::string& why : page->unreadable) REQUIRE_FALSE(why.empty());
      for (const HttpRequest& then : page->then)
        REQUIRE(then.target.size() > std::size("/callback/events/") - 1);
      return true;
    });
  };
  const std::string order = fixture("grubhub/order.json");
  for (const test::Tally& tally : {damage(grubhub(), list_of({order, order}), 61),
                                   damage(hubrise(), fixture("hubrise/order_create.json"), 62)}) {
    CHECK(tally.refused > 100);
    CHECK(tally.understood > 100);
  }
}

}  // namespace
}  // namespace storegate::codec
