// Release, cancel, resolve, availability, webhooks and the questions about orders and events.
#include <doctest/doctest.h>

#include <set>
#include <string>

#include "running_service.hpp"

using namespace storegate;
using namespace storegate::app_test;

namespace {
constexpr const char* nobody = "01890000-0000-7000-8000-00000000ffff";

std::string order_id(RunningService& gate, std::string_view id) {
  const auto answer = gate.order(held_order(id), "key " + std::string(id));
  REQUIRE(answer.is(201));
  return value_at(answer.body, "/id");
}
}  // namespace

TEST_CASE("commands about an order that is not there are 404, whatever its id looks like") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  for (const std::string id : {nobody, "0193", "..", "%00"}) {
    CAPTURE(id);
    CHECK(gate.post("/v1/orders/" + id + "/release").is(404));
    CHECK(gate.post("/v1/orders/" + id + "/cancel", R"({"reason":"x"})").is(404));
    CHECK(gate.post("/v1/orders/" + id + "/resolve", R"({"answer":"placed"})").is(404));
    CHECK(gate.get("/v1/orders/" + id).is(404));
    CHECK(gate.get("/v1/orders/" + id + "/events").is(404));
  }
}

TEST_CASE("a release is 200 and so is its repeat; a release after the end is 409") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  const auto id = order_id(gate, "K-1");
  const auto path = "/v1/orders/" + id;
  const auto released = gate.post(path + "/release");
  CHECK(released.is(200));
  CHECK(value_at(released.body, "/id") == id);
  CHECK(gate.post(path + "/release", "{}").is(200));

  const auto other = order_id(gate, "K-2");
  CHECK(value_at(gate.post("/v1/orders/" + other + "/cancel").body, "/phase") == "cancelled");
  CHECK(gate.post("/v1/orders/" + other + "/cancel", "{}").is(200));
  const auto late = gate.post("/v1/orders/" + other + "/release");
  CHECK(late.is(409));
  CHECK_FALSE(value_at(late.body, "/detail").empty());
}

TEST_CASE("bad bodies of commands are 400 or 415 and change nothing") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  const auto path = "/v1/orders/" + order_id(gate, "K-1");
  CHECK(gate.post(path + "/cancel", "{").is(400));
  CHECK(gate.post(path + "/cancel", R"({"reason":7})").is(400));
  CHECK(gate.post(path + "/resolve", "").is(400));
  CHECK(gate.post(path + "/resolve", R"({"answer":"perhaps"})").is(400));
  CHECK(gate.post(path + "/resolve", R"({"answer":"placed"})").is(409));  // it is not parked
  CHECK(gate.caller().call("POST", path + "/cancel", {{"Content-Type", "text/plain"}}, "because").is(415));
  CHECK(gate.put("/v1/availability/taco-01", R"({"available":"no"})").is(400));
  CHECK(gate.put("/v1/availability/" + std::string(129, 'x'), R"({"available":false})").is(400));
  CHECK(value_at(gate.get(path).body, "/phase") == "held");
}

TEST_CASE(
    "an order is shown with its canonical form, release and history; the list can be paged and narrowed") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  const auto id = order_id(gate, "K-1");
  const auto shown = gate.get("/v1/orders/" + id);
  REQUIRE(shown.is(200));
  CHECK(value_at(shown.body, "/id") == id);
  CHECK(value_at(shown.body, "/order/partner_order_id") == "K-1");
  CHECK(value_at(shown.body, "/order/customer/name") == "Ana Lima");
  CHECK(value_at(shown.body, "/release/mode") == "on_event");
  CHECK(value_at(shown.body, "/history/0/phase") == "held");

  for (int i = 2; i <= 5; ++i) (void)order_id(gate, "K-" + std::to_string(i));
  std::set<std::string> seen;
  std::string target = "/v1/orders?limit=2";
  for (int pages = 0; pages < 5 && !target.empty(); ++pages) {
    const auto page = gate.get(target);
    REQUIRE(page.is(200));
    for (std::size_t i = 0; i < size_at(page.body, "/orders"); ++i)
      seen.insert(value_at(page.body, "/orders/" + std::to_string(i) + "/partner_order_id"));
    const auto next = value_at(page.body, "/next");
    target = next == "null" ? "" : "/v1/orders?limit=2&cursor=" + next;
  }
  CHECK(seen == std::set<std::string>{"K-1", "K-2", "K-3", "K-4", "K-5"});
  REQUIRE(gate.post("/v1/orders/" + id + "/cancel").is(200));
  CHECK(size_at(gate.get("/v1/orders?phase=cancelled").body, "/orders") == 1);
  CHECK(size_at(gate.get("/v1/orders?phase=held&partner=kiosk").body, "/orders") == 4);
  CHECK(size_at(gate.get("/v1/orders?partner=doordash").body, "/orders") == 0);
  for (const char* bad :
       {"?limit=0", "?limit=1001", "?limit=x", "?limit=-1", "?phase=cooked", "?cursor=x", "?cursor=0"})
    CHECK(gate.get(std::string("/v1/orders") + bad).is(400));
}

