// Ledger: what each order of the day was meant to come to, and what broker and POS say it came to. Takes the
// cloud's events and the double's tickets as the truth, never storegate's own word.
#pragma once

#include <string>
#include <vector>

#include "tests/support/mqtt_tools.hpp"
#include "tests/support/pos_double_process.hpp"

namespace storegate::day {

struct Expected {
  std::string partner;
  std::string partner_order_id;
  std::string what;           // in words, for the reader
  std::string last_event;     // the order's last event, e.g. "order.placed"
  std::size_t tickets = 0;    // ever cut for it
  std::string ticket_status;  // of its ticket, "" = any
};

/// One event as the cloud got it.
struct CloudEvent {
  std::string name;  // the topic's last level
  std::string epoch;
  std::string sequence;  // 20 digits
  std::string time;
  std::string partner;
  std::string partner_order_id;
  std::string phase;
  std::string reason;
  std::string pos_reference;
};

class Ledger {
 public:
  void expect(Expected order) { orders_.push_back(std::move(order)); }
  [[nodiscard]] const std::vector<Expected>& orders() const noexcept { return orders_; }

  /// The events so far, each once, in the order of their first arrival.
  [[nodiscard]] static std::vector<CloudEvent> events_of(const std::vector<support::MqttLine>& lines);
  /// True once every order's last event is the expected one.
  [[nodiscard]] bool all_ended(const std::vector<CloudEvent>& events) const;
  /// Prints each order's life and every complaint; the number of complaints.
  [[nodiscard]] std::size_t report(const std::vector<CloudEvent>& events,
                                   const std::vector<support::PosTicket>& tickets) const;

 private:
  std::vector<Expected> orders_;
};

}  // namespace storegate::day
