// Random bytes: filled to the end, and different each time.
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "platform/random.hpp"

using namespace storegate::platform;

TEST_CASE("random bytes fill the whole of a large buffer") {
  std::vector<std::uint8_t> bytes(100'000, 0);  // more than one getrandom gives without interruption
  fill_random(bytes);
  std::array<int, 256> counts{};
  for (const auto byte : bytes) ++counts[byte];
  // 390 expected of each; beyond 8 standard deviations in one of 1e13 runs.
  CHECK(*std::min_element(counts.begin(), counts.end()) > 230);
  CHECK(*std::max_element(counts.begin(), counts.end()) < 560);
}

TEST_CASE("two draws differ") {
  CHECK(random_bytes<16>() != random_bytes<16>());
  CHECK(random_seed() != random_seed());
}
