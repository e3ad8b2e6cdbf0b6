// The POS driver against a POS of a few lines on the same loop.
#include <doctest/doctest.h>

#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "app/pos_driver.hpp"
#include "platform/http_server.hpp"
#include "tests/support/sockets.hpp"

using namespace storegate;

namespace {

struct Bench {
  platform::Loop loop;
  app::Gauges gauges{[] { return app::Levels{}; }};
  std::vector<platform::HttpRequest> heard;
  std::deque<platform::HttpResponse> script;
  platform::HttpServer pos{loop, {}, [this](platform::HttpRequest request, platform::Responder responder) {
                             heard.push_back(std::move(request));
                             responder.answer(std::move(script.front()));
                             script.pop_front();
                           }};
  std::vector<core::PosAnswered> offered;
  std::vector<core::PosListed> lists;
  std::optional<app::PosDriver> driver;

  explicit Bench(std::string token = {}, bool somebody_there = true) {
    const auto listener = pos.listen(*platform::Endpoint::parse("127.0.0.1:0"));
    REQUIRE(listener.ok());
    app::PosConfig config;
    const auto port = somebody_there ? pos.bound_port(*listener) : support::free_port();
    config.url = "http://127.0.0.1:" + std::to_string(port) + "/base";
    config.token = std::move(token);
    driver.emplace(loop, config, gauges, [this](core::Input input) {
      if (auto* list = std::get_if<core::PosListed>(&input))
        lists.push_back(std::move(*list));
      else
        offered.push_back(std::get<core::PosAnswered>(std::move(input)));
      loop.stop();
    });
  }
  void answer(int status, std::string body) {
    platform::HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    response.content_type = "application/json";
    script.push_back(std::move(response));
  }
};

core::PlaceOrder placement() {
  core::PlaceOrder effect;
  effect.order = core::OrderNumber{7};
  effect.attempt = 3;
  effect.key = "kiosk:K-1:2026-11-23";
  effect.display_code = "AB2C";
  effect.body = R"({"partner":"kiosk"})";
  return effect;
}

}  // namespace

TEST_CASE("a placement goes out once, with key, token and base path, and its answer is offered") {
  Bench bench("t0ken");
  bench.answer(201, R"({"pos_reference":"P-9"})");
  bench.driver->carry_out(placement());
  CHECK(bench.driver->in_flight() == 1);
  bench.loop.run();
  REQUIRE(bench.heard.size() == 1);
  CHECK(bench.heard[0].method == "POST");
  CHECK(bench.heard[0].target == "/base/orders");
  CHECK(bench.heard[0].headers.get("Idempotency-Key") == "kiosk:K-1:2026-11-23");
  CHECK(bench.heard[0].headers.get("Authorization") == "Bearer t0ken");
  REQUIRE(bench.offered.size() == 1);
  CHECK(bench.offered[0].order == core::OrderNumber{7});
  CHECK(bench.offered[0].attempt == 3);
  CHECK(bench.offered[0].outcome == core::PosOutcome::took);
  CHECK(bench.offered[0].pos_reference == "P-9");
  CHECK(bench.driver->in_flight() == 0);
}

TEST_CASE("a placement without a body never goes out") {
  Bench bench;
  auto effect = placement();
  effect.body.clear();
  bench.driver->carry_out(std::move(effect));
  REQUIRE(bench.offered.size() == 1);
  CHECK(bench.offered[0].outcome == core::PosOutcome::cannot);
  bench.loop.run_ready();
  CHECK(bench.heard.empty());
}

TEST_CASE("a second try whose time is over when its commit is back never goes out [I2]") {
  Bench bench;
  auto effect = placement();
  effect.not_after_ms = 0;
  bench.driver->carry_out(std::move(effect));
  REQUIRE(bench.offered.size() == 1);
  CHECK(bench.offered[0].outcome == core::PosOutcome::not_delivered);
  CHECK(bench.offered[0].code == core::code_not_in_time);
  bench.loop.run_ready();
  CHECK(bench.heard.empty());
}

TEST_CASE("when nobody listens the placement was certainly not delivered") {
  Bench bench("", false);
  bench.driver->carry_out(placement());
  bench.loop.run();
  REQUIRE(bench.offered.size() == 1);
  CHECK(bench.offered[0].outcome == core::PosOutcome::not_delivered);
}

TEST_CASE("a void, a question and a health check each meet their own answer") {
  Bench bench;
  bench.answer(409, "{}");
  bench.driver->carry_out(core::VoidOrder{core::OrderNumber{1}, 1, "P-1"});
  bench.loop.run();
  bench.answer(200, R"({"orders":[]})");
  bench.driver->carry_out(core::AskPos{core::OrderNumber{2}, 2, "k"});
  bench.loop.run();
  bench.answer(200, "{}");
  bench.driver->carry_out(core::CheckPosHealth{core::OrderNumber{3}, 3});
  bench.loop.run();
  REQUIRE(bench.offered.size() == 3);
  CHECK(bench.offered[0].outcome == core::PosOutcome::too_late);
  CHECK(bench.offered[1].outcome == core::PosOutcome::not_found);
  CHECK(bench.offered[2].outcome == core::PosOutcome::healthy);
  CHECK(bench.heard[0].target == "/base/orders/P-1/void");
}

TEST_CASE(
    "4.4 follow-up: a question how a ticket stands goes out, and the end of the service does not wait for "
    "it") {
  Bench bench;
  bench.answer(200, R"({"status":"preparing"})");
  bench.driver->carry_out(core::WatchOrder{core::OrderNumber{4}, 4, "P/4"});
  CHECK(bench.driver->in_flight() == 0);
  bench.loop.run();
  REQUIRE(bench.offered.size() == 1);
  CHECK(bench.heard[0].target == "/base/orders/P%2F4");
  CHECK(bench.offered[0].outcome == core::PosOutcome::shown);
  CHECK(bench.offered[0].pos_status == core::PosStatus::preparing);
}

TEST_CASE("4.2 availability: a list is asked for beside the orders' requests, and once closed not at all") {
  Bench bench("t0ken");
  bench.answer(200, R"({"items":[{"id":"a","available":false}]})");
  bench.driver->carry_out(core::AskPosList{core::PosList::availability, 5});
  CHECK(bench.driver->in_flight() == 0);
  bench.loop.run();
  REQUIRE(bench.lists.size() == 1);
  CHECK(bench.heard[0].target == "/base/availability");
  CHECK(bench.heard[0].headers.get("Authorization") == "Bearer t0ken");
  CHECK(bench.lists[0].off == std::vector<std::string>{"a"});
  CHECK(bench.lists[0].attempt == 5);
  bench.driver->close();
  bench.driver->carry_out(core::AskPosList{core::PosList::menu, 6});
  REQUIRE(bench.lists.size() == 2);
  CHECK(bench.lists[1].outcome == core::PosListed::Outcome::failed);
  CHECK(bench.heard.size() == 1);
}

TEST_CASE("once closed nothing goes out and nothing is in doubt") {
  Bench bench;
  bench.driver->close();
  bench.driver->carry_out(placement());
  REQUIRE(bench.offered.size() == 1);
  CHECK(bench.offered[0].outcome == core::PosOutcome::not_delivered);
  bench.loop.run_ready();
  CHECK(bench.heard.empty());
}
