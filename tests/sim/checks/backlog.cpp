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

// Decided, so the gateway goes by it, and goes back if the commit fails: until one succeeds nobody can say.
void BacklogWatch::on_commit_begins(const core::Changes& changes) {
  for (const core::Order& order : changes.orders) {
    if (waits(order) || cancelled_.contains(order.number)) continue;
    live_.erase(order.number);
    unsure_.insert(order.number);
    std::erase_if(urgent_, [&](std::int64_t sequence) { return order_of_[sequence] == order.number; });
  }
}

void BacklogWatch::on_written(const core::Changes& changes) {
  for (const core::EventRecord& event : changes.events) {
    order_of_[event.position.sequence] = event.order;
    if (event.type == core::EventType::order_cancelled) cancelled_.insert(event.order);
  }
  for (const core::Order& order : changes.orders) {
    unsure_.erase(order.number);
    if (waits(order)) live_.insert(order.number);
  }
}

bool BacklogWatch::can_wait(std::int64_t sequence) const {
  const auto order = order_of_.find(sequence);
  return order != order_of_.end() && !is_urgent(sequence) && !unsure_.contains(order->second);
}

bool BacklogWatch::is_urgent(std::int64_t sequence) const {
  const auto order = order_of_.find(sequence);
  if (order == order_of_.end()) return false;  // of a commit whose success nobody saw
  return order->second == core::no_order || live_.contains(order->second) ||
         cancelled_.contains(order->second);
}

void BacklogWatch::on_connected(std::int64_t from, std::int64_t written, bool again) {
  judging_ = true;
  draining_ = written - from > many_windows * window_;
  written_ = written;
  newest_ = publishes_ = others_ = since_oldest_ = 0;
  unsent_.clear();
  urgent_.clear();
  at_first_.clear();
  if (!draining_) return;
  ++drains_;
  for (std::int64_t sequence = from + 1; sequence <= written; ++sequence) {
    if (!again && acknowledged_.contains(sequence)) continue;
    unsent_.insert(unsent_.end(), sequence);
    if (is_urgent(sequence)) urgent_.insert(urgent_.end(), sequence);
  }
  at_first_ = urgent_;
}

void BacklogWatch::on_published(const Scene& scene, const core::EventRecord& event) {
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
  const bool oldest = sequence == *unsent_.begin();
  since_oldest_ = oldest ? 0 : since_oldest_ + 1;
  if (since_oldest_ >= oldest_every)
    scene.blame("backlog", "event " + std::to_string(*unsent_.begin()) +
                               " is the oldest and is passed over again by " + std::to_string(sequence));
  urgent_.erase(sequence);
  // What was urgent as the connection came up keeps its place, whatever has become of its order since.
  const bool was_urgent = at_first_.contains(sequence);
  if (unsent_.erase(sequence) > 0 && !was_urgent && can_wait(sequence) && !urgent_.empty()) ++others_;
  if (others_ * oldest_every > publishes_ + oldest_every)
    scene.blame("backlog", "of " + std::to_string(publishes_) + " events published, " +
                               std::to_string(others_) + " can wait, while event " +
                               std::to_string(*urgent_.begin()) + " of a live or cancelled order waits");
}

}  // namespace storegate::sim::check
