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

void Outbox::on_written(Position last, const std::vector<EventBrief>& briefs) {
  last_written_ = std::max(last_written_, last);
  for (const EventBrief& brief : briefs) backlog_.on_written(brief, sent_);
}

void Outbox::on_connected(std::size_t window) {
  window_ = std::max<std::size_t>(window, 1);
  ++connections_;
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
  first_.clear();
  leave_ahead();
  in_flight_.clear();
  drop_read_ = reading_;
  resting_ = false;
  rest_until_ms_.reset();
  since_oldest_ = 0;
  const bool many = waiting_after(read_) > backlog_windows * static_cast<std::int64_t>(window_);
  if (connected() && many && ahead_.size() < ahead_max)
    backlog_.begin(read_, last_written_);
  else
    backlog_.stop();
  pass_what_was_sent();
}

// What went ahead and has its PUBACK need not go again; without a PUBACK, or where the cloud's word alone counts, it must.
void Outbox::leave_ahead() {
  if (wait_for_application_ack_) ahead_.clear();
  for (const Position position : in_flight_) ahead_.erase(position);
  ahead_.erase(ahead_.begin(), ahead_.upper_bound(read_));
}

std::int64_t Outbox::waiting_after(Position position) const noexcept {
  const std::int64_t before = position.epoch == last_written_.epoch ? position.sequence : 0;
  return last_written_.sequence - before;
}

std::optional<OutboxRead> Outbox::wanted_read() const {
  if (!connected() || reading_ || resting_) return {};
  using Kind = OutboxRead::Kind;
  if (backlog_.searching())
    return OutboxRead{Kind::briefs, backlog_.after(), backlog_.before(), briefs_per_read, {}};
  const bool in_order = read_ < last_written_ && buffer_.size() + read_max <= buffer_max;
  const bool ahead = !backlog_.empty() && first_.size() + read_max <= buffer_max;
  if (ahead && (!in_order || first_.size() <= buffer_.size()))
    return OutboxRead{Kind::picked, {}, {}, read_max, {}};
  if (in_order) return OutboxRead{Kind::in_order, read_, {}, read_max, {}};
  return {};
}

OutboxRead Outbox::on_read_started() {
  under_way_ = wanted_read().value_or(OutboxRead{});
  if (under_way_.kind == OutboxRead::Kind::picked) under_way_.positions = backlog_.take(under_way_.limit);
  reading_ = true;
  return under_way_;
}

void Outbox::on_read(std::vector<OutgoingEvent> events, Position through) {
  reading_ = false;
  if (std::exchange(drop_read_, false)) return;
  if (under_way_.kind == OutboxRead::Kind::picked)
    on_picked(std::move(events), through);
  else if (under_way_.kind == OutboxRead::Kind::briefs)
    backlog_.stop();  // the read failed: in plain order then
  else
    on_read_in_order(std::move(events), through);
}

void Outbox::on_picked(std::vector<OutgoingEvent> events, Position through) {
  const auto& wanted = under_way_.positions;
  auto rest = std::find(wanted.begin(), wanted.end(), through);
  rest = rest == wanted.end() ? wanted.begin() : rest + 1;
  backlog_.put_back({rest, wanted.end()});
  for (auto& event : events) first_.push_back(std::move(event));
  resting_ = rest == wanted.begin() && !wanted.empty();
}

void Outbox::on_read_in_order(std::vector<OutgoingEvent> events, Position through) {
  const Position before = read_;
  for (auto& event : events) {
    if (event.record.position <= read_) continue;
    read_ = event.record.position;
    buffer_.push_back(std::move(event));
  }
  read_ = std::max(read_, through);
  resting_ = read_ == before;
  pass_what_was_sent();
}

void Outbox::on_briefs(const std::vector<EventBrief>& briefs, const UrgencyOf& urgency_of) {
  reading_ = false;
  if (std::exchange(drop_read_, false)) return;
  backlog_.on_briefs(briefs, urgency_of);
  if (!briefs.empty() && briefs.size() < under_way_.limit) backlog_.on_briefs({}, urgency_of);
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

// ---------------------------------------------------------------- publishing

std::optional<OutgoingEvent> Outbox::next_to_publish() {
  if (in_flight_.size() >= window_ || backlog_.searching()) return {};
  if (more_ahead() && !oldest_has_its_turn()) return publish_ahead();
  if (buffer_.empty()) return {};
  return publish_oldest();
}

bool Outbox::more_ahead() const noexcept {
  const bool reading_some = reading_ && !drop_read_ && under_way_.kind == OutboxRead::Kind::picked;
  return !first_.empty() || !backlog_.empty() || reading_some;
}

// It waits for the oldest's row if need be: a read is short, and whoever never waits never reads it.
bool Outbox::oldest_has_its_turn() const noexcept {
  return since_oldest_ + 1 >= oldest_every && (!buffer_.empty() || read_ < last_written_);
}

OutgoingEvent Outbox::publish_oldest() {
  OutgoingEvent event = std::move(buffer_.front());
  buffer_.pop_front();
  sent_ = event.record.position;
  in_flight_.insert(sent_);
  since_oldest_ = 0;
  pass_what_was_sent();
  return event;
}

std::optional<OutgoingEvent> Outbox::publish_ahead() {
  while (!first_.empty()) {
    OutgoingEvent event = std::move(first_.front());
    first_.pop_front();
    const Position position = event.record.position;
    if (position <= sent_ || !ahead_.insert(position).second)
      continue;  // it went when it was the oldest, or before
    in_flight_.insert(position);
    ++since_oldest_;
    if (ahead_.size() == ahead_max) {
      backlog_.stop();
      first_.clear();
    }
    pass_what_was_sent();
    return event;
  }
  return {};
}

// The oldest ones that went ahead: there is nothing to do for them when their turn comes.
void Outbox::pass_what_was_sent() {
  while (!buffer_.empty() && ahead_.erase(buffer_.front().record.position) > 0) {
    sent_ = buffer_.front().record.position;
    buffer_.pop_front();
  }
  moved_ = move_mark() || moved_;
  const bool few = waiting_after(sent_) <= backlog_windows * static_cast<std::int64_t>(window_);
  if (few && !more_ahead() && !backlog_.searching()) backlog_.stop();
}

bool Outbox::on_published(Position position, bool acknowledged) {
  if (in_flight_.erase(position) == 0) return false;  // of an earlier connection
  if (!acknowledged) {
    in_flight_.insert(position);
    start_over();
    return false;
  }
  return move_mark();
}

// Everything before the oldest unacknowledged one has arrived, and so has all that was sent if there is none.
bool Outbox::move_mark() {
  Position upto = sent_;
  if (!in_flight_.empty() && *in_flight_.begin() <= sent_) {
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
  ahead_.clear();
  start_over();
}

}  // namespace storegate::core
