// Backlog: which of the events that wait go before the others when many wait. Those of orders that are not done yet and
// those that end in a cancel go first, then those of orders that are cooked; each order's in their order. Soft state
// over positions: it reads nothing and publishes nothing.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "core/messages.hpp"

namespace storegate::core {

/// An event as the search for what goes first sees it: whose it is and which one came before. Nothing of it leaves the
/// box, so no digest is looked at: a wrong one makes a wrong place in the queue and nothing else.
struct EventBrief {
  Position position;
  OrderNumber order = no_order;
  Position previous;
  EventType type = EventType::gateway_started;
};
[[nodiscard]] inline EventBrief brief_of(const EventRecord& event) {
  return {event.position, event.order, event.previous, event.type};
}

/// How soon the cloud needs to hear of an order.
enum class Urgency : std::uint8_t { first = 0, cooked = 1, rest = 2 };
using UrgencyOf = std::function<Urgency(OrderNumber)>;

/// Positions that may be sent ahead of their turn, at most: twelve hours of a busy store's live orders. Beyond it
/// the oldest go in plain order.
inline constexpr std::size_t ahead_max = 50'000;
/// Rows of the search that are read at a time: 1.8 ms of the store thread at most, as tests/bench measures it on a store of
/// 100,000 orders.
inline constexpr std::size_t briefs_per_read = 4'000;

class Backlog {
 public:
  /// The events in (`after`, `last`] wait; the search begins, from the newest back.
  void begin(Position after, Position last);
  void stop();

  [[nodiscard]] bool searching() const noexcept { return searching_; }
  [[nodiscard]] Position after() const noexcept { return after_; }
  /// The search goes on with the events before this one.
  [[nodiscard]] Position before() const noexcept { return before_; }
  /// What was found, newest first; none = the search is over. An order that is not `rest`, or whose newest event is a
  /// cancel, goes ahead with all its events; the store's own events count as one such order.
  void on_briefs(const std::vector<EventBrief>& briefs, const UrgencyOf& urgency_of);

  /// An event was written meanwhile; everything up to `sent` was sent. It goes ahead unless one before it, of the same
  /// order, waits among the rest.
  void on_written(const EventBrief& brief, Position sent);

  [[nodiscard]] bool empty() const noexcept { return lanes_[0].empty() && lanes_[1].empty(); }
  /// The next positions, in the order to send them, at most `limit`; they are out of here.
  [[nodiscard]] std::vector<Position> take(std::size_t limit);
  /// Those that could not be read after all.
  void put_back(const std::vector<Position>& positions);

 private:
  struct Chain {
    Urgency urgency = Urgency::first;
    std::vector<EventBrief> found;  // newest first, during the search
    Position last;                  // the newest of them that is ahead
  };
  void end_search(bool whole);
  void take_up(const EventBrief& brief, Position sent);

  bool searching_ = false;
  bool active_ = false;
  Position after_, before_;
  std::size_t count_ = 0;                                 // found or written so far, at most ahead_max
  std::map<OrderNumber, Chain> chains_;                   // of orders that go ahead
  std::vector<std::pair<EventBrief, Position>> written_;  // during the search
  std::array<std::deque<Position>, 2> lanes_;             // first, cooked
};

}  // namespace storegate::core
