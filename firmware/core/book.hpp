// The book: the live orders and what is known beside them, a fold of the rows on disk, with the indexes that find
// what is due. Every change is undone by before-images if its turn's commit fails. Decides nothing.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/fetching.hpp"
#include "core/messages.hpp"
#include "core/notices.hpp"
#include "core/pos_line.hpp"
#include "core/stock.hpp"
#include "core/watch.hpp"

namespace storegate::core {

inline constexpr Milliseconds never_ms = INT64_MAX;
/// Ended orders whose repeats are known, at most: fifty of a busy day's. Beyond it the oldest are forgotten before
/// their reuse time, and a repeat of one would be a new order. About 0.5 KB each.
inline constexpr std::size_t ended_orders_max = 100'000;
/// Further Idempotency-Keys remembered for one order. A repeat under yet another key is known by its order's id.
inline constexpr std::size_t key_aliases_per_order_max = 8;

/// Calls of a person that are remembered as told of, at most; beyond it the oldest are told of once more.
inline constexpr std::size_t calls_told_max = 10'000;

/// A call of a person that was told of: about this order, or of one that is not here, by its name.
struct CallTold {
  OrderNumber order = no_order;
  std::string identity;
  Notice untold = Notice::accepted;
  friend auto operator<=>(const CallTold&, const CallTold&) = default;
};

/// What is known of an order and never stored: after a restart everything unfinished is due now.
struct Soft {
  std::uint64_t attempt = 0;            // of the request in flight
  std::optional<PosRequest> in_flight;  // the POS has been asked and has not answered
  std::int64_t failures = 0;            // in a row, for the back-off
  bool doubting = false;                // sending, voiding: an earlier request may have been carried out
  Milliseconds doubt_since_ms = 0;      // doubting: since when, in this life of the process
  std::int64_t not_founds = 0;          // "not found" in a row
  std::int64_t unread = 0;              // tries in a row for which the disk did not give its body
  PosRequest next_request = PosRequest::place;
  Milliseconds next_ms = 0;        // not before this
  Milliseconds due_ms = never_ms;  // held: release or fallback; queued, sending, voiding: too long
  bool void_refused = false;       // voiding: the POS said "too late", and may have voided it before that
  PosStatus told = PosStatus::unknown;  // voiding: what the POS told by itself meanwhile
  Watch watch;                          // placed, ready
};

struct Entry {
  Order order;
  Soft soft;
  Fetch fetch;
  Milliseconds witnessed_ms = 0;  // the reading of the witnessed clock at arrival
  Milliseconds closed_ms = 0;     // the last request to place it that is in doubt was over by then
  Telling telling;                // what its partner is told of it, also when it has ended

  // Kept by the book alone.
  std::uint64_t saved_in = 0;            // the turn that holds its before-image
  Milliseconds agenda_ms = never_ms;     // where it stands on the agenda
  std::optional<LinePlace> line;         // where it stands in the POS line
  std::optional<Milliseconds> watch_ms;  // where it stands among those to be asked about
  std::optional<Milliseconds> fetch_ms;  // and among those of its partner to be fetched
  std::optional<Milliseconds> tell_ms;   // where it stands among those whose partner is told something
  bool counted_live = false;
  bool counted_in_kitchen = false;
};

/// An ended order, as long as a repeat of it must be known.
struct EndedOrder {
  OrderId id;
  ReleaseToken release_token;
  std::string identity;
  std::string idempotency_key;
  Digest body_digest{};
  Phase phase = Phase::completed;
  Milliseconds witnessed_ms = 0;  // the reading of the witnessed clock at arrival
  bool announced = false;
};

/// Where an entry belongs in the indexes, as the gateway's policy says.
struct Standing {
  Milliseconds agenda_ms = never_ms;       // wake it then
  std::optional<LinePlace> line;           // it waits for the POS
  bool live = false;                       // counts against max_live_orders
  bool in_kitchen = false;                 // counts against the kitchen's capacity
  std::optional<Milliseconds> watch_ms{};  // placed or ready: ask how its ticket stands, not before this
  std::optional<Milliseconds> fetch_ms{};  // fetch it from its partner, not before this
  std::optional<Milliseconds> tell_ms{};   // its partner is to be told something, not before this
};

/// What the kitchen has to do or is about to get.
struct KitchenLoad {
  std::int64_t orders = 0;
  std::int64_t items = 0;
};

class Book {
 public:
  [[nodiscard]] Entry* find(OrderNumber number) noexcept;
  [[nodiscard]] const Entry* find(OrderNumber number) const noexcept;
  [[nodiscard]] const EndedOrder* find_ended(OrderNumber number) const noexcept;
  /// The newest order of this identity that has not been forgotten.
  [[nodiscard]] OrderNumber find_identity(const std::string& identity) const;
  [[nodiscard]] OrderNumber find_key(const std::string& idempotency_key) const;
  [[nodiscard]] static std::string identity_of(std::string_view partner, std::string_view partner_order_id);

  // ---- within a turn: everything below is undone by undo_turn ----

  void begin_turn();
  void keep_turn();
  void undo_turn();

