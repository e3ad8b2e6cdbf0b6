// The configuration as core is given it: hours, what the store takes, prices, spans in milliseconds.
#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "app/config.hpp"
#include "config_text.hpp"

using namespace storegate;
using namespace storegate::test;

TEST_CASE("4.2 acceptance: what a store takes is configured, and reaches the gateway's policy") {
  const std::string text =
      with("id = \"store-042\"",
           "id = \"s\"\ncurrency = \"EUR\"\nhours = { mon = [\"06:00-23:00\"] }\nkitchen_capacity = 5\n"
           "kitchen_items = 40\ntest_orders = \"simulate\"") +
      "enabled = false\ndecide_within_s = 90\n[[partner]]\nname = \"jet_connect\"\nrelease = \"immediate\"\n"
      "secret_files = []\nstore_id = \"AKZ12\"\n";
  const ConfigReading reading = read(text);
  CHECK(reading.warnings.empty());
  const core::Policy policy = app::policy_of(good(text));
  CHECK(policy.currency == "EUR");
  REQUIRE(policy.hours.has_value());
  CHECK(policy.hours->at(0) == std::vector<core::OpenSpan>{{360, 1380}});
  CHECK(policy.kitchen_orders_max == 5);
  CHECK(policy.kitchen_items_max == 40);
  CHECK(policy.test_orders == core::TestOrders::simulate);
  const core::PartnerPolicy& kiosk = policy.partners.at("kiosk");
  CHECK_FALSE(kiosk.enabled);
  CHECK(kiosk.decide_within_ms == 90'000);
  CHECK(policy.partners.at("jet_connect").decide_within_ms == 180'000);
  check_bad(replaced_line("id = \"store-042\"", "id = \"s\"\ntest_orders = \"cook\"", 3, "store.test_orders",
                          "simulate"));
  check_bad(partner_line("decide_within_s = -1", "partner[1].decide_within_s", "0"));
  check_bad(partner_line("enabled = \"no\"", "partner[1].enabled", "true"));
}

TEST_CASE("hours are kept as minutes of each day, over midnight too") {
  const app::Config config = good(with(
      "id = \"store-042\"",
      "id = \"s\"\nhours = { mon = [\"06:00-11:30\", \"17:00-24:00\"], fri = [\"22:00-02:00\"], sun = [] }"));
  REQUIRE(config.store.hours.has_value());
  CHECK(config.store.hours->at(0) == std::vector<core::OpenSpan>{{360, 690}, {1020, 1440}});
  CHECK(config.store.hours->at(4) == std::vector<core::OpenSpan>{{1320, 120}});
  CHECK(config.store.hours->at(6).empty());
}

TEST_CASE("4.2 price: prices are checked only where a menu is asked for") {
  const std::string pos = "url = \"http://127.0.0.1:8081\"";
  const ConfigReading nothing = read(with(pos, pos + "\nprice_check = \"reject\""));
  REQUIRE(nothing.problems.size() == 1);
  CHECK(nothing.problems[0].key == "pos.price_check");
  CHECK(nothing.problems[0].text.find("menu_poll_s = 600") != std::string::npos);
  const ConfigReading unused = read(with(pos, pos + "\nmenu_poll_s = 600"));
  CHECK(unused.problems.empty());
  REQUIRE(unused.warnings.size() == 1);
  CHECK(unused.warnings[0].key == "pos.menu_poll_s");
  CHECK(read(with(pos, pos + "\navailability_poll_s = 30000")).problems.size() == 1);
  const core::Policy policy =
      app::policy_of(good(with(pos, pos + "\navailability_poll_s = 5\nmenu_poll_s = 600\n"
                                          "price_check = \"reject\"\nprice_tolerance = 3")));
  CHECK(policy.pos.availability_poll_ms == 5000);
  CHECK(policy.pos.menu_poll_ms == 600'000);
  CHECK(policy.pos.check_prices);
  CHECK(policy.pos.price_tolerance == 3);
}

TEST_CASE("core is told minutes and seconds in milliseconds, and 'no limit' as the largest number") {
  std::string text = with("name = \"kiosk\"",
                          "name = \"kiosk\"\nrate_per_minute = 0\nweight = 3\nrelease_fallback = "
                          "\"park\"\nrelease_fallback_minutes = 2");
  text.insert(text.find("[http]"), "max_live_orders = 0\norder_id_reuse_hours = 3\n");
  text.insert(
      text.find("[[partner]]"),
      "deduplicates_s = 300\ncan_query = false\nexpire_minutes = 7\n[alarm]\npos_unreachable_s = 0\n");
  text.insert(text.find("listen ="), "body_max_kib = 0\nconnections_max = 0\n");
  const app::Config config = good(text);
  const core::Policy policy = app::policy_of(config);
  CHECK(policy.store == "store-042");
  CHECK(policy.prep_ms == 8 * 60'000);
  CHECK(policy.order_id_reuse_ms == 3 * 3'600'000);
  CHECK(policy.live_orders_max == std::numeric_limits<std::int64_t>::max());
  CHECK(policy.pos_alarm_after_ms > std::int64_t{50} * 365 * 86'400'000);
  CHECK(policy.pos.deduplicates_ms == 300'000);
  CHECK_FALSE(policy.pos.can_query);
  CHECK(policy.pos.expire_ms == 7 * 60'000);
  CHECK(policy.pos.max_processing_ms == 30'000);
  REQUIRE(policy.partners.count("kiosk") == 1);
  const core::PartnerPolicy& kiosk = policy.partners.at("kiosk");
  CHECK(kiosk.rate_per_minute == 0);
  CHECK(kiosk.weight == 3);
  CHECK(kiosk.fallback == core::FallbackPolicy::park);
  CHECK(kiosk.fallback_ms == 2 * 60'000);
  CHECK(config.http.body_bytes_max() == std::numeric_limits<std::size_t>::max());
  CHECK(config.http.bodies_bytes_max() == std::size_t{128} * 1024 * 1024);
  CHECK(config.http.connections_limit() == std::numeric_limits<std::size_t>::max());
}
