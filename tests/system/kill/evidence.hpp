// Evidence: what senders, disk, broker and POS say after a kill and at the end, held against each other. Each
// complaint names its invariant. Asks storegate nothing.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "kill_store.hpp"
#include "senders.hpp"

namespace storegate::killing {

class Evidence {
 public:
  /// Takes the events that have arrived since the last call.
  void take_events(const support::MqttWatcher& cloud);

  /// After a kill: what was acknowledged is in the rows.
  void check_rows(const Hit& hit, const std::map<std::string, Sent>& orders);
  /// At any time: at most one ticket per reference.
  void check_tickets(support::PosDouble& pos);
  /// Events that have not come though later ones have. A backlog makes some, which fill in the end.
  [[nodiscard]] std::size_t gaps() const noexcept {
    return static_cast<std::size_t>(last_sequence_) - seen_.size();
  }
  /// True when every order that anybody acknowledged has come to an end that its sender asked for, and every event has.
  [[nodiscard]] bool all_ended(const std::map<std::string, Sent>& orders) const;
  /// At the end: every order's end, its tickets, and the cancels that came first.
  void check_ends(const std::map<std::string, Sent>& orders, support::PosDouble& pos);

  [[nodiscard]] const std::vector<std::string>& complaints() const noexcept { return complaints_; }
  [[nodiscard]] std::size_t events() const noexcept { return seen_.size(); }
  [[nodiscard]] std::size_t repeats() const noexcept { return repeats_; }

 private:
  void complain(const std::string& text);
  void take_event(const support::MqttLine& line);
  [[nodiscard]] std::string last_event_of(const std::string& id) const;

  std::set<std::string> seen_;                     // CloudEvent ids
  std::map<std::string, std::string> last_event_;  // by partner_order_id
  std::string epoch_;
  std::map<std::string, long long> newest_;  // sequence, by partner_order_id; "" = the store's own events
  long long last_sequence_ = 0;
  std::size_t repeats_ = 0;
  std::size_t taken_ = 0;
  std::vector<std::string> complaints_;
};

}  // namespace storegate::killing