TEST_CASE("events are listed from a sequence on, and an order's own apart") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  const auto id = order_id(gate, "K-1");
  REQUIRE(gate.post("/v1/orders/" + id + "/cancel").is(200));
  const auto own = gate.get("/v1/orders/" + id + "/events");
  REQUIRE(size_at(own.body, "/events") == 2);
  CHECK(value_at(own.body, "/events/0/type") == "storegate.order.accepted.v1");
  CHECK(value_at(own.body, "/events/1/type") == "storegate.order.cancelled.v1");
  CHECK(value_at(own.body, "/next") == "null");
  CHECK(own.body.find("Ana") == std::string::npos);

  const auto all = gate.get("/v1/events");
  REQUIRE(size_at(all.body, "/events") == 3);
  CHECK(value_at(all.body, "/events/0/type") == "storegate.gateway.started.v1");
  const auto epoch = value_at(all.body, "/events/0/epoch");
  const auto first = gate.get("/v1/events?limit=1");
  CHECK(size_at(first.body, "/events") == 1);
  CHECK_FALSE(value_at(first.body, "/next") == "null");
  const auto second = gate.get("/v1/events?limit=1&since=" + value_at(first.body, "/next"));
  CHECK(value_at(second.body, "/events/0/type") == "storegate.order.accepted.v1");
  CHECK(size_at(gate.get("/v1/events?since=2").body, "/events") == 1);
  CHECK(size_at(gate.get("/v1/events?since=" + epoch + "-2").body, "/events") == 1);
  CHECK(size_at(gate.get("/v1/events?since=3").body, "/events") == 0);
  CHECK(gate.get("/v1/events?since=other-2").is(400));
  CHECK(gate.get("/v1/events?since=-").is(400));
}

TEST_CASE(
    "4.2 acceptance: a store that is paused over the API rejects orders with every reason, also after a "
    "restart") {
  support::TempDir folder;
  std::string first;
  {
    RunningService gate(ordinary_config(folder));
    CHECK(gate.get("/v1/store").body == R"({"status":"open","until":null,"open_now":true})");
    const auto put = gate.put("/v1/store", R"({"status":"paused","until":null})");
    CHECK(put.is(200));
    CHECK(put.body == R"({"status":"paused","until":null,"open_now":false})");
    CHECK(gate.put("/v1/store", R"({"status":"paused","until":"2020-01-01T00:00:00Z"})").is(409));
    CHECK(gate.put("/v1/store", R"({"status":"open","until":"2030-01-01T00:00:00Z"})").is(400));
    CHECK(gate.put("/v1/store", R"({"status":"shut"})").is(400));
    REQUIRE(gate.put("/v1/availability/taco-01", R"({"available":false})").is(200));
    const auto rejected = gate.order(held_order("K-1"), "k");
    CHECK(rejected.is(201));
    first = rejected.body;
    CHECK(value_at(first, "/reason") == "store_closed");
    CHECK(value_at(first, "/reasons/0/why") == "paused");
    CHECK(value_at(gate.get("/readyz").body, "/checks/pause") == "fail");
    CHECK(gate.get("/metrics").body.find("storegate_orders_rejected_total{reason=\"store_closed\"} 1") !=
          std::string::npos);
  }
  RunningService gate(ordinary_config(folder));
  CHECK(value_at(gate.get("/v1/store").body, "/status") == "paused");
  CHECK(gate.order(held_order("K-1"), "k").body == first);
  const auto events = gate.get("/v1/events").body;
  CHECK(value_at(events, "/events/1/type") == "storegate.store.status_changed.v1");
  CHECK(value_at(events, "/events/1/data/status") == "paused");
  CHECK(value_at(events, "/events/1/data/by") == "person");
  CHECK(gate.put("/v1/store", R"({"status":"open"})").is(200));
  CHECK(gate.put("/v1/availability/taco-01", R"({"available":true})").is(200));
  CHECK(value_at(gate.order(held_order("K-2"), "k2").body, "/phase") == "held");
}

