// Numbers first: they are the hash. Lines only when somebody reads.
#include "sim/gateway/turn_trace.hpp"

#include <string>
#include <variant>

#include "core/order.hpp"

namespace storegate::sim {

namespace {

std::string text_of_answer(const core::PosAnswered& answer) {
  constexpr std::string_view outcomes[] = {
      "took",  "refused",      "cannot",    "not_taken", "not_now",    "not_delivered", "in_doubt",
      "found", "found_voided", "not_found", "healthy",   "unanswered", "voided",        "too_late"};
  return "row " + std::to_string(core::value_of(answer.order)) + " " +
         std::string(outcomes[static_cast<std::size_t>(answer.outcome)]) + " " + answer.pos_reference;
}

}  // namespace

void note_input(Trace& trace, const core::Input& input, std::int64_t now_ms) {
  trace.note(Noted::input, input.index());
  if (const auto* order = std::get_if<core::OrderArrived>(&input)) {
    trace.note_text(Noted::input, order->order.partner_order_id);
    if (trace.telling())
      trace.tell(now_ms, "in", "order " + order->order.partner + "/" + order->order.partner_order_id);
  } else if (const auto* pos = std::get_if<core::PosAnswered>(&input)) {
    trace.note(Noted::input, core::value_of(pos->order), pos->outcome, pos->attempt);
    if (trace.telling()) trace.tell(now_ms, "in", "POS " + text_of_answer(*pos));
  } else if (const auto* release = std::get_if<core::ReleaseArrived>(&input)) {
    trace.note(Noted::input, release->orders.size());
    if (trace.telling()) trace.tell(now_ms, "in", "release of " + std::to_string(release->orders.size()));
  } else if (const auto* cancel = std::get_if<core::CancelArrived>(&input)) {
    trace.note(Noted::input, cancel->orders.size());
    if (trace.telling()) trace.tell(now_ms, "in", "cancel of " + std::to_string(cancel->orders.size()));
  } else if (trace.telling()) {
    constexpr std::string_view names[] = {"order",     "release",      "cancel",  "resolve",
                                          "POS",       "availability", "refused", "acknowledgement",
                                          "uplink up", "started"};
    trace.tell(now_ms, "in", names[input.index()]);
  }
}

void note_changes(Trace& trace, const core::Changes& changes, std::int64_t now_ms) {
  trace.note(Noted::turn, changes.orders.size(), changes.bodies.size(), changes.events.size(),
             changes.early.size(), changes.early_spent.size(), changes.key_aliases.size(),
             changes.availability.size(), changes.dead_letters.size(), changes.outbox.has_value(),
             changes.bodies_wanted.size());
  for (const core::Order& order : changes.orders) {
    trace.note(Noted::row, core::value_of(order.number), order.phase, order.reason, order.reprints,
               order.cancel_wanted, order.in_doubt, order.updated_wall_ms, order.released.steady_ms,
               order.intent.steady_ms, order.placed.steady_ms, order.last_event.sequence);
    if (trace.telling())
      trace.tell(now_ms, "row",
                 std::to_string(core::value_of(order.number)) + " " + order.partner + "/" +
                     order.partner_order_id + " " + std::string(core::name_of(order.phase)) +
                     (order.cancel_wanted ? " cancel wanted" : "") + " " +
                     std::string(core::name_of(order.reason)));
  }
  for (const core::EventRecord& event : changes.events)
    trace.note(Noted::event, event.position.sequence, event.type, event.phase, event.reason,
               core::value_of(event.order));
  if (trace.telling())
    for (const core::EarlyMark& mark : changes.early)
      trace.tell(now_ms, "row",
                 std::string(mark.kind == core::EarlyKind::cancel ? "tombstone " : "early release ") +
                     mark.partner + "/" + mark.partner_order_id);
}

void note_effect(Trace& trace, const core::Effect& effect, std::int64_t now_ms) {
  trace.note(Noted::effect, effect.index());
  if (const auto* answer = std::get_if<core::Answer>(&effect)) {
    trace.note(Noted::effect, static_cast<std::uint64_t>(answer->caller), answer->kind);
  } else if (const auto* place = std::get_if<core::PlaceOrder>(&effect)) {
    trace.note(Noted::effect, core::value_of(place->order), place->attempt);
    trace.note_text(Noted::effect, place->body);
    if (trace.telling()) trace.tell(now_ms, "out", "place " + place->key);
  } else if (const auto* ask = std::get_if<core::AskPos>(&effect)) {
    trace.note(Noted::effect, core::value_of(ask->order), ask->attempt);
    if (trace.telling()) trace.tell(now_ms, "out", "ask " + ask->key);
  } else if (const auto* voiding = std::get_if<core::VoidOrder>(&effect)) {
    trace.note(Noted::effect, core::value_of(voiding->order), voiding->attempt);
    if (trace.telling()) trace.tell(now_ms, "out", "void " + voiding->pos_reference);
  }
}

}  // namespace storegate::sim
