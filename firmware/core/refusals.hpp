// Refusals: why an order is not accepted, every reason of it. Rules add theirs in any order; what stands first is the
// order's canonical reason. Knows no rule.
#pragma once

#include <string_view>
#include <vector>

#include "core/order.hpp"

namespace storegate::core {

class Refusals {
 public:
  /// Each reason and subject is told once. Reasons are kept in the order in which a partner has to act on them:
  /// store_closed, invalid_order, item_unknown, item_unavailable, price_mismatch, timed_out, too_busy, then the rest;
  /// equal ones as they came. Beyond refusals_max the last in that order is dropped.
  void add(Reason reason, std::string_view subject = {});

  [[nodiscard]] bool none() const noexcept { return list_.empty(); }
  /// The canonical reason; Reason::none if the order is fine.
  [[nodiscard]] Reason first() const noexcept { return none() ? Reason::none : list_.front().reason; }
  [[nodiscard]] const std::vector<Refusal>& list() const noexcept { return list_; }

 private:
  std::vector<Refusal> list_;
};

}  // namespace storegate::core
