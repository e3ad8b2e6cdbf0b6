// The order: what a partner asked for (CanonicalOrder, parsed) and what the store knows of it (Order, a row).
// Knows no bytes and no partner's format.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ids.hpp"
#include "core/money.hpp"
#include "core/time.hpp"

namespace storegate::core {

// The numeric values of these enumerations are stored in rows: append, never renumber.

enum class Phase : std::uint8_t {
  fetching = 0,  // a thin webhook is stored, its order is being fetched
  held = 1,      // accepted, waits for its release
  queued = 2,    // released, waits its turn at the POS
  sending = 3,   // the intent to send is on disk; the POS may have it
  placed = 4,    // the POS has it; its reference is stored
  ready = 5,
  completed = 6,
  parked = 7,   // a person must decide
  voiding = 8,  // a cancel of a placed order is under way
  rejected = 9,
  cancelled = 10,
  expired = 11,
};
inline constexpr std::size_t phase_count = 12;

/// Canonical reasons (design.md section 4) and, after them, why an order is parked, expired or completed.
enum class Reason : std::uint8_t {
  none = 0,
  item_unavailable = 1,
  item_unknown = 2,
  store_closed = 3,
  pos_offline = 4,
  too_busy = 5,
  price_mismatch = 6,
  invalid_order = 7,
  timed_out = 8,
  other = 9,
  pos_refused = 10,      // parked: the POS answered 400, 413 or 422
  in_doubt = 11,         // parked: the POS may or may not have it, and cannot tell
  release_overdue = 12,  // parked or cancelled by the fallback policy
  too_late = 13,         // a cancel was refused: the POS would not void any more
  assumed = 14,          // completed without a word from the POS
  by_hand = 15,          // parked: its partner has asked a person to key it in
};
inline constexpr std::size_t reason_count = 16;

enum class ReleaseMode : std::uint8_t { immediate = 0, at_time = 1, on_event = 2 };
enum class FallbackPolicy : std::uint8_t { release = 0, park = 1, cancel = 2 };

/// Who caused a change.
enum class Actor : std::uint8_t {
  none = 0,
  partner = 1,  // the partner's own webhook
  cloud = 2,    // a command over MQTT
  person = 3,   // the API, the console, the command line
  clock = 4,    // a time that came: fallback, promised time, expiry
  policy = 5,   // immediate release
  pos = 6,
  customer = 7,  // whoever ordered, as the partner or the cloud says
};
inline constexpr std::int64_t actor_count = 8;

/// What the POS last said of a ticket it has (interfaces of the POS: GET /orders/{pos_reference}).
enum class PosStatus : std::uint8_t {
  unknown = 0,
  open = 1,
  preparing = 2,
  ready = 3,
  completed = 4,
  voided = 5
};
inline constexpr std::int64_t pos_status_count = 6;

/// What a partner can be told of its order, in the order in which it is told. Stored in rows as bits.
enum class Notice : std::uint8_t {
  accepted = 0,
  rejected = 1,
  begun = 2,   // an order for later is released: it is made from now on
  placed = 3,  // the POS has it
  ready = 4,
  cancelled = 5,       // by the store, the cloud or the POS
  cancel_agreed = 6,   // the partner asked for it
  cancel_refused = 7,  // the partner asked for it, and the food is being made
};
inline constexpr std::size_t notice_count = 8;

/// A set of notices.
class Notices {
 public:
  constexpr Notices() = default;
  constexpr Notices(std::initializer_list<Notice> notices) {
    for (const Notice notice : notices) add(notice);
  }
  /// Of a row's column; bits that mean nothing are left out.
  [[nodiscard]] static constexpr Notices from_bits(std::int64_t bits) {
    Notices notices;
    notices.bits_ = static_cast<std::uint32_t>(bits) & ((1U << notice_count) - 1);
    return notices;
  }
  [[nodiscard]] constexpr std::int64_t bits() const { return bits_; }
  constexpr void add(Notice notice) { bits_ |= 1U << static_cast<unsigned>(notice); }
  constexpr void remove(Notice notice) { bits_ &= ~(1U << static_cast<unsigned>(notice)); }
  [[nodiscard]] constexpr bool has(Notice notice) const {
    return (bits_ >> static_cast<unsigned>(notice) & 1U) != 0;
  }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  /// The one that is told first. Not of an empty set.
  [[nodiscard]] constexpr Notice first() const { return static_cast<Notice>(std::countr_zero(bits_)); }
  friend constexpr bool operator==(Notices, Notices) = default;

