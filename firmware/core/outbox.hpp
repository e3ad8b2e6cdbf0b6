// Outbox: which events go up next, within our own window, and how far the cloud has heard. Soft state over rows:
// after a restart or a reconnect it starts again from the marks, so an event may go twice and never not at all.
// With a few events waiting it goes by position; with many, those of live orders go ahead (backlog.hpp) and every
// fourth publish is the oldest one's, so that each order's events stay in order and the rest is not starved.
// Knows neither the broker nor the rows; it says what to read and what to publish.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/backlog.hpp"
#include "core/messages.hpp"

namespace storegate::core {

/// A read of events that failed, or gave none though there are some, is tried again after this.
inline constexpr Milliseconds read_again_after_ms = second_ms;

/// More than so many windows of events wait when the uplink comes up: live orders' events go ahead.
inline constexpr std::int64_t backlog_windows = 2;
/// Of the publishes of a backlog, the oldest event that waits gets at least every so many-th.
inline constexpr std::size_t oldest_every = 4;

/// What to read from the rows next.
struct OutboxRead {
  enum class Kind : std::uint8_t {
    in_order,  // the events after `after`, at most `limit`
    picked,    // the events at `positions`
    briefs,  // the briefs of the events after `after` and before `before`, from the newest back, at most `limit`
  };
  Kind kind = Kind::in_order;
  Position after, before;
  std::size_t limit = 0;
  std::vector<Position> positions;
};

/// What came of it.
struct OutboxPage {
  std::vector<OutgoingEvent> events;
  Position through;  // how far the rows were looked at, damaged ones included
  std::vector<EventBrief> briefs;
  bool failed = false;
};

class Outbox {
 public:
  /// `wait_for_application_ack`: a reconnect starts from the cloud's acknowledgement instead of the last PUBACK.
  Outbox(OutboxMarks marks, Position last_written, bool wait_for_application_ack);

  /// Events up to `last` are on disk now; `briefs` of those that are new, in order.
  void on_written(Position last, const std::vector<EventBrief>& briefs = {});
  /// The uplink is up; at most `window` publishes (>= 1) may be unacknowledged at a time.
  void on_connected(std::size_t window);
  void on_disconnected();

  /// The rows to read now, at most one read at a time; `picked` comes without its positions. Answered by on_read, or
  /// by on_briefs where briefs are wanted.
  [[nodiscard]] std::optional<OutboxRead> wanted_read() const;
  /// The read begins; gives it whole.
  OutboxRead on_read_started();
  /// The rows asked for, in order; empty when the read failed. `through`: how far the rows were looked at, if damaged
  /// ones among them were left out (`picked`: the last position looked at). A read that led nowhere is wanted again
  /// after read_again_after_ms and not at once.
  void on_read(std::vector<OutgoingEvent> events, Position through = {});
  [[nodiscard]] bool awaits_briefs() const noexcept {
    return reading_ && under_way_.kind == OutboxRead::Kind::briefs;
  }
  /// The briefs asked for; fewer than the limit: there are no more.
  void on_briefs(const std::vector<EventBrief>& briefs, const UrgencyOf& urgency_of);
  /// Time passes: `steady_ms` is the turn's.
  void on_time(Milliseconds steady_ms) noexcept;
  /// When on_time must be called so that a read is wanted again; nothing = no read waits for that.
  [[nodiscard]] std::optional<Milliseconds> wake_ms() const noexcept;

  /// The next event to hand to the uplink, if the window has room.
  [[nodiscard]] std::optional<OutgoingEvent> next_to_publish();
  /// The broker's PUBACK for it, or its loss. True if a mark moved (write it some time).
  bool on_published(Position position, bool acknowledged);
  /// True once after a mark moved otherwise: the events up to it had been sent ahead.
  [[nodiscard]] bool take_moved() noexcept { return std::exchange(moved_, false); }
  [[nodiscard]] bool moved() const noexcept { return moved_; }
  /// The cloud's own acknowledgement up to `through`. False if that lies ahead of what was written.
  bool on_acknowledged(Position through);
  /// The cloud asks to hear everything from `first` on again.
  void replay_from(Position first);

  [[nodiscard]] const OutboxMarks& marks() const noexcept { return marks_; }
  [[nodiscard]] Position last_written() const noexcept { return last_written_; }
  [[nodiscard]] bool connected() const noexcept { return window_ > 0; }
  /// How often the uplink came up.
  [[nodiscard]] std::uint64_t connections() const noexcept { return connections_; }
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_.size(); }
  /// Events that were sent ahead of an older one that still waits.
  [[nodiscard]] std::size_t ahead() const noexcept { return ahead_.size(); }
  /// Events that were written and are not known to have arrived, those that went ahead among them.
  [[nodiscard]] std::int64_t waiting() const noexcept { return waiting_after(marks_.published); }

 private:
  void start_over();
  void leave_ahead();
  void on_picked(std::vector<OutgoingEvent> events, Position through);
  void on_read_in_order(std::vector<OutgoingEvent> events, Position through);
  [[nodiscard]] std::int64_t waiting_after(Position position) const noexcept;
  [[nodiscard]] bool more_ahead() const noexcept;
  [[nodiscard]] bool oldest_has_its_turn() const noexcept;
  OutgoingEvent publish_oldest();
  std::optional<OutgoingEvent> publish_ahead();
  void pass_what_was_sent();
  bool move_mark();

  OutboxMarks marks_;
  Position last_written_;
  bool wait_for_application_ack_;
  std::size_t window_ = 0;
  std::uint64_t connections_ = 0;
  bool reading_ = false;
  OutboxRead under_way_;                       // while reading_
  bool drop_read_ = false;                     // the read under way began before a start over
  bool resting_ = false;                       // the last read led nowhere
  std::optional<Milliseconds> rest_until_ms_;  // set by the first on_time of a rest
  Position read_;                              // everything up to here was read
  std::deque<OutgoingEvent> buffer_;
  std::set<Position> in_flight_;  // published, no PUBACK yet
  Position sent_;                 // everything up to here was published

  Backlog backlog_;                  // what goes ahead
  std::deque<OutgoingEvent> first_;  // read of it
  std::set<Position> ahead_;         // beyond sent_ and published; at most ahead_max
  std::size_t since_oldest_ = 0;     // publishes ahead since the last that was the oldest's turn
  bool moved_ = false;
};

}  // namespace storegate::core
