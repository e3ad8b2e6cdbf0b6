// POST /v1/orders against the whole service: each status of interfaces.md, and what bad input gets.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "running_service.hpp"

using namespace storegate;
using namespace storegate::app_test;

namespace {

/// `text` with the first `from` replaced.
std::string with(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string deep_modifiers(int levels) {
  std::string inner = "[]";
  for (int i = 0; i < levels; ++i)
    inner = R"([{"id":"m","name":"M","quantity":1,"unit_price":0,"modifiers":)" + inner + "}]";
  return R"({"partner":"kiosk","partner_order_id":"D-1","fulfilment":{"type":"pickup"},"items":[{"id":"a","name":"A",)"
         R"("quantity":1,"unit_price":100,"modifiers":)" +
         inner + "}]}";
}

struct BadOrder {
  const char* what;
  std::string body;
  std::string pointer;  // of the problem; "" = not looked at
};

std::vector<BadOrder> bad_orders() {
  const std::string good = held_order("K-bad");
  return {
      {"nothing", "", ""},
      {"not JSON", "hello", ""},
      {"cut off", good.substr(0, good.size() / 2), ""},
      {"something behind it", good + "x", ""},
      {"an array", "[" + good + "]", ""},
      {"a member of the wrong type", with(good, R"("partner":"kiosk")", R"("partner":7)"), "/partner"},
      {"a missing member", with(good, R"("partner_order_id")", R"("partner_order_no")"), ""},
      {"a duplicate member", with(good, R"("partner":"kiosk")", R"("partner":"kiosk","partner":"kiosk")"),
       ""},
      {"a quantity of none", with(good, R"("quantity":1)", R"("quantity":0)"), "/items/0/quantity"},
      {"a quantity with a fraction", with(good, R"("quantity":1)", R"("quantity":1.5)"), "/items/0/quantity"},
      {"a number out of range", with(good, R"("quantity":1)", R"("quantity":99999999999999999999)"), ""},
      {"no items", R"({"partner":"kiosk","partner_order_id":"K","fulfilment":{"type":"pickup"},"items":[]})",
       "/items"},
      {"an unknown fulfilment", with(good, R"("type":"delivery")", R"("type":"drone")"), "/fulfilment/type"},
      {"invalid UTF-8",
       with(good, "Ana",
            "A\xff"
            "a"),
       ""},
      {"11 levels of modifiers", deep_modifiers(11), ""},
      {"100 levels of modifiers", deep_modifiers(100), ""},
      {"a partner nobody configured", with(good, R"("partner":"kiosk")", R"("partner":"stranger")"), ""},
  };
}

}  // namespace

TEST_CASE("a new order is 201, the same again 200 with the same body, the key with another body 409 [I14]") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  const auto body = held_order("K-1");
  const auto first = gate.order(body, "key-1");
  REQUIRE(first.is(201));
  CHECK(value_at(first.body, "/phase") == "held");
  CHECK(value_at(first.body, "/partner_order_id") == "K-1");
  CHECK_FALSE(value_at(first.body, "/release_token").empty());
  CHECK(first.header("Content-Type") == "application/json");

  const auto again = gate.order(body, "key-1");
  CHECK(again.is(200));
  CHECK(again.header("Idempotency-Replayed") == "true");
  CHECK(again.body == first.body);

  const auto other_key = gate.order(body, "key-2");
  CHECK(other_key.is(200));
  CHECK(other_key.header("Idempotency-Replayed") == "true");
  CHECK(other_key.body == first.body);

  const auto other_body = gate.order(held_order("K-1", "another note"), "key-1");
  CHECK(other_body.is(409));
  CHECK(other_body.header("Content-Type") == "application/problem+json");
  CHECK(gate.order(held_order("K-1", "another note"), "key-3").is(409));
  CHECK(gate.order(held_order("K-2"), "key-1").is(409));
  CHECK(gate.order(body, "key-1").body == first.body);
  CHECK(gate.orders_stored() == 1);
}

TEST_CASE("the first answer stays the answer when the order has gone on, and after a restart [I14]") {
  support::TempDir folder;
  const auto body = held_order("K-1");
  std::string first;
  {
    RunningService gate(ordinary_config(folder));
    first = gate.order(body, "key-1").body;
    const auto id = value_at(first, "/id");
    REQUIRE(gate.post("/v1/orders/" + id + "/cancel", R"({"reason":"other"})").is(200));
    const auto replayed = gate.order(body, "key-1");
    CHECK(replayed.is(200));
    CHECK(replayed.body == first);
    CHECK(value_at(gate.get("/v1/orders/" + id).body, "/phase") == "cancelled");
  }
  RunningService gate(ordinary_config(folder));
  const auto replayed = gate.order(body, "key-1");
  CHECK(replayed.is(200));
  CHECK(replayed.body == first);
  CHECK(gate.order(held_order("K-1", "another"), "key-1").is(409));
  CHECK(gate.orders_stored() == 1);
}

TEST_CASE("50 copies at once are one order and one answer [I14]") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  const auto body = held_order("K-50");
  std::vector<support::HttpAnswer> answers(50);
  std::vector<std::thread> callers;
  for (std::size_t i = 0; i < answers.size(); ++i)
    callers.emplace_back([&, i] {
      support::HttpCaller caller(gate.address());
      answers[i] = caller.post("/v1/orders", body, {{"Idempotency-Key", "key-50"}});
    });
  for (auto& caller : callers) caller.join();
  std::set<std::string> bodies;
  std::size_t created = 0;
  for (const auto& answer : answers) {
    CHECK((answer.is(201) || answer.is(200)));
    if (answer.is(201)) ++created;
    bodies.insert(answer.body);
  }
  CHECK(created == 1);
  CHECK(bodies.size() == 1);
  CHECK(gate.orders_stored() == 1);
}

