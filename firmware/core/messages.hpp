// The vocabularies beside the inputs (inputs.hpp): effects (imperatives, carried out after the commit) and changes (what
// one commit writes, the events among them). Plain values; whoever makes or carries them out is elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/ids.hpp"
#include "core/inputs.hpp"
#include "core/order.hpp"
#include "core/time.hpp"

namespace storegate::core {

// ---------------------------------------------------------------- effects

/// An order in short, as every answer about one has it.
struct ShortAnswer {
  OrderId id;
  ReleaseToken release_token;
  std::string partner;
  std::string partner_order_id;
  Phase phase = Phase::held;
  Reason reason = Reason::none;
  std::string pos_reference;
  std::int64_t updated_wall_ms = 0;
  std::string refusals;  // Order::refusals
};

enum class AnswerKind : std::uint8_t {
  created,   // a new order, accepted or rejected: its first answer
  replayed,  // the same again: the first answer once more
  done,      // the command took effect, or there was nothing to do
  conflict,  // same key or order with another body; or the order's phase does not allow it: `why`
  not_found,
  unknown_partner,
  too_many,    // beyond the partner's rate: `retry_after_s`
  full,        // beyond max_live_orders: `retry_after_s`
  not_stored,  // the commit failed: nothing changed
};

struct Answer {
  Caller caller = nobody;
  AnswerKind kind = AnswerKind::done;
  std::optional<ShortAnswer> order;
  OrderNumber row = no_order;  // set with no `order`: the order has ended, read its row for the first answer
  bool first = false;          // with `row`: the first answer (arrival_phase …), not the present state
  std::optional<Phase>
      stands;  // a repeat: the order's present phase, where `order` or `row` has the first answer
  std::string why;
  std::int64_t retry_after_s = 0;
};

/// Send the order to the POS. `body` is filled from the rows by the commit that carries the intent.
struct PlaceOrder {
  OrderNumber order = no_order;
  std::uint64_t attempt = 0;
  std::string key;
  std::string display_code;
  bool reprint = false;
  std::string body;  // canonical JSON
  /// On the steady clock of this boot: whoever carries this out looks at the clock before the first byte, and past
  /// this instant sends nothing and answers not_delivered with code_not_in_time. INT64_MAX: at any time.
  Milliseconds not_after_ms = INT64_MAX;
};

/// What that answer is.
[[nodiscard]] inline PosAnswered not_in_time(const PlaceOrder& effect) {
  PosAnswered answered;
  answered.order = effect.order;
  answered.attempt = effect.attempt;
  answered.outcome = PosOutcome::not_delivered;
  answered.code = code_not_in_time;
  return answered;
}

struct AskPos {
  OrderNumber order = no_order;
  std::uint64_t attempt = 0;
  std::string key;
};

struct CheckPosHealth {
  OrderNumber order = no_order;
  std::uint64_t attempt = 0;
};

struct VoidOrder {
  OrderNumber order = no_order;
  std::uint64_t attempt = 0;
  std::string pos_reference;
};

/// Ask the POS how a ticket stands.
struct WatchOrder {
  OrderNumber order = no_order;
  std::uint64_t attempt = 0;
  std::string pos_reference;
};

/// Ask for one of the POS's lists. It counts against no limit of the POS, and its failure closes no gate.
struct AskPosList {
  PosList list = PosList::availability;
  std::uint64_t attempt = 0;
};

/// Fetch an order from its partner's API. It ends with an OrderFetched.
struct FetchOrder {
  OrderNumber order = no_order;
  std::uint64_t attempt = 0;
  std::string partner;
  std::string partner_order_id;
  std::string href;  // as it was announced; "" = by its id
};

/// Tell a partner something about its order (partners with answer = "direct"). It ends with a PartnerTold.
struct TellPartner {
  OrderNumber order = no_order;
  std::uint64_t attempt = 0;
  Notice notice = Notice::accepted;
  OrderId id;
  std::string partner;
  std::string partner_order_id;
  std::string href;  // as it was announced; "" from partners that send whole orders
  std::string display_code;
  Reason reason = Reason::none;  // rejected, cancelled, cancel_refused
  std::string refusals;          // rejected: Order::refusals
  std::string pos_reference;
  std::int64_t at_wall_ms = 0;  // when what is told happened
  std::optional<std::int64_t>
      ready_at_wall_ms;  // accepted: when the food will be there, if the store can tell
  FulfilmentType fulfilment = FulfilmentType::delivery;
};

/// Tell those who watch: a release or cancel named an order's row and had not its secret. The caller hears what he would
/// of an unknown order.
struct ReportWrongToken {
  OrderNumber order = no_order;
  OrderId id;
  Source source = Source::api;
};

using Effect = std::variant<Answer, PlaceOrder, AskPos, CheckPosHealth, VoidOrder, WatchOrder, AskPosList,
                            ReportWrongToken, FetchOrder, TellPartner>;

// ---------------------------------------------------------------- events

// Stored in rows: append, never renumber.
enum class EventType : std::uint8_t {
  order_accepted = 0,
  order_rejected = 1,
  order_released = 2,
  order_placed = 3,
  order_ready = 4,
  order_completed = 5,
  order_cancelled = 6,
  order_cancel_refused = 7,
  order_expired = 8,
  order_parked = 9,
  order_resolved = 10,
  item_availability_changed = 11,
  store_status_changed = 12,
  gateway_started = 13,
  gateway_snapshot_requested = 14,
  gateway_message_refused = 15,
  gateway_alarm_raised = 16,
  gateway_alarm_cleared = 17,
  gateway_partner_untold = 18,  // a partner did not take what the store told it of its order
};
inline constexpr std::size_t event_type_count = 19;

/// "order.accepted" and so on: the topic's last level, and the middle of `storegate.….v1`.
[[nodiscard]] std::string_view name_of(EventType type) noexcept;

/// A named value of an event that is not about an order.
using DetailValue = std::variant<std::nullptr_t, bool, std::int64_t, std::string>;
using Details = std::vector<std::pair<std::string, DetailValue>>;
/// Details as one string and back; nothing if the string is damaged.
[[nodiscard]] std::string pack(const Details& details);
[[nodiscard]] std::optional<Details> unpack(std::string_view packed);

/// One event as its row has it. An order's items and totals are not repeated in it: they never change.
struct EventRecord {
  Position position;
  EventType type = EventType::gateway_started;
  std::int64_t at_wall_ms = 0;
  OrderNumber order = no_order;  // no_order: about the store or the gateway
  Position previous;             // the order's event before this one; {0,0} for its first
  Phase phase = Phase::held;
  std::optional<Phase> previous_phase;
  Reason reason = Reason::none;
  Actor actor = Actor::none;
  bool token_shown = false;  // the order was not released yet
  std::string pos_reference;
  Details details;  // events that are not about an order, and what else an order's event says
};

/// An event with what its order's rows add: all that an encoder needs.
struct OutgoingEvent {
  EventRecord record;
  std::string epoch;  // the epoch's name
  OrderId order_id;
  ReleaseToken release_token;
  std::string partner;
  std::string partner_order_id;
  std::string traceparent;
  std::string shared;
  bool test = false;
  std::string refusals;  // Order::refusals
};

// ---------------------------------------------------------------- changes

enum class EarlyKind : std::uint8_t { release = 0, cancel = 1, by_hand = 2 };
inline constexpr std::size_t early_kind_count = 3;

/// A release, a cancel (the tombstone) or a call of a person that came before its order.
struct EarlyMark {
  EarlyKind kind = EarlyKind::release;
  std::string partner;
  std::string partner_order_id;
  Actor actor = Actor::none;
  std::string text;
  Stamp at;
};

/// A further Idempotency-Key under which an order was sent.
struct KeyAlias {
  std::string key;
  OrderNumber order = no_order;
};

struct DeadLetter {
  std::string topic;
  std::string bytes;
  std::string why;
  std::int64_t at_wall_ms = 0;
};

/// Who has an item off: people and the cloud by their word, or the POS by its list. Stored in rows.
enum class StockLayer : std::uint8_t { said = 0, pos = 1 };

struct AvailabilityMark {
  ItemAvailability item;
  StockLayer layer = StockLayer::said;
  std::int64_t at_wall_ms = 0;
};

/// Open, or paused by a person.
struct StoreState {
  bool paused = false;
  std::optional<std::int64_t> until_wall_ms;  // of a pause that ends by itself
  Stamp since;
  friend bool operator==(const StoreState&, const StoreState&) = default;
};

/// An item as a person is shown it.
struct ListedItem {
  ItemAvailability item;  // of both layers together
  bool pos_off = false;   // the POS lists it as off: no word makes it available
};

/// How far the cloud has heard. Both only grow, except `published` at a replay.
struct OutboxMarks {
  Position published;     // every event up to here has its PUBACK
  Position acknowledged;  // every event up to here has the cloud's own acknowledgement
};

/// Everything one commit writes, and what it is asked to read while it is there.
struct Changes {
  std::vector<Order> orders;           // whole rows, each order once
  std::vector<OrderBody> bodies;       // of new orders
  std::vector<EventRecord> events;     // in order of position
  std::vector<EarlyMark> early;        // upserted by kind, partner, partner_order_id
  std::vector<EarlyMark> early_spent;  // deleted (their order has come); only the key members count
  std::vector<KeyAlias> key_aliases;
  std::vector<AvailabilityMark> availability;
  std::vector<std::pair<StockLayer, std::string>> availability_gone;  // deleted
  bool availability_replaced = false;  // drop every word first; from now on unlisted = unknown
  std::vector<DeadLetter> dead_letters;
  std::optional<OutboxMarks> outbox;
  std::optional<StoreState> store;