 private:
  std::uint32_t bits_ = 0;
};

enum class FulfilmentType : std::uint8_t { delivery = 0, pickup = 1, dine_in = 2, curbside = 3 };

[[nodiscard]] std::string_view name_of(Phase phase) noexcept;
[[nodiscard]] std::string_view name_of(Reason reason) noexcept;
[[nodiscard]] std::string_view name_of(ReleaseMode mode) noexcept;
[[nodiscard]] std::string_view name_of(FallbackPolicy policy) noexcept;
[[nodiscard]] std::string_view name_of(Actor actor) noexcept;
[[nodiscard]] std::string_view name_of(FulfilmentType type) noexcept;
[[nodiscard]] std::string_view name_of(PosStatus status) noexcept;
[[nodiscard]] std::string_view name_of(Notice notice) noexcept;
[[nodiscard]] std::optional<Phase> phase_from(std::string_view name) noexcept;
/// Only the canonical reasons (up to `other`), as partners and POS systems name them to us.
[[nodiscard]] std::optional<Reason> canonical_reason_from(std::string_view name) noexcept;
[[nodiscard]] std::optional<ReleaseMode> release_mode_from(std::string_view name) noexcept;
[[nodiscard]] std::optional<FallbackPolicy> fallback_policy_from(std::string_view name) noexcept;
[[nodiscard]] std::optional<FulfilmentType> fulfilment_type_from(std::string_view name) noexcept;
/// "open", "preparing", "ready", "completed", "voided": as a POS writes them.
[[nodiscard]] std::optional<PosStatus> pos_status_from(std::string_view name) noexcept;

/// completed, rejected, cancelled, expired: nothing more happens to the order.
[[nodiscard]] constexpr bool is_end(Phase phase) noexcept {
  return phase == Phase::completed || phase == Phase::rejected || phase == Phase::cancelled ||
         phase == Phase::expired;
}

// ---- what the partner asked for ----

struct Modifier {
  std::string id;
  std::string name;
  std::int64_t quantity = 1;  // 1 to 10,000
  Money unit_price;
  std::vector<Modifier> modifiers;  // up to modifier_depth_max levels
  friend bool operator==(const Modifier&, const Modifier&) = default;
};

struct Item {
  std::string id;
  std::string name;
  std::int64_t quantity = 1;  // 1 to 10,000
  Money unit_price;
  std::string note;  // customer data: never logged, never in an event
  std::vector<Modifier> modifiers;
  friend bool operator==(const Item&, const Item&) = default;
};

struct Customer {  // customer data: never logged, never in an event, erased after customer_data_hours
  std::string name;
  std::string phone;
  std::string note;
  friend bool operator==(const Customer&, const Customer&) = default;
};

struct Totals {
  Money subtotal, tax, tip, discount, total;
  friend bool operator==(const Totals&, const Totals&) = default;
};

/// What the order itself says of its release; what is absent comes from the partner's policy.
struct ReleaseWish {
  std::optional<ReleaseMode> mode;
  std::optional<std::int64_t> at_wall_ms;
  std::optional<std::int64_t> fallback_at_wall_ms;
  std::optional<FallbackPolicy> fallback;
  friend bool operator==(const ReleaseWish&, const ReleaseWish&) = default;
};

/// One order as every partner's codec delivers it. Text is valid UTF-8; `currency` is empty when the sender gave none.
struct CanonicalOrder {
  std::string partner;
  std::string partner_order_id;  // 1 to 128 bytes
  std::optional<std::int64_t> placed_at_wall_ms;
  bool test = false;
  FulfilmentType fulfilment = FulfilmentType::delivery;
  std::optional<std::int64_t> promised_at_wall_ms;
  ReleaseWish release;
  Customer customer;
  std::string currency;
  std::vector<Item> items;  // at least one
  std::optional<Totals> totals;
  bool prepaid = true;
  friend bool operator==(const CanonicalOrder&, const CanonicalOrder&) = default;
};

inline constexpr std::size_t modifier_depth_max = 10;
inline constexpr std::size_t partner_order_id_bytes_max = 128;
inline constexpr std::size_t items_per_order_max = 1000;
inline constexpr std::size_t href_bytes_max = 2048;

// ---- what the store knows of it ----

/// An order's row. Its body (the bytes) lies apart, since it is written once and this changes often.
struct Order {
  OrderNumber number = no_order;
  OrderId id;
  ReleaseToken release_token;
  std::string partner;
  std::string partner_order_id;
  std::string business_day;     // YYYY-MM-DD in the store's zone, fixed at arrival
  std::string idempotency_key;  // of the request that brought it; "" from webhooks and MQTT
  std::string traceparent;      // of the request that brought it; "" = none
  Digest body_digest{};         // of the canonical encoding: "the same body" is decided by it
  bool test = false;

