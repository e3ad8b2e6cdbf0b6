// The seam between configuration, the partners' codecs and the platform's digests.
#include "app/webhooks.hpp"

#include <algorithm>
#include <cstdint>
#include <span>

#include "codec/events.hpp"
#include "codec/partners/doordash_token.hpp"
#include "platform/clock.hpp"
#include "platform/digest.hpp"

namespace storegate::app {

namespace {
std::array<std::uint8_t, 32> sign(std::string_view secret, std::string_view bytes) {
  const std::span key(reinterpret_cast<const std::uint8_t*>(secret.data()), secret.size());
  return platform::KeyedDigest(key).full(bytes);
}

const codec::SignatureFunction signature = sign;

const PartnerConfig* configured(const Config& config, std::string_view name) noexcept {
  const auto found = std::find_if(config.partners.begin(), config.partners.end(),
                                  [&](const PartnerConfig& partner) { return partner.name == name; });
  return found == config.partners.end() ? nullptr : &*found;
}
}  // namespace

std::optional<WebhookPartner> webhook_partner(const Config& config, std::string_view name) noexcept {
  const PartnerConfig* found = configured(config, name);
  if (found == nullptr || found->codec == nullptr) return {};
  return WebhookPartner{found->codec, found, &config.store.zone};
}

const codec::PartnerCodec* codec_of(const Config& config, std::string_view partner) noexcept {
  const PartnerConfig* found = configured(config, partner);
  return found == nullptr ? codec::partner_codec(partner) : found->codec;
}

std::string encode_event(const Config& config, const core::OutgoingEvent& event) {
  return codec::encode_event(config.store.id, event, codec_of(config, event.partner));
}

codec::Delivery delivery_of(const WebhookPartner& partner, codec::Headers headers, std::string_view body,
                            const core::Now& now) {
  codec::Delivery delivery{headers, body, partner.config->secrets, &signature};
  delivery.partner = partner.config->name;
  delivery.store = partner.config->store_id;
  delivery.webhook_url = partner.config->webhook_url;
  // Of now, and so an hour off for a time beyond the next change of clocks: few partners name no zone.
  if (partner.zone != nullptr)
    delivery.local_offset_minutes = static_cast<int>(partner.zone->offset_s(now.wall_ms / 1000) / 60);
  if (!partner.config->scheme) return delivery;
  delivery.scheme = &*partner.config->scheme;
  // A device without a clock of its own boots hours behind: by that clock every signature would be of the future. Until a
  // time service keeps it, a repeat is known by its order's id alone, which needs no clock.
  if (now.wall_trusted && platform::Clock::is_kept()) delivery.now_wall_ms = now.wall_ms;
  return delivery;
}

std::string signed_token(const PartnerApiConfig& api, std::int64_t now_wall_ms) {
  const codec::DoorDashKey key{api.developer_id, api.key_id, api.secret};
  return codec::doordash_token(key, now_wall_ms / 1000, signature).value_or(std::string());
}

}  // namespace storegate::app
