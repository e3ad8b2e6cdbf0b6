// Gateway: deadlines, and what becomes of them when the wall clock is set or somebody begins to trust it.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "core/gateway.hpp"

namespace storegate::core {

// Of an instant that was and whose age nobody knows, the start of this process is taken: waiting ends late, but it
// ends. So it is for one that seems to lie in the future, since the clock ran ahead when it was noted.
Milliseconds Gateway::steady_or_load(const Stamp& stamp, const Now& now) const {
  if (stamp.boot == now.boot) return stamp.steady_ms;
  return std::min(steady_of(stamp, now, never_ms - now.steady_ms), loaded_ms_);
}

namespace {
constexpr Milliseconds clock_jump_ms = second_ms;
/// A store without power for longer is one whose clock is wrong: of its holds, at least.
constexpr Milliseconds away_ms_most = 24 * hour_ms;
/// No announced order is given up sooner after the start of the process: a router may take longer to boot than the store.
constexpr Milliseconds fetch_after_start_ms = 10 * minute_ms;
}  // namespace

// An order's hold counts from its arrival, that of an announced one from when it was here.
Milliseconds Gateway::hold_span_ms(const Order& order) {
  const Stamp& from = order.held.is_set() ? order.held : order.arrived;
  const Stamp& ends = order.release_due;
  return std::max<Milliseconds>(
      0, ends.boot == from.boot ? ends.steady_ms - from.steady_ms : ends.wall_ms - from.wall_ms);
}

// For how long it has been held for certain. Of a boot of which nothing else is known, since the start of this process.
Milliseconds Gateway::held_for_ms(const Entry& entry, const Now& now) const {
  const Stamp& held = entry.order.held;
  const Milliseconds from_ms =
      held.is_set() ? witnessed_.at(held).value_or(loaded_witnessed_ms_) : entry.witnessed_ms;
  return witnessed_ms(now) - from_ms;
}

void Gateway::judge_deadline(Entry& entry, const Now& now) const {
  const Order& order = entry.order;
  Milliseconds& due = entry.soft.due_ms;
  const PosPolicy& pos = policy_.pos;
  due = never_ms;
  switch (order.phase) {
    case Phase::fetching:
      // It is asked for once more after a restart, however late it is and whatever the clock showed when it came.
      due = std::max({steady_or_load(order.arrived, now) + fetch_within_ms(order.partner),
                      loaded_ms_ + std::min(fetch_after_start_ms, fetch_within_ms(order.partner)),
                      entry.fetch.spare_ms});
      break;
    case Phase::held:
      // Nobody knows the time after a reboot without a clock: the hold runs its whole span anew, late, not early.
      // Nor may it run longer than its whole span because the clock ran ahead when the order came.
      if (order.release_due.is_set()) {
        const Milliseconds span = hold_span_ms(order);
        // Nor is a clock believed that says it ended long ago: it jumped ahead (else nobody wants the order any more), and
        // would let every hold go at once.
        const bool long_ago = now.wall_ms - order.release_due.wall_ms > away_ms_most;
        due = now.steady_ms + span;
        if (!long_ago) due = std::min(due, steady_of(order.release_due, now, span));
        // What has passed for certain counts, or a store that is switched off each night would hold it for ever.
        due = std::min(due, now.steady_ms + std::max<Milliseconds>(0, span - held_for_ms(entry, now)));
        if (order.release_due.boot == now.boot) due = order.release_due.steady_ms;
      }
      break;
    case Phase::queued: due = steady_or_load(order.released, now) + pos.expire_ms; break;
    case Phase::sending:
      // At least one whole round of asking after a restart, however late it is.
      due = std::max(steady_or_load(order.released, now) + pos.expire_ms,
                     entry.soft.doubt_since_ms + pos.max_processing_ms + 2 * pos.ask_interval_ms + minute_ms);
      break;
    case Phase::voiding: due = steady_or_load(order.cancel_asked, now) + pos.expire_ms; break;
    case Phase::placed:
    case Phase::ready:
      due = completion_ms(entry, now);
      if (const auto& look = entry.soft.watch.last_look_ms) due = std::max(due, *look + last_look_ms_max);
      break;
    default: break;
  }
}

bool Gateway::clock_moved(const Now& now) const {
  return clock_offset_ms_ && (std::abs(now.wall_ms - now.steady_ms - *clock_offset_ms_) > clock_jump_ms ||
                              clock_trusted_ != now.wall_trusted);
}

void Gateway::rejudge_if_clock_moved(Turn& turn) {
  const Now& now = turn.now;
  const bool moved = clock_moved(now) || std::exchange(clock_moved_again_, false);
  if (moved || !clock_offset_ms_) {
    clock_offset_ms_ = now.wall_ms - now.steady_ms;
    clock_trusted_ = now.wall_trusted;
  }
  if (!moved) return;
  clock_moved_in_turn_ = true;
  judge_pause(now);
  book_.stock().rejudge(now);
  book_.for_each([&](Entry& entry) {
    restamp(entry, turn);
    reindex(entry, now);
  });
}

// What a clock noted that has been set since would be believed after a reboot: the deadlines of this boot are noted
// anew, by the clock as it is now.
void Gateway::restamp(Entry& entry, Turn& turn) {
  const Now& now = turn.now;
  if (!now.wall_trusted || is_end(entry.order.phase)) return;
  const auto right = [&](const Stamp& stamp) { return now.wall_ms - (now.steady_ms - stamp.steady_ms); };
  const auto is_wrong = [&](const Stamp& stamp) {
    return stamp.is_set() && stamp.boot == now.boot && std::abs(right(stamp) - stamp.wall_ms) > clock_jump_ms;
  };
  bool saved = false;
  for (Stamp Order::*member : {&Order::release_due, &Order::released, &Order::cancel_asked, &Order::placed}) {
    if (!is_wrong(entry.order.*member)) continue;
    if (!std::exchange(saved, true)) book_.save(entry);
    (entry.order.*member).wall_ms = right(entry.order.*member);
  }
  if (saved) changed_lazily(entry, turn);
}

}  // namespace storegate::core
