// Gateway: decides. A pure function of (book, input, now) that gives changes and effects; what each phase does with
// each input is named in moves.hpp. Reads no clock, opens no socket, writes no file.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/book.hpp"
#include "core/fetching.hpp"
#include "core/list_poll.hpp"
#include "core/messages.hpp"
#include "core/moves.hpp"
#include "core/notices.hpp"
#include "core/outbox.hpp"
#include "core/partner_pace.hpp"
#include "core/policy.hpp"
#include "core/pos_gate.hpp"
#include "core/refusals.hpp"
#include "core/turn.hpp"
#include "core/watch.hpp"
#include "core/witnessed.hpp"

namespace storegate::core {

/// A change that nobody waits for is written at the latest this long after (design.md section 1).
inline constexpr Milliseconds lazy_ms_max = 5 * second_ms;
/// How far the cloud has heard is written at the latest this long after: a commit of its own for each order of a quiet
/// store would cost a third more syncs, and what a crash takes of it is only said twice, under the same ids.
inline constexpr Milliseconds lazy_marks_ms_max = minute_ms;
/// Releases, cancels and calls of a person that came before their orders, kept at most.
inline constexpr std::size_t early_marks_max = 20'000;
/// Room for another of them comes as orders come.
inline constexpr std::int64_t retry_after_no_room_s = 60;
/// A person or program that must come again is told so.
inline constexpr std::int64_t retry_after_full_s = 30;
/// Space is measured every two seconds: whoever waits for it comes again sooner.
inline constexpr std::int64_t retry_after_no_space_s = 5;

/// The store as a person asks for it.
struct StoreNow {
  bool paused = false;
  std::optional<std::int64_t> until_wall_ms;
  bool within_hours = true;  // or nobody knows the time
  [[nodiscard]] bool open_now() const noexcept { return within_hours && !paused; }
};

class Gateway {
 public:
  Gateway(Policy policy, Generator generator, LocalTimeFunction local_time);

  /// Takes the rows as they were at start; what was unfinished is due now.
  void load(Loaded loaded, const Now& now);
  /// Replaces the policy; orders keep the release they were accepted with.
  void set_policy(Policy policy, const Now& now);

  void decide(const Input& input, Outbox& outbox, Turn& turn);
  /// What time has made due, and whatever the POS has room for.
  void decide_due(Turn& turn);
  /// When decide_due has something to do without an input, on the steady clock.
  [[nodiscard]] std::optional<Milliseconds> next_wake_ms() const;
  /// Raises and clears the alarms about uplink, backlog and disk. After everything else of the turn.
  void watch(const Outbox& outbox, Turn& turn);
  [[nodiscard]] std::optional<Milliseconds> watch_wake_ms(const Outbox& outbox) const {
    return alarms_.wake_ms(outbox.connected());
  }

  /// The wall clock was set or became trusted since the deadlines were last judged.
  [[nodiscard]] bool clock_moved(const Now& now) const;
  /// The order rows that are not on disk as they are in the book.
  [[nodiscard]] std::vector<Order> unwritten_orders() const;
  [[nodiscard]] bool has_unwritten_orders() const noexcept { return !unwritten_.empty(); }
  /// The commit that wrote unwritten_orders() succeeded: ended orders leave the book.
  void on_written(const Now& now);
  /// The turn's changes in the book were undone.
  void on_undone();
  /// Remembers what a failed turn must not change beside the book: the POS gate and the partners' rates.
  void begin_turn();

