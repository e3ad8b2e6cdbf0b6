// Just Eat's JSON to webhooks: decimals in the order's currency, items in items, notes as an object or as a list of
// pairs. What two of its webhooks say differently of one order (masking codes apart) is read alike.
#include "codec/partners/just_eat.hpp"

#include <array>

#include "codec/decimal.hpp"
#include "codec/partners/reading.hpp"
#include "codec/partners/signature.hpp"
#include "codec/times.hpp"

namespace storegate::codec {

namespace {

using json::Kind;
using json::Place;

/// Reasons of `order-cancelled` that we have a name for (OpenAPI, order-cancelled.Reason).
constexpr std::array<ReasonWord, 5> cancel_words{
    {{"rest_cancelled_out_of_stock", core::Reason::item_unavailable},
     {"rest_cancelled_too_busy", core::Reason::too_busy},
     {"rest_cancelled_other", core::Reason::other},
     {"cust_cancelled_other", core::Reason::other},
     {"system_cancelled_other", core::Reason::other}}};

// ---- the order ----

std::vector<core::Modifier> read_parts(const Place& parts, const DecimalAmounts& amounts, std::size_t depth,
                                       ModifierCount& count) {
  std::vector<core::Modifier> modifiers;
  if (!parts.given()) return modifiers;
  parts.elements(0, modifiers_per_order_max, [&](const Place& part) {
    if (!count.enter(part, depth) || is_none(part.member("Quantity"))) return;
    core::Modifier& modifier = modifiers.emplace_back();
    modifier.id = id_or_name(part.member("Reference"), part.member("Name"));
    modifier.name = name_with_kind(part.member("Name"), part.member("Synonym"));
    modifier.quantity = quantity_of(part.member("Quantity"));
    modifier.unit_price = {amounts.if_given(part.member("UnitPrice"), -core::money_minor_max)};
    modifier.modifiers = read_parts(part.member("Items"), amounts, depth + 1, count);
  });
  return modifiers;
}

std::vector<core::Item> read_items(const Place& lines, const DecimalAmounts& amounts) {
  std::vector<core::Item> items;
  ModifierCount count;
  lines.elements(1, core::items_per_order_max, [&](const Place& line) {
    if (!line.must_be_object()) return;
    core::Item& item = items.emplace_back();
    item.id = id_or_name(line.member("Reference"), line.member("Name"));
    item.name = name_with_kind(line.member("Name"), line.member("Synonym"));
    item.quantity = required_quantity(line.member("Quantity"));
    item.unit_price = {amounts.required(line.member("UnitPrice"), -core::money_minor_max)};
    item.modifiers = read_parts(line.member("Items"), amounts, 1, count);
  });
  return items;
}

/// `{"noteForRestaurant":"…"}` by the schema, `[{"Key":"Floor","Value":"…"}]` by its own example. What is no text in a map
/// that is open to anything is no note.
std::string read_notes(const Place& notes) {
  std::string note;
  const auto add = [&](std::string_view label, const Place& text) {
    if (text.is(Kind::string)) add_note(note, text, label);
  };
  if (notes.is(Kind::object)) notes.members(add);
  each_of(notes, [&](const Place& pair) { add(pair.member("Key").text_or_empty(), pair.member("Value")); });
  return note;
}

core::Customer read_customer(const Place& root) {
  core::Customer customer;
  const Place person = root.member("Customer");
  customer.name = name_text(person.member("Name"));
  const Place fulfilment = root.member("Fulfilment");
  customer.phone = phone_of(fulfilment.member("PhoneNumber"), fulfilment.member("PhoneMaskingCode"));
  customer.note = read_notes(root.member("CustomerNotes"));
  return customer;
}

/// Prices may have the tax in them already, and nothing says so but the total that is too small for it.
void leave_out_tax_in_prices(StatedTotals& stated) {
  if (!stated.subtotal || !stated.total) return;
  if (*stated.subtotal + stated.tax + stated.tip - stated.discount > *stated.total) stated.tax = 0;
}

/// Fees have no place of their own; they are in the total that Just Eat states.
std::optional<core::Totals> read_totals(const Place& root, const DecimalAmounts& amounts,
                                        const std::vector<core::Item>& items) {
  const Place parts = root.member("PriceBreakdown");
  const Place total = root.member("TotalPrice");
  if (!parts.given() && !total.given()) return std::nullopt;
  StatedTotals stated;
  if (const Place subtotal = parts.member("Items"); subtotal.given())
    stated.subtotal = amounts.required(subtotal, 0);
  stated.tax = amounts.if_given(parts.member("Taxes"), 0);
  stated.tip = amounts.if_given(parts.member("Tips"), 0);
  stated.discount = size_of(amounts.if_given(parts.member("Discount"), -core::money_minor_max));
  if (total.given()) stated.total = amounts.required(total, 0);
  leave_out_tax_in_prices(stated);
  return totals_within_limits(root, stated, items);
}

/// What its paid lines cover: a credit that is offered and not used stands there as unpaid beside the card that paid it all.
/// Where lines or total say no amount, one that is not paid is still to be paid.
bool is_prepaid(const Place& payment, const DecimalAmounts& amounts,
                const std::optional<core::Totals>& totals) {
  std::int64_t paid = 0;
  bool has_unpaid = false;
  bool has_amounts = totals.has_value();
  each_of(payment.member("Lines"), [&](const Place& line) {
    const Place value = line.member("Value");
    has_amounts = has_amounts && value.given();
    if (flag_of(line.member("Paid"), true))
      paid += amounts.if_given(value, -core::money_minor_max);
    else
      has_unpaid = true;
  });
  return !has_unpaid || (has_amounts && paid >= totals->total.minor);
}

/// "0:23:32", as milliseconds.
std::optional<std::int64_t> span_of(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon > 2) return std::nullopt;
  const auto hours = decimal_from(text.substr(0, colon), 0);
  const auto within_hour = loose_time_from(std::string("1970-01-01T00:").append(text.substr(colon + 1)), 0);
  constexpr std::int64_t hour_ms = 3'600'000;
  if (!hours || !within_hour) return std::nullopt;
  return *hours * hour_ms + *within_hour;
}

/// When the food is to be ready. CustomerDueDate is that where the customer comes for it; where it is delivered, he waits at
/// the end of the ride, and it counts for an order for later alone, which would else be made now.
std::optional<std::int64_t> read_promise(const Place& root) {
  const Place fulfilment = root.member("Fulfilment");
  if (const auto prepare_for = time_in_any_form(fulfilment.member("PrepareFor"))) return prepare_for;
  const auto due = time_in_any_form(fulfilment.member("CustomerDueDate"));
  const bool collected = fulfilment.member("Method").text_or_empty() == "Collection";
  const bool is_due_then = collected || !flag_of(fulfilment.member("CustomerDueAsap"), true);
  if (due && is_due_then) return due;
  const auto placed = time_in_any_form(root.member("PlacedDate"));
  const auto preparation_ms = span_of(fulfilment.member("PreparationTime").text_or_empty());
  return placed && preparation_ms ? std::optional(*placed + *preparation_ms) : std::nullopt;
}

core::CanonicalOrder read_order(const Place& root, std::string_view partner) {
  core::CanonicalOrder order;
  order.partner = partner;
  order.partner_order_id = id_text(root.member("OrderId"), order_id_rule);
  order.placed_at_wall_ms = time_in_any_form(root.member("PlacedDate"));
  order.test = flag_of(root.member("IsTest"));
  const Place fulfilment = root.member("Fulfilment");
  const bool collected = fulfilment.member("Method").text_or_empty() == "Collection";
  order.fulfilment = collected ? core::FulfilmentType::pickup : core::FulfilmentType::delivery;
  order.promised_at_wall_ms = read_promise(root);
  order.customer = read_customer(root);
  order.currency = currency_if_given(root.member("Currency"));
  const DecimalAmounts amounts{minor_digits(order.currency)};
  order.items = read_items(root.member("Items"), amounts);
  order.totals = read_totals(root, amounts, order.items);
  drop_discount_lines(root.member("Items"), order.items);
  order.prepaid = is_prepaid(root.member("Payment"), amounts, order.totals);
  return order;
}

// ---- which webhook it is ----

bool has_order(const Place& root) {
  return root.member("Items").present() || root.member("Fulfilment").present();
}

/// send-to-pos-failed has an order's id and no word for what it is; it may come to have more. The drivers' webhooks without
/// an event are known by what they tell.
bool is_failure(const Place& root) {
  bool tells_else = root.member("Event").present() || has_order(root);
  root.members([&](std::string_view name, const Place&) {
    tells_else = tells_else || name == "IsEligible" || name == "Location" || name.starts_with("Driver") ||
                 name.starts_with("Eta") || name.starts_with("Estimated");
  });
  return !tells_else && root.member("OrderId").given();
}

bool is_cancel(const Place& root) {
  const std::string_view event = root.member("Event").text_or_empty();
  return event == "OrderCancelled" || (event == "OrderRejected" && root.member("OrderId").given());
}

WebhookKind kind_of_shape(const Place& root, std::optional<WebhookKind> fixed) {
  if (is_cancel(root)) return WebhookKind::cancel;
  if (root.member("Event").present() || !has_order(root)) return WebhookKind::release;
  return fixed == WebhookKind::release ? WebhookKind::release : WebhookKind::order;
}

std::vector<core::OrderRef> read_ref(const Place& root, std::string_view partner) {
  return {order_ref(partner, id_text(root.member("OrderId"), order_id_rule))};
}

CancelReceived read_cancel(const Place& root, std::string_view partner) {
  const std::string_view word = root.member("Reason").text_or_empty();
  CancelReceived cancel{read_ref(root, partner), reason_text(root.member("Reason"), cancel_words)};
  if (cancel.text.empty()) cancel.text = text_if_fit(root.member("RejectedReason"), note_rule);
  if (word.starts_with("cust_cancelled_") || word == "rest_cancelled_customer_requested")
    cancel.actor = core::Actor::customer;
  return cancel;
}

Webhook read_any(const Place& root, WebhookKind kind, const Delivery& delivery, std::string_view partner) {
  const Place restaurant = root.member("Restaurant");
  must_be_ours(restaurant.member("Id"), delivery.store);
  if (kind == WebhookKind::cancel) return read_cancel(root, partner);
  if (is_failure(root)) return PersonCalled{read_ref(root, partner), core::Notice::accepted, ""};
  if (root.member("Event").present() || !has_order(root)) return NothingReceived{};
  OrderReceived received{with_bytes(read_order(root, partner), delivery.body)};
  received.released = kind == WebhookKind::release;
  return received;
}

}  // namespace

bool JustEat::authenticate(const Delivery& delivery) const {
  return header_is_secret(delivery, "authorization");
}

Parsed<Webhook> JustEat::read(const Delivery& delivery, std::optional<WebhookKind> fixed) const {
  const std::string_view partner = partner_of(delivery);
  return read_webhook(
      delivery, fixed, [&](const Place& root) { return kind_of_shape(root, fixed); },
      [&](const Place& root, WebhookKind kind) { return read_any(root, kind, delivery, partner); });
}

std::string_view JustEat::rejection_code(core::Reason reason) const noexcept {
  switch (reason) {
    case core::Reason::item_unavailable: return "rest_cancelled_out_of_stock";
    case core::Reason::too_busy: return "rest_cancelled_too_busy";
    case core::Reason::store_closed: return "rest_cancelled_declined";
    case core::Reason::pos_offline: return "system_cancelled_other";
    default: return "rest_cancelled_other";  // they have no word for a price, an unknown item or a time
  }
}

}  // namespace storegate::codec