  std::vector<OrderNumber> bodies_wanted;  // read after the writes, for the orders that go to the POS
  bool from_reserve = false;  // the same turn failed for a full disk: these may use what is kept for that

  [[nodiscard]] bool writes_nothing() const noexcept {
    return orders.empty() && bodies.empty() && events.empty() && early.empty() && early_spent.empty() &&
           key_aliases.empty() && availability.empty() && availability_gone.empty() &&
           !availability_replaced && dead_letters.empty() && !outbox && !store;
  }
};

/// What the rows said at start: the book is a fold of it.
struct Loaded {
  std::vector<Order> live;          // not ended, or its partner has yet to be told; ascending by number
  std::vector<OrderNumber> unsure;  // of them: their last event is lost, so the row may be of the past
  struct Ended {                    // ended, and arrived within the reuse window
    OrderNumber number = no_order;
    OrderId id;
    ReleaseToken release_token;
    std::string partner, partner_order_id, idempotency_key;
    Digest body_digest{};
    Phase phase = Phase::completed;
    Stamp arrived;
    bool announced = false;
  };
  std::vector<Ended> ended;  // ascending by number
  struct LostAnnouncement {  // acknowledged, not fetched yet, and its row is damaged: nobody else knows of it
    OrderNumber number = no_order;
    std::string partner, partner_order_id;  // as the damaged row has them; "" = no text that can be shown
  };
  std::vector<LostAnnouncement> lost;
  std::vector<EarlyMark> early;
  std::vector<KeyAlias> key_aliases;
  std::vector<AvailabilityMark> availability;
  bool availability_full = false;
  OutboxMarks outbox;
  StoreState store;
  Position last_event;  // {epoch, 0} when the epoch has none yet
  OrderNumber last_number = no_order;
  std::string epoch;  // the current epoch's name
  std::optional<std::string> previous_epoch;
  bool created = false;  // the database did not exist before
};

}  // namespace storegate::core
