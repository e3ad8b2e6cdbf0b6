// The vocabulary of inputs: facts, past tense. Whoever observes them is elsewhere.
#pragma once

#include <cstddef>
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
  /// What body_digest is made of, where it is not the whole of body.canonical: a partner's webhook may tell other times
  /// when it comes again, and is the same order. "" = body.canonical.
  std::string compared;
  [[nodiscard]] const std::string& digested() const noexcept {
    return compared.empty() ? body.canonical : compared;
  }
  std::string idempotency_key;                  // "" = none
  std::string traceparent;                      // "" = none
  std::optional<std::int64_t> sent_at_wall_ms;  // when it was placed or sent on, as told; no part of the body
  Letter letter;
};

/// A partner told that it has an order for the store, or that something about one has changed; the order itself has to
/// be fetched from the partner's API.
struct OrderAnnounced {
  Caller caller = nobody;
  Source source = Source::webhook;
  std::string partner;
  std::string partner_order_id;
  std::string href;    // where it is, as the partner gave it; "" = by its id; up to href_bytes_max
  bool is_new = true;  // false: news of an order; one that the store does not know is fetched all the same
  std::string traceparent;  // "" = none
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

/// A partner did not take what became of these orders here, and has called a person to see to them: what it could not give
/// to the store (`untold` accepted) is keyed in by hand, and must not be cooked by the store as well.
struct PersonCalled {
  Caller caller = nobody;
  Source source = Source::webhook;
  std::vector<OrderRef> orders;
  Notice untold = Notice::accepted;  // what it did not take
  std::string why;                   // the partner's own word, may be empty
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

/// What came of fetching an order from its partner.
enum class FetchOutcome : std::uint8_t {
  fetched = 0,     // it is here
  gone = 1,        // 404, 410: the partner has no such order
  unreadable = 2,  // it came, and cannot be understood: `why`
  not_now = 3,     // 429, 503: `retry_after_ms` if it said so
  failed = 4,      // any other answer, or none: no way to the partner, no token, 401, 403
  not_yet = 5,     // it is there and not an order yet: priced, and not bought
  not_ours = 6,    // it came, and is of another store
};

/// A fetch has ended.
struct OrderFetched {
  OrderNumber order = no_order;
  std::uint64_t attempt = 0;  // as the effect had it
  FetchOutcome outcome = FetchOutcome::failed;
  OrderArrived
      arrived;  // fetched: as a webhook with the whole order would have brought it; nobody waits for it
  bool released = false;   // fetched: the partner wants it cooked now
  bool cancelled = false;  // fetched: the partner has cancelled it, or decided that it is not ours
  bool over =
      false;  // fetched: it came to its end there without this store; of one that is known that is no news
  std::string cancel_text;
  Actor cancelled_by = Actor::partner;
  std::string why;
  std::optional<Milliseconds> retry_after_ms;
};

/// What came of telling a partner something about its order.
enum class TellOutcome : std::uint8_t {
  told = 0,
  decided = 1,  // 400, 409, 422: the partner has decided already; what is true there has to be fetched
  gone = 2,     // 404, 410: the partner has no such order, or it has ended
  not_now =
      3,  // 429; or nothing left the box (no connection, no token, a partner that is not configured): nothing was done
  failed = 4,  // any other answer, or none: it may have been done
};

/// A request that tells a partner has ended.
struct PartnerTold {
  OrderNumber order = no_order;
  std::uint64_t attempt = 0;  // as the effect had it
  TellOutcome outcome = TellOutcome::failed;
  std::string why;  // decided, gone: the partner's own code or words, cut to 200 bytes; may be empty
  std::optional<Milliseconds> retry_after_ms;  // not_now, failed: if it said so
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

using Input = std::variant<OrderArrived, ReleaseArrived, CancelArrived, ParkedResolved, PosAnswered,
                           AvailabilityArrived, MessageRefused, EventsAcknowledged, UplinkConnected,
                           GatewayStarted, StoreSet, PosStatusSeen, PosListed, StorageMeasured,
                           CertificatesSeen, OrderAnnounced, OrderFetched, PartnerTold, PersonCalled>;

}  // namespace storegate::core
