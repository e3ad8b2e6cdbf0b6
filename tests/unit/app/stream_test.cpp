// GET /v1/events/stream of the whole service: where it begins, what it sends, who is wanted, and how many may read.
#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "app/event_streams.hpp"
#include "running_service.hpp"

using namespace storegate;
using namespace storegate::app_test;

namespace {

using support::HttpAnswer;
using support::HttpCaller;

/// What a reader gets before it gives up: the stream has no end, so the call ends at its deadline.
HttpAnswer read_stream(RunningService& gate, const std::string& more = "",
                       const support::HttpHeaders& headers = {}) {
  HttpCaller reader(gate.address(), std::chrono::milliseconds(1'000));
  return reader.call("GET", "/v1/events/stream" + more, headers);
}

std::size_t count_of(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

std::string last_id(const std::string& stream) {
  const auto at = stream.rfind("\nid: ");
  return at == std::string::npos ? "" : stream.substr(at + 5, stream.find('\n', at + 5) - at - 5);
}

}  // namespace

TEST_CASE("4.10 stream: since says where it begins, Last-Event-ID where it goes on, and neither is now") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  REQUIRE(gate.order(held_order("K-1"), "key 1").is(201));
  const auto all = read_stream(gate, "?since=0");
  CHECK(all.status == 200);
  CHECK(all.header("Content-Type") == "text/event-stream");
  CHECK(count_of(all.body, "\ndata: ") == 2);
  CHECK(all.body.find("storegate.gateway.started.v1") != std::string::npos);
  REQUIRE(last_id(all.body).ends_with("-2"));
  REQUIRE(gate.order(held_order("K-2"), "key 2").is(201));
  const auto rest = read_stream(gate, "", {{"Last-Event-ID", last_id(all.body)}});
  CHECK(count_of(rest.body, "\ndata: ") == 1);
  CHECK(rest.body.find("K-2") != std::string::npos);
  CHECK(count_of(read_stream(gate).body, "\ndata: ") == 0);
}

TEST_CASE("4.10 stream: where chooses, and what cannot be is 400") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  REQUIRE(gate.order(held_order("K-1"), "key 1").is(201));
  const auto wanted =
      read_stream(gate, "?since=0&where=%7B%22data%22%3A%7B%22phase%22%3A%5B%22held%22%5D%7D%7D");
  CHECK(count_of(wanted.body, "\ndata: ") == 1);
  CHECK(wanted.body.find("order.accepted") != std::string::npos);
  CHECK(read_stream(gate, "?since=x").is(400));
  CHECK(read_stream(gate, "?since=other-1").is(400));
  CHECK(read_stream(gate, "", {{"Last-Event-ID", "other-1"}}).is(400));
  CHECK(read_stream(gate, "?where=%7B%7D").is(400));
}

TEST_CASE("4.10 stream: beyond so many readers 503, and a place is free again when one has gone") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  for (std::size_t i = 0; i < app::event_streams_max; ++i) {
    HttpCaller reader(gate.address(), std::chrono::milliseconds(50));
    (void)reader.get("/v1/events/stream");  // gives up at its deadline; nobody has told the service so far
  }
  const auto refused = read_stream(gate);
  CHECK(refused.is(503));
  CHECK_FALSE(refused.header("Retry-After").empty());
  // Whoever has gone is found out when something is sent to him, by the second event at the latest.
  bool free = false;
  for (int order = 0; order < 20 && !free; ++order) {
    REQUIRE(gate.order(held_order("K-" + std::to_string(order)), "key " + std::to_string(order)).is(201));
    free = read_stream(gate).status == 200;
  }
  CHECK(free);
}

TEST_CASE("4.10 stream: readers leave three quarters of the connections to others, and there is always one") {
  support::TempDir folder;
  auto config = ordinary_config(folder);
  SUBCASE("of four places one") { config.http.connections_max = 4; }
  SUBCASE("of two places one") { config.http.connections_max = 2; }
  RunningService gate(std::move(config));
  HttpCaller reader(gate.address(), std::chrono::milliseconds(50));
  (void)reader.get("/v1/events/stream");
  CHECK(read_stream(gate).is(503));
}

TEST_CASE("4.10 events: since=now gives the place to go on from, and nothing else") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  REQUIRE(gate.order(held_order("K-1"), "key 1").is(201));
  const auto now = gate.get("/v1/events?since=now&limit=1");
  CHECK(size_at(now.body, "/events") == 0);
  const auto next = value_at(now.body, "/next");
  CHECK(next.ends_with("-2"));
  REQUIRE(gate.order(held_order("K-2"), "key 2").is(201));
  CHECK(value_at(gate.get("/v1/events?since=" + next).body, "/events/0/data/partner_order_id") == "K-2");
}

TEST_CASE("4.5 parked list: an order that nobody released is listed with code, age and actions") {
  support::TempDir folder;
  app::Config config = ordinary_config(folder);
  config.partners[0].release_fallback = core::FallbackPolicy::park;
  RunningService gate(std::move(config));
  support::OrderShape shape;
  shape.release_mode = "on_event";
  shape.fallback = "park";
  shape.fallback_minutes = -1;  // its time is past: the fallback acts at once
  REQUIRE(gate.order(support::canonical_order("kiosk", "K-1", shape), "key 1").is(201));
  std::string list;
  for (int tries = 0; tries < 1'000 && size_at(list, "/orders") == 0; ++tries)
    list = gate.get("/v1/orders?phase=parked").body;
  REQUIRE(size_at(list, "/orders") == 1);
  CHECK(value_at(list, "/orders/0/reason") == "release_overdue");
  CHECK(value_at(list, "/orders/0/actions") == R"(["placed","not_placed","reprint","cancel","release"])");
  CHECK(value_at(list, "/orders/0/display_code").size() == 4);
  CHECK(value_at(list, "/orders/0/since") == value_at(list, "/orders/0/updated_at"));
  const auto id = value_at(list, "/orders/0/id");
  CHECK(value_at(gate.get("/v1/orders/" + id).body, "/actions") ==
        R"(["placed","not_placed","reprint","cancel","release"])");
  REQUIRE(gate.post("/v1/orders/" + id + "/release").is(200));
  const auto shown = gate.get("/v1/orders/" + id).body;
  CHECK(value_at(shown, "/release/by") == "person");
  CHECK(value_at(shown, "/release/why") == "late");
}
