// Webhooks: finds a partner's codec and secrets by the partner's name, for the HTTP door and for webhooks that the
// cloud passes on. It must not know how the bytes came.
#pragma once

#include <optional>
#include <string_view>

#include "app/config.hpp"
#include "codec/partners/partner.hpp"
#include "core/time.hpp"

namespace storegate::app {

/// A partner that has a webhook: it is configured, and a codec of its name exists.
struct WebhookPartner {
  const codec::PartnerCodec* codec = nullptr;
  const PartnerConfig* config = nullptr;
};

[[nodiscard]] std::optional<WebhookPartner> webhook_partner(const Config& config,
                                                            std::string_view name) noexcept;

/// A webhook of that partner with all that it is checked by. Views into its arguments; `now` tells the age of a signature,
/// while a time service keeps the clock.
[[nodiscard]] codec::Delivery delivery_of(const WebhookPartner& partner, codec::Headers headers,
                                          std::string_view body, const core::Now& now);

}  // namespace storegate::app
