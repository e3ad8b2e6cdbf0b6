// From the newest event back: an order's newest event is met first and says whether the order goes ahead; the older ones
// follow it. So one pass is enough, and where memory ends it is the oldest that are left out.
#include "core/backlog.hpp"

#include <algorithm>
#include <utility>

namespace storegate::core {

void Backlog::begin(Position after, Position last) {
  stop();
  searching_ = active_ = true;
  after_ = after;
  before_ = Position{last.epoch, last.sequence + 1};
}

void Backlog::stop() {
  searching_ = active_ = false;
  count_ = 0;
  chains_.clear();
  written_.clear();
  for (auto& lane : lanes_) lane.clear();
}

void Backlog::on_briefs(const std::vector<EventBrief>& briefs, const UrgencyOf& urgency_of) {
  if (!searching_) return;
  for (const EventBrief& brief : briefs) {
    before_ = std::min(before_, brief.position);
    auto chain = chains_.find(brief.order);
    if (chain == chains_.end()) {
      const Urgency urgency = brief.order == no_order || brief.type == EventType::order_cancelled
                                  ? Urgency::first
                                  : urgency_of(brief.order);
      if (urgency == Urgency::rest) continue;  // it has ended, and stays so
      chain = chains_.emplace(brief.order, Chain{urgency, {}, brief.position}).first;
    }
    if (count_ == ahead_max) return end_search(false);
    chain->second.found.push_back(brief);
    ++count_;
  }
  if (briefs.empty()) end_search(true);
}

// A chain that was not followed to its beginning would be sent without its first events.
void Backlog::end_search(bool whole) {
  searching_ = false;
  if (whole) chains_.try_emplace(no_order);  // none of the store's own events waits among the rest
  std::array<std::vector<Position>, 2> found;
  for (auto chain = chains_.begin(); chain != chains_.end();) {
    const auto& events = chain->second.found;
    const bool followed =
        whole || (chain->first != no_order && !events.empty() && events.back().previous <= after_);
    if (!followed) {
      count_ -= events.size();
      chain = chains_.erase(chain);
      continue;
    }
    auto& lane = found[static_cast<std::size_t>(chain->second.urgency)];
    for (const EventBrief& event : events) lane.push_back(event.position);
    chain->second.found = {};
    ++chain;
  }
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    std::sort(found[i].begin(), found[i].end());
    lanes_[i].assign(found[i].begin(), found[i].end());
  }
  for (const auto& [brief, sent] : std::exchange(written_, {})) take_up(brief, sent);
}

void Backlog::on_written(const EventBrief& brief, Position sent) {
  if (!active_) return;
  if (searching_ && written_.size() < ahead_max) return written_.emplace_back(brief, sent), void();
  if (searching_) return stop();
  take_up(brief, sent);
}

void Backlog::take_up(const EventBrief& brief, Position sent) {
  auto chain = chains_.find(brief.order);
  const bool follows =
      chain != chains_.end() && (brief.order == no_order || brief.previous == chain->second.last);
  const bool begins =
      chain == chains_.end() && brief.order != no_order && brief.previous <= std::max(sent, after_);
  if (count_ == ahead_max || (!follows && !begins)) {
    if (chain != chains_.end()) chains_.erase(chain);  // nothing of it may overtake this one
    return;
  }
  if (begins) chain = chains_.emplace(brief.order, Chain{}).first;
  chain->second.last = brief.position;
  lanes_[static_cast<std::size_t>(chain->second.urgency)].push_back(brief.position);
  ++count_;
}

std::vector<Position> Backlog::take(std::size_t limit) {
  auto& lane = lanes_[0].empty() ? lanes_[1] : lanes_[0];
  const auto end = lane.begin() + static_cast<std::ptrdiff_t>(std::min(limit, lane.size()));
  std::vector<Position> taken(lane.begin(), end);
  lane.erase(lane.begin(), end);
  return taken;
}

void Backlog::put_back(const std::vector<Position>& positions) {
  lanes_[0].insert(lanes_[0].begin(), positions.begin(), positions.end());
}

}  // namespace storegate::core
