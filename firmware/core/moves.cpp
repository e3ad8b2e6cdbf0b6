// The table of moves, laid out to be read: a row for what happened, a column for each phase.
#include "core/moves.hpp"

#include <array>

namespace storegate::core {

namespace {

using enum Outcome;

using Row = std::array<Outcome, phase_count>;
constexpr Outcome never = impossible;  // short, so that the table keeps its shape

// clang-format off
constexpr std::array<Row, happening_count> moves{{
  //                          fetching          held             queued     sending            placed      ready       completed  parked           voiding      rejected   cancelled  expired
  /* arrived_again       */ Row{replay,           replay,          replay,    replay,            replay,     replay,     replay,    replay,          replay,      replay,    replay,    replay},
  /* release             */ Row{remember_release, release,         no_change, no_change,         no_change,  no_change,  refuse,    release_parked,  no_change,   refuse,    refuse,    refuse},
  /* cancel              */ Row{cancel,           cancel,          cancel,    remember_cancel,   start_void, start_void, refuse,    cancel_parked,   no_change,   no_change, no_change, no_change},
  /* release_due         */ Row{never,            follow_fallback, never,     never,             never,      never,      never,     never,           never,       never,     never,     never},
  /* turn_at_pos         */ Row{never,            never,           send,      settle_doubt,      never,      never,      never,     never,           send_void,   never,     never,     never},
  /* pos_took            */ Row{never,            never,           never,     place,             never,      never,      never,     never,           never,       never,     never,     never},
  /* pos_refused         */ Row{never,            never,           never,     cancel_by_pos,     never,      never,      never,     never,           never,       never,     never,     never},
  /* pos_cannot          */ Row{never,            never,           never,     park_refused,      never,      never,      never,     never,           never,       never,     never,     never},
  /* pos_not_now         */ Row{never,            never,           never,     try_later,         never,      never,      never,     never,           never,       never,     never,     never},
  /* pos_in_doubt        */ Row{never,            never,           never,     doubt,             never,      never,      never,     never,           never,       never,     never,     never},
  /* pos_had_voided      */ Row{never,            never,           never,     cancel_found_void, never,      never,      never,     never,           never,       never,     never,     never},
  /* pos_lacks           */ Row{never,            never,           never,     note_lacking,      never,      never,      never,     never,           never,       never,     never,     never},
  /* pos_silent          */ Row{never,            never,           never,     ask_later,         never,      never,      never,     never,           never,       never,     never,     never},
  /* pos_healthy         */ Row{never,            never,           never,     ask_now,           never,      never,      never,     never,           never,       never,     never,     never},
  /* waited_too_long     */ Row{give_up_fetch,    never,           expire,    park_doubt,        never,      never,      never,     never,           keep_placed, never,     never,     never},
  /* voided              */ Row{never,            never,           never,     never,             never,      never,      never,     never,           finish_void, never,     never,     never},
  /* void_refused        */ Row{never,            never,           never,     never,             never,      never,      never,     never,           keep_placed, never,     never,     never},
  /* void_silent         */ Row{never,            never,           never,     never,             never,      never,      never,     never,           void_later,  never,     never,     never},
  /* resolved_placed     */ Row{refuse,           refuse,          refuse,    refuse,            refuse,     refuse,     refuse,    resolve_placed,  refuse,      refuse,    refuse,    refuse},
  /* resolved_not_placed */ Row{refuse,           refuse,          refuse,    refuse,            refuse,     refuse,     refuse,    resolve_queued,  refuse,      refuse,    refuse,    refuse},
  /* resolved_reprint    */ Row{refuse,           refuse,          refuse,    refuse,            refuse,     refuse,     refuse,    resolve_reprint, refuse,      refuse,    refuse,    refuse},
  /* completion_due      */ Row{never,            never,           never,     never,             complete,   complete,   never,     never,           never,       never,     never,     never},
  /* test_at_pos         */ Row{never,            never,           place_test, never,            never,      never,      never,     never,           never,       never,     never,     never},
  /* pos_shows_open      */ Row{no_change,        no_change,       no_change, no_change,         no_change,         no_change,         no_change, no_change,       void_again,    no_change, no_change, no_change},
  /* pos_shows_ready     */ Row{no_change,        no_change,       no_change, no_change,         make_ready,        no_change,         no_change, no_change,       refuse_void,   no_change, no_change, no_change},
  /* pos_shows_completed */ Row{no_change,        no_change,       no_change, no_change,         complete_by_pos,   complete_by_pos,   no_change, no_change,       refuse_void,   no_change, no_change, no_change},
  /* pos_shows_voided    */ Row{no_change,        no_change,       no_change, no_change,         cancel_at_pos,     cancel_at_pos,     no_change, no_change,       finish_void,   no_change, no_change, no_change},
  /* fetched             */ Row{take_fetched,     never,           never,     never,             never,      never,      never,     never,           never,       never,     never,     never},
  /* fetch_missed        */ Row{give_up_fetch,    never,           never,     never,             never,      never,      never,     never,           never,       never,     never,     never},
  /* person_called       */ Row{no_change,        park_by_hand,    park_by_hand, remember_call,  no_change,  no_change,  no_change, park_called,     no_change,   no_change, no_change, no_change},
  /* event_lost          */ Row{park_unsure,      park_unsure,     park_unsure, park_unsure,     park_unsure, park_unsure, never,   park_unsure,     park_unsure, never,     never,     never},
}};
// clang-format on

constexpr std::array<std::string_view, happening_count> happening_names{
    "arrived_again",    "release",
    "cancel",           "release_due",
    "turn_at_pos",      "pos_took",
    "pos_refused",      "pos_cannot",
    "pos_not_now",      "pos_in_doubt",
    "pos_had_voided",   "pos_lacks",
    "pos_silent",       "pos_healthy",
    "waited_too_long",  "voided",
    "void_refused",     "void_silent",
    "resolved_placed",  "resolved_not_placed",
    "resolved_reprint", "completion_due",
    "test_at_pos",      "pos_shows_open",
    "pos_shows_ready",  "pos_shows_completed",
    "pos_shows_voided", "fetched",
    "fetch_missed",     "person_called",
    "event_lost"};

constexpr std::array outcome_names =
    std::to_array<std::string_view>({"impossible",     "replay",          "no_change",
                                     "refuse",         "release",         "remember_release",
                                     "release_parked", "cancel",          "remember_cancel",
                                     "cancel_parked",  "start_void",      "follow_fallback",
                                     "send",           "settle_doubt",    "send_void",
                                     "place",          "cancel_by_pos",   "park_refused",
                                     "try_later",      "doubt",           "cancel_found_void",
                                     "note_lacking",   "ask_later",       "ask_now",
                                     "expire",         "park_doubt",      "finish_void",
                                     "keep_placed",    "void_later",      "resolve_placed",
                                     "resolve_queued", "resolve_reprint", "complete",
                                     "place_test",     "make_ready",      "complete_by_pos",
                                     "cancel_at_pos",  "void_again",      "refuse_void",
                                     "take_fetched",   "give_up_fetch",   "park_by_hand",
                                     "remember_call",  "park_called",     "park_unsure"});
static_assert(outcome_names.size() == outcome_count);

constexpr Phases leads_to(Outcome outcome) {
  using enum Phase;
  switch (outcome) {
    case impossible:
    case replay:
    case no_change:
    case refuse:
    case remember_release: return {};
    case Outcome::release: return {queued};
    case release_parked: return {queued, parked};
    case Outcome::cancel: return {cancelled};
    case remember_cancel: return {sending};
    case cancel_parked: return {cancelled, parked};
    case start_void: return {voiding, placed, ready};
    case follow_fallback: return {queued, parked, cancelled};
    case send: return {sending};
    case settle_doubt: return {sending};
    case send_void: return {voiding};
    case place: return {placed, voiding, ready, completed, cancelled};
    case cancel_by_pos: return {cancelled, sending, parked};
    case park_refused: return {parked, cancelled, sending};
    case try_later: return {queued, sending, parked, cancelled};
    case doubt: return {sending, parked};
    case cancel_found_void: return {cancelled};
    case note_lacking: return {sending, queued, parked, cancelled};
    case ask_later: return {sending};
    case ask_now: return {sending};
    case expire: return {expired};
    case park_doubt: return {parked};
    case finish_void: return {cancelled};
    case keep_placed: return {placed, ready};
    case void_later: return {voiding};
    case resolve_placed: return {placed, voiding};
    case resolve_queued:
    case resolve_reprint: return {queued, cancelled};
    case complete: return {completed};
    case place_test: return {placed, completed};
    case make_ready: return {ready};
    case complete_by_pos: return {completed};
    case cancel_at_pos: return {cancelled};
    case void_again: return {voiding};
    case refuse_void: return {placed, ready, completed};
    case take_fetched: return {held, rejected, cancelled};
    case give_up_fetch: return {rejected};
    case remember_call: return {sending, parked};
    case park_by_hand:
    case park_called:
    case park_unsure: return {parked};
  }
  return {};
}

using Reach = std::array<Phases, phase_count>;
constexpr Phase phase_at(std::size_t index) { return static_cast<Phase>(index); }

/// From each phase, by one happening but a lost event.
constexpr Reach one_step = [] {
  Reach reach;
  for (std::size_t happening = 0; happening < happening_count; ++happening) {
    if (static_cast<Happening>(happening) == Happening::event_lost) continue;
    for (std::size_t from = 0; from < phase_count; ++from)
      for (std::size_t to = 0; to < phase_count; ++to)
        if (leads_to(moves[happening][from]).has(phase_at(to))) reach[from] += phase_at(to);
  }
  return reach;
}();

/// Whether a turn can go on from a phase that it has just brought an order to: not from one that waits for the POS.
constexpr bool is_passed_through(Phase phase) { return phase != Phase::sending && phase != Phase::voiding; }

/// Adds what can be reached in the same turn from what is there already.
constexpr Phases spread(Phases reached) {
  for (std::size_t pass = 0; pass < phase_count; ++pass)
    for (std::size_t through = 0; through < phase_count; ++through) {
      if (!reached.has(phase_at(through)) || !is_passed_through(phase_at(through))) continue;
      for (std::size_t to = 0; to < phase_count; ++to)
        if (one_step[through].has(phase_at(to))) reached += phase_at(to);
    }
  return reached;
}

constexpr Reach one_commit = [] {
  Reach reach;
  for (std::size_t from = 0; from < phase_count; ++from) {
    reach[from] = spread(one_step[from]);
    reach[from] += phase_at(from);
  }
  return reach;
}();
constexpr Phases arrival_commit = spread(arrival_phases);

}  // namespace

Outcome outcome_of(Happening happening, Phase phase) noexcept {
  return moves[static_cast<std::size_t>(happening)][static_cast<std::size_t>(phase)];
}

Phases targets_of(Outcome outcome) noexcept { return leads_to(outcome); }

bool may_lead(Phase from, Phase to) noexcept { return one_step[static_cast<std::size_t>(from)].has(to); }

bool may_follow_in_one_commit(Phase from, Phase to) noexcept {
  return one_commit[static_cast<std::size_t>(from)].has(to);
}

bool may_arrive_in_one_commit(Phase phase) noexcept { return arrival_commit.has(phase); }

std::string_view name_of(Happening happening) noexcept {
  return happening_names[static_cast<std::size_t>(happening)];
}
std::string_view name_of(Outcome outcome) noexcept {
  return outcome_names[static_cast<std::size_t>(outcome)];
}

}  // namespace storegate::core
