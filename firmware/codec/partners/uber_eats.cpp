// Uber Eats' webhooks: an envelope that says what happened to which order, and never what is in it.
#include "codec/partners/uber_eats.hpp"

#include "codec/partners/signature.hpp"
#include "codec/partners/thin.hpp"
#include "codec/partners/uber_eats_api.hpp"

namespace storegate::codec {

namespace {

using json::Place;

/// A scheduled order is told twice: when it is placed (orders.scheduled.notification), and as any other order when it is
/// to be made. Only the second is acted upon.
std::optional<WebhookKind> said_by(const Place& root) {
  const std::string_view event = root.member("event_type").text(word_rule);
  if (event == "orders.notification") return WebhookKind::order;
  if (event == "orders.cancel" || event == "orders.failure" || event == "orders.failed")
    return WebhookKind::cancel;
  if (event == "orders.release") return WebhookKind::release;
  return std::nullopt;
}

Webhook read_any(const Place& root, WebhookKind kind, const Delivery& delivery, std::string_view partner) {
  const Place meta = root.member("meta");
  must_be_ours(meta.member("user_id"), delivery.store);
  const std::string id(meta.member("resource_id").text(order_id_rule));
  if (kind == WebhookKind::order) return announced(partner, id, root.member("resource_href"), true);
  if (kind == WebhookKind::release) return ReleaseReceived{{order_ref(partner, id)}};
  return CancelReceived{{order_ref(partner, id)}, ""};
}

}  // namespace

bool UberEats::authenticate(const Delivery& delivery) const {
  return body_is_signed(delivery, "x-uber-signature", SignatureEncoding::hex);
}

Parsed<Webhook> UberEats::read(const Delivery& delivery, std::optional<WebhookKind> fixed) const {
  const std::string_view partner = partner_of(delivery);
  return read_event(delivery, fixed, said_by, [&](const Place& root, WebhookKind kind) {
    return read_any(root, kind, delivery, partner);
  });
}

std::string_view UberEats::rejection_code(core::Reason reason) const noexcept {
  switch (reason) {
    case core::Reason::item_unavailable: return "ITEM_AVAILABILITY";
    case core::Reason::item_unknown: return "MISSING_ITEM";
    case core::Reason::store_closed: return "STORE_CLOSED";
    case core::Reason::pos_offline: return "POS_OFFLINE";
    case core::Reason::too_busy: return "CAPACITY";
    case core::Reason::price_mismatch: return "PRICING";
    case core::Reason::invalid_order: return "MISSING_INFO";
    default: return "OTHER";
  }
}

std::string_view UberEats::cancel_code(core::Reason reason) const noexcept {
  switch (reason) {
    case core::Reason::item_unavailable:
    case core::Reason::item_unknown: return "OUT_OF_ITEMS";
    case core::Reason::store_closed: return "KITCHEN_CLOSED";
    case core::Reason::too_busy: return "RESTAURANT_TOO_BUSY";
    default: return "OTHER";
  }
}

const PartnerApi* UberEats::api() const noexcept {
  static const UberEatsApi uber;
  return &uber;
}

}  // namespace storegate::codec
