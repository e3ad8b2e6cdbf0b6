// Open Delivery's webhooks: events that name an order and, where it is cancelled, why.
#include "codec/partners/open_delivery.hpp"

#include <array>

#include "codec/partners/open_delivery_api.hpp"
#include "codec/partners/open_delivery_event.hpp"
#include "codec/partners/signature.hpp"
#include "codec/partners/thin.hpp"

namespace storegate::codec {

namespace {

using json::Place;

constexpr std::string_view customer_asked = "CONSUMER_CANCELLATION_REQUESTED";

constexpr std::array<ReasonWord, 8> cancellation_codes{
    {{"UNAVAILABLE_ITEM", core::Reason::item_unavailable},
     {"OUTDATED_MENU", core::Reason::item_unknown},
     {"OUTSIDE_DELIVERY_HOURS", core::Reason::store_closed},
     {"INTERNAL_DIFFICULTIES_OF_THE_RESTAURANT", core::Reason::too_busy},
     {"SYSTEMIC_ISSUES", core::Reason::pos_offline},
     {"DUPLICATE_APPLICATION", core::Reason::invalid_order},
     {customer_asked, core::Reason::other},
     {"OTHER_CANCELLATION_REASON", core::Reason::other}}};

/// Their code as a reason of ours, else what they wrote beside it, else the code itself.
std::string reason_of(const Place& metadata) {
  const Place code = metadata.member("code");
  std::string reason = reason_name(code.text_or_empty(), cancellation_codes);
  if (reason.empty()) reason = text_if_fit(metadata.member("reason"), note_rule);
  return reason.empty() ? text_if_fit(code, note_rule) : reason;
}

}  // namespace

std::optional<WebhookKind> open_delivery_kind(std::string_view event_type) noexcept {
  if (event_type == "CREATED") return WebhookKind::order;
  // The standard's own text has the request in both spellings.
  if (event_type == "CANCELLED" || event_type == "ORDER_CANCELLATION_REQUEST" ||
      event_type == "ORDER_CANCELLATION_REQUESTED")
    return WebhookKind::cancel;
  // A cancel of ours that they will not have: no release, which is the family of answers it gets.
  if (event_type == "CANCELLATION_REQUEST_DENIED") return WebhookKind::release;
  return std::nullopt;
}

Webhook read_open_delivery_event(const Place& event, WebhookKind kind, std::string_view partner) {
  std::string id(event.member("orderId").text(order_id_rule));
  if (kind == WebhookKind::order) return announced(partner, std::move(id), event.member("orderURL"), true);
  const Place metadata = event.member("metadata");
  if (kind == WebhookKind::release)
    return PersonCalled{
        {order_ref(partner, id)}, core::Notice::cancelled, text_if_fit(metadata.member("code"), name_rule)};
  CancelReceived cancel{{order_ref(partner, id)}, reason_of(metadata)};
  if (metadata.member("code").text_or_empty() == customer_asked) cancel.actor = core::Actor::customer;
  return cancel;
}

bool OpenDelivery::authenticate(const Delivery& delivery) const {
  return body_is_signed(delivery, "x-app-signature", SignatureEncoding::hex);
}

Parsed<Webhook> OpenDelivery::read(const Delivery& delivery, std::optional<WebhookKind> fixed) const {
  const std::string_view partner = partner_of(delivery);
  const auto said_by = [](const Place& root) {
    return open_delivery_kind(root.member("eventType").text(word_rule));
  };
  return read_event(delivery, fixed, said_by, [&](const Place& root, WebhookKind kind) {
    return read_open_delivery_event(root, kind, partner);
  });
}

std::string_view OpenDelivery::rejection_code(core::Reason reason) const noexcept {
  switch (reason) {
    case core::Reason::item_unavailable: return "UNAVAILABLE_ITEM";
    case core::Reason::item_unknown:
    case core::Reason::price_mismatch: return "OUTDATED_MENU";
    case core::Reason::store_closed: return "OUTSIDE_DELIVERY_HOURS";
    case core::Reason::pos_offline:
    case core::Reason::invalid_order:
    case core::Reason::timed_out: return "SYSTEMIC_ISSUES";
    default: return "INTERNAL_DIFFICULTIES_OF_THE_RESTAURANT";
  }
}

const PartnerApi* OpenDelivery::api() const noexcept {
  static const OpenDeliveryApi open_delivery;
  return &open_delivery;
}

}  // namespace storegate::codec
