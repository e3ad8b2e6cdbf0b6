// Which request meets which fault: by rate from a seeded generator, or the next N.
#include "tests/support/pos_double/faults.hpp"

#include <charconv>
#include <utility>

namespace storegate::pos_double {

namespace {

constexpr std::array<std::pair<std::string_view, Act>, 10> plain_names{{
    {"refuse", Act::refuse},
    {"reset", Act::reset},
    {"hang", Act::hang},
    {"slow-drip", Act::slow_drip},
    {"half-reply", Act::half_reply},
    {"lost-reply", Act::lost_reply},
    {"late-ticket", Act::late_ticket},
    {"duplicate-answer", Act::duplicate_answer},
    {"nonsense", Act::nonsense},
    {"nonsense-no-ticket", Act::nonsense_no_ticket},
}};

std::optional<Kind> kind_named(std::string_view name) {
  for (std::size_t i = 0; i < kinds - 1; ++i)
    if (name == name_of(static_cast<Kind>(i))) return static_cast<Kind>(i);
  return std::nullopt;
}

/// "error-503", "refuse-409", "unauthorized-401" or the bare "409": the status, 300 to 599.
std::optional<int> status_named(std::string_view name) {
  for (const std::string_view prefix : {"error-", "refuse-", "unauthorized-"})
    if (name.starts_with(prefix)) {
      name.remove_prefix(prefix.size());
      break;
    }
  int status = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), status);
  const bool whole = parsed.ec == std::errc{} && parsed.ptr == name.data() + name.size();
  return whole && status >= 300 && status <= 599 ? std::optional(status) : std::nullopt;
}

}  // namespace

const char* name_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::orders: return "orders";
    case Kind::void_ticket: return "void";
    case Kind::query: return "query";
    case Kind::status: return "status";
    case Kind::availability: return "availability";
    case Kind::menu: return "menu";
    case Kind::health: return "health";
    case Kind::control: return "control";
  }
  return "?";
}

std::optional<Fault> fault_named(std::string_view name) {
  Fault fault;
  fault.name = name;
  const auto slash = name.find('/');
  if (slash != std::string_view::npos) {
    const auto kind = kind_named(name.substr(0, slash));
    if (!kind) return std::nullopt;
    fault.kind = *kind;
    name.remove_prefix(slash + 1);
  }
  if (name == "health-down" && slash == std::string_view::npos) {
    fault.kind = Kind::health;
    name = "error-503";
  }
  for (const auto& [plain, act] : plain_names)
    if (name == plain) {
      fault.act = act;
      const bool of_orders_only = act == Act::refuse || act == Act::duplicate_answer;
      return of_orders_only && fault.kind != Kind::orders ? std::nullopt : std::optional(fault);
    }
  const auto status = status_named(name);
  if (!status) return std::nullopt;
  fault.act = Act::answer_status;
  fault.status = *status;
  return fault;
}

std::optional<double> parse_rate(std::string_view text) {
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  double rate = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), rate);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
  if (percent) rate /= 100;
  return rate >= 0 && rate <= 1 ? std::optional(rate) : std::nullopt;
}

std::optional<Fault> FaultPlan::draw(Kind kind) { return pick(kind, false); }

bool FaultPlan::draw_refusal() { return pick(Kind::orders, true).has_value(); }

std::optional<Fault> FaultPlan::pick(Kind kind, bool refusal) {
  // The rates lie side by side on the line from 0 to 1; beyond 1 the last ones get less than they asked for.
  const double drawn = std::uniform_real_distribution<double>(0, 1)(generator_);
  double reached = 0;
  Fault* hit = nullptr;
  for (auto& fault : faults_) {
    if (fault.kind != kind || (fault.act == Act::refuse) != refusal) continue;
    reached += fault.rate;
    if (fault.next > 0) {
      --fault.next;
      hit = &fault;
      break;
    }
    if (hit == nullptr && drawn < reached) hit = &fault;
  }
  if (hit == nullptr) return std::nullopt;
  ++hits_[hit->name];
  return *hit;
}

}  // namespace storegate::pos_double
