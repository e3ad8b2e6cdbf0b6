// A partner that sends far beyond its rate, at the HTTP door: who is turned away, on whose word, and who is not.
#include <doctest/doctest.h>

#include <string>

#include "partner_bench.hpp"
#include "running_service.hpp"

using namespace storegate;
using namespace storegate::app_test;

namespace {

constexpr const char* hook = "/v1/partners/doordash/webhook";

/// A service whose DoorDash may send a few orders a minute: side-lined after 50 in ten seconds.
app::Config config_with_a_small_rate(const support::TempDir& folder) {
  auto config = ordinary_config(folder);
  for (auto& partner : config.partners)
    if (partner.name == "doordash") partner.rate_per_minute = 6;
  return config;
}

support::HttpAnswer flood(RunningService& gate, const std::string& path, const char* secret = "s3cret") {
  support::HttpAnswer last;
  for (int i = 0; i < 60; ++i) last = gate.webhook(path, doordash_order("F-" + std::to_string(i)), secret);
  return last;
}

}  // namespace

TEST_CASE(
    "4.6 a chatty partner is turned away with 429; its cancels, its releases and all others get through") {
  for (const std::string& path : {std::string(hook), std::string(hook) + "/order"}) {
    CAPTURE(path);
    support::TempDir folder;
    RunningService gate(config_with_a_small_rate(folder));
    const auto last = flood(gate, path);
    REQUIRE(last.is(429));
    CHECK(last.body.find("far beyond its rate") != std::string::npos);
    CHECK(std::stoi(last.header("Retry-After")) >= 1);
    CHECK(std::stoi(last.header("Retry-After")) <= 10);
    CHECK(gate.orders_stored() == 6);
    CHECK(gate.webhook(hook, support::doordash_release("F-0")).is(200));
    CHECK(gate.webhook(hook, support::doordash_cancel("F-1")).is(200));
    CHECK(gate.order(held_order("K-1"), "k1").is(201));
    CHECK(gate.get("/metrics").body.find("storegate_orders_turned_away_total 10\n") != std::string::npos);
  }
}

TEST_CASE("4.6 a chatty partner that is turned away by its path is not even read") {
  support::TempDir folder;
  RunningService gate(config_with_a_small_rate(folder));
  REQUIRE(flood(gate, std::string(hook) + "/order").is(429));
  CHECK(gate.webhook(std::string(hook) + "/order", "{").is(429));
  CHECK(gate.webhook(hook, "{").is(400));
}

TEST_CASE("4.6 whoever does not prove to be the partner cannot have it side-lined [I11]") {
  support::TempDir folder;
  RunningService gate(config_with_a_small_rate(folder));
  CHECK(flood(gate, std::string(hook) + "/order", "wrong").is(401));
  CHECK(flood(gate, hook, "wrong").is(401));
  CHECK(gate.webhook(hook, doordash_order("D-1")).is(202));
}

TEST_CASE("4.6 of a chatty partner whose orders are fetched news get through, whatever the path says") {
  support::TempDir folder;
  ToyCodec codec;
  codec.toy.how = codec::ApiSignIn::static_header;
  codec.toy.listed = false;
  auto config = ordinary_config(folder);
  auto toy = config.partners.back();
  toy.name = "toy";
  toy.codec = &codec;
  toy.rate_per_minute = 6;
  toy.api.emplace().url = "http://127.0.0.1:9";  // nobody listens: its orders stay announced
  config.partners.push_back(toy);
  RunningService gate(config);
  const std::string path = "/v1/partners/toy/webhook/order";
  support::HttpAnswer last;
  for (int i = 0; i < 60; ++i) last = gate.webhook(path, "T-" + std::to_string(i));
  REQUIRE(last.body.find("far beyond its rate") != std::string::npos);
  CHECK(gate.orders_stored() == 6);
  CHECK(gate.webhook(path, "news T-0").is(200));
}