TEST_CASE("bad bodies get 400 with a problem document, nothing is stored, and the connection stays usable") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  for (const auto& bad : bad_orders()) {
    CAPTURE(bad.what);
    const auto answer = gate.order(bad.body, "key-bad");
    CHECK(answer.is(400));
    CHECK(answer.header("Content-Type") == "application/problem+json");
    CHECK(value_at(answer.body, "/status") == "400");
    CHECK_FALSE(value_at(answer.body, "/detail").empty());
    if (!bad.pointer.empty()) CHECK(value_at(answer.body, "/pointer") == bad.pointer);
    CHECK(gate.caller().connected());
  }
  CHECK(gate.orders_stored() == 0);
  CHECK(gate.order(held_order("K-bad"), "key-bad").is(201));
}

TEST_CASE("ten levels of modifiers are an order, and an unknown partner has a type of its own") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  CHECK(gate.order(deep_modifiers(10), "deep").is(201));
  const auto stranger =
      gate.order(with(held_order("K-9"), R"("partner":"kiosk")", R"("partner":"stranger")"), "k");
  CHECK(value_at(stranger.body, "/type").find("unknown-partner") != std::string::npos);
}

TEST_CASE("the header that is missing or wrong is told apart from the body") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  auto& caller = gate.caller();
  const auto body = held_order("K-1");
  const support::HttpHeaders key{{"Idempotency-Key", "k"}};
  CHECK(gate.post("/v1/orders", body).is(400));
  CHECK(gate.post("/v1/orders", body, {{"Idempotency-Key", ""}}).is(400));
  CHECK(gate.post("/v1/orders", body, {{"Idempotency-Key", "a"}, {"Idempotency-Key", "b"}}).is(400));
  CHECK(gate.post("/v1/orders", body, {{"Idempotency-Key", std::string(256, 'k')}}).is(400));
  CHECK(caller.call("POST", "/v1/orders", key, body).is(415));
  CHECK(caller.call("POST", "/v1/orders", {{"Idempotency-Key", "k"}, {"Content-Type", "text/plain"}}, body)
            .is(415));
  CHECK(gate.orders_stored() == 0);
  const support::HttpHeaders parameters{{"Idempotency-Key", "k"},
                                        {"Content-Type", "Application/JSON; charset=utf-8"}};
  CHECK(caller.call("POST", "/v1/orders", parameters, body).is(201));
}

TEST_CASE("a body below a high limit finds room, and the room grows with the limit alone") {
  support::TempDir folder;
  auto config = ordinary_config(folder);
  CHECK(config.http.bodies_bytes_max() == std::size_t{12} * 1024 * 1024);
  config.http.body_max_kib = 16 * 1024;
  CHECK(config.http.bodies_bytes_max() == std::size_t{32} * 1024 * 1024);
  RunningService gate(config);
  CHECK(gate.order(std::string(13 * 1024 * 1024, ' '), "big").is(400));
}

TEST_CASE("a body beyond the limit is 413 and stores nothing") {
  support::TempDir folder;
  auto config = ordinary_config(folder);
  config.http.body_max_kib = 16;
  RunningService gate(config);
  const auto answer = gate.order(std::string(10 * 1024 * 1024, ' '), "big");
  CHECK(answer.is(413));
  CHECK(answer.header("Content-Type") == "application/problem+json");
  CHECK(gate.orders_stored() == 0);
  CHECK(gate.order(held_order("K-1"), "small").is(201));
}

TEST_CASE(
    "beyond the partner's rate 429 and beyond the live orders 503, both with Retry-After; repeats are free") {
  support::TempDir folder;
  auto config = ordinary_config(folder);
  SUBCASE("rate") {
    config.partners[0].rate_per_minute = 2;
    RunningService gate(config);
    CHECK(gate.order(held_order("R-1"), "r1").is(201));
    CHECK(gate.order(held_order("R-2"), "r2").is(201));
    const auto third = gate.order(held_order("R-3"), "r3");
    CHECK(third.is(429));
    CHECK(std::stoi(third.header("Retry-After")) >= 1);
    CHECK(gate.order(held_order("R-1"), "r1").is(200));
    CHECK(gate.orders_stored() == 2);
  }
  SUBCASE("live orders") {
    config.storage.max_live_orders = 1;
    RunningService gate(config);
    CHECK(gate.order(held_order("L-1"), "l1").is(201));
    const auto second = gate.order(held_order("L-2"), "l2");
    CHECK(second.is(503));
    CHECK(std::stoi(second.header("Retry-After")) >= 1);
    CHECK(gate.get("/readyz").is(503));
    CHECK(gate.order(held_order("L-1"), "l1").is(200));
    CHECK(gate.orders_stored() == 1);
  }
}

TEST_CASE("the business rejects with 201, the phase rejected and one canonical reason") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  REQUIRE(gate.put("/v1/availability/taco-01", R"({"available":false})").is(200));
  const auto rejected = gate.order(held_order("K-86"), "k86");
  CHECK(rejected.is(201));
  CHECK(value_at(rejected.body, "/phase") == "rejected");
  CHECK(value_at(rejected.body, "/reason") == "item_unavailable");
  const auto again = gate.order(held_order("K-86"), "k86");
  CHECK(again.is(200));
  CHECK(again.body == rejected.body);
}
