// Engine: the short loop around the gateway: decide -> commit -> act. It is resumed with what happened and answers
// with what to do next; who commits (a store thread, a simulator) and who acts is outside.
//
//   offer(input)…            inputs gather while a commit is under way
//   changes = begin_turn(now)   decides all of them and whatever is due
//   … commit the changes …
//   effects = finish_turn(committed, now)   what may leave the box now
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/admission.hpp"
#include "core/chatty.hpp"
#include "core/gateway.hpp"
#include "core/messages.hpp"
#include "core/outbox.hpp"
#include "core/time.hpp"

namespace storegate::core {

/// What came of a commit.
struct Committed {
  bool written = true;
  bool sync_failed = false;       // with !written: nothing more may be acknowledged until a restart
  bool disk_full = false;         // with !written: there was no room; the turn is repeated from the reserve
  std::vector<OrderBody> bodies;  // of changes.bodies_wanted; one that is damaged is missing
  bool bodies_unread = false;     // a read failed: what is missing may be there the next time
};

class Engine {
 public:
  Engine(Policy policy, Loaded loaded, Generator generator, LocalTimeFunction local_time, const Now& now);

  /// Queues a fact for the next turn. An answer: a new order of a partner that has too many waiting already is not
  /// queued, and this is what to tell its caller, at once and without a turn.
  [[nodiscard]] std::optional<Answer> offer(Input input);
  /// An authenticated new order of `partner` is at the HTTP door; it need not be read yet. An answer: the partner is
  /// side-lined, since it sends far beyond its rate, and this is what to tell it.
  [[nodiscard]] std::optional<Answer> turn_away(const std::string& partner, const Now& now);
  /// Inputs that nobody waits for; they ride on the next commit, or are written lazy_marks_ms_max after.
  bool on_published(Position position, bool acknowledged);
  /// What the outbox wanted to be read.
  void on_events_read(OutboxPage page);

  /// True if begin_turn would do anything: no turn is open, and an input waits or something is due.
  [[nodiscard]] bool wants_turn(const Now& now) const;
  /// Opens a turn. The changes may write nothing (and want no bodies): then finish_turn may follow at once.
  /// Aborts if a turn is open.
  [[nodiscard]] Changes begin_turn(const Now& now);
  /// Closes the turn: its effects if it was written, otherwise the turn is undone and its callers hear not_stored. If
  /// it was not written for want of room, it is opened once more at the next begin_turn with Changes::from_reserve:
  /// orders that are there move on, a new one hears not_stored (over MQTT: is rejected, so that it does not block
  /// the messages behind it).
  [[nodiscard]] std::vector<Effect> finish_turn(Committed committed, const Now& now);

  /// When to call begin_turn without an input, on the steady clock; nothing = only an input wakes it.
  [[nodiscard]] std::optional<Milliseconds> next_wake_ms() const;

  /// A turn is open: its commit is not back yet.
  [[nodiscard]] bool turn_open() const noexcept { return open_; }
  /// A sync failed outside a turn's commit: from now on nothing is decided, and a turn that is open is undone.
  void stop() noexcept { stopped_ = true; }
  /// A sync failed: no new work until a restart.
  [[nodiscard]] bool stopped() const noexcept { return stopped_; }

  /// Inputs that wait for a turn.
  [[nodiscard]] std::size_t inputs_waiting() const noexcept { return waiting_.size(); }
  /// New orders that were turned away without a turn: their partner had too many waiting, or was side-lined.
  [[nodiscard]] std::uint64_t orders_turned_away() const noexcept { return orders_turned_away_; }

  [[nodiscard]] Outbox& outbox() noexcept { return outbox_; }
  [[nodiscard]] const Gateway& gateway() const noexcept { return gateway_; }
  [[nodiscard]] Gateway& gateway() noexcept { return gateway_; }

 private:
  [[nodiscard]] Answer turned_away(const char* why, std::int64_t retry_after_s, Caller caller);
  [[nodiscard]] std::vector<Effect> undo(const Committed& committed, const Now& now);
  void fill_bodies(Committed committed, std::vector<Effect>& effects);
  [[nodiscard]] Urgency urgency_of(OrderNumber number) const;

  Gateway gateway_;
  Outbox outbox_;
  Admission waiting_;
  std::map<std::string, ChattyWatch, std::less<>> chatty_;  // one per partner
  std::vector<Input> deciding_;     // the open turn's inputs, kept until the commit is back
  std::vector<EventBrief> briefs_;  // of the events that the open turn writes
  Turn turn_;
  bool open_ = false;
  bool stopped_ = false;
  bool writing_ = false;      // the open turn writes rows
  bool marks_moved_ = false;  // the outbox's marks are ahead of their row
  bool repeat_from_reserve_ =
      false;  // the next turn is the last one again, from the reserve: its inputs alone
  std::optional<Milliseconds> rows_due_ms_;   // when rows that nobody waits for are written at the latest
  std::optional<Milliseconds> marks_due_ms_;  // and when the marks are
  Milliseconds retry_at_ms_ = 0;              // after a failed commit
  bool stores_ = true;   // the last commit that wrote went well, and not from the reserve
  bool stored_ = false;  // the turn that is open has something to write
  std::uint64_t orders_turned_away_ = 0;
};

}  // namespace storegate::core
