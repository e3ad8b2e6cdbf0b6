// The seam between configuration, the partners' codecs and the platform's digests.
#include "app/webhooks.hpp"

#include <algorithm>
#include <cstdint>
#include <span>

#include "platform/digest.hpp"

namespace storegate::app {

namespace {
std::array<std::uint8_t, 32> sign(std::string_view secret, std::string_view bytes) {
  const std::span key(reinterpret_cast<const std::uint8_t*>(secret.data()), secret.size());
  return platform::KeyedDigest(key).full(bytes);
}

const codec::SignatureFunction signature = sign;
}  // namespace

std::optional<WebhookPartner> webhook_partner(const Config& config, std::string_view name) noexcept {
  const auto* codec = codec::partner_codec(name);
  const auto found = std::find_if(config.partners.begin(), config.partners.end(),
                                  [&](const PartnerConfig& partner) { return partner.name == name; });
  if (codec == nullptr || found == config.partners.end()) return {};
  return WebhookPartner{codec, &*found};
}

bool is_authentic(const WebhookPartner& partner, codec::Headers headers, std::string_view body) {
  return partner.codec->authenticate({headers, body, partner.config->secrets, &signature});
}

codec::Parsed<codec::Webhook> open_webhook(const WebhookPartner& partner, codec::Headers headers,
                                           std::string_view body, std::optional<codec::WebhookKind> fixed) {
  return codec::open_webhook(*partner.codec, {headers, body, partner.config->secrets, &signature}, fixed);
}

}  // namespace storegate::app
