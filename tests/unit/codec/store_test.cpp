// Whose store an order is for, as each partner says it: another's is never read as this one's.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "builders.hpp"
#include "codec/partners/api_outcomes.hpp"
#include "fetched_case.hpp"
#include "partner_case.hpp"

namespace storegate::codec {
namespace {

using test::fixture;
using test::PartnerCase;

/// A webhook and the store that it names.
struct Row {
  const char* partner;
  std::string body;
  std::string store;
};

/// The object with one more member.
std::string with(const std::string& member, std::string object) {
  return object.insert(object.find('{') + 1, member + ",");
}

std::vector<Row> webhooks() {
  const std::string hubrise_near =
      R"({"id":"e1","resource_type":"order","event_type":"update","order_id":"5dpm9",
    "new_state":{"id":"5dpm9","location_id":"z3k1p-0","status":"accepted","delivery":{"status":"pickup_waiting"}}})";
  const std::string rider = R"({"event":"rider.status_update","body":{"order_id":"gb:1","location_id":4163,
    "status":"rider_arrived"}})";
  return {
      {"deliverect", fixture("deliverect/order.json"), "60bb00000000000000000002"},
      {"deliverect", R"({"_id":"o-1","status":100,"location":"60bb"})", "60bb"},
      {"deliveroo", fixture("deliveroo/order.json"), "store-042"},
      {"deliveroo", fixture("deliveroo/status_canceled.json"), "store-042"},
      {"deliveroo", rider, "4163"},
      {"doordash", fixture("doordash/order.json"), "store-042"},
      {"doordash", fixture("doordash/dasher_near.json"), "store-042"},
      {"doordash", R"({"external_order_id":"dd-1","store":{"merchant_supplied_id":"s-1"}})", "s-1"},
      {"grubhub", fixture("grubhub/order.json"), "store-042"},
      {"grubhub", R"({"uuid":"g-1","status":"CANCELLED","merchant_id":"1000411"})", "1000411"},
      {"hubrise", fixture("hubrise/order_create.json"), "z3k1p-0"},
      {"hubrise", fixture("hubrise/order_cancelled.json"), "z3k1p-0"},
      {"hubrise", hubrise_near, "z3k1p-0"},
      {"jet_connect", fixture("jet_connect/collection.json"), "STORE-7"},
      {"jet_connect", with(R"("posLocationId":"AKZ12")", fixture("jet_connect/cancel.json")), "AKZ12"},
      {"just_eat", fixture("just_eat/acceptance_requested.json"), "R-118"},
      {"otter", fixture("otter/order.json"), "store-042"},
      {"otter", fixture("otter/cancel.json"), "store-042"},
      {"uber_eats", fixture("uber_eats/notification.json"), "e2c1d7b8-0b64-4a77-9a0c-6f1f1f0b7d11"},
      {"uber_eats", fixture("uber_eats/cancel.json"), "e2c1d7b8-0b64-4a77-9a0c-6f1f1f0b7d11"},
      {"uber_eats", fixture("uber_eats/release.json"), "e2c1d7b8-0b64-4a77-9a0c-6f1f1f0b7d11"},
  };
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return text;
}

TEST_CASE("a webhook of another store is refused as that, whatever it asks for") {
  for (const Row& row : webhooks()) {
    CAPTURE(row.partner);
    CAPTURE(row.body);
    for (const std::string& ours : {std::string(), row.store, upper(row.store)}) {
      CAPTURE(ours);
      const auto webhook = PartnerCase(row.partner).in(ours).read(row.body);
      REQUIRE(webhook.ok());
      CHECK_FALSE(std::holds_alternative<NothingReceived>(*webhook));
    }
    for (const std::string& ours : {row.store + "1", row.store.substr(1), std::string("x")}) {
      CAPTURE(ours);
      const auto webhook = PartnerCase(row.partner).in(ours).read(row.body);
      REQUIRE_FALSE(webhook.ok());
      CHECK(webhook.problem().kind == ProblemKind::other_store);
      CHECK_FALSE(webhook.problem().pointer.empty());
      CHECK(webhook.problem().detail.find(row.store) == std::string::npos);
      // HubRise forgets whatever is answered below 500.
      const int status = std::string_view(row.partner) == "hubrise" ? 503 : 404;
      CHECK(partner_codec(row.partner)->refusal(webhook.problem()).status == status);
    }
  }
}

TEST_CASE("what names no store, or in no way that could be compared, is taken as this one's") {
  for (const char* store : {"null", "{}", "[]", "true", "\"\""}) {
    CAPTURE(store);
    const std::string body = R"({"_id":"o-1","status":100,"location":)" + std::string(store) + "}";
    CHECK(PartnerCase("deliverect").in("60bb").read(body).ok());
  }
  CHECK(PartnerCase("deliverect").in("60bb").read(R"({"_id":"o-1","status":100})").ok());
}

