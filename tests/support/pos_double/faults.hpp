// The faults the POS double commits on order: their names, their rates, and the draw for each request.
// Decides nothing about tickets or sockets; tests/support/README.md has the table of what each fault does.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace storegate::pos_double {

/// What a request asks of the POS; the prefix of a fault's name. `orders` is the default, POST /orders.
enum class Kind { orders, void_ticket, query, status, availability, menu, health, control };
constexpr std::size_t kinds = 8;
[[nodiscard]] const char* name_of(Kind kind) noexcept;

enum class Act {
  refuse,              // the connection is reset as soon as it was accepted
  reset,               // RST after the request was read, nothing done
  answer_status,       // an answer of this status, nothing done
  hang,                // never an answer, nothing done
  slow_drip,           // done; the answer comes byte by byte
  half_reply,          // done; half of the answer, then closed
  lost_reply,          // done; closed without an answer
  late_ticket,         // done only when the client has given up
  duplicate_answer,    // done; the answer names an earlier ticket
  nonsense,            // done; 200 with a body that means nothing
  nonsense_no_ticket,  // the same, nothing done
};

struct Fault {
  std::string name;  // as it was ordered, prefix included
  Kind kind = Kind::orders;
  Act act = Act::reset;
  int status = 0;          // of answer_status
  double rate = 0;         // 0 to 1
  std::uint64_t next = 0;  // so many requests of its kind are hit for certain, whatever the rate
};

/// The fault of that name with rate 0; empty when there is none such.
[[nodiscard]] std::optional<Fault> fault_named(std::string_view name);
/// "0.25" or "25%"; empty unless between 0 and 1.
[[nodiscard]] std::optional<double> parse_rate(std::string_view text);

class FaultPlan {
 public:
  explicit FaultPlan(std::uint64_t seed) : generator_(seed) {}

  /// From now on exactly these. Hits counted so far stay.
  void replace(std::vector<Fault> faults) { faults_ = std::move(faults); }
  /// The fault that this request meets, if any; counted. One draw of the generator per request, whatever the rates,
  /// so that the same seed and requests meet the same faults.
  [[nodiscard]] std::optional<Fault> draw(Kind kind);
  /// Whether a new connection is refused; counted.
  [[nodiscard]] bool draw_refusal();

  [[nodiscard]] const std::map<std::string, std::uint64_t>& hits() const noexcept { return hits_; }

 private:
  [[nodiscard]] std::optional<Fault> pick(Kind kind, bool refusal);

  std::mt19937_64 generator_;
  std::vector<Fault> faults_;
  std::map<std::string, std::uint64_t> hits_;
};

}  // namespace storegate::pos_double