  Phase phase = Phase::held;
  Reason reason = Reason::none;
  Phase arrival_phase = Phase::held;  // with arrival_reason: the first answer, given again to every repeat
  Reason arrival_reason = Reason::none;
  Stamp arrived;
  std::int64_t updated_wall_ms = 0;

  ReleaseMode release_mode = ReleaseMode::immediate;
  Stamp release_due;  // at_time: when to release; on_event: when the fallback acts; otherwise unset
  FallbackPolicy fallback = FallbackPolicy::release;
  Stamp released;
  Actor released_by = Actor::none;

  Stamp intent;               // when the POS could first have heard of the present key
  std::int32_t reprints = 0;  // 0: the plain key; n: the key ends in :rn
  bool in_doubt = false;      // parked only: the POS may have it
  std::string pos_reference;
  Stamp placed;
  std::string pos_code;  // the POS's own word for a refusal

  bool cancel_wanted = false;
  Actor cancelled_by = Actor::none;
  Stamp cancel_asked;
  std::string cancel_text;  // free text of whoever cancelled, shown to people in the store only

  std::int64_t item_count = 0;                // the quantities of its items together
  PosStatus pos_status = PosStatus::unknown;  // what the POS last said of its ticket
  std::string refusals;                       // rejected: every reason for it, packed; fixed at arrival

  std::string href;         // announced: where it is fetched from, as the partner gave it; "" = by its id
  Stamp held;               // announced: when it was fetched and accepted, from which its hold counts
  bool announced = false;   // it came by a thin webhook; while `fetching` it has no body and no event
  bool look_again = false;  // the partner has news of it that have to be fetched
  Notices owed;             // what its partner has yet to be told by the store itself
  FulfilmentType fulfilment = FulfilmentType::delivery;
  bool for_later =
      false;  // it named its own time to be begun (ReleaseWish::mode at_time), so it is none for now

  Position last_event;  // the order's newest event
};

/// One reason and what it is about: an item's or modifier's id for item_unavailable, item_unknown and price_mismatch;
/// for the others a word of ours that says more ("hours", "paused"), or nothing.
struct Refusal {
  Reason reason = Reason::none;
  std::string subject;
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

/// The subject of invalid_order: the partner has the order for another store, and is to hear nothing of it from this one.
inline constexpr const char* other_store_subject = "other_store";

/// More are not told: an order of a thousand items that are off is refused for the first of them as well.
inline constexpr std::size_t refusals_max = 20;

/// Order::refusals: the list as one string, "" for an empty one: reason's number, length, bytes.
[[nodiscard]] std::string pack(const std::vector<Refusal>& refusals);
/// The list again; nothing if the string is none of ours or names more than refusals_max.
[[nodiscard]] std::optional<std::vector<Refusal>> unpack_refusals(std::string_view packed);

/// The bytes of an order, written once at arrival.
struct OrderBody {
  OrderNumber number = no_order;
  std::string canonical;  // canonical JSON, customer and notes included: what the POS gets
  std::string
      shared;  // the JSON members `"fulfilment":…,"items":…,"totals":…` without notes: what events carry
  std::string raw;  // the bytes as received; erased with the customer's data
  std::string content_type;
};

/// The key under which the POS knows the order: `{partner}:{partner_order_id}:{business day}`, `%` and `:` inside
/// the parts percent-encoded, and `:rN` for the N-th reprint.
[[nodiscard]] std::string pos_key_of(const Order& order);

}  // namespace storegate::core
