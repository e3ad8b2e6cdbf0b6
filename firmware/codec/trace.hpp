// W3C trace context: whether a traceparent can be used, and the one that an event of ours carries.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/messages.hpp"

namespace storegate::codec {

/// Whether the header is a traceparent to be carried on: lower-case hex, ids not all zero, version 00, or a higher
/// one (not ff) that begins like it.
[[nodiscard]] bool is_traceparent(std::string_view text) noexcept;

/// Appends the event's traceparent. The trace id is that of the request that brought the order, else the order's own
/// id; for an event without an order it is drawn from store and position. The span id is drawn from the position.
/// The same event always has the same one, so that a replay is not a second trace.
void append_traceparent(std::string& out, std::string_view store, const core::OutgoingEvent& event);

}  // namespace storegate::codec
