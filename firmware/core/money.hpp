// Money as whole minor units (cents) of the order's currency; never floating point.
#pragma once

#include <compare>
#include <cstdint>

namespace storegate::core {

struct Money {
  std::int64_t minor = 0;
  friend auto operator<=>(const Money&, const Money&) = default;
};

/// Amounts beyond this many minor units are refused as malformed: no store sells a ticket of ten million.
inline constexpr std::int64_t money_minor_max = 1'000'000'000;

}  // namespace storegate::core