  [[nodiscard]] Book& book() noexcept { return book_; }
  [[nodiscard]] const Book& book() const noexcept { return book_; }
  [[nodiscard]] const Policy& policy() const noexcept { return policy_; }
  [[nodiscard]] StoreNow store_now(const Now& now) const;
  [[nodiscard]] bool pos_reachable() const noexcept { return pos_.reachable(); }
  /// Requests that went to the POS while it was away, to find out whether it is back.
  [[nodiscard]] std::uint64_t pos_probes() const noexcept { return pos_.probes(); }
  /// How long a new order of this partner, released at once, would wait for its placement at most, by the POS's rate, or
  /// its speed where that is less, and the weights of all that wait.
  [[nodiscard]] Milliseconds expected_wait_ms(const std::string& partner) const;
  [[nodiscard]] const std::string& epoch() const noexcept { return epoch_; }
  /// As last measured: without room nobody's new order is taken.
  [[nodiscard]] StorageRoom room() const noexcept { return room_; }
  /// As last seen: a certificate of the store's own ends soon.
  [[nodiscard]] bool certificate_ends() const noexcept { return certificate_ends_; }
  [[nodiscard]] std::uint64_t stale_answers() const noexcept { return stale_answers_; }

 private:
  /// What else there is to know of a happening.
  struct Facts {
    Actor actor = Actor::none;
    std::string text;
    std::string pos_reference;
    std::string code;
    std::optional<Milliseconds> retry_after_ms;
    PosStatus pos_status = PosStatus::unknown;
    const OrderArrived* arrived = nullptr;  // [fetched] the order
    bool released = false;                  // [fetched] its partner wants it cooked now
    bool cancelled = false;                 // [fetched] its partner has cancelled it: actor, text
  };
  /// An order that a reference leads to: live, ended, or neither.
  struct Found {
    Entry* live = nullptr;
    OrderNumber ended = no_order;
    Phase ended_phase = Phase::completed;
    std::optional<OrderId> mistaken;  // not found, though a token named this order's row
  };

  /// Why no new order is taken at the door.
  struct Closed {
    AnswerKind kind = AnswerKind::full;
    const char* why = "";
    std::int64_t retry_after_s = 0;
  };
  /// What came before the order; nullptr: nothing did.
  struct Early {
    const EarlyMark* cancel = nullptr;
    const EarlyMark* release = nullptr;
    const EarlyMark* by_hand = nullptr;
  };

  // gateway_arrive.cpp
  void arrived(const OrderArrived& input, Turn& turn);
  bool answer_repeat(const OrderArrived& input, Turn& turn);
  void answer_conflict(const OrderArrived& input, OrderNumber number, bool by_key, Turn& turn);
  void show_first_answer(OrderNumber number, Turn& turn) const;
  [[nodiscard]] static ShortAnswer short_of(const Order& order);
  void answer_again(Caller caller, OrderNumber number, bool first, Turn& turn);
  [[nodiscard]] bool is_known(OrderNumber number, const Now& now) const;
  [[nodiscard]] OrderNumber find_known(const std::string& identity, const Now& now) const;
  [[nodiscard]] std::optional<Closed> close_door(const std::string& partner, Turn& turn);
  [[nodiscard]] Early early_of(const std::string& identity, const Now& now) const;
  void settle(Entry& entry, const Refusals& refusals, const Early& early, bool released, Turn& turn);
  void spend_early(const Order& order, Turn& turn);
  [[nodiscard]] Order new_order(const std::string& partner, const std::string& partner_order_id,
                                const std::string& traceparent, const Now& now);
  void fill_in(Order& order, const OrderArrived& input, Turn& turn) const;
  void plan_release(Order& order, const CanonicalOrder& wish, const Now& now) const;
  [[nodiscard]] Milliseconds hold_ms(const CanonicalOrder& wish, const Now& now) const;
  void accept(Entry& entry, const EarlyMark* released_early, bool released, Turn& turn);
  void refuse_arrival(Caller caller, const Letter& letter, const Closed& closed, Turn& turn);

