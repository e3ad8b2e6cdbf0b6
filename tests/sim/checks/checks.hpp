// The checkers: one file each, named by the invariant. They see what was on the wires (the ledger) and rows as SQL gives
// them; none of them asks the gateway. The exception says so: that the book equals the rows.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "codec/http.hpp"
#include "core/engine.hpp"
#include "sim/clock.hpp"
#include "sim/ledger.hpp"
#include "sim/plan.hpp"
#include "sim/wire.hpp"
#include "storage/journal.hpp"
#include "support/disk/disk.hpp"

namespace storegate::sim::check {

/// What a checker looks at, and where it complains.
struct Scene {
  Ledger& ledger;
  const Plan& plan;
  std::int64_t now_ms = 0;
  void blame(std::string_view invariant, std::string what) const {
    ledger.blame(now_ms, invariant, std::move(what));
  }
  void blame_liveness(std::string_view invariant, std::string what) const {
    ledger.blame(now_ms, invariant, std::move(what), true);
  }
};

[[nodiscard]] std::string name_of(const Story& story);

/// No clock is ever wrong in this world.
[[nodiscard]] inline bool clocks_stay_right(const Plan& plan) {
  return plan.faults.wall_jumps == 0 && !(plan.faults.boots_in_1970 && plan.faults.power_cuts > 0);
}

// ---- I1: no acknowledged order is lost, each reaches one end

/// One order's rows, read by plain SQL.
struct RowSeen {
  std::string partner, id;
  std::int64_t phase = 0;
  bool has_body = false;
  bool names_customer = false;  // its body does
  std::int64_t updated_wall_ms = 0;
};
/// What is left at the end.
struct RowsLeft {
  std::vector<RowSeen> orders;
  std::vector<std::int64_t> events_wall_ms;  // newest first
  std::size_t letters = 0;
};
[[nodiscard]] RowsLeft rows_on(const disk::Disk& disk, std::string_view path, std::string& error);
void every_order_ended(const Scene& scene, const std::vector<RowSeen>& rows);
/// An ended order's row is gone: only with age, and when all its events were delivered. `acknowledged`: how far the cloud
/// has them, -1 = it does not say. `ended_ms`: when its end was committed.
void pruned_in_time(const Scene& scene, const core::Order& order, std::int64_t ended_ms,
                    std::int64_t acknowledged, bool by_size);

// ---- customers: the kitchen gets all that was sent, and nobody keeps it longer than he may

void placement_is_whole(const Scene& scene, const Story& story, std::string_view body);
/// A text has in it what customers are known by.
[[nodiscard]] bool names_customer(std::string_view text);
void customers_are_erased(const Scene& scene, const RowsLeft& left);
/// Where no row names a customer and the WAL was truncated since, no byte of the database's files does.
void no_customer_is_left(const Scene& scene, const RowsLeft& left, const disk::Disk& disk,
                         std::string_view path);

// ---- retention: what is old is gone by the next pass of housekeeping

/// From when on housekeeping could do its work.
struct Since {
  std::int64_t healed_ms = 0;   // nothing fails any more
  std::int64_t up_ms = 0;       // the present process
  std::int64_t large_ms = -1;   // the database has been too large for all it keeps; -1 = it is not
  std::size_t events_kept = 0;  // also then
};
/// Events that wait have reached their consumer so long after the faults ended.
inline constexpr std::int64_t delivered_within_ms = 60'000;
void rows_are_pruned(const Scene& scene, const RowsLeft& left, const Since& since);
void letters_are_erased(const Scene& scene, const RowsLeft& left, const Since& since);
/// Whose time is over is in no byte of the database's files, whoever else is.
void erased_customers_leave(const Scene& scene, const disk::Disk& disk, std::string_view path,
                            const Since& since);

// ---- size: the database keeps to its bound

class SizeWatch {
 public:
  /// A process has loaded the rows: it has not measured yet.
  void begin() { above_since_ms_ = large_since_ms_ = -1; }
  void on_measured(const Scene& scene, std::int64_t used_bytes);
  /// A pass of pruning by size has come to its end: what was sent is gone but for the newest.
  static void on_pruned(const Scene& scene, storage::Journal& journal, const storage::PruneLimits& limits,
                        core::Position last);
  /// Since when it has been beyond its bound, and since when so large that what has ended goes early; -1 = it is not.
  [[nodiscard]] std::int64_t above_since_ms() const noexcept { return above_since_ms_; }
  [[nodiscard]] std::int64_t large_since_ms() const noexcept { return large_since_ms_; }

