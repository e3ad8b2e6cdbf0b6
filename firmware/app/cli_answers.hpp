// The service's answers as values for the command line. Reads JSON leniently: a member that is absent, null or of
// another type is empty, since the service may be newer than this program. Only a body that is no JSON object fails.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace storegate::app {

struct OrderLine {
  std::string id, partner, partner_order_id, phase, reason, pos_reference, updated_at;
  std::string since;                 // parked: since when
  std::vector<std::string> actions;  // what a person can do; empty also if the service does not say
};

struct OrderPage {
  std::vector<OrderLine> orders;
  std::string next;  // "" = the last page
};

struct BoughtItem {
  std::string id, name, note;
  std::int64_t quantity = 1;
  std::vector<BoughtItem> modifiers;
};

struct HistoryLine {
  std::string phase, at, why, event, by;
};

struct OrderDetail {
  OrderLine line;
  std::string fulfilment, promised_at, customer, currency;
  std::optional<std::int64_t> total;  // minor units
  std::vector<BoughtItem> items;
  std::string release_mode, release_due, release_by, released_at;
  std::vector<HistoryLine> history;
};

struct AvailabilityLine {
  std::string id, until;
  bool available = true;
  bool pos_off = false;  // the POS lists it as off
};

struct StoreLine {
  std::string status, until;
  bool open_now = true;
};

struct EventLine {
  std::string sequence, time, type, subject, partner, partner_order_id, phase;
  std::string by, why;  // who caused it, and why if it says
  std::string what;     // of an order: the reason; otherwise what changed, and into what
  std::string cursor;   // EPOCH-SEQ, to go on from; "" if it lacks either
  std::string body;     // the whole event as JSON
};

struct EventPage {
  std::vector<EventLine> events;
  std::string next;
};

/// Nothing if the body is no JSON object, or lacks the list that the answer is made of.
[[nodiscard]] std::optional<OrderLine> read_order_line(std::string_view body);
[[nodiscard]] std::optional<OrderPage> read_order_page(std::string_view body);
[[nodiscard]] std::optional<OrderDetail> read_order_detail(std::string_view body);
[[nodiscard]] std::optional<std::vector<AvailabilityLine>> read_availability(std::string_view body);
[[nodiscard]] std::optional<StoreLine> read_store(std::string_view body);
[[nodiscard]] std::optional<EventPage> read_event_page(std::string_view body);

/// The `detail` of a problem document, else its `title`, else "".
[[nodiscard]] std::string read_problem(std::string_view body);

/// The bodies that need quoting. `until` "" is left out.
[[nodiscard]] std::string cancel_body(std::string_view reason);
[[nodiscard]] std::string availability_body(bool available, std::string_view until);
[[nodiscard]] std::string store_body(bool paused, std::string_view until);

}  // namespace storegate::app