TEST_CASE("what asks for nothing is thanked for, whosever it is") {
  for (const char* body : {R"({"event_type":"store.provisioned","meta":{"user_id":"another"}})"})
    CHECK(std::holds_alternative<NothingReceived>(*PartnerCase("uber_eats").in("ours").read(body)));
  const std::string catalog =
      R"({"id":"e1","resource_type":"catalog","event_type":"update","location_id":"z9"})";
  CHECK(std::holds_alternative<NothingReceived>(*PartnerCase("hubrise").in("z3").read(catalog)));
}

// ---- fetched ----

struct Fetched {
  const char* partner;
  const char* file;
  std::string store;
  bool by_merchant;
};

const std::vector<Fetched>& orders() {
  static const std::vector<Fetched> rows{
      {"uber_eats", "uber_eats/order.json", "e2c1d7b8-0b64-4a77-9a0c-6f1f1f0b7d11", false},
      {"open_delivery", "open_delivery/order.json", "12345678000199-0c1d", true},
      {"rbi", "rbi/order.json", "7", false},
      {"grubhub", "grubhub/order.json", "store-042", true}};
  return rows;
}

/// The other of the two ids is never looked at.
ApiStore store_of(const Fetched& row, const std::string& id) {
  return row.by_merchant ? ApiStore{"x", id} : ApiStore{id, "x"};
}

core::FetchOrder asked_for(const Fetched& row) {
  core::FetchOrder fetch;
  fetch.partner = row.partner;
  fetch.partner_order_id = test::fetched(row.partner, fixture(row.file)).decoded.order.partner_order_id;
  return fetch;
}

TEST_CASE("an order that was fetched and names another store is none of this one's") {
  for (const Fetched& row : orders()) {
    CAPTURE(row.partner);
    const PartnerApi& api = test::api_of(row.partner);
    const std::string body = fixture(row.file);
    const core::FetchOrder fetch = asked_for(row);
    for (const std::string& ours : {std::string(), row.store, upper(row.store)}) {
      const auto came = fetched_from(api, fetch, {.status = 200, .body = body}, store_of(row, ours));
      CHECK(came.outcome == core::FetchOutcome::fetched);
    }
    const auto came = fetched_from(api, fetch, {.status = 200, .body = body}, store_of(row, row.store + "0"));
    CHECK(came.outcome == core::FetchOutcome::not_ours);
    CHECK(came.arrived.order.items.empty());
  }
}

TEST_CASE("another store's order need not even be readable to be known as that") {
  const Fetched& row = orders()[0];
  const std::string broken = test::replaced(fixture(row.file), "\"quantity\"", "\"quantitee\"");
  const PartnerApi& api = test::api_of(row.partner);
  CHECK(fetched_from(api, asked_for(row), {.status = 200, .body = broken}, {}).outcome ==
        core::FetchOutcome::unreadable);
  CHECK(fetched_from(api, asked_for(row), {.status = 200, .body = broken}, {"another", ""}).outcome ==
        core::FetchOutcome::not_ours);
}

TEST_CASE("what is asked for is looked at first, then whose it is, then whether it is an order yet") {
  const PartnerApi& api = test::api_of("rbi");
  const std::string priced = R"({"data":{"id":"r-1","storeId":"s-1","status":"PRICED"}})";
  core::FetchOrder fetch;
  fetch.partner = "rbi";
  const auto came_of = [&](const char* id, const char* store) {
    fetch.partner_order_id = id;
    return fetched_from(api, fetch, {.status = 200, .body = priced}, {store, ""}).outcome;
  };
  CHECK(came_of("r-1", "s-1") == core::FetchOutcome::not_yet);
  CHECK(came_of("r-1", "s-2") == core::FetchOutcome::not_ours);
  CHECK(came_of("r-2", "s-1") == core::FetchOutcome::unreadable);
  CHECK(came_of("r-2", "s-2") == core::FetchOutcome::unreadable);
}

TEST_CASE("every partner whose orders name their store is tried here, and says where it does") {
  std::set<std::string_view> tried;
  for (const Row& row : webhooks()) tried.insert(row.partner);
  for (const Fetched& row : orders()) tried.insert(row.partner);
  for (const PartnerCodec* codec : partner_codecs()) {
    CAPTURE(codec->name());
    CHECK(codec->store_member().empty() != tried.contains(codec->name()));
  }
}

}  // namespace
}  // namespace storegate::codec