 private:
  std::int64_t above_since_ms_ = -1, large_since_ms_ = -1;
};

// ---- I2: at most one ticket under a key

void ticket_cut(const Scene& scene, Story& story, const std::string& key);

// ---- I3: events without gap or reorder, the same ever again, phases that follow each other

class EventStream {
 public:
  /// `forgotten`: events the broker took and lost, which the gateway cannot know of without acknowledgements.
  void on_event(const Scene& scene, const Publication& event, std::uint64_t forgotten);
  /// At the end: nothing up to `last` is missing.
  void complete(const Scene& scene, std::int64_t last) const;
  /// Everything up to here was seen.
  [[nodiscard]] std::int64_t through() const noexcept { return through_; }

 private:
  std::string epoch_;
  std::int64_t through_ = 0;
  std::map<std::string, std::int64_t> newest_;  // by subject
  std::map<std::int64_t, std::uint64_t> prints_;
};
/// The story's newest event, seen for the first time.
void event_follows(const Scene& scene, const Story& story);

// ---- a backlog: live orders first, the oldest not starved, and plain order where little waits

class BacklogWatch {
 public:
  explicit BacklogWatch(std::size_t window) : window_(static_cast<std::int64_t>(window)) {}
  /// A process has loaded the rows.
  void on_loaded() { acknowledged_.clear(), stop(); }
  void on_commit_begins(const core::Changes& changes);
  void on_written(const core::Changes& changes);
  /// The gateway goes on after `from`; up to `written` is on disk. `again`: PUBACKs alone do not count.
  /// `unwritten`: orders that were decided on and ride on a later commit.
  void on_connected(std::int64_t from, std::int64_t written, bool again,
                    const std::vector<core::Order>& unwritten);
  void on_published(const Scene& scene, const core::EventRecord& event,
                    const std::function<std::vector<core::Order>()>& unwritten);
  void on_acknowledged(std::int64_t sequence) { acknowledged_.insert(sequence); }
  /// From here on the order is the gateway's own affair: a replay, a read that failed, no connection.
  void stop() { judging_ = draining_ = false; }
  /// The cloud has all of them up to there, or wants some again.
  void on_cloud_acknowledged(const core::EventsAcknowledged& said);
  [[nodiscard]] std::uint64_t drains() const noexcept { return drains_; }

 private:
  void take_changed(const std::vector<core::Order>& orders);
  [[nodiscard]] bool too_many_others() const;

  std::int64_t window_;
  std::map<std::int64_t, core::OrderNumber> order_of_;  // by sequence
  std::set<core::OrderNumber> live_, cancelled_;        // live: not cooked and not ended
  std::set<core::OrderNumber> unsure_;                  // of a commit that is under way, or failed
  std::set<std::int64_t> acknowledged_;                 // in this life of the process
  bool judging_ = false;
  bool draining_ = false;
  std::int64_t written_ = 0;       // when the connection came up
  std::int64_t newest_ = 0;        // published on this connection
  std::set<std::int64_t> unsent_;  // of what was written then
  std::set<std::int64_t> urgent_;  // of them, and their orders have been so since
  /// Orders that have been placed or ended since, and how many of their events were published while urgent ones waited.
  std::map<core::OrderNumber, std::int64_t> can_wait_;
  std::int64_t publishes_ = 0, others_ = 0, since_oldest_ = 0;
  std::uint64_t drains_ = 0;
};

// ---- alarms: raised and cleared once, and when they must be

class AlarmWatch {
 public:
  void on_loaded(std::int64_t now_ms);
  void on_written(const Scene& scene, const core::Changes& changes);
  void on_connected(const Scene& scene);
  void on_lost(std::int64_t now_ms);
  /// The POS answered a request for an order, or did not.
  void on_pos_heard(const Scene& scene, core::PosRequest request, const PosReply& reply);
  void on_turn_ended(const Scene& scene) const;

