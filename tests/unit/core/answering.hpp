// A store that answers its partners itself, for the tests of what they are told.
#pragma once

#include <string>

#include "print.hpp"
#include "script.hpp"

namespace storegate::core::testing {

inline constexpr Notices every_notice{Notice::accepted,      Notice::rejected,      Notice::begun,
                                      Notice::placed,        Notice::ready,         Notice::cancelled,
                                      Notice::cancel_agreed, Notice::cancel_refused};

inline Policy answering(Notices tells = every_notice) {
  Policy policy = default_policy();
  for (auto& [name, partner] : policy.partners) partner.tells = tells;
  return policy;
}

/// An order is here and its partner knows.
inline void accept(Script& store, const std::string& id, const std::string& partner = "counter") {
  store.arrive(id, partner);
  REQUIRE(store.notices.back().notice == Notice::accepted);
  store.partner(TellOutcome::told);
}

/// … and the POS has it.
inline void place(Script& store, const std::string& id, const std::string& ticket) {
  accept(store, id);
  store.pos(PosOutcome::took, ticket);
  REQUIRE(store.notices.back().notice == Notice::placed);
  store.partner(TellOutcome::told);
}

inline void cancel_by(Script& store, Actor actor, const std::string& id,
                      const std::string& partner = "counter") {
  CancelArrived input;
  input.caller = store.next_caller();
  input.actor = actor;
  input.orders.push_back({std::pair{partner, id}});
  store.give(std::move(input));
}

/// The partner is asked and does not answer: from now on one request at a time tries it.
inline void lose_partner(Script& store, const std::string& partner = "counter") {
  store.arrive("lost-" + partner, partner);
  REQUIRE(store.notices.back().notice == Notice::accepted);
  store.partner(TellOutcome::failed);
  REQUIRE(store.notices.empty());
}

/// Every request to a partner goes without an answer for so long.
inline void stay_away(Script& store, Milliseconds span_ms) {
  const Milliseconds end = store.now.steady_ms + span_ms;
  while (store.now.steady_ms < end) {
    while (!store.notices.empty()) store.partner(TellOutcome::failed);
    store.pass(std::min<Milliseconds>(second_ms, end - store.now.steady_ms));
  }
}

inline Notices owed(const Script& store, const std::string& id, const std::string& partner = "counter") {
  const Entry* entry = store.engine->gateway().book().find(store.row(id, partner).number);
  return entry == nullptr ? Notices{} : entry->order.owed;
}

inline bool is_in_book(const Script& store, const std::string& id, const std::string& partner = "counter") {
  return store.engine->gateway().book().find(store.row(id, partner).number) != nullptr;
}

/// The value of one of an event's details; "" = it has none of this name.
inline std::string detail(const EventRecord& event, const std::string& name) {
  for (const auto& [key, value] : event.details)
    if (key == name) return std::get<std::string>(value);
  return {};
}

/// The last event about something that could not be told.
inline const EventRecord& last_untold(const Script& store) {
  const auto found = std::find_if(store.events.rbegin(), store.events.rend(), [](const EventRecord& event) {
    return event.type == EventType::gateway_partner_untold;
  });
  REQUIRE(found != store.events.rend());
  return *found;
}

/// What the store could not tell: "notice why" of each event.
inline std::string untold(const Script& store) {
  std::string text;
  for (const EventRecord& event : store.events) {
    if (event.type != EventType::gateway_partner_untold) continue;
    text += (text.empty() ? "" : ", ") + detail(event, "notice") + " " + detail(event, "why");
  }
  return text;
}

}  // namespace storegate::core::testing
