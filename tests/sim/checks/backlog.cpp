// A backlog: when much waits as the connection comes up, the events of live and of cancelled orders go first, the oldest
// event that waits has its turn at least every fourth time, and where little waits nothing leaves its order. Goes by
// committed rows and by what is published.
#include <algorithm>

#include "sim/checks/checks.hpp"

namespace storegate::sim::check {

namespace {
constexpr std::int64_t many_windows = 2;
constexpr std::int64_t oldest_every = 4;

/// Not cooked and not ended.
bool waits(const core::Order& order) {
  return !core::is_end(order.phase) && order.phase != core::Phase::placed &&
         order.phase != core::Phase::ready;
}
}  // namespace

// Until a commit has succeeded nobody can say which row the gateway goes by: it decides before, and goes back after.
void BacklogWatch::on_commit_begins(const core::Changes& changes) {
  for (const core::Order& order : changes.orders) unsure_.insert(order.number);
  if (draining_) take_changed(changes.orders);
}

void BacklogWatch::on_written(const core::Changes& changes) {
  for (const core::EventRecord& event : changes.events) {
    order_of_[event.position.sequence] = event.order;
    if (event.type == core::EventType::order_cancelled) cancelled_.insert(event.order);
  }
  for (const core::Order& order : changes.orders) {
    unsure_.erase(order.number);
    if (waits(order))
      live_.insert(order.number);
    else
      live_.erase(order.number);
  }
}

// The gateway looks once at each order, some time after the connection came up: of one that became another kind since,
// nobody can say what it saw.
void BacklogWatch::take_changed(const std::vector<core::Order>& orders) {
  for (const core::Order& order : orders) {
    if (cancelled_.contains(order.number) || waits(order) == live_.contains(order.number)) continue;
    const auto counted = can_wait_.find(order.number);
    if (counted != can_wait_.end()) {
      others_ -= counted->second;
      can_wait_.erase(counted);
    }
    std::erase_if(urgent_, [&](std::int64_t sequence) { return order_of_[sequence] == order.number; });
  }
}

void BacklogWatch::on_connected(std::int64_t from, std::int64_t written, bool again,
                                const std::vector<core::Order>& unwritten) {
  judging_ = true;
  draining_ = written - from > many_windows * window_;
  written_ = written;
  newest_ = publishes_ = others_ = since_oldest_ = 0;
  unsent_.clear();
  urgent_.clear();
  can_wait_.clear();
  if (!draining_) return;
  ++drains_;
  for (std::int64_t sequence = from + 1; sequence <= written; ++sequence) {
    if (!again && acknowledged_.contains(sequence)) continue;
    unsent_.insert(unsent_.end(), sequence);
    const auto order = order_of_.find(sequence);
    if (order == order_of_.end() || unsure_.contains(order->second))
      continue;  // nobody saw that commit succeed
    if (order->second == core::no_order || live_.contains(order->second) ||
        cancelled_.contains(order->second))
      urgent_.insert(urgent_.end(), sequence);
    else
      can_wait_.emplace(order->second, 0);
  }
  take_changed(unwritten);
}

// Nobody need publish those: their rows may be gone before they are read.
void BacklogWatch::on_cloud_acknowledged(const core::EventsAcknowledged& said) {
  if (said.replay_from) {
    acknowledged_.clear();
    return stop();
  }
  const std::int64_t through = said.through.value_or(0);
  unsent_.erase(unsent_.begin(), unsent_.upper_bound(through));
  urgent_.erase(urgent_.begin(), urgent_.upper_bound(through));
}

void BacklogWatch::on_published(const Scene& scene, const core::EventRecord& event,
                                const std::function<std::vector<core::Order>()>& unwritten) {
  const std::int64_t sequence = event.position.sequence;
  if (!judging_) return;
  if (!draining_) {
    if (sequence <= newest_)
      scene.blame("backlog", "event " + std::to_string(sequence) + " is published after " +
                                 std::to_string(newest_) + " though little waited");
    newest_ = sequence;
    return;
  }
  ++publishes_;
  if (unsent_.empty()) return stop();
  // Older ones are sent again when only their PUBACK is known, not their place: that is the oldest's turn too.
  const bool oldest = sequence <= *unsent_.begin();
  since_oldest_ = oldest ? 0 : since_oldest_ + 1;
  if (since_oldest_ >= oldest_every)
    scene.blame("backlog", "event " + std::to_string(*unsent_.begin()) +
                               " is the oldest and is passed over again by " + std::to_string(sequence));
  urgent_.erase(sequence);
  const auto order = order_of_.find(sequence);
  const auto waiting = order == order_of_.end() ? can_wait_.end() : can_wait_.find(order->second);
  if (unsent_.erase(sequence) > 0 && waiting != can_wait_.end() && !urgent_.empty()) {
    ++others_;
    ++waiting->second;
  }
  if (!too_many_others()) return;
  take_changed(unwritten());
  if (too_many_others() && !urgent_.empty())
    scene.blame("backlog", "of " + std::to_string(publishes_) + " events published, " +
                               std::to_string(others_) + " can wait, while event " +
                               std::to_string(*urgent_.begin()) + " of a live or cancelled order waits");
}

bool BacklogWatch::too_many_others() const { return others_ * oldest_every > publishes_ + oldest_every; }

}  // namespace storegate::sim::check
