// The table of moves: for every pair of what happened and the phase it met, one named outcome, and for every outcome
// the phases it may lead to. What an outcome does is in gateway_*.cpp; that no pair was forgotten is seen here. The
// README's table and diagram are made of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "core/order.hpp"

namespace storegate::core {

/// What can happen to an order.
enum class Happening : std::uint8_t {
  arrived_again,        // the partner sent it once more
  release,              // by event, by a person
  cancel,               // by anyone
  release_due,          // its time or its fallback time has come
  turn_at_pos,          // the POS line has a place for it
  pos_took,             // place: taken; or ask: found
  pos_refused,          // place: 409
  pos_cannot,           // place: 400, 413, 422
  pos_not_now,          // place: certainly not taken this time
  pos_in_doubt,         // place: nobody knows
  pos_had_voided,       // ask: it was there and is voided
  pos_lacks,            // ask: certainly not there
  pos_silent,           // ask or health: no clear answer
  pos_healthy,          // health: fine, so ask once more
  waited_too_long,      // expire_minutes are over
  voided,               // cancel at the POS: done
  void_refused,         // cancel at the POS: too late
  void_silent,          // cancel at the POS: no clear answer
  resolved_placed,      // a person: the ticket is in the kitchen
  resolved_not_placed,  // a person: it is not
  resolved_reprint,     // a person: print another
  completion_due,       // complete_after_minutes are over
  test_at_pos,          // a test order that is not to be cooked would go to the POS now
  pos_shows_open,       // asked or by itself: the ticket is open or being prepared
  pos_shows_ready,
  pos_shows_completed,
  pos_shows_voided,
  fetched,       // an announced order is here: fetched, or sent whole
  fetch_missed,  // its partner's API was asked several times and does not have it, or nothing that can be read
  person_called,  // its partner has asked a person to key it in
  event_lost,     // after rot its last event is gone: it may be further than its row says
};
inline constexpr std::size_t happening_count = 31;

/// What is done about it.
enum class Outcome : std::uint8_t {
  impossible,        // our bug: the process stops
  replay,            // give the first answer again
  no_change,         // it is so already
  refuse,            // 409: the phase does not allow it
  release,           // held -> queued
  remember_release,  // kept until the order's body is there
  release_parked,    // parked for want of a release -> queued; parked otherwise: no change
  cancel,            // -> cancelled, nothing was sent
  remember_cancel,   // done when the POS's answer is known
  cancel_parked,     // never sent -> cancelled; in doubt or keyed in: remembered for the person's answer
  start_void,        // placed -> voiding
  follow_fallback,   // release, park or cancel, as the policy says
  send,              // queued -> sending
  settle_doubt,      // the next step of placing once: same key again, health, or ask
  send_void,
  place,              // -> placed; with a remembered cancel, on to voiding
  cancel_by_pos,      // the POS refused it for good -> cancelled
  park_refused,       // the POS cannot read it -> parked
  try_later,          // back to queued, or on in doubt if an earlier try is
  doubt,              // decide how the doubt will be settled
  cancel_found_void,  // -> cancelled
  note_lacking,       // first "not found": wait, check health, ask again; second: queued
  ask_later,
  ask_now,
  expire,       // -> expired
  park_doubt,   // -> parked
  finish_void,  // -> cancelled
  keep_placed,  // -> placed, the cancel is refused
  void_later,
  resolve_placed,   // parked -> placed
  resolve_queued,   // parked -> queued, same key
  resolve_reprint,  // parked -> queued, a key of its own
  complete,         // -> completed
  place_test,       // queued -> placed -> completed, without the POS
  make_ready,       // placed -> ready
  complete_by_pos,  // -> completed
  cancel_at_pos,    // the POS voided it by itself -> cancelled
  void_again,       // the ticket stands: the cancel at the POS is asked anew
  refuse_void,      // the food is there: the cancel is refused, then what the POS showed
  take_fetched,     // fetching -> judged as an order that arrives
  give_up_fetch,    // fetching -> rejected
  park_by_hand,     // never sent -> parked: a person keys it in
  remember_call,    // the POS may take it: what it certainly does not have is parked and not sent again
  park_called,  // parked for want of a release -> parked: a person keys it in; parked otherwise: no change
  park_unsure,  // -> parked, in doubt; what can be shown of its past begins here
};
inline constexpr std::size_t outcome_count = 45;

/// A set of phases.
class Phases {
 public:
  constexpr Phases() = default;
  constexpr Phases(std::initializer_list<Phase> phases) {
    for (const Phase phase : phases) *this += phase;
  }
  constexpr Phases& operator+=(Phase phase) {
    bits_ |= 1U << static_cast<unsigned>(phase);
    return *this;
  }
  [[nodiscard]] constexpr bool has(Phase phase) const {
    return (bits_ >> static_cast<unsigned>(phase) & 1U) != 0;
  }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  friend constexpr bool operator==(Phases, Phases) = default;

 private:
  std::uint32_t bits_ = 0;
};

[[nodiscard]] Outcome outcome_of(Happening happening, Phase phase) noexcept;
/// Where an order may be when that was done about it; with the phase it was in, if it may stay there. Empty: it stays.
[[nodiscard]] Phases targets_of(Outcome outcome) noexcept;
/// Where an order may be when it has just arrived, before anything else happens to it.
inline constexpr Phases arrival_phases{Phase::fetching, Phase::held, Phase::rejected, Phase::cancelled};
/// Whether any one happening may bring an order from one phase to the other; a lost event (event_lost) aside, which
/// only rot can do.
[[nodiscard]] bool may_lead(Phase from, Phase to) noexcept;
/// Whether one commit may: by one happening or by several of the same turn. What waits for the POS's answer, which
/// cannot come before the commit is back, is not passed through.
[[nodiscard]] bool may_follow_in_one_commit(Phase from, Phase to) noexcept;
/// The same for an order that is new in the commit.
[[nodiscard]] bool may_arrive_in_one_commit(Phase phase) noexcept;
[[nodiscard]] std::string_view name_of(Happening happening) noexcept;
[[nodiscard]] std::string_view name_of(Outcome outcome) noexcept;

}  // namespace storegate::core
