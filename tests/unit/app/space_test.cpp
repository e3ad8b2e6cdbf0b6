// Free space and the database's size in the running service: watched, shown, and heeded at the door.
#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "running_service.hpp"
#include "tests/support/eventually.hpp"

using namespace storegate;
using namespace storegate::app_test;
using std::chrono::seconds;

namespace {
double metric(RunningService& gate, const std::string& name) {
  const std::string text = gate.get("/metrics").body;
  const auto at = text.find("\n" + name + " ");
  return at == std::string::npos ? -2 : std::stod(text.substr(at + name.size() + 2));
}
}  // namespace

TEST_CASE(
    "4.9 retention: with less free space than is kept new orders are refused, and /readyz says so [I8]") {
  const support::TempDir folder;
  auto config = ordinary_config(folder);
  config.storage.min_free_mib = 1024 * 1024;  // a TiB
  RunningService gate(config);
  support::eventually("/readyz fails", seconds(5), [&] { return gate.get("/readyz").is(503); });
  CHECK(gate.get("/readyz").body.find(R"("disk":"fail")") != std::string::npos);
  CHECK(gate.get("/readyz").header("Retry-After") == "2");
  const auto refused = gate.order(held_order("S-1"), "k1");
  CHECK(refused.is(503));
  CHECK(refused.header("Retry-After") == "5");
  CHECK(refused.body.find("less free space") != std::string::npos);
  CHECK(metric(gate, "storegate_room_for_orders") == 0);
}

TEST_CASE("4.9 retention: the metrics show what the rows take and what the disk has left") {
  const support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  REQUIRE(gate.order(held_order("S-2"), "k2").is(201));
  support::eventually("it was measured", seconds(5), [&] { return metric(gate, "storegate_wal_bytes") > 0; });
  CHECK(metric(gate, "storegate_database_bytes") > 0);
  CHECK(metric(gate, "storegate_disk_free_bytes") > 0);
  CHECK(metric(gate, "storegate_reserve_bytes") > 0);
  CHECK(metric(gate, "storegate_room_for_orders") == 1);
  CHECK(metric(gate, "storegate_events_ahead") == 0);
  CHECK(metric(gate, "storegate_customer_data_erased_timestamp_seconds") == 0);
  CHECK(gate.get("/readyz").body.find(R"("database":"pass")") != std::string::npos);
}
