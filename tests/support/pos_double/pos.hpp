// What the POS double answers: the POS of interfaces.md, request by request, and the doors tests use.
// Knows tickets and faults' rates, but no socket, no timer and none of storegate's code.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tests/support/pos_double/faults.hpp"
#include "tests/support/pos_double/tickets.hpp"

namespace storegate::pos_double {

/// A request as it was read; views into the connection's bytes.
struct Request {
  std::string_view method;
  std::string_view path;  // without the query
  std::string_view query;
  std::string_view idempotency_key;
  bool has_key = false;
  std::string_view body;
};

/// A request on its way through the POS.
struct Visit {
  Request request;
  Kind kind = Kind::control;
  Ticket order;  // of POST /orders: what the ticket will say
};

struct Answer {
  int status = 200;
  std::string body = "{}";
  std::string more_fields;  // header lines, each with CRLF
};
[[nodiscard]] std::string to_bytes(const Answer& answer);

struct PosOptions {
  std::chrono::duration<double> deduplicates{0};
  bool can_query = true;
  std::chrono::milliseconds delay{0};
  std::string refuse_code = "item_unavailable";  // the `code` of a 409
  int retry_after_s = 1;                         // of a 429
  std::uint64_t seed = 1;
  std::string tickets_file;
};

class Pos {
 public:
  explicit Pos(const PosOptions& options);

  /// Counts the request, finds its kind and reads its order. An answer already now = a bad request, whatever
  /// faults there are.
  [[nodiscard]] std::optional<Answer> receive(Visit& visit);
  /// Does what the request asks and answers it: here tickets are cut.
  [[nodiscard]] Answer act(const Visit& visit);
  /// The answer of a fault that does nothing else.
  [[nodiscard]] Answer fault_answer(const Fault& fault) const;
  /// What is answered in place of `answer`, after the deed was done.
  [[nodiscard]] Answer nonsense();
  [[nodiscard]] Answer name_earlier_ticket(const Visit& visit, Answer answer) const;

  [[nodiscard]] FaultPlan& faults() noexcept { return faults_; }
  [[nodiscard]] std::chrono::milliseconds delay(Kind kind) const noexcept;
  void count_connection() noexcept { ++connections_; }
  void count_malformed() noexcept { ++bad_requests_; }

 private:
  Answer place(const Visit& visit);
  Answer find(const Request& request) const;
  Answer status_of(std::string_view pos_reference) const;
  Answer void_ticket(std::string_view pos_reference);
  Answer control(const Request& request);
  Answer list_tickets(const Request& request) const;
  Answer counts() const;
  Answer put_faults(const Request& request);
  Answer put_ticket(const Request& request);
  Answer put_availability(const Request& request);
  Answer put_menu(const Request& request);
  Answer put_delay(const Request& request);

  PosOptions options_;
  FaultPlan faults_;
  TicketBook tickets_;
  std::string availability_ = R"({"items":[]})";
  std::string menu_ = R"({"items":[]})";
  std::unordered_map<std::string, std::size_t>
      body_of_key_;  // a hash: the same key should bring the same body
  std::array<std::uint64_t, kinds> received_{};
  std::uint64_t connections_ = 0;
  std::uint64_t bad_requests_ = 0;
  std::uint64_t deduplicated_ = 0;
  std::uint64_t other_body_same_key_ = 0;
  std::size_t nonsense_given_ = 0;
};

}  // namespace storegate::pos_double
