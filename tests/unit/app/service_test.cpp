// How the service ends and is reloaded.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "running_service.hpp"
#include "tests/support/eventually.hpp"

using namespace storegate;
using namespace storegate::app_test;

namespace {

/// Returns when it is in force.
void reload(RunningService& gate, const app::Config& config) {
  std::promise<void> reloaded;
  gate.service().loop().post(
      [&] { gate.service().reload(config, {}, [&reloaded] { reloaded.set_value(); }); });
  reloaded.get_future().wait();
}

}  // namespace

TEST_CASE("everything acknowledged before the end is there after it [I1]") {
  support::TempDir folder;
  const auto config = ordinary_config(folder);
  std::size_t acknowledged = 0;
  {
    RunningService gate(config);
    std::thread sender([&] {
      support::HttpCaller caller(gate.address());
      for (int i = 0; i < 100000; ++i) {
        const auto id = "E-" + std::to_string(i);
        const auto answer = caller.post("/v1/orders", held_order(id), {{"Idempotency-Key", id}});
        if (!answer.is(201)) return;  // 503, or the connection is closed
        ++acknowledged;
      }
    });
    support::eventually("some orders", std::chrono::seconds(10), [&] { return gate.orders_stored() > 20; });
    const auto began = std::chrono::steady_clock::now();
    gate.stop();
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(5));
    sender.join();
  }
  RunningService gate(config);
  CHECK(acknowledged > 20);
  std::size_t stored = 0;
  for (std::string target = "/v1/orders?limit=1000"; !target.empty();) {
    const auto page = gate.get(target);
    stored += size_at(page.body, "/orders");
    const auto next = value_at(page.body, "/next");
    target = next == "null" ? "" : "/v1/orders?limit=1000&cursor=" + next;
  }
  CHECK(stored >= acknowledged);
}

TEST_CASE("a reload takes over partners, secrets and the token, and keeps the orders") {
  support::TempDir folder;
  auto config = ordinary_config(folder);
  RunningService gate(config);
  const std::string hook = "/v1/partners/doordash/webhook";
  REQUIRE(gate.webhook(hook, doordash_order("D-1")).is(202));
  config.partners[1].secrets = {"new", "newer"};
  config.partners.erase(config.partners.begin());
  config.http.admin_token = "t0ken";
  reload(gate, config);
  support::eventually("the new secret", std::chrono::seconds(5),
                      [&] { return gate.webhook(hook, doordash_order("D-1"), "newer").is(202); });
  CHECK(gate.webhook(hook, doordash_order("D-1")).is(401));
  CHECK(gate.get("/v1/orders").is(401));
  const support::HttpHeaders token{{"Authorization", "Bearer t0ken"}, {"Idempotency-Key", "k"}};
  CHECK(gate.post("/v1/orders", held_order("K-1"), token).is(400));  // kiosk is no partner any more
  CHECK(size_at(gate.caller().call("GET", "/v1/orders", token).body, "/orders") == 1);
}

TEST_CASE("a reload takes no token away from a listener that others can reach") {
  support::TempDir folder;
  auto config = ordinary_config(folder);
  config.http.listen = "0.0.0.0:0";
  config.http.admin_token = "t0ken";
  RunningService gate(config);
  CHECK(gate.get("/v1/orders").is(401));
  config.http.listen = "127.0.0.1:0";  // where it listens was fixed at the start
  config.http.admin_token.clear();
  config.partners[1].secrets = {"new"};
  reload(gate, config);
  support::eventually("the new secret", std::chrono::seconds(5), [&] {
    return gate.webhook("/v1/partners/doordash/webhook", doordash_order("D-1"), "new").is(202);
  });
  CHECK(gate.get("/v1/orders").is(401));
}

TEST_CASE("of two reloads in a row the newer one is in force, however much is stored meanwhile") {
  support::TempDir folder;
  auto config = ordinary_config(folder);
  RunningService gate(config);
  std::atomic<bool> stop = false;
  std::vector<std::thread> senders;
  for (int sender = 0; sender < 4; ++sender)
    senders.emplace_back([&, sender] {
      support::HttpCaller caller(gate.address());
      for (int i = 0; !stop; ++i)
        caller.put("/v1/availability/item-" + std::to_string(sender),
                   i % 2 == 0 ? R"({"available":false})" : R"({"available":true})");
    });
  const auto status_of = [&](const std::string& secret) {
    return gate.webhook("/v1/partners/doordash/webhook", doordash_order("D-1"), secret).status;
  };
  for (int round = 0; round < 50; ++round) {
    const std::string older = "older-" + std::to_string(round), newer = "newer-" + std::to_string(round);
    gate.service().loop().post([&gate, config, older]() mutable {
      config.partners[1].secrets = {older};
      gate.service().reload(std::move(config), {});
    });
    config.partners[1].secrets = {newer};
    reload(gate, config);
    CHECK(status_of(older) == 401);
    CHECK(status_of(newer) / 100 == 2);
  }
  stop = true;
  for (auto& sender : senders) sender.join();
}

TEST_CASE("a database that cannot be opened and a port in use are errors that name their place") {
  support::TempDir folder;
  auto config = ordinary_config(folder);
  config.storage.path = folder.file("no/such/folder/orders.db");
  app::Service without_folder(config);
  const auto no_folder = without_folder.start();
  REQUIRE_FALSE(no_folder.ok());
  CHECK(no_folder.error().context.find("orders.db") != std::string::npos);

  RunningService first(ordinary_config(folder));
  support::TempDir other;
  auto same_port = ordinary_config(other);
  same_port.http.listen = first.address();
  app::Service second(same_port);
  const auto in_use = second.start();
  REQUIRE_FALSE(in_use.ok());
  CHECK(in_use.error().context.find("http.listen") != std::string::npos);
}
