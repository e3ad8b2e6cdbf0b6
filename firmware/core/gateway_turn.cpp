// Gateway: what a turn leaves behind: rows to write, what is forgotten once they are written, and what is put back when
// they are not. How old an identity is.
#include "core/gateway.hpp"

namespace storegate::core {

namespace {

constexpr std::size_t forget_per_turn = 64;

}  // namespace

std::vector<Order> Gateway::unwritten_orders() const {
  std::vector<Order> orders;
  orders.reserve(unwritten_.size());
  for (const OrderNumber number : unwritten_) {
    if (const Entry* entry = book_.find(number)) orders.push_back(entry->order);
  }
  return orders;
}

void Gateway::write_later(OrderNumber number) {
  if (unwritten_.insert(number).second) unwritten_since_.push_back(number);
}

void Gateway::on_written(const Now& now) {
  for (const OrderNumber number : unwritten_) {
    const Entry* entry = book_.find(number);
    if (entry == nullptr || !is_end(entry->order.phase)) continue;
    if (entry->order.owed.empty())
      book_.retire(number);
    else
      book_.forget_reference(number);  // it stays until its partner has been told
  }
  unwritten_.clear();
  unwritten_since_.clear();
  unsure_.clear();
  lost_.clear();
  book_.forget_ended(witnessed_ms(now) - policy_.order_id_reuse_ms + 1, forget_per_turn);
  book_.forget_calls();
  book_.forget_early([&](const EarlyMark& mark) { return beyond_reuse(mark, now); }, forget_per_turn);
}

void Gateway::begin_turn() {
  book_.begin_turn();
  pos_before_ = pos_;
  watch_pace_before_ = watch_pace_;
  alarms_before_ = alarms_;
  polls_before_ = polls_;
  line_turn_before_ = line_turn_;
  doors_before_ = doors_;
  fetch_paces_before_ = fetch_paces_;
  notice_paces_before_ = notice_paces_;
  unwritten_since_.clear();
  pause_ends_before_ms_ = pause_ends_ms_;
  clock_moved_in_turn_ = false;
}

Milliseconds Gateway::witnessed_ms(const Now& now) const {
  return witnessed_.at(stamp_of(now)).value_or(loaded_witnessed_ms_);
}

// Older than an id is remembered for? Judged by witnessed time alone: no wall clock, wrong or right, makes an order
// that was seen a new one. An order that has not ended is known for as long as it lives.
bool Gateway::beyond_reuse(const EndedOrder& ended, const Now& now) const {
  return ended.witnessed_ms + policy_.order_id_reuse_ms <= witnessed_ms(now);
}

// One that stays in the book until its partner has been told is no different.
bool Gateway::beyond_reuse(const Entry& entry, const Now& now) const {
  return is_end(entry.order.phase) && entry.witnessed_ms + policy_.order_id_reuse_ms <= witnessed_ms(now);
}

// A mark of a boot of which nothing else is known counts from the start of this process.
bool Gateway::beyond_reuse(const EarlyMark& mark, const Now& now) const {
  const Milliseconds at_ms = witnessed_.at(mark.at).value_or(loaded_witnessed_ms_);
  return at_ms + policy_.order_id_reuse_ms <= witnessed_ms(now);
}

void Gateway::on_undone() {
  pos_ = pos_before_;
  watch_pace_ = watch_pace_before_;
  alarms_.take_back(alarms_before_);
  polls_ = polls_before_;
  line_turn_ = line_turn_before_;
  doors_ = doors_before_;
  fetch_paces_ = fetch_paces_before_;
  notice_paces_ = notice_paces_before_;
  pause_ends_ms_ = pause_ends_before_ms_;
  clock_moved_again_ = clock_moved_again_ || clock_moved_in_turn_;
  for (const OrderNumber number : unwritten_since_) unwritten_.erase(number);  // its row is as on disk
}

}  // namespace storegate::core
