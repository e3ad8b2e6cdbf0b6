// 4.2: the store's hours, on the local clock.
#include "core/hours.hpp"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

using namespace storegate::core;

TEST_CASE("4.2 acceptance: a span is open from its first minute up to its last, also over midnight") {
  OpeningHours hours;
  hours[0] = {{6 * 60, 14 * 60}, {17 * 60, 24 * 60}};  // Monday
  hours[5] = {{22 * 60, 2 * 60}};                      // Saturday into Sunday
  const auto open = [&](int weekday, int hour, int minute) {
    return is_within(hours, LocalTime{"", weekday, hour * 60 + minute});
  };
  CHECK_FALSE(open(0, 5, 59));
  CHECK(open(0, 6, 0));
  CHECK(open(0, 13, 59));
  CHECK_FALSE(open(0, 14, 0));
  CHECK(open(0, 23, 59));
  CHECK_FALSE(open(1, 0, 0));
  CHECK_FALSE(open(5, 21, 59));
  CHECK(open(5, 22, 0));
  CHECK(open(6, 1, 59));
  CHECK_FALSE(open(6, 2, 0));
  CHECK_FALSE(open(5, 1, 0));
}

TEST_CASE("4.2 acceptance: Sunday night goes on into Monday") {
  OpeningHours hours;
  hours[6] = {{20 * 60, 60}};
  CHECK(is_within(hours, LocalTime{"", 0, 59}));
  CHECK_FALSE(is_within(hours, LocalTime{"", 0, 60}));
}