  // gateway_fetch.cpp: orders that were announced, and news that have to be fetched
  void announced(const OrderAnnounced& input, Turn& turn);
  void announced_again(Entry& entry, const OrderAnnounced& input, Turn& turn);
  void sent_whole(Entry& entry, const OrderArrived& input, Turn& turn);
  void order_fetched(const OrderFetched& input, Turn& turn);
  void fetch_ended(Entry& entry, const OrderFetched& input, bool probe, Turn& turn);
  void news_fetched(Entry& entry, const OrderFetched& input, bool probe, Turn& turn);
  void take_fetched(Entry& entry, const Facts& facts, Turn& turn);
  void fetch_overdue(Entry& entry, Turn& turn);
  void give_up_fetch(Entry& entry, const Facts& facts, Turn& turn);
  void give_up_news(Entry& entry, Turn& turn);
  void emit_foreign(const Order& order, Turn& turn);
  void look_again(Entry& entry, Turn& turn);
  void forget_news(Entry& entry, Turn& turn);
  void fetch_later(Entry& entry, FetchOutcome outcome, bool probe, const Now& now);
  void write_no_body(const Order& order, Turn& turn) const;
  void dispatch_fetches(Turn& turn);
  /// Whether the request was a probe; nothing: it was none of these.
  [[nodiscard]] std::optional<bool> note_end(PartnerPaces& paces, std::uint64_t attempt, bool is_clear,
                                             std::optional<Milliseconds> retry_after_ms, const Now& now);
  [[nodiscard]] Milliseconds fetch_wake_ms() const;
  [[nodiscard]] bool may_take(const Entry& entry, const Turn& turn) const;
  [[nodiscard]] bool has_news(const Entry& entry) const noexcept;
  [[nodiscard]] bool fetches(const std::string& partner) const;
  [[nodiscard]] Milliseconds fetch_within_ms(const std::string& partner) const;
  [[nodiscard]] Milliseconds news_due_ms(const Entry& entry) const;
  [[nodiscard]] bool is_missed(const Entry& entry, const Now& now) const;

  // gateway_accept.cpp: each rule adds its reasons
  [[nodiscard]] Refusals judge(const OrderArrived& input, bool released, const Now& now,
                               bool announced = false) const;
  [[nodiscard]] Milliseconds ahead_ms(const CanonicalOrder& order, const Now& now) const;
  void judge_store(const CanonicalOrder& order, const Now& now, Refusals& refusals) const;
  void judge_order(const CanonicalOrder& order, Refusals& refusals) const;
  void judge_times(const CanonicalOrder& order, const Now& now, Refusals& refusals) const;
  void judge_age(const CanonicalOrder& order, std::optional<std::int64_t> sent_at_wall_ms, const Now& now,
                 Refusals& refusals) const;
  void judge_kitchen(const CanonicalOrder& order, const Now& now, Refusals& refusals) const;
  [[nodiscard]] bool is_simulated(bool test) const;
  void place_test(Entry& entry, Turn& turn);

  // gateway_store.cpp
  void store_set(const StoreSet& input, Turn& turn);
  void change_store(StoreState state, Actor by, Turn& turn);
  void judge_pause(const Now& now);
  void end_pause_if_due(Turn& turn);
  [[nodiscard]] bool open_by_hours(const Now& now, Milliseconds ahead_ms) const;

  // gateway_items.cpp
  void judge_items(const CanonicalOrder& order, const Now& now, Refusals& refusals) const;
  void judge_prices(const CanonicalOrder& order, const Now& now, Refusals& refusals) const;

  // gateway_command.cpp
  void released(const ReleaseArrived& input, Turn& turn);
  void cancelled(const CancelArrived& input, Turn& turn);
  void resolved(const ParkedResolved& input, Turn& turn);
  [[nodiscard]] bool may_still_come(const Entry& entry, const Now& now) const;
  void message_refused(const Letter& letter, const std::string& why, Details about, Turn& turn);
  void events_acknowledged(const EventsAcknowledged& input, Outbox& outbox, Turn& turn);
  void gateway_started(const GatewayStarted& input, Turn& turn);
  template <typename Command>
  void command(const Command& input, Happening happening, EarlyMark early, Turn& turn);
  std::pair<AnswerKind, std::string> command_one(const OrderRef& ref, const Found& found, Happening happening,
                                                 const EarlyMark& early, Turn& turn);
  [[nodiscard]] Found find(const OrderRef& ref, const Now& now);
  [[nodiscard]] AnswerKind keep_early(const OrderRef& ref, const EarlyMark& early, Turn& turn);
  [[nodiscard]] Details named(const OrderRef& ref, const Found& found) const;
  [[nodiscard]] static std::string cancel_text_of(const std::string& text);

