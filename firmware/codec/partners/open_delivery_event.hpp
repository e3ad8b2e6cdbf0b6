// Open Delivery's events, which come by webhook and by polling in the same shape.
#pragma once

#include <optional>
#include <string_view>

#include "codec/partners/partner.hpp"
#include "codec/reader.hpp"

namespace storegate::codec {

/// What kind of webhook an event is; nothing = it asks for nothing.
[[nodiscard]] std::optional<WebhookKind> open_delivery_kind(std::string_view event_type) noexcept;

/// What an event of that kind says; its `orderId` must be one.
[[nodiscard]] Webhook read_open_delivery_event(const json::Place& event, WebhookKind kind,
                                               std::string_view partner);

}  // namespace storegate::codec
