// Outbox: reads ahead a little, publishes within the window, moves the marks over what has no gap.
#include "core/outbox.hpp"

#include <algorithm>
#include <utility>

namespace storegate::core {

namespace {
// Read-ahead: enough that the window never waits for a read, little enough to hold in memory.
constexpr std::size_t buffer_max = 128;
constexpr std::size_t read_max = 64;
}  // namespace

Outbox::Outbox(OutboxMarks marks, Position last_written, bool wait_for_application_ack)
    : marks_(marks), last_written_(last_written), wait_for_application_ack_(wait_for_application_ack) {
  start_over();
}

void Outbox::on_written(Position last) { last_written_ = std::max(last_written_, last); }

void Outbox::on_connected(std::size_t window) {
  window_ = std::max<std::size_t>(window, 1);
  start_over();
}

void Outbox::on_disconnected() {
  window_ = 0;
  start_over();
}

void Outbox::start_over() {
  read_ = wait_for_application_ack_ ? marks_.acknowledged : marks_.published;
  sent_ = read_;
  buffer_.clear();
  in_flight_.clear();
  drop_read_ = reading_;
  resting_ = false;
  rest_until_ms_.reset();
}

std::optional<OutboxRead> Outbox::wanted_read() const {
  if (!connected() || reading_ || resting_ || read_ >= last_written_ ||
      buffer_.size() + read_max > buffer_max)
    return {};
  return OutboxRead{read_, read_max};
}

void Outbox::on_read_started() { reading_ = true; }

void Outbox::on_read(std::vector<OutgoingEvent> events, Position through) {
  reading_ = false;
  if (std::exchange(drop_read_, false)) return;
  const Position before = read_;
  for (auto& event : events) {
    if (event.record.position <= read_) continue;
    read_ = event.record.position;
    buffer_.push_back(std::move(event));
  }
  read_ = std::max(read_, through);
  resting_ = read_ == before;
}

void Outbox::on_time(Milliseconds steady_ms) noexcept {
  if (!resting_) return;
  if (!rest_until_ms_) rest_until_ms_ = steady_ms + read_again_after_ms;
  if (steady_ms < *rest_until_ms_) return;
  resting_ = false;
  rest_until_ms_.reset();
}

std::optional<Milliseconds> Outbox::wake_ms() const noexcept {
  if (!resting_) return {};
  return rest_until_ms_.value_or(0);
}

std::optional<OutgoingEvent> Outbox::next_to_publish() {
  if (buffer_.empty() || in_flight_.size() >= window_) return {};
  OutgoingEvent event = std::move(buffer_.front());
  buffer_.pop_front();
  sent_ = event.record.position;
  in_flight_.insert(sent_);
  return event;
}

bool Outbox::on_published(Position position, bool acknowledged) {
  if (in_flight_.erase(position) == 0) return false;  // of an earlier connection
  if (!acknowledged) {
    start_over();
    return false;
  }
  // Everything before the oldest unacknowledged one has arrived, and so has all that was sent if there is none.
  Position upto = sent_;
  if (!in_flight_.empty()) {
    const Position oldest = *in_flight_.begin();
    if (oldest.sequence == 1) return false;  // nothing of this epoch has arrived without a gap
    upto = Position{oldest.epoch, oldest.sequence - 1};
  }
  if (upto <= marks_.published) return false;
  marks_.published = upto;
  return true;
}

bool Outbox::on_acknowledged(Position through) {
  if (through > last_written_) return false;
  marks_.acknowledged = std::max(marks_.acknowledged, through);
  marks_.published = std::max(marks_.published, through);
  return true;
}

void Outbox::replay_from(Position first) {
  const Position before{first.epoch, std::max<std::int64_t>(first.sequence - 1, 0)};
  marks_.published = std::min(marks_.published, before);
  if (wait_for_application_ack_) marks_.acknowledged = std::min(marks_.acknowledged, before);
  start_over();
}

}  // namespace storegate::core