TEST_CASE("availability is what was last said of an item, and stays after a restart") {
  support::TempDir folder;
  {
    RunningService gate(ordinary_config(folder));
    const auto put = gate.put("/v1/availability/taco%2001", R"({"available":false})");
    CHECK(put.is(200));
    CHECK(value_at(put.body, "/items/0/id") == "taco 01");
    CHECK(value_at(put.body, "/items/0/available") == "false");
  }
  RunningService gate(ordinary_config(folder));
  const auto listed = gate.get("/v1/availability");
  CHECK(value_at(listed.body, "/items/0/id") == "taco 01");
  CHECK(value_at(listed.body, "/items/0/available") == "false");
}

TEST_CASE(
    "a DoorDash order is 202 once stored and the same again; another body 409; bad tokens 401 store "
    "nothing") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  const std::string hook = "/v1/partners/doordash/webhook";
  const auto body = doordash_order("D-1");
  CHECK(gate.webhook(hook, body, "wrong").is(401));
  CHECK(gate.post(hook, body).is(401));
  CHECK(gate.webhook(hook, "not even JSON", "wrong").is(401));
  CHECK(gate.orders_stored() == 0);
  const auto first = gate.webhook(hook, body, "Bearer s3cret");
  CHECK(first.is(202));
  CHECK(value_at(first.body, "/partner_order_id") == "D-1");
  const auto again = gate.webhook(hook + "/order", body);
  CHECK(again.is(202));
  CHECK(again.body == first.body);
  CHECK(gate.webhook(hook, doordash_order("D-1", 2)).is(409));
  CHECK(gate.orders_stored() == 1);
}

TEST_CASE("webhooks: another shape than the fixed kind 400, an unknown partner or kind 404, malformed 400") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  const std::string hook = "/v1/partners/doordash/webhook";
  CHECK(gate.webhook(hook + "/order", support::doordash_release("D-1")).is(400));
  CHECK(gate.webhook(hook + "/release", doordash_order("D-1")).is(400));
  CHECK(gate.webhook(hook, "{").is(400));
  CHECK(gate.webhook(hook + "/refund", doordash_order("D-1")).is(404));
  CHECK(gate.webhook("/v1/partners/kiosk/webhook", "{}").is(404));  // canonical orders only
  CHECK(gate.webhook("/v1/partners/grubhub/webhook", "{}").is(404));
  CHECK(gate.orders_stored() == 0);
}

TEST_CASE(
    "DoorDash releases and cancels are 200 also before their order, and a cancel that came first holds "
    "[I4]") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  const std::string hook = "/v1/partners/doordash/webhook";
  CHECK(gate.webhook(hook + "/cancel", support::doordash_cancel("D-2")).is(200));
  CHECK(gate.webhook(hook + "/release", support::doordash_release("D-3")).is(200));
  const auto cancelled = gate.webhook(hook, doordash_order("D-2"));
  CHECK(cancelled.is(202));
  CHECK(value_at(cancelled.body, "/phase") == "cancelled");
  CHECK(gate.webhook(hook, doordash_order("D-3")).is(202));
  CHECK(size_at(gate.get("/v1/orders?phase=held").body, "/orders") == 0);
  CHECK(gate.webhook(hook + "/cancel", support::doordash_cancel("D-2")).is(200));
}
