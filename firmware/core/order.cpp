// The names of the order's enumerations, one table each; the key under which the POS knows an order; refusals as text.
#include "core/order.hpp"

#include <array>
#include <charconv>

namespace storegate::core {

namespace {

constexpr std::array<std::string_view, phase_count> phase_names{
    "fetching",  "held",   "queued",  "sending",  "placed",    "ready",
    "completed", "parked", "voiding", "rejected", "cancelled", "expired"};
constexpr std::array<std::string_view, reason_count> reason_names{
    "none",        "item_unavailable", "item_unknown",    "store_closed", "pos_offline",
    "too_busy",    "price_mismatch",   "invalid_order",   "timed_out",    "other",
    "pos_refused", "in_doubt",         "release_overdue", "too_late",     "assumed",
    "by_hand"};
constexpr std::array<std::string_view, 3> release_mode_names{"immediate", "at_time", "on_event"};
constexpr std::array<std::string_view, 3> fallback_policy_names{"release", "park", "cancel"};
constexpr std::array<std::string_view, static_cast<std::size_t>(actor_count)> actor_names{
    "none", "partner", "cloud", "person", "clock", "policy", "pos", "customer"};
constexpr std::array<std::string_view, 4> fulfilment_names{"delivery", "pickup", "dine_in", "curbside"};

constexpr std::array<std::string_view, pos_status_count> pos_status_names{"unknown", "open",      "preparing",
                                                                          "ready",   "completed", "voided"};

constexpr std::array<std::string_view, notice_count> notice_names{
    "accepted", "rejected", "begun", "placed", "ready", "cancelled", "cancel_agreed", "cancel_refused"};

template <typename Enum, std::size_t N>
std::optional<Enum> find(const std::array<std::string_view, N>& names, std::string_view name,
                         std::size_t first = 0, std::size_t last = N) noexcept {
  for (std::size_t i = first; i < last; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return {};
}

void append_key_part(std::string& key, std::string_view part) {
  for (const char c : part) {
    if (c == '%')
      key += "%25";
    else if (c == ':')
      key += "%3A";
    else
      key += c;
  }
}

/// A number and the ':' behind it.
std::optional<std::size_t> take_number(std::string_view& rest) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  const auto digits = static_cast<std::size_t>(end - rest.data());
  if (error != std::errc{} || digits == rest.size() || rest[digits] != ':') return {};
  rest.remove_prefix(digits + 1);
  return number;
}

}  // namespace

std::string_view name_of(Phase phase) noexcept { return phase_names[static_cast<std::size_t>(phase)]; }
std::string_view name_of(Reason reason) noexcept { return reason_names[static_cast<std::size_t>(reason)]; }
std::string_view name_of(ReleaseMode mode) noexcept {
  return release_mode_names[static_cast<std::size_t>(mode)];
}
std::string_view name_of(FallbackPolicy policy) noexcept {
  return fallback_policy_names[static_cast<std::size_t>(policy)];
}
std::string_view name_of(Actor actor) noexcept { return actor_names[static_cast<std::size_t>(actor)]; }
std::string_view name_of(FulfilmentType type) noexcept {
  return fulfilment_names[static_cast<std::size_t>(type)];
}
std::string_view name_of(PosStatus status) noexcept {
  return pos_status_names[static_cast<std::size_t>(status)];
}
std::string_view name_of(Notice notice) noexcept { return notice_names[static_cast<std::size_t>(notice)]; }

std::optional<Phase> phase_from(std::string_view name) noexcept { return find<Phase>(phase_names, name); }
std::optional<Reason> canonical_reason_from(std::string_view name) noexcept {
  return find<Reason>(reason_names, name, static_cast<std::size_t>(Reason::item_unavailable),
                      static_cast<std::size_t>(Reason::other) + 1);
}
std::optional<ReleaseMode> release_mode_from(std::string_view name) noexcept {
  return find<ReleaseMode>(release_mode_names, name);
}
std::optional<FallbackPolicy> fallback_policy_from(std::string_view name) noexcept {
  return find<FallbackPolicy>(fallback_policy_names, name);
}
std::optional<FulfilmentType> fulfilment_type_from(std::string_view name) noexcept {
  return find<FulfilmentType>(fulfilment_names, name);
}
std::optional<PosStatus> pos_status_from(std::string_view name) noexcept {
  return find<PosStatus>(pos_status_names, name, 1);  // no POS says "unknown"
}

std::string pos_key_of(const Order& order) {
  std::string key;
  key.reserve(order.partner.size() + order.partner_order_id.size() + 20);
  append_key_part(key, order.partner);
  key += ':';
  append_key_part(key, order.partner_order_id);
  key += ':';
  key += order.business_day;
  if (order.reprints > 0) {
    key += ":r";
    key += std::to_string(order.reprints);
  }
  return key;
}

std::string pack(const std::vector<Refusal>& refusals) {
  std::string packed;
  for (const Refusal& refusal : refusals) {
    packed += std::to_string(static_cast<int>(refusal.reason));
    packed += ':';
    packed += std::to_string(refusal.subject.size());
    packed += ':';
    packed += refusal.subject;
  }
  return packed;
}

std::optional<std::vector<Refusal>> unpack_refusals(std::string_view packed) {
  std::vector<Refusal> refusals;
  while (!packed.empty()) {
    const auto reason = take_number(packed);
    const auto size = reason ? take_number(packed) : std::nullopt;
    if (!size || *reason >= reason_count || *size > packed.size() || refusals.size() == refusals_max)
      return {};
    refusals.push_back({static_cast<Reason>(*reason), std::string(packed.substr(0, *size))});
    packed.remove_prefix(*size);
  }
  return refusals;
}

}  // namespace storegate::core
