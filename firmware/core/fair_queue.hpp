// FairQueue: things that wait, by partner, and whose turn it is: deficit round robin with weights. A flood of one partner
// leaves the others' waiting as it was. Knows neither orders nor time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace storegate::core {

/// What a round remembers: a value beside the queue, so that a failed turn puts back a copy of it. Soft state.
struct FairTurn {
  std::string partner;    // who was served last
  std::int64_t left = 0;  // how many it may still have before the next partner's turn
};

/// Of the partners in `lanes` (each has something that waits) the one whose turn it is: the one that was served last
/// while it has some left, then the next by name. nullptr if nobody waits. O(log n).
template <typename Lanes>
[[nodiscard]] auto next_lane(Lanes& lanes, const FairTurn& turn) -> decltype(&*lanes.begin()) {
  if (lanes.empty()) return nullptr;
  auto at = turn.left > 0 ? lanes.find(turn.partner) : lanes.end();
  if (at == lanes.end()) at = lanes.upper_bound(turn.partner);
  if (at == lanes.end()) at = lanes.begin();
  return &*at;
}

/// Notes that `partner` has had one. In a round it gets as many as its `weight` says (less than 1 counts as 1). Every
/// thing costs 1, so a deficit never outlives its partner's turn: what is left of it is the whole memory.
inline void served(FairTurn& turn, const std::string& partner, std::int64_t weight) {
  if (turn.left > 0 && turn.partner == partner) {
    --turn.left;
    return;
  }
  turn.partner = partner;
  turn.left = std::max<std::int64_t>(weight, 1) - 1;
}

/// Inside a partner things go in their own order. Same contents and same FairTurn: same choice, on every machine.
template <typename Item>
class FairQueue {
 public:
  void add(const std::string& partner, Item item) {
    if (lanes_[partner].insert(std::move(item)).second) ++size_;
  }
  void remove(const std::string& partner, const Item& item) {
    const auto lane = lanes_.find(partner);
    if (lane == lanes_.end() || lane->second.erase(item) == 0) return;
    --size_;
    if (lane->second.empty()) lanes_.erase(lane);
  }
  /// What is next, with its partner; nullptr: nothing waits.
  [[nodiscard]] const Item* next(const FairTurn& turn) const {
    const auto* lane = next_lane(lanes_, turn);
    return lane == nullptr ? nullptr : &*lane->second.begin();
  }
  /// As next(), among the partners that `may` is true of.
  template <typename May>
  [[nodiscard]] const Item* next_of(const FairTurn& turn, May may) const {
    FairTurn at = turn;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      const auto* lane = next_lane(lanes_, at);
      if (may(lane->first)) return &*lane->second.begin();
      at = {lane->first, 0};
    }
    return nullptr;
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  /// Calls `visit(partner, how many wait)` for each partner with something that waits, by name.
  template <typename Visit>
  void for_each_lane(Visit visit) const {
    for (const auto& [partner, lane] : lanes_) visit(partner, lane.size());
  }

 private:
  std::map<std::string, std::set<Item>, std::less<>> lanes_;  // none of them empty
  std::size_t size_ = 0;
};

}  // namespace storegate::core
