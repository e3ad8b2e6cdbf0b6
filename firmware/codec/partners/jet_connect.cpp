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
    if (!count.enter(child, depth) || is_none(child.member("quantity"))) return;
    core::Modifier& modifier = modifiers.emplace_back();
    modifier.id = id_or_name(child.member("plu"), child.member("name"));
    modifier.name = name_text(child.member("name"));
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
    item.name = name_text(line.member("name"));
    item.quantity = quantity_of(line.member("quantity"));
    item.unit_price = {minor_units(line.member("price"), -core::money_minor_max)};
    add_note(item.note, line.member("notes"));
    item.modifiers = read_children(line.member("children"), 1, modifiers);
  }
};

/// What was ordered, then what promotions give: it stands nowhere else, and would not be cooked.
struct Lines {
  std::vector<core::Item> items;
  std::size_t ordered = 0;  // of them; the rest is given

  [[nodiscard]] std::int64_t worth_of_given() const {
    std::int64_t worth = 0;
    for (std::size_t at = ordered; at < items.size(); ++at)
      worth += items[at].quantity * items[at].unit_price.minor;
    return worth;
  }
};

Lines read_lines(const Place& root) {
  Items items;
  const Place lines = root.member("items");
  items.add_all(lines);
  const std::size_t ordered = items.read.size();
  each_of(root.member("promotions"),
          [&](const Place& promotion) { items.add_all(promotion.member("items")); });
  if (items.read.empty()) lines.refuse("has no item, and no promotion has one");
  return {std::move(items.read), ordered};
}

/// Sums of `payment.adjustments` and of what promotions are worth that give no item.
struct Sums {
  std::int64_t tip = 0;
  std::int64_t discount = 0;
  std::int64_t promotions = 0;
};

Sums read_sums(const Place& root) {
  Sums sums;
  const auto amount = [](const Place& place) {
    return size_of(minor_if_given(place, -core::money_minor_max));
  };
  const Place payment = root.member("payment");
  each_of(payment.member("adjustments"), [&](const Place& adjustment) {
    const std::string_view name = adjustment.member("name").text_or_empty();
    const Place price = adjustment.member("price");
    if (name == "driverTip") sums.tip += amount(price.member("inc_tax"));
    if (name == "discount") sums.discount += amount(price.member("inc_tax"));
  });
  each_of(root.member("promotions"), [&](const Place& promotion) {
    bool gives = false;
    each_of(promotion.member("items"), [&](const Place&) { gives = true; });
    if (!gives) sums.promotions += amount(promotion.member("discount_value"));
  });
  return sums;
}

/// What is given stands in promotions alone: neither in the cart nor to be paid. It counts as sold, and as taken off unless
/// an adjustment, which is the same money as the promotions, has it in it.
void count_given(StatedTotals& stated, const Lines& lines, bool by_adjustment) {
  const std::int64_t given = lines.worth_of_given();
  const auto all = subtotal_of(lines.items);
  if (stated.subtotal && (!all || all->minor != *stated.subtotal)) *stated.subtotal += given;
  const bool is_short =
      stated.subtotal && stated.total && *stated.subtotal + stated.tip - stated.discount > *stated.total;
  if (!by_adjustment || is_short) stated.discount += given;
}

/// Subtotal and total as JET states them, both with the tax in them, so that none comes on top; fees and deposits are in the
/// total only. A promotion's worth counts where no adjustment speaks of a discount.
std::optional<core::Totals> read_totals(const Place& root, const Lines& lines) {
  const Place payment = root.member("payment");
  if (!payment.given()) return std::nullopt;
  const Place cart = payment.member("items_in_cart");
  const Place final_price = payment.member("final");
  const Sums sums = read_sums(root);
  const bool by_adjustment = sums.discount != 0;
  StatedTotals stated;
  stated.tip = sums.tip;
  stated.discount = by_adjustment ? sums.discount : sums.promotions;
  if (const Place price = cart.member("inc_tax"); price.given()) stated.subtotal = minor_if_given(price, 0);
  if (const Place price = final_price.member("inc_tax"); price.given())
    stated.total = minor_if_given(price, 0);
  count_given(stated, lines, by_adjustment);
  return totals_within_limits(payment, stated, lines.items);
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

/// `collect_at` where somebody collects. `deliver_at` is when the restaurant's own driver is to be at the customer's door: it
/// counts for an order for later alone, which would else be made now.
std::optional<std::int64_t> read_promise(const Place& root) {
  if (const auto collected = time_in_any_form(root.member("collect_at"))) return collected;
  const Place extras = root.member("extras");
  if (flag_of(extras.member("asap"), true)) return std::nullopt;
  return time_in_any_form(root.member("deliver_at"));
}

core::CanonicalOrder read_order(const Place& root, std::string_view partner) {
  core::CanonicalOrder order;
  order.partner = partner;
  order.partner_order_id = id_text(root.member("id"), order_id_rule);
  order.placed_at_wall_ms = time_in_any_form(root.member("created_at"));
  order.promised_at_wall_ms = read_promise(root);
  const bool collected = root.member("type").text_or_empty() == "collection-by-customer";
  order.fulfilment = collected ? core::FulfilmentType::pickup : core::FulfilmentType::delivery;
  order.customer = read_customer(root);
  Lines lines = read_lines(root);
  order.totals = read_totals(root, lines);
  order.items = std::move(lines.items);
  drop_discount_lines(root.member("items"), order.items);
  order.prepaid = root.member("payment_method").text_or_empty() != "CASH";
  return order;
}

// ---- which webhook it is ----

/// The driver is near or there: whoever waits for this to cook, cooks now.
bool is_driver_near(const Place& status) {
  const std::string_view code = status.member("code").text_or_empty();
  return code == "driverArrivingAtRestaurant" || code == "driverAtRestaurant";
}

/// Whatever it was answered, JET does not have it in the POS, and somebody keys it in: told as a result (`type`), or as a
/// failed order for the backup flow (`validationError`).
bool is_result(const Place& root) { return root.member("type").text_or_empty() == "FAILED_TO_SEND_TO_POS"; }
bool is_failure(const Place& root) { return is_result(root) || root.member("validationError").given(); }

/// One whose order cannot be told is refused: it is no order to be cooked, whatever stands beside it.
std::string failed_order(const Place& root) {
  const Place told = root.member(is_result(root) ? "data" : "order");
  return id_text(told.member("orderId"), order_id_rule);
}

WebhookKind kind_by_shape(const Place& root) {
  if (is_failure(root)) return WebhookKind::release;
  if (root.member("items").present()) return WebhookKind::order;
  const bool cancel = root.member("orderID").given() && root.member("reason").given();
  return cancel ? WebhookKind::cancel : WebhookKind::release;
}

std::vector<core::OrderRef> read_ref(const Place& root, std::string_view partner) {
  return {order_ref(partner, id_text(root.member("orderID"), order_id_rule))};
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
  if (is_failure(root))
    return PersonCalled{{order_ref(partner, failed_order(root))},
                        core::Notice::accepted,
                        text_if_fit(root.member("validationError"), name_rule)};
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