 private:
  [[nodiscard]] std::int64_t away_ms(const Scene& scene) const noexcept;
  std::set<std::string> raised_;    // in this life of the process
  std::int64_t down_since_ms_ = 0;  // -1: the uplink is there
  std::int64_t last_away_ms_ = 0;
  std::int64_t pos_answered_ms_ = never;  // its last clear answer to a placement, since this process began
  std::int64_t silent_since_ms_ = -1,
               silent_until_ms_ = -1;   // the first and last request without any answer; -1 = none
  std::int64_t away_since_ms_ = never;  // it has said for certain that it does nothing now, and nothing else
  std::int64_t pos_raised_ms_ = 0;
  std::int64_t pos_due_ms_ = never;  // an alarm is due since then
};

// ---- I4: a cancel that was acknowledged before the first placement left means no ticket; none is dropped

/// A commit begins that has the order in `sending`.
void intent_noted(const Scene& scene, Story& story, const core::Order& row);
void placement_after_cancel(const Scene& scene, const Story& story);
void no_cancel_dropped(const Scene& scene);
void ends_are_the_kitchens(const Scene& scene);

// ---- I5: nothing is sent without a release, and the release is on record

void placement_is_released(const Scene& scene, const Story& story);
void releases_on_record(const Scene& scene);
/// A person's release had an answer.
void release_answered(const Scene& scene, Story& story, const Tag& tag, const codec::HttpReply& reply);
/// At the end: no release was refused before its order had ended.
void refused_when_ended(const Scene& scene);
/// A release by an id that is nobody's had an answer.
void stranger_answered(const Scene& scene, const codec::HttpReply& reply);

/// Releases by tokens that are nobody's, over MQTT, where nobody hears an answer: each is told as refused.
class Strangers {
 public:
  void on_acknowledged(const Tag& tag) { acknowledged_.emplace(tag.story, tag.body); }
  void on_refused(std::string_view data);
  void judge_end(const Scene& scene) const;

 private:
  std::set<std::pair<std::size_t, int>> acknowledged_;
  std::size_t refused_ = 0;
};

// ---- called: what a person keys in is not cooked by the store as well

void call_reached(const Scene& scene, std::size_t call);
void call_acknowledged(const Scene& scene, std::size_t call);
void placement_after_call(const Scene& scene, const Story& story);
/// The story's newest event, seen for the first time.
void parked_for_a_call(const Scene& scene, const Story& story);
/// A person's answer had an answer.
void resolved_moves(const Scene& scene, const Story& story, const codec::HttpReply& reply);

/// Each call that was acknowledged is told of, and none that did not come.
class CallsTold {
 public:
  void on_event(const Scene& scene, std::string_view data);
  void judge_end(const Scene& scene) const;

 private:
  using Name = std::tuple<std::string, std::string, std::string>;  // partner, its id, what it did not take
  [[nodiscard]] static Name name_of_call(const Call& call);
  std::map<Name, std::uint64_t> told_;
};

// ---- who: who released or cancelled is who did

/// The story's newest event, seen for the first time.
void told_by_somebody(const Scene& scene, const Story& story);
void wrong_token_reported(const Scene& scene, Story& story);

/// Who opened or paused the store, as the consumer is told.
class StoreTold {
 public:
  void on_event(const Scene& scene, std::string_view data);
  /// Long after: the last word that was taken is what was told last.
  void judge_end(const Scene& scene) const;

 private:
  std::string status_ = "open";
  std::string until_ = "null";
};

// ---- I9: no clock releases an order before its time, and right ones do when it has come

class ClockWatch {
 public:
  /// The order is at the door: when the clocks alone may release it, if it were decided now.
  static void on_reached(const Scene& scene, const Clock& clock, Story& story);
  /// Somebody set the wall clock, or it is trusted now and was not: judges those that are being decided anew.
  void on_changed(const Scene& scene, const Clock& clock);
  void placement_is_in_time(const Scene& scene, const Clock& clock, const Story& story) const;
  /// The story's newest event, seen for the first time: what a hold's end did was not done before it.
  void hold_ended_in_time(const Scene& scene, const Clock& clock, const Story& story) const;
  /// The wall clock was trusted and wrong at some time since then.
  [[nodiscard]] bool lied_since(std::int64_t ms) const noexcept { return lying_ || lied_ms_ >= ms; }

