// What storegate doctor says of a clock, by who keeps it.
#include <doctest/doctest.h>

#include "app/doctor.hpp"
#include "platform/clock.hpp"

namespace storegate::tests {
namespace {

using app::Health;
using app::TimeKeeper;

constexpr std::int64_t now_ms = platform::wall_floor_ms + 86'400'000;

TEST_CASE("a clock that a time service keeps is good where the service can see that") {
  const auto seen = app::examine_clock(now_ms, TimeKeeper::timesyncd);
  CHECK(seen.health == Health::good);
  CHECK(seen.advice.empty());
}

TEST_CASE("one that another keeps needs the drop-in, or old webhooks pass for new ones") {
  const auto hidden = app::examine_clock(now_ms, TimeKeeper::another);
  CHECK(hidden.health == Health::doubt);
  CHECK(hidden.advice.find("examples/clock.conf") != std::string::npos);
}

TEST_CASE("one that nobody keeps may be wrong, and one of 1970 is") {
  CHECK(app::examine_clock(now_ms, TimeKeeper::nobody).health == Health::doubt);
  CHECK(app::examine_clock(1000, TimeKeeper::timesyncd).health == Health::bad);
}

}  // namespace
}  // namespace storegate::tests
