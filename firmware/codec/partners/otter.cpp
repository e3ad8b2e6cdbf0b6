// Otter's JSON to webhooks: an envelope with `metadata.payload`, amounts as decimals in the order's currency, modifiers
// that nest as lines do.
#include "codec/partners/otter.hpp"

#include <array>

#include "codec/decimal.hpp"
#include "codec/partners/reading.hpp"
#include "codec/partners/signature.hpp"
#include "codec/partners/thin.hpp"

namespace storegate::codec {

namespace {

using json::Place;

// ---- what it is about ----

bool is_over(std::string_view status) {
  return status == "CANCELED" || status == "CANCELLED" || status == "REJECTED";
}

/// The food is made or gone: such an order is told late, and nobody is to cook it.
bool is_made(std::string_view status) {
  return status == "PREPARED" || status == "PICKED_UP" || status == "FULFILLED";
}

/// The state of an injection that a person makes up for, or has; INJECTION_FAILING is tried again. "" for any other.
std::string_view by_hand(const Place& payload) {
  const std::string_view state = payload.member("injectionState").text_or_empty();
  const bool is_by_hand = state == "MANUAL_INJECTION_REQUIRED" || state == "MANUAL_INJECTION_SUCCEEDED" ||
                          state == "INJECTION_FAILED";
  return is_by_hand ? state : std::string_view{};
}

std::optional<WebhookKind> said_by(const Place& root) {
  const std::string_view event = root.member("eventType").text(word_rule);
  const Place metadata = root.member("metadata");
  const Place payload = metadata.member("payload");
  const std::string_view status = payload.member("status").text_or_empty();
  if (event == "orders.cancel_order") return WebhookKind::cancel;
  if (event == "orders.pos_injection_state_update" && !by_hand(payload).empty()) return WebhookKind::release;
  if (event != "orders.new_order" && event != "orders.update") return std::nullopt;
  if (is_over(status)) return WebhookKind::cancel;
  if (event == "orders.update" || is_made(status)) return std::nullopt;
  return WebhookKind::order;
}

// ---- the order ----

/// What the lines of one order share.
struct Reckoning {
  DecimalAmounts amounts;
  ModifierCount modifiers;
};

/// Of one: `price` is what it was sold for, `skuPrice` what it costs on the menu.
Place price_of(const Place& line) {
  const Place sold = line.member("price");
  return sold.given() ? sold : line.member("skuPrice");
}

std::vector<core::Modifier> read_modifiers(const Place& list, std::size_t depth, Reckoning& reckoning) {
  std::vector<core::Modifier> modifiers;
  if (!list.given()) return modifiers;
  list.elements(0, modifiers_per_order_max, [&](const Place& place) {
    if (!reckoning.modifiers.enter(place, depth) || is_none(place.member("quantity"))) return;
    core::Modifier& modifier = modifiers.emplace_back();
    modifier.id = first_id(place, {"id", "skuId", "name"});
    modifier.name = name_text(place.member("name"));
    modifier.quantity = quantity_of(place.member("quantity"));
    modifier.unit_price = {reckoning.amounts.if_given(price_of(place), -core::money_minor_max)};
    modifier.modifiers = read_modifiers(place.member("modifiers"), depth + 1, reckoning);
  });
  return modifiers;
}

void read_item(const Place& place, Reckoning& reckoning, std::vector<core::Item>& items) {
  if (!place.must_be_object()) return;
  core::Item& item = items.emplace_back();
  item.id = first_id(place, {"id", "skuId", "name"});
  item.name = name_text(place.member("name"));
  item.quantity = required_quantity(place.member("quantity"));
  item.unit_price = {reckoning.amounts.required(price_of(place), -core::money_minor_max)};
  item.note = text_if_given(place.member("note"), note_rule);
  item.modifiers = read_modifiers(place.member("modifiers"), 1, reckoning);
}

core::FulfilmentType fulfilment_of(std::string_view mode) {
  if (mode == "PICKUP" || mode == "DRIVE_THROUGH") return core::FulfilmentType::pickup;
  if (mode == "DINE_IN") return core::FulfilmentType::dine_in;
  return core::FulfilmentType::delivery;
}

/// Where the store delivers itself, it is the delivery that it must meet; elsewhere the pickup, as the provider set it
/// or, failing that, as the platform estimates it.
std::optional<std::int64_t> promised_at(const Place& fulfilment, std::string_view mode, bool is_for_later) {
  const auto time_at = is_for_later ? time_of_later : time_in_any_form;
  const Place delivery = fulfilment.member("deliveryTime");
  if (mode == "RESTAURANT_DELIVERY" && delivery.given()) return time_at(delivery);
  for (const std::string_view name : {"pickupTime", "estimatedPickupTime"}) {
    if (const Place pickup = fulfilment.member(name); pickup.given()) return time_at(pickup);
  }
  return time_at(delivery);
}

/// FIXED_TIME is for later, by the promised time; ASAP is what they assume of every order and says nothing.
void read_fulfilment(const Place& fulfilment, core::CanonicalOrder& canonical) {
  const std::string_view mode = fulfilment.member("fulfillmentMode").text_or_empty();
  canonical.fulfilment = fulfilment_of(mode);
  const bool is_for_later = fulfilment.member("schedulingType").text_or_empty() == "FIXED_TIME";
  canonical.promised_at_wall_ms = promised_at(fulfilment, mode, is_for_later);
  if (is_for_later && canonical.promised_at_wall_ms) canonical.release.mode = core::ReleaseMode::at_time;
}

core::Customer read_customer(const Place& order, const Place& fulfilment) {
  core::Customer customer;
  const Place person = order.member("customer");
  customer.name = name_text(person.member("name"));
  customer.phone = text_if_fit(person.member("phone"), phone_rule);
  add_note(customer.note, order.member("customerNote"));
  const Place table = fulfilment.member("tableIdentifier");
  if (const std::string name = name_text(table); !name.empty())
    add_note_line(customer.note, "Table " + name, table);
  return customer;
}

/// `subtotal` is the sum of items and modifiers; fees stand in the total alone. Without `orderTotal` there are none: the
/// gateway invents no money.
std::optional<core::Totals> read_totals(const Place& place, const std::vector<core::Item>& items,
                                        const DecimalAmounts& amounts) {
  if (!place.given() || !place.must_be_object()) return std::nullopt;
  StatedTotals stated;
  stated.subtotal = amounts.required(place.member("subtotal"), 0);
  stated.tax = amounts.if_given(place.member("tax"), 0);
  stated.tip = amounts.if_given(place.member("tip"), 0);
  stated.discount = size_of(amounts.if_given(place.member("discount"), -core::money_minor_max));
  if (const Place total = place.member("total"); total.given()) stated.total = amounts.required(total, 0);
  return totals_within_limits(place, stated, items);
}

/// Not while a payment is still to be collected.
bool is_prepaid(const Place& payments) {
  bool prepaid = true;
  each_of(payments, [&](const Place& payment) {
    if (payment.member("processingStatus").text_or_empty() == "COLLECTABLE") prepaid = false;
  });
  return prepaid;
}

std::string read_id(const Place& payload) {
  const Place identifiers = payload.member("externalIdentifiers");
  return std::string(identifiers.member("id").text(order_id_rule));
}

core::CanonicalOrder read_order(const Place& order, std::string_view partner) {
  core::CanonicalOrder canonical;
  if (!order.must_be_object()) return canonical;
  canonical.partner = partner;
  canonical.partner_order_id = read_id(order);
  canonical.currency = currency_if_given(order.member("currencyCode"));
  canonical.placed_at_wall_ms = time_in_any_form(order.member("orderedAt"));
  const Place fulfilment = order.member("fulfillmentInfo");
  read_fulfilment(fulfilment, canonical);
  canonical.customer = read_customer(order, fulfilment);
  Reckoning reckoning{.amounts = {minor_digits(canonical.currency)}, .modifiers = {}};
  order.member("items").elements(1, core::items_per_order_max,
                                 [&](const Place& item) { read_item(item, reckoning, canonical.items); });
  canonical.totals = read_totals(order.member("orderTotal"), canonical.items, reckoning.amounts);
  drop_discount_lines(order.member("items"), canonical.items);
  canonical.prepaid = is_prepaid(order.member("customerPayments"));
  return canonical;
}

// ---- the cancel ----

constexpr std::array<ReasonWord, 12> cancellation_reasons{
    {{"UNAVAILABLE_ITEM", core::Reason::item_unavailable},
     {"ALL_ITEMS_OUT_OF_STOCK", core::Reason::item_unavailable},
     {"ALL_ITEMS_EXPIRED", core::Reason::item_unavailable},
     {"ALL_ITEMS_DAMAGED", core::Reason::item_unavailable},
     {"KITCHEN_CLOSED", core::Reason::store_closed},
     {"RESTAURANT_TOO_BUSY", core::Reason::too_busy},
     {"LABOR_UNAVAILABLE", core::Reason::too_busy},
     {"UNACCEPTED_ORDER", core::Reason::timed_out},
     {"DUPLICATE_ORDER", core::Reason::invalid_order},
     {"CANNOT_COMPLETE_CUSTOMER_REQUEST", core::Reason::invalid_order},
     {"CUSTOMER_CALLED_TO_CANCEL", core::Reason::other},
     {"REASON_OTHER", core::Reason::other}}};

CancelReceived read_cancel(const Place& payload, std::string_view partner) {
  const Place reason = payload.member("cancellationReason");
  CancelReceived cancel{{order_ref(partner, read_id(payload))}, reason_text(reason, cancellation_reasons)};
  if (reason.text_or_empty() == "CUSTOMER_CALLED_TO_CANCEL") cancel.actor = core::Actor::customer;
  return cancel;
}

Webhook read_any(const Place& root, WebhookKind kind, const Delivery& delivery, std::string_view partner) {
  const Place metadata = root.member("metadata");
  const Place payload = metadata.member("payload");
  must_be_ours(metadata.member("storeId"), delivery.store);
  if (kind == WebhookKind::cancel) return read_cancel(payload, partner);
  if (kind == WebhookKind::release)
    return PersonCalled{
        {order_ref(partner, read_id(payload))}, core::Notice::accepted, std::string(by_hand(payload))};
  return OrderReceived{with_bytes(read_order(payload, partner), delivery.body)};
}

// ---- as it was asked for ----

/// That it is this store's is seen to by the request, which names the store: the answer does not.
void read_state(const Place& order, FetchedOrder& fetched) {
  fetched.decoded.order.partner_order_id = read_id(order);
  const std::string_view status = order.member("status").text(word_rule);
  fetched.cancelled = is_over(status);
  fetched.over = is_made(status);
}

}  // namespace

bool Otter::authenticate(const Delivery& delivery) const {
  return body_is_signed(delivery, "x-hmac-sha256", SignatureEncoding::base64);
}

Parsed<Webhook> Otter::read(const Delivery& delivery, std::optional<WebhookKind> fixed) const {
  const std::string_view partner = partner_of(delivery);
  return read_event(delivery, fixed, said_by, [&](const Place& root, WebhookKind kind) {
    return read_any(root, kind, delivery, partner);
  });
}

Parsed<FetchedOrder> Otter::read_fetched(std::string_view body, std::string_view partner) {
  return read_fetched_order(
      body, partner,
      [](const Place& root, FetchedOrder& fetched) { read_state(root.member("order"), fetched); },
      [&](const Place& root) { return read_order(root.member("order"), partner); });
}

std::string_view Otter::rejection_code(core::Reason reason) const noexcept {
  switch (reason) {
    case core::Reason::item_unavailable: return "UNAVAILABLE_ITEM";
    case core::Reason::item_unknown: return "ITEM_MAPPING_FAILED";
    case core::Reason::store_closed: return "KITCHEN_CLOSED";
    case core::Reason::pos_offline: return "INTEGRATION_ERROR";
    case core::Reason::too_busy: return "RESTAURANT_TOO_BUSY";
    case core::Reason::invalid_order: return "UNKNOWN_ORDER_ISSUE";
    case core::Reason::timed_out: return "ORDER_TOO_OLD";
    default: return "REASON_OTHER";  // a price mismatch too: they have no code for it
  }
}

std::string_view Otter::cancel_code(core::Reason reason) const noexcept {
  switch (reason) {
    case core::Reason::item_unavailable:
    case core::Reason::item_unknown: return "UNAVAILABLE_ITEM";
    case core::Reason::store_closed: return "KITCHEN_CLOSED";
    case core::Reason::pos_offline: return "RESTAURANT_INTERNAL_ISSUE";
    case core::Reason::too_busy: return "RESTAURANT_TOO_BUSY";
    case core::Reason::timed_out: return "UNACCEPTED_ORDER";
    default: return "REASON_OTHER";
  }
}

}  // namespace storegate::codec
