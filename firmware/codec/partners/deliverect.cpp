// Deliverect's JSON to webhooks: amounts in minor units per piece, sub-items in sub-items, counted for each piece of what
// they belong to.
#include "codec/partners/deliverect.hpp"

#include <algorithm>
#include <array>

#include "codec/decimal.hpp"
#include "codec/partners/reading.hpp"
#include "codec/partners/signature.hpp"
#include "codec/text.hpp"

namespace storegate::codec {

namespace {

using json::Kind;
using json::Place;

// https://developers.deliverect.com/page/order-status
constexpr std::array<std::int64_t, 4> new_statuses{1, 2, 10, 20};  // parsed, received, new, accepted
constexpr std::int64_t status_cancel = 100;
constexpr std::int64_t status_cancelled = 110;

/// Their validation errors and the sentence of their own example, where one comes as a cancel's reason.
constexpr std::array<ReasonWord, 5> cancel_words{{{"product_snoozed", core::Reason::item_unavailable},
                                                  {"quantity_unavailable", core::Reason::item_unavailable},
                                                  {"Item out of stock", core::Reason::item_unavailable},
                                                  {"product_not_found", core::Reason::item_unknown},
                                                  {"price_mismatch", core::Reason::price_mismatch}}};

// ---- the order ----

/// A modifier has no note of its own: what is remarked of it, also where there is none of it, goes to the item's, under its
/// name.
std::vector<core::Modifier> read_sub_items(const Place& sub_items, std::size_t depth, ModifierCount& count,
                                           std::string& note) {
  std::vector<core::Modifier> modifiers;
  if (!sub_items.given()) return modifiers;
  sub_items.elements(0, modifiers_per_order_max, [&](const Place& sub_item) {
    if (!count.enter(sub_item, depth)) return;
    add_note(note, sub_item.member("remark"), name_text(sub_item.member("name")));
    if (is_none(sub_item.member("quantity"))) return;
    core::Modifier& modifier = modifiers.emplace_back();
    modifier.id = id_or_name(sub_item.member("plu"), sub_item.member("name"));
    modifier.name = name_text(sub_item.member("name"));
    modifier.quantity = quantity_of(sub_item.member("quantity"));
    modifier.unit_price = {minor_if_given(sub_item.member("price"), -core::money_minor_max)};
    modifier.modifiers = read_sub_items(sub_item.member("subItems"), depth + 1, count, note);
  });
  return modifiers;
}

std::vector<core::Item> read_items(const Place& lines) {
  std::vector<core::Item> items;
  ModifierCount count;
  lines.elements(1, core::items_per_order_max, [&](const Place& line) {
    if (!line.must_be_object()) return;
    core::Item& item = items.emplace_back();
    item.id = id_or_name(line.member("plu"), line.member("name"));
    item.name = name_text(line.member("name"));
    item.quantity = required_quantity(line.member("quantity"));
    item.unit_price = {minor_units(line.member("price"), -core::money_minor_max)};
    add_note(item.note, line.member("remark"));
    item.modifiers = read_sub_items(line.member("subItems"), 1, count, item.note);
  });
  return items;
}

/// The sum of one member of every element; 0 where there is no such array.
std::int64_t sum_of(const Place& list, std::string_view member) {
  std::int64_t sum = 0;
  if (!list.given()) return sum;
  list.elements(0, groups_max, [&](const Place& element) {
    sum += minor_if_given(element.member(member), -core::money_minor_max);
  });
  return sum;
}

/// `discountTotal` is negative, `discounts[].amount` is not; the first is what counts where both are there.
std::int64_t read_discount(const Place& root) {
  const Place total = root.member("discountTotal");
  const std::int64_t minor = total.given() ? minor_if_given(total, -core::money_minor_max)
                                           : sum_of(root.member("discounts"), "amount");
  return size_of(minor);
}

/// `payment.amount` is the total: discount taken off, taxes, fees and tips in it.
std::optional<core::Totals> read_totals(const Place& root, const std::vector<core::Item>& items) {
  StatedTotals stated;
  const Place tax = root.member("taxTotal");
  stated.tax = tax.given() ? minor_if_given(tax, 0) : sum_of(root.member("taxes"), "total");
  stated.tip = minor_if_given(root.member("tip"), 0) + minor_if_given(root.member("driverTip"), 0);
  stated.discount = read_discount(root);
  const Place payment = root.member("payment");
  if (const Place amount = payment.member("amount"); amount.given()) stated.total = minor_if_given(amount, 0);
  return totals_within_limits(root, stated, items);
}

/// A small number that some of their webhooks write as text, or as 10.0; nothing where there is no whole one.
std::optional<std::int64_t> number_of(const Place& place) {
  if (place.is(Kind::integer)) return place.integer(INT64_MIN, INT64_MAX);
  constexpr int digits = 3;
  constexpr std::int64_t one = 1000;
  const bool is_fraction = place.is(Kind::fraction);
  const auto thousandths =
      decimal_from(is_fraction ? place.written_fraction() : trimmed(place.text_or_empty()), digits);
  return thousandths && *thousandths % one == 0 ? std::optional(*thousandths / one) : std::nullopt;
}

core::FulfilmentType read_fulfilment(const Place& type) {
  switch (number_of(type).value_or(0)) {
    case 1: return core::FulfilmentType::pickup;
    case 3: return core::FulfilmentType::dine_in;
    case 4: return core::FulfilmentType::curbside;
    case 5: return core::FulfilmentType::pickup;  // drive-through
    default: return core::FulfilmentType::delivery;
  }
}

core::Customer read_customer(const Place& root) {
  core::Customer customer;
  const Place person = root.member("customer");
  customer.name = name_text(person.member("name"));
  customer.phone = phone_of(person.member("phoneNumber"), person.member("phoneAccessCode"));
  add_note(customer.note, root.member("note"));
  add_note(customer.note, person.member("note"));
  return customer;
}

/// The flag that is for it; without it the payment's type: cash (1), and what is paid on delivery or at the door (2, 4,
/// 5, 6).
bool is_prepaid(const Place& root) {
  const Place payment = root.member("payment");
  const std::int64_t number = number_of(payment.member("type")).value_or(0);
  const bool by_type = number != 1 && number != 2 && number != 4 && number != 5 && number != 6;
  return flag_of(root.member("orderIsAlreadyPaid"), by_type);
}

/// Not "as soon as possible": a pre-order, which is sent when it is placed and cooked for its time.
bool is_for_later(const Place& root) { return !flag_of(root.member("deliveryIsAsap"), true); }

/// When it is to be ready. A channel that knows only when it is to arrive says that: it counts for an order for later alone,
/// which would else be made now.
std::optional<std::int64_t> read_promise(const Place& root) {
  if (!is_for_later(root)) return time_in_any_form(root.member("pickupTime"));
  const auto collected = time_of_later(root.member("pickupTime"));
  return collected ? collected : time_of_later(root.member("deliveryTime"));
}

core::CanonicalOrder read_order(const Place& root, std::string_view partner) {
  core::CanonicalOrder order;
  order.partner = partner;
  order.partner_order_id = root.member("_id").text(order_id_rule);
  order.placed_at_wall_ms = time_in_any_form(root.member("_created"));
  order.test = flag_of(root.member("testOrder"));
  order.fulfilment = read_fulfilment(root.member("orderType"));
  order.promised_at_wall_ms = read_promise(root);
  if (is_for_later(root) && order.promised_at_wall_ms) order.release.mode = core::ReleaseMode::at_time;
  order.customer = read_customer(root);
  order.items = read_items(root.member("items"));
  order.totals = read_totals(root, order.items);
  drop_discount_lines(root.member("items"), order.items);
  order.prepaid = is_prepaid(root);
  return order;
}

// ---- which webhook it is ----

/// "Unknown statuses must be ignored": there will be others, and of some that there are nobody knows what they mean.
bool is_new(const Place& status) {
  if (!status.given()) return true;
  const auto number = number_of(status);
  return number && std::find(new_statuses.begin(), new_statuses.end(), *number) != new_statuses.end();
}

/// Their registration call tells which location is set up, and of no order.
bool asks_to_register(const Place& root) {
  return root.member("accountId").given() && root.member("externalLocationId").given() &&
         !root.member("_id").given() && !root.member("items").present();
}

/// "If an endpoint is not included in this response, it is not used": what we do not have is not in it.
Webhook registration_of(const Place& root, std::string_view webhook_url) {
  if (webhook_url.empty())
    root.refuse(
        "asks where the orders of this location go: set public_url in [http], or let who registers answer "
        "it");
  std::string answer = R"({"ordersWebhookURL":)";
  json::append_string(answer, webhook_url);
  return RegistrationAsked{answer += '}'};
}

WebhookKind kind_by_shape(const Place& root) {
  const bool has_items = root.member("items").present();
  if (asks_to_register(root)) return WebhookKind::release;
  if (!has_items && !root.member("_id").given()) return WebhookKind::release;
  const Place place = root.member("status");
  const auto status = number_of(place);
  if (place.given() && !status) place.refuse("must be a whole number: whether it is a cancel is not guessed");
  if (status == status_cancel || status == status_cancelled) return WebhookKind::cancel;
  return has_items && is_new(place) ? WebhookKind::order : WebhookKind::release;
}

CancelReceived read_cancel(const Place& root, std::string_view partner) {
  CancelReceived cancel{{order_ref(partner, root.member("_id").text(order_id_rule))},
                        reason_text(root.member("cancellationReason"), cancel_words)};
  if (cancel.text.empty()) cancel.text = reason_text(root.member("reason"), cancel_words);
  return cancel;
}

Webhook read_any(const Place& root, WebhookKind kind, const Delivery& delivery, std::string_view partner) {
  must_be_ours(root.member("location"), delivery.store);
  if (kind == WebhookKind::order) {
    core::CanonicalOrder order = read_order(root, partner);
    return OrderReceived{with_bytes(std::move(order), delivery.body)};
  }
  if (kind == WebhookKind::cancel) return read_cancel(root, partner);
  if (asks_to_register(root)) return registration_of(root, delivery.webhook_url);
  return NothingReceived{};
}

}  // namespace

bool Deliverect::authenticate(const Delivery& delivery) const {
  return body_is_signed(delivery, "x-server-authorization-hmac-sha256", SignatureEncoding::hex);
}

Parsed<Webhook> Deliverect::read(const Delivery& delivery, std::optional<WebhookKind> fixed) const {
  const std::string_view partner = partner_of(delivery);
  return read_webhook(delivery, fixed, kind_by_shape, [&](const Place& root, WebhookKind kind) {
    return read_any(root, kind, delivery, partner);
  });
}

std::string_view Deliverect::rejection_code(core::Reason reason) const noexcept {
  switch (reason) {
    case core::Reason::item_unavailable: return "product_snoozed";
    case core::Reason::item_unknown: return "product_not_found";
    case core::Reason::price_mismatch: return "price_mismatch";
    default: return "unknown";  // they have no other
  }
}

}  // namespace storegate::codec
