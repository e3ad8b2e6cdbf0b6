// The tickets the POS double has cut: the count that I2 speaks of. In memory, and one line each in a file that
// outlives a killed double. Knows no HTTP and no faults.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/support/sockets.hpp"

namespace storegate::pos_double {

/// Time since boot. It goes on over a restart of the double, so the window of de-duplication does, too.
using Uptime = std::chrono::milliseconds;
[[nodiscard]] Uptime uptime_now();

struct Ticket {
  std::string reference;
  std::string pos_reference;
  std::string at;               // wall clock, RFC 3339
  std::string status = "open";  // open | preparing | ready | completed | voided
  std::string display_code;
  std::string partner;
  std::string partner_order_id;
  std::string idempotency_key;
  bool reprint = false;
};

class TicketBook {
 public:
  /// Reads back what the file holds; "" = memory only. Throws std::runtime_error when it cannot be opened.
  TicketBook(const std::string& file, std::chrono::duration<double> deduplicates);

  /// The ticket this key stands for, if its first answer is within the window; nullptr otherwise.
  [[nodiscard]] const Ticket* remembered(const std::string& idempotency_key, Uptime now) const;
  /// Cuts a ticket: gives it its pos_reference and time and writes it to the file before returning.
  const Ticket& cut(Ticket ticket, Uptime now);
  /// False when there is no such ticket.
  bool set_status(std::string_view pos_reference, const std::string& status);

  [[nodiscard]] const Ticket* by_pos_reference(std::string_view pos_reference) const;
  [[nodiscard]] std::vector<const Ticket*> by_reference(const std::string& reference) const;
  [[nodiscard]] const std::deque<Ticket>& all() const noexcept { return tickets_; }
  /// The latest ticket of another reference; nullptr if there is none.
  [[nodiscard]] const Ticket* latest_but(const std::string& reference) const;
  [[nodiscard]] std::size_t references() const noexcept { return by_reference_.size(); }
  [[nodiscard]] std::size_t most_per_reference() const noexcept { return most_per_reference_; }

 private:
  struct Remembered {
    std::size_t ticket = 0;
    Uptime cut_at{0};
  };
  void read_back(const std::string& file);
  void add(Ticket ticket, Uptime cut_at);
  void append(const std::string& line);
  [[nodiscard]] std::size_t place_of(std::string_view pos_reference) const;

  Uptime window_;
  support::Descriptor file_;
  std::deque<Ticket> tickets_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_reference_;
  std::unordered_map<std::string, Remembered> by_key_;
  std::size_t most_per_reference_ = 0;
  bool ends_in_line_end_ = true;  // the file, as it was read back
};

/// A ticket as GET /tickets shows it.
void append_json(std::string& text, const Ticket& ticket);

}  // namespace storegate::pos_double