  // gateway_stock.cpp: what is sold out, the POS's lists
  void availability_arrived(const AvailabilityArrived& input, Turn& turn);
  void end_words(Turn& turn);
  void poll_lists(Turn& turn);
  void pos_listed(const PosListed& input, Turn& turn);
  void take_pos_off(const std::vector<std::string>& off, Turn& turn);
  void tell_changed_items(const std::map<std::string, ItemState>& before, Actor actor, Turn& turn);
  [[nodiscard]] ListPoll& poll_of(PosList list) { return polls_[static_cast<std::size_t>(list)]; }
  [[nodiscard]] Milliseconds next_poll_ms() const;

  // gateway.cpp, gateway_clock.cpp
  void load_live(Order order, const Now& now);
  void park_unsure(Turn& turn);
  void tell_lost(Turn& turn);
  [[nodiscard]] bool may_act(OrderNumber number) const;
  Outcome happen(Entry& entry, Happening happening, const Facts& facts, Turn& turn);
  void emit(Entry& entry, EventType type, std::optional<Phase> previous, Actor actor, Turn& turn);
  void emit_plain(EventType type, Details details, Turn& turn);
  void move_and_emit(Entry& entry, Phase phase, EventType type, Actor actor, Turn& turn);
  void changed(Entry& entry, Turn& turn);
  void changed_lazily(Entry& entry, Turn& turn);
  void write_later(OrderNumber number);
  void reindex(Entry& entry, const Now& now);
  [[nodiscard]] Standing standing_of(const Entry& entry, const Now& now) const;
  [[nodiscard]] Standing standing_in_phase(const Entry& entry, const Now& now) const;
  [[nodiscard]] Milliseconds steady_or_load(const Stamp& stamp, const Now& now) const;
  void judge_deadline(Entry& entry, const Now& now) const;
  [[nodiscard]] static Milliseconds hold_span_ms(const Order& order);
  [[nodiscard]] Milliseconds held_for_ms(const Entry& entry, const Now& now) const;
  [[nodiscard]] bool beyond_reuse(const EndedOrder& ended, const Now& now) const;
  [[nodiscard]] bool beyond_reuse(const Entry& entry, const Now& now) const;
  [[nodiscard]] bool beyond_reuse(const EarlyMark& mark, const Now& now) const;
  [[nodiscard]] Milliseconds witnessed_ms(const Now& now) const;
  void rejudge_if_clock_moved(Turn& turn);
  void restamp(Entry& entry, Turn& turn);
  void wake(Entry& entry, Turn& turn);
  void answer(Caller caller, AnswerKind kind, const Entry* entry, Turn& turn, std::string why = {});

  // gateway_load.cpp: too busy before collapse
  [[nodiscard]] std::int64_t placements_until(const PosLine::Counts& waiting,
                                              const std::string& partner) const;
  [[nodiscard]] bool goes_at_once(const CanonicalOrder& order, const Now& now) const;
  void judge_load(const CanonicalOrder& order, bool released, const Now& now, Refusals& refusals) const;

  // gateway_command.cpp: the moves before and after the POS
  void do_release(Entry& entry, Actor actor, std::string_view why, Turn& turn);
  void do_cancel(Entry& entry, const Facts& facts, Turn& turn);
  void finish_cancel(Entry& entry, Reason reason, Actor actor, Turn& turn);
  void remember_cancel(Entry& entry, const Facts& facts, Turn& turn);
  void follow_fallback(Entry& entry, Turn& turn);
  void park(Entry& entry, Reason reason, bool in_doubt, Turn& turn);
  void resolve(Entry& entry, Outcome outcome, Turn& turn);

