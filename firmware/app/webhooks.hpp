// Webhooks: finds a partner's codec and secrets by the partner's name, for the HTTP door and for webhooks that the
// cloud passes on. It must not know how the bytes came.
#pragma once

#include <optional>
#include <string_view>

#include "app/config.hpp"
#include "codec/partners/partner.hpp"

namespace storegate::app {

/// A partner that has a webhook: it is configured, and a codec of its name exists.
struct WebhookPartner {
  const codec::PartnerCodec* codec = nullptr;
  const PartnerConfig* config = nullptr;
};

[[nodiscard]] std::optional<WebhookPartner> webhook_partner(const Config& config,
                                                            std::string_view name) noexcept;

/// Whether the partner sent it, judged over the raw bytes; nothing is read.
[[nodiscard]] bool is_authentic(const WebhookPartner& partner, codec::Headers headers, std::string_view body);

/// Authenticates over the raw bytes, then reads.
[[nodiscard]] codec::Parsed<codec::Webhook> open_webhook(
    const WebhookPartner& partner, codec::Headers headers, std::string_view body,
    std::optional<codec::WebhookKind> fixed = std::nullopt);

}  // namespace storegate::app