 private:
  [[nodiscard]] bool may_be_mistaken(const Clock& clock, const Story& story) const;

  bool lying_ = false;                      // it is trusted and wrong
  std::int64_t lied_ms_ = -1;               // when it last was
  bool misleads_ = false;                   // and by so little that it is believed
  std::int64_t misled_ms_ = -1;             // when it last was so
  std::vector<std::int64_t> errors_ms_{0};  // all there were
};

/// At the end; nothing failed any more since `since_ms`.
void holds_end_in_time(const Scene& scene, std::int64_t since_ms);

// ---- I8: a full disk stops no running order while the reserve lasts; with room again, orders are taken within 5 s

void reserve_serves(const Scene& scene, const storage::CommitResult& result, const core::Changes& changes,
                    std::int64_t reserve_left);

/// While the disk has had less free space than the store keeps, or the database has been beyond its bound (`rule`: "I8"
/// or "size"), for longer than it takes to notice, no new order is taken. `since_ms`: -1 = there is room; `up_ms`: when
/// the process came up.
void no_order_without_space(const Scene& scene, std::string_view rule, const Tag& tag,
                            const codec::HttpReply& reply, const Story& story, std::int64_t since_ms,
                            std::int64_t up_ms);

void answer_after_room(const Scene& scene, const Tag& tag, const codec::HttpReply& reply,
                       std::int64_t roomy_since_ms, bool serving);

// ---- I13: what can move moves

/// The process is up again so long after the faults ended.
inline constexpr std::int64_t up_within_ms = 30'000;

/// What was in the way when the faults ended, and by when each order, event and sender has got past it.
class Healing {
 public:
  /// `up_ms`: when the process that is up now came up, or woke with its machine: what was open then it closes then.
  Healing(const Scene& scene, std::int64_t healed_ms, std::int64_t up_ms);
  /// Events that were there have reached their consumer.
  [[nodiscard]] std::int64_t uplink_by_ms() const noexcept;
  /// When to judge: the bounds of all but a few lie before it.
  [[nodiscard]] std::int64_t all_by_ms() const noexcept { return all_by_ms_; }
  /// `probe`: the order sent after the faults ended.
  void judge(const Scene& scene, const Story& probe) const;

 private:
  [[nodiscard]] std::int64_t line_ms(const Scene& scene) const;
  [[nodiscard]] std::int64_t placed_by_ms(const Scene& scene, const Story& story, std::int64_t from_ms,
                                          std::int64_t line_ms) const;
  void judge_order(const Scene& scene, const Story& story, std::int64_t line_ms) const;
  void judge_sender(const Scene& scene, const Story& story) const;
  void judge_probe(const Scene& scene, const Story& probe, std::int64_t line_ms) const;

  std::int64_t up_ms_;
  std::int64_t since_ms_;
  std::int64_t all_by_ms_;
};
/// Long after.
void probe_has_ticket(const Scene& scene, const Story& probe);

// ---- follow: what becomes of a placed order at the POS is told, and nothing else

/// The story's newest event, seen for the first time.
void event_is_the_pos(const Scene& scene, const Story& story);
/// At the end; nothing failed any more since `since_ms`.
void tickets_are_followed(const Scene& scene, std::int64_t since_ms);

/// The questions how a ticket stands, as the POS's link sees them in one life of the process.
class Questions {
 public:
  void asked(const Scene& scene, std::uint64_t call, const Story* story);
  void answered(std::uint64_t call);
  void gone();

 private:
  std::set<std::uint64_t> open_;
  std::deque<std::int64_t> recent_;
};

// ---- I14: the same request has the same answer, another body a 409

void order_answered(const Scene& scene, Story& story, const Tag& tag, const codec::HttpReply& reply);
/// One that is announced as well was sent as a whole: taken, it is a promise as any other.
void whole_answered(const Scene& scene, Story& story, const codec::HttpReply& reply);

// ---- I7: no more live orders than the store takes

void live_orders_bounded(const Scene& scene, const core::Engine& engine);

// ---- every move is one of the table's

class PhaseWatch {
 public:
  void begin(const Scene& scene, const core::Loaded& loaded);
  void written(const Scene& scene, const core::Changes& changes);

