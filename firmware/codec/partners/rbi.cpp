// RBI's webhooks: events with the address at which to read what has changed.
#include "codec/partners/rbi.hpp"

#include "codec/partners/rbi_api.hpp"
#include "codec/partners/signature.hpp"
#include "codec/partners/thin.hpp"

namespace storegate::codec {

namespace {

using json::Place;

std::optional<WebhookKind> said_by(const Place& root, std::optional<WebhookKind> fixed) {
  if (fixed == WebhookKind::release && root.member("id").given()) return WebhookKind::release;
  const std::string_view event = root.member("eventType").text(word_rule);
  return event.starts_with("ORDER_") ? std::optional(WebhookKind::order) : std::nullopt;
}

Webhook read_any(const Place& root, WebhookKind kind, std::string_view partner) {
  std::string id(root.member("id").text(order_id_rule));
  if (kind == WebhookKind::release) return ReleaseReceived{{order_ref(partner, id)}};
  return announced(partner, std::move(id), root.member("callbackUrl"), false);
}

}  // namespace

bool Rbi::authenticate(const Delivery& delivery) const {
  return body_is_signed(delivery, "x-signature", SignatureEncoding::hex);
}

Parsed<Webhook> Rbi::read(const Delivery& delivery, std::optional<WebhookKind> fixed) const {
  const std::string_view partner = partner_of(delivery);
  const auto said = [&](const Place& root) { return said_by(root, fixed); };
  return read_event(delivery, fixed, said,
                    [&](const Place& root, WebhookKind kind) { return read_any(root, kind, partner); });
}

std::string_view Rbi::rejection_code(core::Reason reason) const noexcept {
  switch (reason) {
    case core::Reason::item_unavailable:
    case core::Reason::item_unknown:
    case core::Reason::price_mismatch: return "MENU";
    case core::Reason::store_closed:
    case core::Reason::pos_offline:
    case core::Reason::too_busy: return "STORE";
    case core::Reason::timed_out: return "TIMEOUT";
    default: return "UNKNOWN";
  }
}

const PartnerApi* Rbi::api() const noexcept {
  static const RbiApi rbi;
  return &rbi;
}

}  // namespace storegate::codec
