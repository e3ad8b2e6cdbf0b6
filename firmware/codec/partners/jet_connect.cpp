// JET Connect's JSON to webhooks: amounts in minor units without a currency, times in Unix seconds written as text, items
// without a quantity (three burgers are three items), and free items that stand in promotions only.
#include "codec/partners/jet_connect.hpp"

#include <algorithm>
#include <array>

#include "codec/partners/reading.hpp"
#include "codec/partners/signature.hpp"
#include "codec/text.hpp"

namespace storegate::codec {

namespace {

using json::Place;

constexpr std::string_view hash_header = "X-JET-Connect-Hash";

/// Reasons of a cancel that we have a name for; the others are kept as JET writes them.
constexpr std::array<ReasonWord, 6> cancel_words{{{"restCancelledOutOfStock", core::Reason::item_unavailable},
                                                  {"restCancelledTooBusy", core::Reason::too_busy},
                                                  {"deletedNoAnswerFromRestaurant", core::Reason::timed_out},
                                                  {"restCancelledOther", core::Reason::other},
                                                  {"custCancelledOther", core::Reason::other},
                                                  {"systemCancelledOther", core::Reason::other}}};

// ---- who sent it ----

/// What stands behind `signature=`, up to the next comma or blank.
std::string_view signature_in(std::string_view value) {
  constexpr std::string_view name = "signature=";
  const auto at = value.find(name);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = value.substr(at + name.size());
  return rest.substr(0, rest.find_first_of(", "));
}

bool has_header(Headers headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const HeaderView& header) { return same_ignoring_case(header.name, name); });
}

// ---- the order ----

std::vector<core::Modifier> read_children(const Place& children, std::size_t depth, ModifierCount& count) {
  std::vector<core::Modifier> modifiers;
  if (!children.given()) return modifiers;
  children.elements(0, modifiers_per_order_max, [&](const Place& child) {
    if (!count.enter(child, depth)) return;
    core::Modifier& modifier = modifiers.emplace_back();
    modifier.id = id_or_name(child.member("plu"), child.member("name"));
    modifier.name = text_if_given(child.member("name"), name_rule);
    modifier.quantity = quantity_of(child.member("quantity"));
    modifier.unit_price = {minor_if_given(child.member("price"), -core::money_minor_max)};
    modifier.modifiers = read_children(child.member("children"), depth + 1, count);
  });
  return modifiers;
}

/// Reads one order's items, whichever array they stand in.
struct Items {
  std::vector<core::Item> read;
  ModifierCount modifiers;

  void add_all(const Place& lines) {
    if (!lines.given()) return;
    lines.elements(0, core::items_per_order_max, [&](const Place& line) { add(line); });
  }
  void add(const Place& line) {
    if (read.size() == core::items_per_order_max) return line.refuse("too many items in one order");
    if (!line.must_be_object()) return;
    core::Item& item = read.emplace_back();
    item.id = id_or_name(line.member("plu"), line.member("name"));
    item.name = text_if_given(line.member("name"), name_rule);
    item.quantity = quantity_of(line.member("quantity"));
    item.unit_price = {line.member("price").integer(0, core::money_minor_max)};
    add_note(item.note, line.member("notes"));
    item.modifiers = read_children(line.member("children"), 1, modifiers);
  }
};

/// The items, then those that a promotion gives: they stand nowhere else, and would not be cooked.
std::vector<core::Item> read_items(const Place& root) {
  Items items;
  const Place lines = root.member("items");
  items.add_all(lines);
  if (const Place promotions = root.member("promotions"); promotions.given()) {
    promotions.elements(0, groups_max,
                        [&](const Place& promotion) { items.add_all(promotion.member("items")); });
  }
  if (items.read.empty()) lines.refuse("has no item, and no promotion has one");
  return std::move(items.read);
}

/// Sums of `payment.adjustments` and of what promotions are worth.
struct Sums {
  std::int64_t tip = 0;
  std::int64_t discount = 0;
  std::int64_t promotions = 0;
};

Sums read_sums(const Place& root) {
  Sums sums;
  const auto amount = [](const Place& place) { return minor_if_given(place, -core::money_minor_max); };
  const auto size = [](std::int64_t minor) { return minor < 0 ? -minor : minor; };
  const Place payment = root.member("payment");
  if (const Place adjustments = payment.member("adjustments"); adjustments.given()) {
    adjustments.elements(0, groups_max, [&](const Place& adjustment) {
      const std::string_view name = adjustment.member("name").text_or_empty();
      const Place price = adjustment.member("price");
      if (name == "driverTip") sums.tip += size(amount(price.member("inc_tax")));
      if (name == "discount") sums.discount += size(amount(price.member("inc_tax")));
    });
  }
  if (const Place promotions = root.member("promotions"); promotions.given()) {
    promotions.elements(0, groups_max, [&](const Place& promotion) {
      sums.promotions += size(amount(promotion.member("discount_value")));
    });
  }
  return sums;
}