 private:
  void take(const Scene& scene, core::OrderNumber number, core::Phase phase);
  std::vector<std::optional<core::Phase>> phases_;  // as committed, by number
};

// ---- expiry: nothing is tried for ever, nothing given up before its time

class ExpiryWatch {
 public:
  /// A process has loaded the rows.
  void begin(const Scene& scene, const core::Loaded& loaded);
  void on_commit_begins(const Scene& scene);
  void written(const Scene& scene, const core::Changes& changes);

 private:
  /// An order that waits for the POS: to be placed, or to be voided.
  struct Wait {
    std::int64_t since_ms = 0;
    core::Phase phase = core::Phase::queued;
    bool is_void = false;
    bool sure = true;  // seen committed by this process
  };
  void take(const Scene& scene, const core::Order& order);

  std::map<core::OrderNumber, Wait> waits_;
  std::int64_t began_ms_ = 0;   // the commit that is under way
  std::int64_t loaded_ms_ = 0;  // when this process came up
};

// ---- the book is a fold of the rows

/// What the rows must say: those that were loaded and every change committed since, folded here a second time. Orders'
/// rows only.
class Fold {
 public:
  /// A process has loaded them: they must be what the last one left, with or without one of the commits that it did not
  /// see succeed since its last one. (A commit that failed for want of room may have been done: where a sector holds
  /// several frames, SQLite writes the last one over and over up to the sector's end, and that may be what failed.)
  void begin(const Scene& scene, const core::Loaded& loaded);
  /// A commit is about to be tried; it counts once it is known to be written.
  void trying(const core::Changes& changes);
  void written(std::int64_t now_ms);
  /// After every turn: the live orders of the book are these, but for what rides on the next commit.
  void equals_book(const Scene& scene, core::Engine& engine);
  [[nodiscard]] std::uint64_t compared() const noexcept { return compared_; }
  /// Orders that came to be.
  [[nodiscard]] std::uint64_t orders() const noexcept { return orders_; }
  /// After a commit: each order it wrote is on disk as it was to be.
  void is_on_disk(const Scene& scene, const core::Changes& changes, storage::Journal& journal) const;
  /// Now and then: so is every live order.
  void live_are_on_disk(const Scene& scene, storage::Journal& journal) const;
  /// Live orders as they were last committed.
  template <typename Visit>
  void for_each_live(Visit visit) const {
    for (const Row& row : rows_)
      if (row.known && row.live) visit(row.order);
  }
  /// Since when the order that has waited longest for the POS has; `never` = none does.
  [[nodiscard]] std::int64_t queued_since_ms() const noexcept;
  /// Every story hears when its end was committed, or when a start found that it had been.
  void tell_ends(Ledger& ledger) const;
  [[nodiscard]] core::Position last_event() const noexcept { return last_event_; }
  /// After pruning: what has gone of the oldest orders. Gives how many.
  std::size_t note_pruned(const Scene& scene, storage::Journal& journal, std::int64_t acknowledged,
                          bool by_size);

 private:
  struct Row {
    bool known = false;
    bool live = false;
    bool gone = false;  // pruned
    std::int64_t taken_ms = 0;
    core::Order order;
  };
  struct Commit {
    std::vector<core::Order> orders;
    core::Position last_event;
  };
  [[nodiscard]] const Row* find(core::OrderNumber number) const noexcept;
  void take(const core::Order& order, std::int64_t now_ms);
  void take(const Commit& commit, std::int64_t now_ms);
  void compare_row(const Scene& scene, const core::Order& wanted, storage::Journal& journal) const;
  [[nodiscard]] bool holds(const core::Loaded& loaded) const;

  std::vector<Row> rows_;  // by number
  std::size_t live_ = 0;
  std::uint64_t orders_ = 0;
  core::Position last_event_;
  std::uint64_t compared_ = 0;
  bool begun_ = false;
  std::vector<Commit> tried_;  // since the last that is known to be written
};

}  // namespace storegate::sim::check
