// Gateway: the store's own state: open, or paused by a person for a while. A pause ends by itself, by a clock that is
// trusted or after its span.
#include <algorithm>
#include <string>
#include <utility>

#include "core/gateway.hpp"

namespace storegate::core {

void Gateway::store_set(const StoreSet& input, Turn& turn) {
  const Now& now = turn.now;
  if (input.paused && input.until_wall_ms && now.wall_trusted && *input.until_wall_ms <= now.wall_ms) {
    answer(input.caller, AnswerKind::conflict, nullptr, turn, "the end of the pause lies in the past");
    return;
  }
  StoreState wanted{input.paused, input.until_wall_ms, stamp_of(now)};
  if (!input.paused) wanted.until_wall_ms.reset();
  const StoreState& known = book_.store();
  if (wanted.paused != known.paused || wanted.until_wall_ms != known.until_wall_ms)
    change_store(std::move(wanted), input.actor, turn);
  answer(input.caller, AnswerKind::done, nullptr, turn);
}

void Gateway::change_store(StoreState state, Actor by, Turn& turn) {
  DetailValue until = nullptr;
  if (state.until_wall_ms) until = *state.until_wall_ms;
  emit_plain(EventType::store_status_changed,
             {{"status", std::string(state.paused ? "paused" : "open")},
              {"until_ms", until},
              {"by", std::string(name_of(by))}},
             turn);
  turn.changes.store = state;
  book_.put_store(std::move(state));
  judge_pause(turn.now);
}

// By the wall clock if it is trusted; and never longer than the span that was meant when the pause began, on the steady
// clock of this boot: a clock that is lost or thrown back does not keep a store closed for ever.
void Gateway::judge_pause(const Now& now) {
  const StoreState& store = book_.store();
  pause_ends_ms_ = never_ms;
  if (!store.paused || !store.until_wall_ms) return;
  const Stamp& began = store.since;
  if (began.wall_ms >= wall_floor_ms) {
    const Milliseconds span = std::max<Milliseconds>(0, *store.until_wall_ms - began.wall_ms);
    pause_ends_ms_ = (began.boot == now.boot ? began.steady_ms : loaded_ms_) + span;
  }
  if (now.wall_trusted)
    pause_ends_ms_ = std::min(pause_ends_ms_, now.steady_ms + (*store.until_wall_ms - now.wall_ms));
}

void Gateway::end_pause_if_due(Turn& turn) {
  if (turn.now.steady_ms >= pause_ends_ms_) change_store({false, {}, stamp_of(turn.now)}, Actor::clock, turn);
}

bool Gateway::open_by_hours(const Now& now, Milliseconds ahead_ms) const {
  return !policy_.hours || !now.wall_trusted ||
         is_within(*policy_.hours, local_time_(now.wall_ms + ahead_ms));
}

StoreNow Gateway::store_now(const Now& now) const {
  const StoreState& store = book_.store();
  return {store.paused, store.until_wall_ms, open_by_hours(now, 0)};
}

}  // namespace storegate::core
