// An action is open if the table's outcome for it moves the order, or notes something that is not noted yet.
#include "core/person.hpp"

#include <array>

#include "core/moves.hpp"

namespace storegate::core {

namespace {

constexpr std::array<Happening, person_action_count> happenings{
    Happening::resolved_placed, Happening::resolved_not_placed, Happening::resolved_reprint,
    Happening::cancel, Happening::release};

bool changes_something(const Order& order, Outcome outcome) {
  if (outcome == Outcome::release_parked) return is_released_from_parked(order);
  const bool noted_only = outcome == Outcome::remember_cancel ||
                          (outcome == Outcome::cancel_parked && is_cancelled_by_answer(order));
  if (noted_only) return !order.cancel_wanted;
  return !targets_of(outcome).empty();
}

}  // namespace

std::string_view name_of(PersonAction action) noexcept {
  constexpr std::array<std::string_view, person_action_count> names{"placed", "not_placed", "reprint",
                                                                    "cancel", "release"};
  return names[static_cast<std::size_t>(action)];
}

bool is_released_from_parked(const Order& order) noexcept {
  return order.reason == Reason::release_overdue && !order.in_doubt;
}

bool is_cancelled_by_answer(const Order& order) noexcept {
  return order.in_doubt || order.reason == Reason::by_hand;
}

std::vector<PersonAction> actions_for(const Order& order) {
  std::vector<PersonAction> actions;
  for (std::size_t i = 0; i < person_action_count; ++i)
    if (changes_something(order, outcome_of(happenings[i], order.phase)))
      actions.push_back(static_cast<PersonAction>(i));
  return actions;
}

}  // namespace storegate::core
