// The order of the reasons.
#include "core/refusals.hpp"

#include <algorithm>

namespace storegate::core {

namespace {

/// What makes the others idle talk comes first: at a closed store nobody looks for a missing item.
constexpr int rank_of(Reason reason) noexcept {
  switch (reason) {
    case Reason::store_closed: return 0;
    case Reason::invalid_order: return 1;
    case Reason::item_unknown: return 2;
    case Reason::item_unavailable: return 3;
    case Reason::price_mismatch: return 4;
    case Reason::timed_out: return 5;
    case Reason::too_busy: return 6;
    default: return 7;
  }
}

}  // namespace

void Refusals::add(Reason reason, std::string_view subject) {
  const auto is_same = [&](const Refusal& told) { return told.reason == reason && told.subject == subject; };
  if (std::any_of(list_.begin(), list_.end(), is_same)) return;
  const auto place =
      std::upper_bound(list_.begin(), list_.end(), rank_of(reason),
                       [](int rank, const Refusal& told) { return rank < rank_of(told.reason); });
  list_.insert(place, {reason, std::string(subject)});
  if (list_.size() > refusals_max) list_.pop_back();
}

}  // namespace storegate::core