/// Subtotal and total as JET states them, with tax; fees and deposits are in the total only. A promotion's worth counts
/// where no adjustment speaks of a discount: it is the same money.
std::optional<core::Totals> read_totals(const Place& root, const std::vector<core::Item>& items) {
  const Place payment = root.member("payment");
  if (!payment.given()) return std::nullopt;
  const Place cart = payment.member("items_in_cart");
  const Place final_price = payment.member("final");
  const Sums sums = read_sums(root);
  StatedTotals stated;
  if (const Place price = cart.member("inc_tax"); price.given()) stated.subtotal = minor_if_given(price, 0);
  stated.tax = minor_if_given(final_price.member("tax"), 0);
  stated.tip = sums.tip;
  stated.discount = sums.discount != 0 ? sums.discount : sums.promotions;
  if (const Place price = final_price.member("inc_tax"); price.given())
    stated.total = minor_if_given(price, 0);
  return totals_within_limits(payment, stated, items);
}

/// Who collects, or who gets the delivery; the driver is left out, since another may come when it is sent again.
core::Customer read_customer(const Place& root) {
  core::Customer customer;
  const Place collector = root.member("collector");
  const Place person = collector.given() ? collector : root.member("delivery");
  customer.name = person_name(person.member("first_name"), person.member("last_name"));
  customer.phone = phone_of(person.member("phone_number"), person.member("phone_masking_code"));
  for (const std::string_view notes : {"kitchen_notes", "collection_notes", "delivery_notes"})
    add_note(customer.note, root.member(notes));
  return customer;
}

/// `collect_at` where somebody collects, `deliver_at` where the restaurant delivers itself.
std::optional<std::int64_t> read_promise(const Place& root) {
  const auto collected = time_in_any_form(root.member("collect_at"));
  return collected ? collected : time_in_any_form(root.member("deliver_at"));
}

core::CanonicalOrder read_order(const Place& root, std::string_view partner) {
  core::CanonicalOrder order;
  order.partner = partner;
  order.partner_order_id = root.member("id").text(order_id_rule);
  order.placed_at_wall_ms = time_in_any_form(root.member("created_at"));
  order.promised_at_wall_ms = read_promise(root);
  const bool collected = root.member("type").text_or_empty() == "collection-by-customer";
  order.fulfilment = collected ? core::FulfilmentType::pickup : core::FulfilmentType::delivery;
  order.customer = read_customer(root);
  order.items = read_items(root);
  order.totals = read_totals(root, order.items);
  order.prepaid = root.member("payment_method").text_or_empty() != "CASH";
  return order;
}

// ---- which webhook it is ----

/// The driver is near or there: whoever waits for this to cook, cooks now.
bool is_driver_near(const Place& status) {
  const std::string_view code = status.member("code").text_or_empty();
  return code == "driverArrivingAtRestaurant" || code == "driverAtRestaurant";
}

WebhookKind kind_by_shape(const Place& root) {
  if (root.member("items").present()) return WebhookKind::order;
  const bool cancel = root.member("orderID").given() && root.member("reason").given();
  return cancel ? WebhookKind::cancel : WebhookKind::release;
}

std::vector<core::OrderRef> read_ref(const Place& root, std::string_view partner) {
  return {order_ref(partner, root.member("orderID").text(order_id_rule))};
}

CancelReceived read_cancel(const Place& root, std::string_view partner) {
  const Place reason = root.member("reason");
  const Place code = reason.member("code");
  CancelReceived cancel{read_ref(root, partner), reason_text(code, cancel_words)};
  const std::string_view word = code.text_or_empty();
  if (word.starts_with("custCancelled") || word == "restCancelledCustomerRequested")
    cancel.actor = core::Actor::customer;
  return cancel;
}

Webhook read_any(const Place& root, WebhookKind kind, const Delivery& delivery, std::string_view partner) {
  must_be_ours(root.member("posLocationId"), delivery.store);
  if (kind == WebhookKind::order) {
    core::CanonicalOrder order = read_order(root, partner);
    return OrderReceived{with_bytes(std::move(order), delivery.body)};
  }
  if (kind == WebhookKind::cancel) return read_cancel(root, partner);
  if (is_driver_near(root.member("driverStatus"))) return ReleaseReceived{read_ref(root, partner)};
  return NothingReceived{};
}

}  // namespace

bool JetConnect::authenticate(const Delivery& delivery) const {
  if (has_header(delivery.headers, hash_header)) {
    const std::string_view claimed = signature_in(only_header(delivery.headers, hash_header));
    return is_signed(delivery, claimed, delivery.body, SignatureEncoding::base64);
  }
  const bool by_authorization = header_is_secret(delivery, "authorization");
  const bool by_key = header_is_secret(delivery, "x-flyt-api-key");
  return by_authorization || by_key;
}

Parsed<Webhook> JetConnect::read(const Delivery& delivery, std::optional<WebhookKind> fixed) const {
  const std::string_view partner = partner_of(delivery);
  return read_webhook(delivery, fixed, kind_by_shape, [&](const Place& root, WebhookKind kind) {
    return read_any(root, kind, delivery, partner);
  });
}

std::string_view JetConnect::rejection_code(core::Reason reason) const noexcept {
  switch (reason) {
    case core::Reason::item_unavailable:
    case core::Reason::item_unknown:
    case core::Reason::price_mismatch: return "MENU_ERROR";
    case core::Reason::store_closed: return "STORE_CLOSED";
    case core::Reason::pos_offline: return "INACTIVE";
    case core::Reason::invalid_order: return "MALFORMED_REQUEST";
    case core::Reason::timed_out: return "TIMEOUT";
    default: return "UNKNOWN";  // a kitchen that is too busy too: IN_USE speaks of the POS
  }
}

}  // namespace storegate::codec