  // gateway_pos.cpp: the POS line and its answers
  void dispatch(Turn& turn);
  [[nodiscard]] OrderNumber next_in_line(const Now& now);
  [[nodiscard]] OrderNumber next_placement(const Now& now);
  void note_turn(const Entry& entry, bool scarce, const Now& now);
  bool start_next(Entry& entry, Turn& turn);
  void send(Entry& entry, Turn& turn);
  void request(Entry& entry, PosRequest request, Turn& turn);
  void pos_answered(const PosAnswered& input, Turn& turn);
  void note_pos_health(const PosAnswered& input, bool probe, Turn& turn);
  [[nodiscard]] Happening happening_of(const PosAnswered& input) const;

  // gateway_void.cpp: the cancel of an order that the POS has
  void start_void(Entry& entry, const Facts& facts, Turn& turn);
  void finish_void(Entry& entry, Turn& turn);
  void keep_placed(Entry& entry, Reason reason, Turn& turn);
  void refuse_void(Entry& entry, PosStatus status, Turn& turn);
  void void_again(Entry& entry, Turn& turn);
  void void_answered(Entry& entry, const PosAnswered& input, Turn& turn);
  [[nodiscard]] Happening happening_in_void(const PosAnswered& input, const Entry& entry) const;
  void take_reference(Entry& entry, const PosAnswered& input, Turn& turn);
  [[nodiscard]] std::optional<PosRequest> look() const noexcept;
  [[nodiscard]] bool may_be_void_already(const Soft& soft) const noexcept;

  // gateway_watch.cpp: what becomes of a placed order at the POS
  void dispatch_watches(Turn& turn);
  [[nodiscard]] std::optional<Milliseconds> watch_wake_ms() const;
  [[nodiscard]] bool may_watch(Milliseconds steady_ms) const;
  [[nodiscard]] bool is_watched(const Entry& entry) const noexcept;
  [[nodiscard]] std::optional<Milliseconds> watch_ms_of(const Entry& entry) const noexcept;
  void begin_watch(Entry& entry, const Now& now);
  void plan_watch(Entry& entry, const Now& now);
  void watch_answered(const PosAnswered& input, bool probe, Turn& turn);
  void note_watch_health(const PosAnswered& input, bool probe, Turn& turn);
  void see_status(Entry& entry, PosStatus status, Turn& turn);
  void moved_at_pos(Entry& entry, Outcome outcome, Turn& turn);
  void status_seen(const PosStatusSeen& input, Turn& turn);
  [[nodiscard]] bool look_once_more(Entry& entry, Turn& turn);
  [[nodiscard]] Milliseconds completion_ms(const Entry& entry, const Now& now) const;
  [[nodiscard]] static Happening happening_of(PosStatus status) noexcept;

  // gateway_notices.cpp: what partners are told
  [[nodiscard]] Notices tells_of(const std::string& partner) const;
  [[nodiscard]] Notice replace_owed(Entry& entry, Notice cancel, bool is_first) const;
  void owe(Entry& entry, EventType type, bool is_first, const Now& now);
  void owe_notice(Entry& entry, Notice notice, const Now& now);
  void owe_only(Entry& entry, Notices left);
  static void load_owed(Entry& entry, const Now& now);
  [[nodiscard]] static std::optional<Milliseconds> tell_ms_of(const Entry& entry) noexcept;
  void dispatch_notices(Turn& turn);
  void tell(Entry& entry, PartnerPace& pace, Turn& turn);
  [[nodiscard]] TellPartner notice_for(const Entry& entry, const Now& now) const;
  [[nodiscard]] std::optional<std::int64_t> ready_at_wall_ms(const Entry& entry, const Now& now) const;
  [[nodiscard]] Milliseconds notice_wake_ms() const;
  void partner_told(const PartnerTold& input, Turn& turn);
  void take_partners_answer(Entry& entry, const PartnerTold& input, Turn& turn);
  [[nodiscard]] Milliseconds tell_until_ms(const Entry& entry, const Now& now) const;
  void give_up_notices(Entry& entry, Turn& turn);
  void person_called(const PersonCalled& input, Turn& turn);
  [[nodiscard]] CallTold call_of(const OrderRef& ref, const Found& found, Notice untold) const;
  void note_untold(const Entry& entry, Notice notice, const char* why, const std::string& said, Turn& turn);

