// Releases by the partner and by a person, again, after a fallback has acted, and of orders that nobody knows.
#include <doctest/doctest.h>

#include <string>

#include "tests/support/eventually.hpp"
#include "tests/support/orders.hpp"
#include "tests/system/whole/whole_store.hpp"

using namespace storegate::system;
using namespace storegate::support;
using namespace std::chrono_literals;

namespace {

/// An order whose fallback was due a minute ago, so that it acts at once.
std::string overdue(WholeStore& store, const std::string& id, const std::string& fallback) {
  OrderShape shape;
  shape.release_mode = "on_event";
  shape.fallback_minutes = -1;
  shape.fallback = fallback;
  const HttpAnswer answer =
      store.api.post("/v1/orders", canonical_order("kiosk", id, shape), {{"Idempotency-Key", id}});
  REQUIRE_MESSAGE(answer.is(201), answer.body);
  return value_at(answer.body, "/id");
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("4.1 release: by the partner, by a person at the box, and whoever says it again changes nothing") {
  WholeStore store;
  const std::string by_partner = store.doordash_order("D-partner");
  const std::string by_person = store.doordash_order("D-person");
  REQUIRE(store.webhook(doordash_release("D-partner")).is(200));
  REQUIRE(store.command({"orders", "release", by_person}).status == 0);
  CHECK(store.hears("D-partner", "order.released").data("by") == "partner");
  CHECK(store.hears("D-person", "order.released").data("by") == "person");
  for (const char* id : {"D-partner", "D-person"}) store.hears(id, "order.placed");

  for (const auto& [id, uuid] : {std::pair("D-partner", by_partner), std::pair("D-person", by_person)}) {
    CHECK(store.webhook(doordash_release(id)).is(200));
    CHECK(store.api.post("/v1/orders/" + uuid + "/release", "").is(200));
    CHECK(store.command({"orders", "release", uuid}).status == 0);
    store.publish("release", release_command("doordash", id));
  }
  // By the same way in: whatever was published before it has been looked at.
  const std::string last = store.doordash_order("D-last");
  store.publish("release", release_command("doordash", "D-last"));
  store.hears("D-last", "order.placed");
  for (const char* id : {"D-partner", "D-person", "D-last"}) {
    CHECK(store.story(id) == "accepted released placed");
    CHECK(store.tickets(id) == "open");
  }
  CHECK(store.pos.counts().orders == 3);
}

TEST_CASE("4.1 release: after its fallback a parked order goes on, and a cancelled one is over") {
  WholeStore store;
  const std::string parked = overdue(store, "K-parked", "park");
  const std::string over = overdue(store, "K-over", "cancel");
  const std::string cooked = overdue(store, "K-cooked", "release");
  CHECK(store.hears("K-parked", "order.parked").data("reason") == "release_overdue");
  const Heard ended = store.hears("K-over", "order.cancelled");
  CHECK(ended.data("by") == "clock");
  CHECK(ended.data("reason") == "timed_out");
  CHECK(store.hears("K-cooked", "order.released").data("why") == "fallback");
  store.hears("K-cooked", "order.placed");

  const Said list = store.command({"parked"});
  CHECK_MESSAGE(has(list.out, "storegate orders release " + parked), list.out);
  store.publish("release", release_command("kiosk", "K-parked"));
  CHECK(store.hears("K-parked", "order.released").data("by") == "cloud");
  store.hears("K-parked", "order.placed");

  CHECK(store.api.post("/v1/orders/" + over + "/release", "").is(409));
  const Said refused = store.command({"orders", "release", over});
  CHECK(refused.status == 1);
  CHECK_MESSAGE(has(refused.out, "cancelled already"), refused.out);
  CHECK(store.api.post("/v1/orders/" + cooked + "/release", "").is(200));
  store.something_else_is_placed();
  CHECK(store.story("K-over") == "accepted cancelled");
  CHECK(store.tickets("K-over").empty());
  CHECK(store.story("K-cooked") == "accepted released placed");
}

TEST_CASE("4.1 release: of an order that nobody knows a person is told at once, the cloud by an event") {
  WholeStore store;
  const std::string unknown = "01900000-0000-7000-8000-000000000000";
  CHECK(store.api.post("/v1/orders/" + unknown + "/release", "").is(404));
  const Said said = store.command({"orders", "release", unknown});
  CHECK(said.status == 1);
  CHECK_MESSAGE(has(said.out, "no such order"), said.out);
  store.publish("release", R"({"id":")" + unknown + "\"}");
  CHECK(store.hears("", "gateway.message_refused").data("why") == "no such order in this store");
  CHECK(store.webhook(doordash_release("D-comes")).is(200));  // kept: its order may be on its way
  store.doordash_order("D-comes");
  CHECK(store.hears("D-comes", "order.released").data("by") == "partner");
  store.hears("D-comes", "order.placed");
}
