// PosLine: who waits for the POS and who goes next. Voids, then doubts, each as they came; then new placements, fair by
// partner, due orders before the backlog. It must not know what is asked of the POS, nor whether it may be asked now.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "core/fair_queue.hpp"
#include "core/order.hpp"
#include "core/time.hpp"

namespace storegate::core {

// The classes, in the order in which they go. A cancel stops a kitchen; a doubt blocks an order that may be cooking.
inline constexpr int line_voids = 0;
inline constexpr int line_doubts = 1;
inline constexpr int line_due = 2;
inline constexpr int line_backlog = 3;

/// An order waits for the POS and is due for so long after its release; then it belongs to the backlog: a courier stands
/// at the counter for the one, the other is late anyway.
inline constexpr Milliseconds due_for_ms = minute_ms;
/// While both wait, every so-manieth placement is the backlog's, so that it does not starve.
inline constexpr std::int64_t backlog_every = 4;

/// Where an order stands in the line: its class and since when it waits, on the steady clock.
struct LinePlace {
  int line_class = line_due;
  Milliseconds since_ms = 0;
  friend bool operator==(const LinePlace&, const LinePlace&) = default;
};

/// What the line remembers of who went. A value: a failed turn puts back a copy. Soft state.
struct LineTurn {
  FairTurn due, backlog;
  std::int64_t due_in_a_row = 0;  // placements since the backlog's last one, counted up to backlog_every - 1
  std::map<std::string, Milliseconds, std::less<>>
      share_again_ms;  // when a partner may have of the reserve again
};

class PosLine {
 public:
  void add(const LinePlace& place, const std::string& partner, OrderNumber number) {
    if (place.line_class == line_due)
      due_.add(partner, {place.since_ms, number});
    else if (place.line_class == line_backlog)
      backlog_.add(partner, {place.since_ms, number});
    else
      others_.insert({place.line_class, place.since_ms, number});
  }
  void remove(const LinePlace& place, const std::string& partner, OrderNumber number) {
    if (place.line_class == line_due)
      due_.remove(partner, {place.since_ms, number});
    else if (place.line_class == line_backlog)
      backlog_.remove(partner, {place.since_ms, number});
    else
      others_.erase({place.line_class, place.since_ms, number});
  }

  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return others_.size() + placements(); }
  /// New placements that wait: due ones and the backlog.
  [[nodiscard]] std::size_t placements() const noexcept { return due_.size() + backlog_.size(); }
  [[nodiscard]] std::size_t due() const noexcept { return due_.size(); }
  [[nodiscard]] std::size_t backlog() const noexcept { return backlog_.size(); }

  /// Who goes next; no_order: nobody waits.
  [[nodiscard]] OrderNumber first(const LineTurn& turn) const {
    if (const OrderNumber before = first_before_placements(); before != no_order) return before;
    if (const OrderNumber placement = first_placement(turn); placement != no_order) return placement;
    return first_behind_placements();
  }
  /// The new placement that goes next, whatever waits before it; no_order: none waits.
  [[nodiscard]] OrderNumber first_placement(const LineTurn& turn) const {
    const bool backlogs = due_.empty() || turn.due_in_a_row >= backlog_every - 1;
    const Waiting* next = backlogs ? backlog_.next(turn.backlog) : nullptr;
    if (next == nullptr) next = due_.next(turn.due);
    return next == nullptr ? no_order : next->second;
  }
  /// As first_placement(), where only those go whose partner `may` have what is left; the backlog has its turn all the same.
  template <typename May>
  [[nodiscard]] OrderNumber first_placement_of(const LineTurn& turn, May may) const {
    if (backlog_.empty() || turn.due_in_a_row < backlog_every - 1) {
      const Waiting* next = due_.next_of(turn.due, may);
      return next == nullptr ? no_order : next->second;
    }
    return backlog_.next(turn.backlog)->second;
  }
  /// Who goes before all placements: voids and doubts; no_order: none waits.
  [[nodiscard]] OrderNumber first_before_placements() const {
    const auto other = others_.begin();
    return other == others_.end() || std::get<0>(*other) > line_due ? no_order : std::get<2>(*other);
  }
  /// Who goes behind all placements.
  [[nodiscard]] OrderNumber first_behind_placements() const {
    const auto other = others_.lower_bound({line_backlog + 1, INT64_MIN, no_order});
    return other == others_.end() ? no_order : std::get<2>(*other);
  }
  /// How many new placements of each partner wait, due ones or those of the backlog.
  using Counts = std::map<std::string, std::int64_t, std::less<>>;
  [[nodiscard]] Counts due_by_partner() const { return counts_of(due_); }
  [[nodiscard]] Counts backlog_by_partner() const { return counts_of(backlog_); }

 private:
  using Waiting = std::pair<Milliseconds, OrderNumber>;
  [[nodiscard]] static Counts counts_of(const FairQueue<Waiting>& queue) {
    Counts counts;
    queue.for_each_lane([&](const std::string& partner, std::size_t count) {
      counts[partner] = static_cast<std::int64_t>(count);
    });
    return counts;
  }
  std::set<std::tuple<int, Milliseconds, OrderNumber>> others_;
  FairQueue<Waiting> due_, backlog_;
};

/// Notes that a placement of this class and partner went.
inline void placed_from(LineTurn& turn, int line_class, const std::string& partner, std::int64_t weight) {
  if (line_class == line_due) {
    served(turn.due, partner, weight);
    turn.due_in_a_row = std::min(turn.due_in_a_row + 1, backlog_every - 1);
  } else if (line_class == line_backlog) {
    served(turn.backlog, partner, weight);
    turn.due_in_a_row = 0;
  }
}

}  // namespace storegate::core
