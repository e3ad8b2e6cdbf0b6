// Who may ask what: paths, methods, the token, the split of listeners.
#include <doctest/doctest.h>

#include <string>

#include "running_service.hpp"

using namespace storegate;
using namespace storegate::app_test;

TEST_CASE(
    "a path that is not there is 404, a method that does not fit 405 with Allow, both as problem documents") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  for (const char* path :
       {"/", "/v2/orders", "/v1", "/v1/", "/v1/orders/", "/v1/orders//release", "/v1/order",
        "/v1/orders/x/release/y", "/v1/partners/doordash", "/healthz/x", "/v1/orders/%zz"}) {
    CAPTURE(path);
    const auto answer = gate.get(path);
    CHECK(answer.is(404));
    CHECK(answer.header("Content-Type") == "application/problem+json");
  }
  const auto orders = gate.caller().call("DELETE", "/v1/orders");
  CHECK(orders.is(405));
  CHECK(orders.header("Allow") == "POST, GET, HEAD");
  CHECK(gate.post("/healthz", "{}").header("Allow") == "GET, HEAD");
  CHECK(gate.get("/v1/orders/0193/cancel").header("Allow") == "POST");
  CHECK(gate.caller().call("get", "/healthz").is(405));
}

TEST_CASE("with a token every /v1 request over TCP needs it, and the socket does not [I11]") {
  support::TempDir folder;
  auto config = ordinary_config(folder);
  config.http.admin_token = "t0ken";
  RunningService gate(config);
  auto& caller = gate.caller();
  const auto with_token = [&](std::string token) {
    return caller.call("GET", "/v1/orders", {{"Authorization", std::move(token)}});
  };
  CHECK(gate.get("/v1/orders").is(401));
  CHECK(gate.get("/v1/orders").header("WWW-Authenticate") == "Bearer");
  CHECK(gate.get("/v1/nothing").is(401));
  CHECK(with_token("Bearer wrong").is(401));
  CHECK(with_token("Bearer t0ke").is(401));
  CHECK(with_token("Bearer t0kenn").is(401));
  CHECK(with_token("Basic t0ken").is(401));
  CHECK(with_token("t0ken").is(401));
  CHECK(with_token("Bearer ").is(401));
  CHECK(with_token("Bearer t0ken").is(200));
  CHECK(with_token("bearer t0ken").is(200));
  CHECK(caller.call("GET", "/v1/orders", {{"Authorization", "Bearer t0ken"}, {"Authorization", "Bearer x"}})
            .is(401));
  CHECK(gate.order("not even JSON", "k").is(401));  // nothing is parsed before
  CHECK(gate.get("/healthz").is(200));
  CHECK(gate.get("/readyz").is(200));
  CHECK(gate.get("/metrics").is(200));
  CHECK(gate.webhook("/v1/partners/doordash/webhook", doordash_order("D-1")).is(202));

  support::HttpCaller socket("unix:" + config.http.socket);
  CHECK(socket.get("/v1/orders").is(200));
}

TEST_CASE("with an admin listener only webhooks and POST /v1/orders are served on the public one") {
  support::TempDir folder;
  auto config = ordinary_config(folder);
  const auto admin_port = support::free_port();
  config.http.admin_listen = "127.0.0.1:" + std::to_string(admin_port);
  RunningService gate(config);
  CHECK(gate.order(held_order("K-1"), "k").is(201));
  CHECK(gate.webhook("/v1/partners/doordash/webhook", doordash_order("D-1")).is(202));
  for (const char* path :
       {"/v1/orders/x", "/healthz", "/readyz", "/metrics", "/v1/events", "/v1/availability"})
    CHECK(gate.get(path).is(404));
  CHECK(gate.get("/v1/orders").is(405));
  support::HttpCaller admin("127.0.0.1:" + std::to_string(admin_port));
  CHECK(size_at(admin.get("/v1/orders").body, "/orders") == 2);
  CHECK(admin.get("/healthz").is(200));
  support::HttpCaller socket("unix:" + config.http.socket);
  CHECK(socket.get("/v1/orders").is(200));
}

TEST_CASE("without a token nobody is known on the public listener who has not shown that he is a partner") {
  support::TempDir folder;
  auto config = ordinary_config(folder);
  config.http.admin_listen = "127.0.0.1:" + std::to_string(support::free_port());
  config.http.connections_max = 3;
  RunningService gate(config);
  support::HttpCaller partner(gate.address()), anybody(gate.address()), newcomer(gate.address());
  support::HttpCaller socket("unix:" + config.http.socket);
  const auto call = [&] {
    return partner.post("/v1/partners/doordash/webhook", doordash_order("D-1"),
                        {{"Authorization", "s3cret"}});
  };
  CHECK(call().is(202));
  CHECK(socket.get("/readyz").is(200));
  CHECK(anybody.post("/v1/orders", held_order("K-1"), {{"Idempotency-Key", "k"}}).is(201));
  CHECK(anybody.get("/v1/nothing").is(404));
  CHECK(newcomer.get("/v1/nothing").is(404));  // in the place of who has shown nothing
  CHECK(call().answered());
  const auto metrics = socket.get("/metrics").body;
  CHECK(metrics.find("storegate_http_connections_accepted_total 4\n") != std::string::npos);
  CHECK(metrics.find("storegate_http_connections_refused_total 1\n") != std::string::npos);
}

TEST_CASE("a socket that cannot be made stops nothing") {
  support::TempDir folder;
  auto config = ordinary_config(folder);
  config.http.socket = folder.file("no/such/folder/api.sock");
  RunningService gate(config);
  CHECK(gate.get("/healthz").is(200));
}

TEST_CASE("health, readiness and metrics say what interfaces.md promises") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  CHECK(gate.get("/healthz").body == R"({"status":"pass"})");
  const auto ready = gate.get("/readyz");
  CHECK(ready.is(200));
  CHECK(value_at(ready.body, "/ready") == "true");
  CHECK(value_at(ready.body, "/checks/journal") == "pass");
  REQUIRE(gate.order(held_order("K-1"), "k").is(201));
  const auto metrics = gate.get("/metrics");
  CHECK(metrics.header("Content-Type").starts_with("application/openmetrics-text"));
  CHECK(metrics.body.ends_with("# EOF\n"));
  for (const char* line :
       {"storegate_orders{phase=\"held\"} 1\n", "storegate_orders_entered_total{phase=\"held\"} 1\n",
        "storegate_events_waiting 2\n", "storegate_uplink_up 0\n",
        "storegate_acknowledgement_seconds_count 1\n", "storegate_http_responses_total{class=\"2xx\"}",
        "storegate_syncs_total{why=\"commit\"}", "storegate_written_bytes_total{file=\"wal\"}"}) {
    CAPTURE(line);
    CHECK(metrics.body.find(line) != std::string::npos);
  }
  CHECK(metrics.body.find("Ana") == std::string::npos);
}