  // gateway_place.cpp: placing once
  void place(Entry& entry, const Facts& facts, Turn& turn);
  void refused_by_pos(Entry& entry, const Facts& facts, bool for_good, Turn& turn);
  void try_later(Entry& entry, std::optional<Milliseconds> back_off_ms, Turn& turn);
  void doubt(Entry& entry, Turn& turn);
  [[nodiscard]] Milliseconds protected_until_ms(const Entry& entry, const Now& now) const;
  void plan_doubt(Entry& entry, Turn& turn);
  [[nodiscard]] bool must_not_resend(const Order& order) const noexcept;
  void replan_if_resending(Entry& entry, Turn& turn);
  void remember_call(Entry& entry, Turn& turn);
  void note_lacking(Entry& entry, Turn& turn);
  void ask_later(Entry& entry, std::optional<Milliseconds> retry_after_ms, Turn& turn);
  void back_off(Entry& entry, std::optional<Milliseconds> retry_after_ms, const Now& now);

  Policy policy_;
  Generator generator_;
  LocalTimeFunction local_time_;
  Book book_;
  PosGate pos_;
  WatchPace watch_pace_;
  std::map<std::string, TokenBucket, std::less<>> doors_;  // one per partner
  PartnerPaces fetch_paces_;                               // of partners that were asked for an order
  PartnerPaces notice_paces_;                              // of partners that were told something
  std::array<ListPoll, pos_list_count> polls_;
  std::unordered_map<std::string, Money> menu_;  // as the POS told it to this process
  Milliseconds menu_until_ms_ = 0;               // it counts until then
  PosGate pos_before_;
  WatchPace watch_pace_before_;
  std::array<ListPoll, pos_list_count> polls_before_;
  StorageRoom room_ = StorageRoom::enough;
  bool certificate_ends_ = false;
  Alarms alarms_, alarms_before_;
  LineTurn line_turn_;  // who went to the POS last
  LineTurn line_turn_before_;
  std::map<std::string, TokenBucket, std::less<>> doors_before_;
  PartnerPaces fetch_paces_before_, notice_paces_before_;
  std::set<OrderNumber> unwritten_;
  std::vector<OrderNumber> unwritten_since_;    // of them: added by the open turn
  std::vector<OrderNumber> unsure_;             // loaded so, and not parked yet
  std::vector<Loaded::LostAnnouncement> lost_;  // loaded so, and nobody was told yet
  std::string epoch_;
  std::uint64_t next_attempt_ = 1;
  std::uint64_t stale_answers_ = 0;
  Milliseconds loaded_ms_ = 0;                   // when the rows were folded
  WitnessedClock witnessed_;                     // what an identity's age is judged by
  Milliseconds loaded_witnessed_ms_ = 0;         // its reading when the rows were folded
  std::optional<Milliseconds> clock_offset_ms_;  // wall minus steady, as last judged
  bool clock_trusted_ = false;
  Milliseconds pause_ends_ms_ =
      never_ms;  // on the steady clock; never_ms: no pause, or none that ends by itself
  Milliseconds pause_ends_before_ms_ = never_ms;
  bool clock_moved_in_turn_ = false;
  bool clock_moved_again_ = false;  // the turn that saw it was undone
};

}  // namespace storegate::core
