// What the last orders committed here look like to the outside: their events and their way to the POS follow within
// seconds, and reading each back from its pages and digesting it again was a third of a life's work (README.md).
// Only members that never change are kept, so nothing here can be out of date.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

#include "core/messages.hpp"

namespace storegate::storage {

class RecentOrders {
 public:
  struct Entry {
    core::OutgoingEvent event;  // all but `record` and `epoch`
    std::string canonical;
  };

  /// Remembers each order whose row and body are both among the changes (orders ascending by number). Call it once they
  /// are durable.
  void remember(const core::Changes& changes);
  /// Nothing if it was not among the last, or the process has been restarted since.
  [[nodiscard]] const Entry* find(core::OrderNumber number) const;
  void forget(core::OrderNumber number);

 private:
  static constexpr std::size_t bytes_max =
      1024 * 1024;  // some 350 orders of 2.6 KB: many times the orders in flight
  static constexpr std::size_t orders_max = 1024;
  void drop_oldest();
  std::unordered_map<std::int64_t, Entry> entries_;
  std::deque<std::int64_t> by_age_;
  std::size_t bytes_ = 0;
};

}  // namespace storegate::storage
