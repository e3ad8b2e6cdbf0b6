// What a person in the store can do about an order now. Read off the table of moves, so that no list shown to a person
// is typed anywhere else.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/order.hpp"

namespace storegate::core {

enum class PersonAction : std::uint8_t {
  placed = 0,      // resolve: the ticket is in the kitchen
  not_placed = 1,  // resolve: it is not
  reprint = 2,     // resolve: print another
  cancel = 3,
  release = 4,
};
inline constexpr std::size_t person_action_count = 5;

[[nodiscard]] std::string_view name_of(PersonAction action) noexcept;

/// In the order of PersonAction: what would change something, not what is merely no error.
[[nodiscard]] std::vector<PersonAction> actions_for(const Order& order);

/// A parked order goes on by a release only if it was parked for want of one, and was never sent.
[[nodiscard]] bool is_released_from_parked(const Order& order) noexcept;

/// A parked order that is cooked perhaps, as the POS's ticket or keyed in by a person: whether it can be called cancelled is
/// known with the person's answer.
[[nodiscard]] bool is_cancelled_by_answer(const Order& order) noexcept;

}  // namespace storegate::core
