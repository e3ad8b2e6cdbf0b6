// Housekeeping in the running service: customers' data leave the files, what is still wanted stays.
#include <doctest/doctest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>

#include "running_service.hpp"
#include "tests/support/eventually.hpp"

using namespace storegate;
using namespace storegate::app_test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Whether the text stands anywhere in the database or its WAL.
bool on_disk(const app::Config& config, const std::string& text) {
  const std::string& path = config.storage.path;
  return (bytes_of(path) + bytes_of(path + "-wal")).find(text) != std::string::npos;
}

constexpr app::HousekeepingPace quick{milliseconds(5), milliseconds(1)};

}  // namespace

TEST_CASE("an ended order's customer leaves the files, a live one's stays [I12]") {
  const support::TempDir folder;
  auto config = ordinary_config(folder);
  config.storage.customer_data_hours = 0;  // at once, once the order has ended
  RunningService gate(config, quick);
  const auto ended = gate.order(held_order("ENDED", "canary-of-the-ended"), "k1");
  const auto live = gate.order(held_order("LIVE", "canary-of-the-living"), "k2");
  REQUIRE(ended.is(201));
  REQUIRE(live.is(201));
  REQUIRE(on_disk(config, "canary-of-the-ended"));
  REQUIRE(gate.post("/v1/orders/" + value_at(ended.body, "/id") + "/cancel").is(200));
  support::eventually("the ended order's customer is gone", seconds(20),
                      [&] { return !on_disk(config, "canary-of-the-ended"); });
  CHECK(on_disk(config, "canary-of-the-living"));
  CHECK(gate.orders_stored() == 2);  // the order itself stays
  CHECK(gate.get("/v1/orders/" + value_at(live.body, "/id")).body.find("canary-of-the-living") !=
        std::string::npos);
  // The same order again is still known, its customer gone or not.
  CHECK(gate.order(held_order("ENDED", "canary-of-the-ended"), "k1").is(200));
}
