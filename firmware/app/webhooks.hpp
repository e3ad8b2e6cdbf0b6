// Webhooks: finds a partner's codec and secrets by the partner's name, for the HTTP door, for webhooks that the cloud
// passes on, and for events of its orders. It must not know how the bytes came.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "app/config.hpp"
#include "codec/partners/partner.hpp"
#include "core/messages.hpp"
#include "core/time.hpp"

namespace storegate::app {

/// A partner that has a webhook: it is configured, and a codec of its name exists.
struct WebhookPartner {
  const codec::PartnerCodec* codec = nullptr;
  const PartnerConfig* config = nullptr;
  const platform::LocalZone* zone = nullptr;  // the store's; nullptr = UTC
};

[[nodiscard]] std::optional<WebhookPartner> webhook_partner(const Config& config,
                                                            std::string_view name) noexcept;

/// Whose codec a partner has: as configured, or by its name if it is no longer configured. nullptr: it has none.
[[nodiscard]] const codec::PartnerCodec* codec_of(const Config& config, std::string_view partner) noexcept;

/// The event as it goes out, with its partner's own word for a reason.
[[nodiscard]] std::string encode_event(const Config& config, const core::OutgoingEvent& event);

/// A webhook of that partner with all that it is checked by. Views into its arguments; `now` tells the age of a signature,
/// while a time service keeps the clock.
[[nodiscard]] codec::Delivery delivery_of(const WebhookPartner& partner, codec::Headers headers,
                                          std::string_view body, const core::Now& now);

/// A token that the store signs itself for a partner's API (codec::ApiSignIn::signed_token); "" = its secret is none.
[[nodiscard]] std::string signed_token(const PartnerApiConfig& api, std::int64_t now_wall_ms);

}  // namespace storegate::app