  /// `witnessed_ms`: the witnessed clock's reading at its arrival.
  Entry& add(Order order, Milliseconds witnessed_ms);
  /// Saves the before-image; call it before changing an entry, and reindex after.
  void save(Entry& entry);
  void reindex(Entry& entry, const Standing& standing);
  void add_key(const std::string& key, OrderNumber number);
  /// A further key is remembered with the order, to be forgotten with it. False: the order has as many as are kept
  /// (key_aliases_per_order_max), and this one is not.
  bool add_alias(const std::string& key, OrderNumber number);
  /// Which live order the POS knows by this reference; set once, gone when the order ends.
  [[nodiscard]] OrderNumber find_reference(const std::string& pos_reference) const;
  void add_reference(const std::string& pos_reference, OrderNumber number);
  [[nodiscard]] const EarlyMark* find_early(EarlyKind kind, const std::string& identity) const;
  void put_early(EarlyMark mark);
  void drop_early(EarlyKind kind, const std::string& identity);
  void put_store(StoreState state);
  /// Whether no cancel of this ended order was noted as refused before; known as long as the order is.
  bool note_refused_cancel(OrderNumber number);
  /// Whether this call was not told of before, in this life of the process.
  bool note_call(const CallTold& call);

  // ---- at the end of a kept turn ----

  /// An ended order that its partner has not been told of stays as it is, but the POS may use its reference again.
  void forget_reference(OrderNumber number);
  /// An ended order leaves the live ones; what a repeat of it needs stays.
  void retire(OrderNumber number);
  /// Forgets ended orders that arrived before the witnessed clock showed `before_ms`, at most `limit` of them, the
  /// oldest first; and however young, the oldest beyond ended_orders_max.
  void forget_ended(Milliseconds before_ms, std::size_t limit);
  /// Forgets the oldest calls beyond calls_told_max.
  void forget_calls();
  /// Forgets the early marks that `is_past` names among the next `limit`; goes on from there at the next call.
  void forget_early(const std::function<bool(const EarlyMark&)>& is_past, std::size_t limit);

  void load_ended(Loaded::Ended ended, Milliseconds witnessed_ms);

  // ---- what is due ----

  [[nodiscard]] Milliseconds next_agenda_ms() const noexcept;
  [[nodiscard]] OrderNumber first_due(Milliseconds steady_ms) const noexcept;
  [[nodiscard]] const PosLine& pos_line() const noexcept { return line_; }
  /// Who is asked about next, and from when on; nothing = nobody is watched.
  [[nodiscard]] std::optional<std::pair<Milliseconds, OrderNumber>> first_to_watch() const noexcept;
  /// The same of a partner's orders that are to be fetched.
  [[nodiscard]] std::optional<std::pair<Milliseconds, OrderNumber>> first_to_fetch(
      std::string_view partner) const noexcept;
  /// Whose partner is told something next.
  [[nodiscard]] const NoticeLine& notice_line() const noexcept { return notices_; }
  [[nodiscard]] std::size_t live() const noexcept { return live_; }
  [[nodiscard]] const KitchenLoad& kitchen() const noexcept { return kitchen_; }
  [[nodiscard]] const StoreState& store() const noexcept { return store_; }
  [[nodiscard]] std::size_t early_count() const noexcept { return early_.size(); }
  /// Orders that will be asked about; those with a question under way are not among them.
  [[nodiscard]] std::size_t watched() const noexcept { return watches_.size(); }

  /// What is sold out; undone with the turn.
  [[nodiscard]] Stock& stock() noexcept { return stock_; }
  [[nodiscard]] const Stock& stock() const noexcept { return stock_; }

  /// In the order of their numbers: what is decided on the way does not depend on a hash.
  void for_each(const std::function<void(Entry&)>& visit);
  [[nodiscard]] std::vector<std::size_t> count_by_phase() const;

  // The next numbers to give out; part of the before-image.
  OrderNumber last_number = no_order;
  Position last_event;

 private:
  void leave_indexes(Entry& entry);
  void forget_identity(const std::string& identity, OrderNumber number, const std::string& key);

  std::unordered_map<OrderNumber, Entry> entries_;
  std::map<OrderNumber, EndedOrder> ended_;
  std::set<OrderNumber> refused_cancels_;  // their orders have ended
  std::set<CallTold> calls_told_;
  std::deque<CallTold> calls_in_order_;  // the same, the oldest first
  std::unordered_map<std::string, OrderNumber> identities_;
  std::unordered_map<std::string, OrderNumber> keys_;
  std::multimap<OrderNumber, std::string> aliases_;
  std::unordered_map<std::string, OrderNumber> references_;
  std::map<std::pair<EarlyKind, std::string>, EarlyMark> early_;
  std::pair<EarlyKind, std::string> early_cursor_;  // forget_early goes on behind it
  Stock stock_;

  std::set<std::pair<Milliseconds, OrderNumber>> agenda_;
  PosLine line_;
  std::set<std::pair<Milliseconds, OrderNumber>> watches_;
  std::map<std::string, std::set<std::pair<Milliseconds, OrderNumber>>, std::less<>>
      fetches_;  // by partner; none of them empty
  NoticeLine notices_;
  std::size_t live_ = 0;
  KitchenLoad kitchen_;
  StoreState store_;

  std::uint64_t turn_ = 1;
  std::vector<std::function<void()>> undo_;
  OrderNumber last_number_before_ = no_order;
  Position last_event_before_;
};

}  // namespace storegate::core
