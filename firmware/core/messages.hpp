// The three vocabularies: inputs (facts, past tense), effects (imperatives, carried out after the commit) and
// changes (what one commit writes). Plain values; whoever makes or carries them out is elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/ids.hpp"
#include "core/order.hpp"
#include "core/time.hpp"

namespace storegate::core {

/// Who waits for an answer, as the outside numbered it. 0 = nobody.
enum class Caller : std::uint64_t {};
inline constexpr Caller nobody{0};

/// How an input came; decides who is told of a refusal.
enum class Source : std::uint8_t { api = 0, webhook = 1, mqtt = 2 };

// ---------------------------------------------------------------- inputs

/// A message that can be kept as a dead letter if it turns out to be of no use. Empty topic = whoever sent it hears of
/// that; set for what came over MQTT (its topic) and for a partner's release or cancel ("webhook/NAME", no bytes), who
/// is answered 200 though nothing came of it.
struct Letter {
  std::string topic;
  std::string bytes;
};

struct OrderArrived {
  Caller caller = nobody;
  Source source = Source::api;
  CanonicalOrder order;
  OrderBody body;  // number still unset
  Digest body_digest{};
  std::string idempotency_key;                  // "" = none
  std::string traceparent;                      // "" = none
  std::optional<std::int64_t> sent_at_wall_ms;  // when it was placed or sent on, as told; no part of the body
  Letter letter;
};

/// How a release or cancel names its order.
struct OrderRef {
  std::variant<OrderId, ReleaseToken, std::pair<std::string, std::string>>
      by;  // last: partner, partner_order_id
};

/// One or more releases that came together; they share one commit and one answer.
struct ReleaseArrived {
  Caller caller = nobody;
  Source source = Source::api;
  Actor actor = Actor::person;
  std::vector<OrderRef> orders;
  Letter letter;
};

struct CancelArrived {
  Caller caller = nobody;
  Source source = Source::api;
  Actor actor = Actor::person;
  std::vector<OrderRef> orders;
  std::string text;  // free text, may be empty; a canonical reason's name is taken as that reason
  Letter letter;
};

enum class Resolution : std::uint8_t { placed = 0, not_placed = 1, reprint = 2 };

/// A person answered for a parked order.
struct ParkedResolved {
  Caller caller = nobody;
  OrderRef order;
  Resolution resolution = Resolution::placed;
};

/// What is asked of the POS.
enum class PosRequest : std::uint8_t { place = 0, ask = 1, check_health = 2, cancel = 3, watch = 4 };

/// What came of it. In brackets: which requests can end so.
enum class PosOutcome : std::uint8_t {
  took = 0,           // [place] it has the order; `pos_reference` is set
  refused = 1,        // [place] 409, for good; `code` is set
  cannot = 2,         // [place] 400, 413, 422: a person must look
  not_taken = 3,      // [all] 401, 403, 404, 405: the POS does not let us in; nothing was done
  not_now = 4,        // [all] 429, 503: nothing was done; `retry_after_ms` if it said so
  not_delivered = 5,  // [all] no byte of the request was written
  in_doubt = 6,       // [place] a byte was written and no clear answer came
  found = 7,          // [ask] it has the order; `pos_reference` is set
  found_voided = 8,   // [ask] it had the order and voided it
  not_found = 9,      // [ask] an empty list
  healthy = 10,       // [check_health]
  unanswered = 11,    // [ask, check_health, cancel, watch] any other answer, or none
  voided = 12,        // [cancel]
  too_late = 13,      // [cancel] 409
  shown = 14,         // [watch] how the ticket stands; `pos_status` is set
};

/// The `code` of a placement that never left the box, since the order's bytes cannot be read.
inline constexpr const char* code_body_damaged = "body_damaged";
/// The `code` of a placement that never left the box, since the disk did not give the order's bytes this time.
inline constexpr const char* code_body_unread = "body_unread";
/// The `code` of a placement that never left the box, since its time was over (PlaceOrder::not_after_ms).
inline constexpr const char* code_not_in_time = "not_in_time";

/// A request to the POS has ended, its connection closed or back in the pool.
struct PosAnswered {
  OrderNumber order = no_order;
  std::uint64_t attempt = 0;  // as the effect had it
  PosRequest request = PosRequest::place;
  PosOutcome outcome = PosOutcome::in_doubt;
  std::string pos_reference;
  std::string code;
  std::optional<Milliseconds> retry_after_ms;
  PosStatus pos_status = PosStatus::unknown;  // shown, and found where the POS said it
};

/// The POS told by itself how one of its tickets stands.
struct PosStatusSeen {
  Caller caller = nobody;
  std::string pos_reference;
  PosStatus status = PosStatus::unknown;
};

struct ItemAvailability {
  std::string item;
  bool available = true;
  std::optional<std::int64_t> until_wall_ms;  // after it the item counts as available again
};

/// An 86 list or a part of it. `full`: whatever is not named here is unknown from now on.
struct AvailabilityArrived {
  Caller caller = nobody;
  Actor actor = Actor::person;
  std::vector<ItemAvailability> items;
  bool full = false;
  Letter letter;
};

/// The lists that a POS can be asked for.
enum class PosList : std::uint8_t { availability = 0, menu = 1 };
inline constexpr std::size_t pos_list_count = 2;

struct MenuPrice {
  std::string item;  // or modifier
  Money unit_price;
};

/// A request for one of the POS's lists has ended.
struct PosListed {
  enum class Outcome : std::uint8_t {
    listed = 0,   // the whole list is here
    no_list = 1,  // 404, 405: this POS has none
    failed = 2,   // anything else; nothing of it counts
  };
  PosList list = PosList::availability;
  std::uint64_t attempt = 0;  // as the effect had it
  Outcome outcome = Outcome::failed;
  std::vector<std::string> off;   // [availability] what is not to be had, each once
  std::vector<MenuPrice> prices;  // [menu] each item once
  std::optional<Milliseconds> retry_after_ms;
};

/// A message on `in/` that nobody could understand.
struct MessageRefused {
  Caller caller = nobody;
  Letter letter;
  std::string why;
};

/// The cloud acknowledged (`through`) or asks to hear again (`replay_from`). Exactly one is set.
struct EventsAcknowledged {
  Caller caller = nobody;
  std::string epoch;  // "" = the current one
  std::optional<std::int64_t> through;
  std::optional<std::int64_t> replay_from;
  Letter letter;
};

/// The uplink came up; without a session, what was published to us meanwhile is lost.
struct UplinkConnected {
  bool session_present = false;
};

/// The process is up and the rows are folded.
struct GatewayStarted {
  std::string epoch;
  std::optional<std::string> previous_epoch;
  std::string why;  // "started", "created", "restored"
  std::string version;
};

/// A person opened the store or paused it.
struct StoreSet {
  Caller caller = nobody;
  Actor actor = Actor::person;
  bool paused = false;
  std::optional<std::int64_t> until_wall_ms;  // of a pause: it ends then; nothing = until somebody opens
};

/// Whether there is room for new orders (storage.min_free_mib, storage.max_mib).
enum class StorageRoom : std::uint8_t { enough = 0, disk_low = 1, database_full = 2 };

/// Somebody looked at the disk.
struct StorageMeasured {
  StorageRoom room = StorageRoom::enough;
};

/// Somebody looked at the store's own certificates.
struct CertificatesSeen {
  bool end_soon = false;  // one has ended, or will within [alarm] certificate_days
};

using Input =
    std::variant<OrderArrived, ReleaseArrived, CancelArrived, ParkedResolved, PosAnswered,
                 AvailabilityArrived, MessageRefused, EventsAcknowledged, UplinkConnected, GatewayStarted,
                 StoreSet, PosStatusSeen, PosListed, StorageMeasured, CertificatesSeen>;

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

/// Tell those who watch: a release or cancel named an order's row and had not its secret. The caller hears what he would
/// of an unknown order.
struct ReportWrongToken {
  OrderNumber order = no_order;
  OrderId id;
  Source source = Source::api;
};

using Effect = std::variant<Answer, PlaceOrder, AskPos, CheckPosHealth, VoidOrder, WatchOrder, AskPosList,
                            ReportWrongToken>;

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
};
inline constexpr std::size_t event_type_count = 18;

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

enum class EarlyKind : std::uint8_t { release = 0, cancel = 1 };

/// A release or a cancel that came before its order (the latter is the tombstone).
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
  std::vector<Order> live;          // not ended, ascending by number
  std::vector<OrderNumber> unsure;  // of them: their last event is lost, so the row may be of the past
  struct Ended {                    // ended, and arrived within the reuse window
    OrderNumber number = no_order;
    OrderId id;
    ReleaseToken release_token;
    std::string partner, partner_order_id, idempotency_key;
    Digest body_digest{};
    Phase phase = Phase::completed;
    Stamp arrived;
  };
  std::vector<Ended> ended;  // ascending by number
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
