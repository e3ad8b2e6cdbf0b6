// One line of an 86 list as JSON, which the API and the cloud's command have in common.
#pragma once

#include <string_view>

#include "codec/reader.hpp"
#include "core/messages.hpp"

namespace storegate::codec {

/// The members `available` (required) and `until` (RFC 3339, null or absent) of the object at `place`.
[[nodiscard]] inline core::ItemAvailability read_item_availability(const json::Place& place,
                                                                   std::string_view item) {
  core::ItemAvailability availability;
  availability.item = item;
  availability.available = place.member("available").boolean();
  availability.until_wall_ms = place.member("until").time_if_given();
  return availability;
}

}  // namespace storegate::codec
