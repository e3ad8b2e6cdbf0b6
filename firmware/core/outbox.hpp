// Outbox: which events go up next, within our own window, and how far the cloud has heard. Soft state over rows:
// after a restart or a reconnect it starts again from the marks, so an event may go twice and never not at all.
// Knows neither the broker nor the rows; it says what to read and what to publish.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <set>
#include <vector>

#include "core/messages.hpp"

namespace storegate::core {

/// A read of events that failed, or gave none though there are some, is tried again after this.
inline constexpr Milliseconds read_again_after_ms = second_ms;

/// What to read from the rows next.
struct OutboxRead {
  Position after;
  std::size_t limit = 0;
};

class Outbox {
 public:
  /// `wait_for_application_ack`: a reconnect starts from the cloud's acknowledgement instead of the last PUBACK.
  Outbox(OutboxMarks marks, Position last_written, bool wait_for_application_ack);

  /// Events up to `last` are on disk now.
  void on_written(Position last);
  /// The uplink is up; at most `window` publishes (>= 1) may be unacknowledged at a time.
  void on_connected(std::size_t window);
  void on_disconnected();

  /// The rows to read now, at most one read at a time; answered by on_read.
  [[nodiscard]] std::optional<OutboxRead> wanted_read() const;
  void on_read_started();
  /// The rows after the position asked for, in order; empty when the read failed. `through`: how far the rows were
  /// looked at, if damaged ones among them were left out. A read that led nowhere is wanted again after
  /// read_again_after_ms and not at once.
  void on_read(std::vector<OutgoingEvent> events, Position through = {});
  /// Time passes: `steady_ms` is the turn's.
  void on_time(Milliseconds steady_ms) noexcept;
  /// When on_time must be called so that a read is wanted again; nothing = no read waits for that.
  [[nodiscard]] std::optional<Milliseconds> wake_ms() const noexcept;

  /// The next event to hand to the uplink, if the window has room.
  [[nodiscard]] std::optional<OutgoingEvent> next_to_publish();
  /// The broker's PUBACK for it, or its loss. True if a mark moved (write it some time).
  bool on_published(Position position, bool acknowledged);
  /// The cloud's own acknowledgement up to `through`. False if that lies ahead of what was written.
  bool on_acknowledged(Position through);
  /// The cloud asks to hear everything from `first` on again.
  void replay_from(Position first);

  [[nodiscard]] const OutboxMarks& marks() const noexcept { return marks_; }
  [[nodiscard]] Position last_written() const noexcept { return last_written_; }
  [[nodiscard]] bool connected() const noexcept { return window_ > 0; }
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_.size(); }

 private:
  void start_over();

  OutboxMarks marks_;
  Position last_written_;
  bool wait_for_application_ack_;
  std::size_t window_ = 0;
  bool reading_ = false;
  bool drop_read_ = false;                     // the read under way began before a start over
  bool resting_ = false;                       // the last read led nowhere
  std::optional<Milliseconds> rest_until_ms_;  // set by the first on_time of a rest
  Position read_;                              // everything up to here was read
  std::deque<OutgoingEvent> buffer_;
  std::set<Position> in_flight_;  // published, no PUBACK yet
  Position sent_;                 // the newest one published
};

}  // namespace storegate::core
