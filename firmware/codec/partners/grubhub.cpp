// Grubhub's JSON to webhooks: lines in groups, options and sub-options that nest, whole cents in `charges`; what a
// customer left out is an option that says so, and becomes a note.
#include "codec/partners/grubhub.hpp"

#include <algorithm>
#include <array>

#include "codec/partners/reading.hpp"
#include "codec/partners/signature.hpp"
#include "codec/partners/thin.hpp"
#include "codec/text.hpp"

namespace storegate::codec {

namespace {

using json::Place;

// ---- what it is about ----

bool is_true(const Place& place) { return flag_of(place); }

std::string_view status_of(const Place& root) {
  for (const std::string_view name : {"status", "order_status", "new_status"}) {
    if (const auto status = root.member(name).text_or_empty(); !status.empty()) return status;
  }
  return {};
}

bool is_over(std::string_view status) {
  return status == "CANCELLED" || status == "CANCELED" || status == "REJECTED";
}

/// Whether the whole order is told, and not only its name and state.
bool is_whole(const Place& root) { return root.member("charges").given(); }

/// The event of their just-in-time test (JitTestOrder): an order's ids and its state, and nothing else. All four must
/// be there: a courier's job has an order and a state as well.
bool is_order_event(const Place& root) {
  for (const std::string_view name : {"order_id", "order_merchant_id", "order_number", "order_status"})
    if (!root.member(name).given()) return false;
  return true;
}

bool is_just_in_time_event(const Place& root) {
  const std::string_view event = root.member("event_type").text_or_empty();
  if (!event.empty()) return event == "JIT" || event == "JUST_IN_TIME";
  return is_order_event(root);
}

/// Whether the state that is told is an order's and not a courier's job's. What its URL calls a cancel is one.
bool is_cancel(const Place& root, std::optional<WebhookKind> fixed) {
  if (fixed == WebhookKind::cancel) return is_over(status_of(root));
  const bool is_order = is_whole(root) || root.member("uuid").given();
  if (is_order && is_over(root.member("status").text_or_empty())) return true;
  return is_order_event(root) && is_over(root.member("order_status").text_or_empty());
}

/// ANTICIPATED comes again as RESTAURANT_CONFIRMABLE when it is time to begin (PosOrder.status), so that it can wait
/// with them; CONFIRMED and what follows are no news of an order.
std::optional<WebhookKind> said_by(const Place& root, std::optional<WebhookKind> fixed) {
  const std::string_view status = status_of(root);
  const bool whole = is_whole(root);
  if (whole && status.empty()) root.member("status").refuse("is missing; must be a string");
  if (is_cancel(root, fixed)) return WebhookKind::cancel;
  if (whole && status == "RESTAURANT_CONFIRMABLE") return WebhookKind::order;
  if (is_true(root.member("just_in_time_fired"))) return WebhookKind::release;
  if (whole) return std::nullopt;
  if (is_just_in_time_event(root) || fixed == WebhookKind::release) return WebhookKind::release;
  return std::nullopt;
}

/// `uuid` is their only identity for ever (PosOrder); events call it by other names.
std::string read_id(const Place& root) {
  for (const std::string_view name : {"order_uuid", "order_id"}) {
    if (const Place id = root.member(name); id.given() && !root.member("uuid").given())
      return std::string(id.text(order_id_rule));
  }
  return std::string(root.member("uuid").text(order_id_rule));
}

// ---- the order ----

/// The first of these amounts that is given, in cents; what is deprecated comes last.
std::optional<std::int64_t> first_cents(const Place& of, std::initializer_list<std::string_view> names,
                                        std::int64_t min = 0) {
  for (const std::string_view name : names) {
    if (const Place place = of.member(name); place.given()) return minor_units(place, min);
  }
  return std::nullopt;
}

/// What the options of one line share.
struct Line {
  ModifierCount& modifiers;
  std::string& note;
};

std::vector<core::Modifier> read_options(const Place& list, std::size_t depth, Line& line);

/// An option that belongs to the dish and was left out must not be cooked as one more of it.
bool is_left_out(const Place& option) {
  const Place context = option.member("default_context");
  return is_true(context.member("removed"));
}

void read_option(const Place& option, std::size_t depth, Line& line, std::vector<core::Modifier>& modifiers) {
  if (!line.modifiers.enter(option, depth)) return;
  if (is_left_out(option)) {
    return add_note_line(line.note, "No " + first_id(option, {"name", "external_id", "id"}), option);
  }
  if (is_none(option.member("quantity"))) return;
  core::Modifier& modifier = modifiers.emplace_back();
  modifier.id = first_id(option, {"external_id", "id", "name"});
  modifier.name = name_text(option.member("name"));
  modifier.quantity = quantity_of(option.member("quantity"));
  modifier.unit_price = {
      first_cents(option, {"merchant_price", "price"}, -core::money_minor_max).value_or(0)};
  modifier.modifiers = read_options(option.member("line_sub_options"), depth + 1, line);
}

std::vector<core::Modifier> read_options(const Place& list, std::size_t depth, Line& line) {
  std::vector<core::Modifier> modifiers;
  if (!list.given()) return modifiers;
  list.elements(0, modifiers_per_order_max,
                [&](const Place& option) { read_option(option, depth, line, modifiers); });
  return modifiers;
}

/// `merchant_price` is of one, `merchant_total` of the line with its options.
void read_item(const Place& place, ModifierCount& modifiers, std::vector<core::Item>& items) {
  if (items.size() == core::items_per_order_max) return place.refuse("too many items in one order");
  if (!place.must_be_object()) return;
  core::Item& item = items.emplace_back();
  item.id = first_id(place, {"external_id", "menu_item_id", "menu_item_uuid", "name"});
  item.name = name_text(place.member("name"));
  item.quantity = required_quantity(place.member("quantity"));
  const auto price = first_cents(place, {"merchant_price", "price"}, -core::money_minor_max);
  if (!price) place.member("merchant_price").refuse("is missing; must be whole cents");
  item.unit_price = {price.value_or(0)};
  add_note(item.note, place.member("special_instructions"));
  Line line{modifiers, item.note};
  item.modifiers = read_options(place.member("line_options"), 1, line);
}

std::vector<core::Item> read_items(const Place& charges) {
  std::vector<core::Item> items;
  ModifierCount modifiers;
  const Place groups = charges.member("line_groups");
  groups.elements(1, groups_max, [&](const Place& group) {
    if (!group.must_be_object()) return;
    group.member("lines").elements(0, core::items_per_order_max,
                                   [&](const Place& line) { read_item(line, modifiers, items); });
  });
  if (items.empty()) groups.refuse("no group has a line");
  return items;
}

/// RFC 3339, or their Instant: an object with `millis`.
std::optional<std::int64_t> instant(const Place& place) {
  if (place.is(json::Kind::object)) return time_in_any_form(place.member("millis"));
  return time_in_any_form(place);
}

/// `when_for` is when a pickup is ready or the restaurant's own delivery arrives. Where Grubhub delivers, it is the diner's
/// time and too late for the kitchen: there the courier's pickup counts, in any of the spellings of their schema.
std::optional<std::int64_t> read_promised_at(const Place& order, const Place& delivery) {
  if (!is_true(delivery.member("is_managed_delivery"))) return instant(order.member("when_for"));
  for (const std::string_view name : {"managed_delivery_estimated_pickup",
                                      "managed-delivery-estimated_pickup", "managedDeliveryEstimatedPickup"})
    if (const auto pickup = instant(delivery.member(name))) return pickup;
  return std::nullopt;
}

core::Customer read_diner(const Place& info, const Place& catering) {
  core::Customer customer;
  const Place contact = info.member("contact_info");
  const Place collector = info.member("name");
  customer.name = name_text(collector.given() ? collector : contact.member("name"));
  customer.phone = text_if_fit(contact.member("phone"), phone_rule);
  add_note(customer.note, info.member("instructions"));
  add_note(customer.note, info.member("instruction"));
  add_note(customer.note, catering.member("setup_instructions"));
  if (is_true(info.member("is_green_indicated"))) add_note_line(customer.note, "No napkins or cutlery", info);
  return customer;
}

void read_fulfilment(const Place& order, core::CanonicalOrder& canonical) {
  const Place fulfilment = order.member("fulfillment_info");
  const Place delivery = fulfilment.member("delivery_info");
  const bool is_delivery = delivery.given() || !fulfilment.member("pickup_info").given();
  canonical.fulfilment = is_delivery ? core::FulfilmentType::delivery : core::FulfilmentType::pickup;
  canonical.promised_at_wall_ms = read_promised_at(order, delivery);
  canonical.customer =
      read_diner(is_delivery ? delivery : fulfilment.member("pickup_info"), order.member("catering"));
}

/// Just in time: their driver's coming is told, and until then nothing is made. The flag stands in orders that no driver
/// of theirs comes for as well. That the driver has come (`just_in_time_fired`) is no part of the order.
core::ReleaseWish read_release(const Place& order) {
  core::ReleaseWish wish;
  const Place fulfilment = order.member("fulfillment_info");
  const Place delivery = fulfilment.member("delivery_info");
  if (is_true(order.member("jit_enabled")) && is_true(delivery.member("is_managed_delivery")))
    wish.mode = core::ReleaseMode::on_event;
  return wish;
}

/// What coupons took off: by the two subtotals where both are told, else by the coupons.
std::int64_t read_discount(const Place& charges) {
  const auto before = first_cents(charges, {"merchant_subtotal_before_coupons"});
  const auto after = first_cents(charges, {"merchant_subtotal"});
  if (before && after) return std::max<std::int64_t>(*before - *after, 0);
  std::int64_t sum = 0;
  each_of(charges.member("coupons"), [&](const Place& coupon) {
    sum += size_of(first_cents(coupon, {"amount"}, -core::money_minor_max).value_or(0));
  });
  if (sum > core::money_minor_max) charges.refuse("its coupons add up beyond every limit");
  return sum;
}

std::optional<core::Totals> read_totals(const Place& charges, const std::vector<core::Item>& items) {
  StatedTotals stated;
  stated.subtotal =
      first_cents(charges, {"merchant_subtotal_before_coupons", "merchant_subtotal", "restaurant_subtotal"});
  stated.tax = first_cents(charges.member("taxes"), {"merchant_total", "total"}).value_or(0);
  stated.tip = first_cents(charges.member("tip"), {"amount"}).value_or(0);
  stated.discount = read_discount(charges);
  stated.total = first_cents(charges, {"merchant_total", "adjusted_grand_total", "grand_total"});
  return totals_within_limits(charges, stated, items);
}

/// All but cash is paid to Grubhub (Payment.payment_type).
bool is_prepaid(const Place& payments) {
  bool prepaid = true;
  each_of(payments.member("payments"), [&](const Place& payment) {
    if (payment.member("payment_type").text_or_empty() == "CASH") prepaid = false;
  });
  return prepaid;
}

core::CanonicalOrder read_order(const Place& order, std::string_view partner) {
  core::CanonicalOrder canonical;
  canonical.partner = partner;
  canonical.partner_order_id = order.member("uuid").text(order_id_rule);
  canonical.placed_at_wall_ms = instant(order.member("time_placed"));
  canonical.test = is_true(order.member("is_test"));
  read_fulfilment(order, canonical);
  canonical.release = read_release(order);
  canonical.currency = "USD";  // every amount of theirs is in US cents
  const Place charges = order.member("charges");
  if (!charges.must_be_object()) return canonical;
  canonical.items = read_items(charges);
  canonical.totals = read_totals(charges, canonical.items);
  drop_discount_lines(charges.member("line_groups"), canonical.items);
  canonical.prepaid = is_prepaid(order.member("payments"));
  return canonical;
}

// ---- the cancel ----

constexpr std::array<ReasonWord, 4> reason_codes{{{"RESTAURANT_OFFLINE", core::Reason::pos_offline},
                                                  {"MENU_ITEM_NOT_FOUND", core::Reason::item_unknown},
                                                  {"PRICE_MISMATCH", core::Reason::price_mismatch},
                                                  {"OTHER", core::Reason::other}}};

/// Why and by whom, from `reason_code` or else from the states it went through: STALE is one that nobody confirmed.
CancelReceived read_cancel(const Place& root, std::string_view partner) {
  CancelReceived cancel{{order_ref(partner, read_id(root))},
                        reason_text(root.member("reason_code"), reason_codes)};
  each_of(root.member("statusHistory"), [&](const Place& entry) {
    const std::string_view status = entry.member("status").text_or_empty();
    if (status == "STALE" && cancel.text.empty()) cancel.text = name_of(core::Reason::timed_out);
    const bool is_diners = entry.member("update_source").text_or_empty() == "DINER";
    if (status == "CANCELLED" && is_diners) cancel.actor = core::Actor::customer;
  });
  return cancel;
}

Webhook read_any(const Place& root, WebhookKind kind, const Delivery& delivery, std::string_view partner) {
  must_be_ours(root.member("merchant_id"), delivery.store);
  if (kind == WebhookKind::order) {
    OrderReceived received{with_bytes(read_order(root, partner), delivery.body)};
    received.released = is_true(root.member("just_in_time_fired"));
    return received;
  }
  if (kind == WebhookKind::cancel) return read_cancel(root, partner);
  return ReleaseReceived{{order_ref(partner, read_id(root))}};
}

// ---- as it was asked for ----

void read_state(const Place& order, std::string_view ours, FetchedOrder& fetched) {
  fetched.decoded.order.partner_order_id = order.member("uuid").text(order_id_rule);
  fetched.other_store = is_other_store(order.member("merchant_id"), ours);
  const std::string_view status = order.member("status").text(name_rule);
  fetched.cancelled = is_over(status);
  fetched.early = status == "ANTICIPATED";
  fetched.over = !fetched.cancelled && !fetched.early && status != "RESTAURANT_CONFIRMABLE";
  if (fetched.early) return;
  fetched.released = !fetched.cancelled && is_true(order.member("just_in_time_fired"));
  if (!fetched.cancelled) return;
  CancelReceived cancel = read_cancel(order, "");
  fetched.cancel_text = std::move(cancel.text);
  fetched.cancelled_by = cancel.actor;
}

}  // namespace

bool Grubhub::authenticate(const Delivery& delivery) const {
  const std::string_view header = only_header(delivery.headers, "authorization");
  const auto blank = header.find(' ');
  const bool is_basic =
      blank != std::string_view::npos && same_ignoring_case(header.substr(0, blank), "Basic");
  const auto pair = is_basic ? base64_decoded(trimmed(header.substr(blank))) : std::nullopt;
  const bool as_pair = pair && matches_any(*pair, delivery.secrets);
  const bool as_header = header_is_secret(delivery, "authorization");
  return as_pair || as_header;
}

Parsed<Webhook> Grubhub::read(const Delivery& delivery, std::optional<WebhookKind> fixed) const {
  const std::string_view partner = partner_of(delivery);
  return read_event(
      delivery, fixed, [&](const Place& root) { return said_by(root, fixed); },
      [&](const Place& root, WebhookKind kind) { return read_any(root, kind, delivery, partner); });
}

Parsed<FetchedOrder> Grubhub::read_fetched(std::string_view body, std::string_view partner,
                                           std::string_view store) {
  return read_fetched_order(
      body, partner, [&](const Place& order, FetchedOrder& fetched) { read_state(order, store, fetched); },
      [&](const Place& order) { return read_order(order, partner); });
}

std::string_view Grubhub::rejection_code(core::Reason reason) const noexcept {
  switch (reason) {
    case core::Reason::item_unavailable:
    case core::Reason::item_unknown: return "MENU_ITEM_NOT_FOUND";
    case core::Reason::store_closed:
    case core::Reason::pos_offline: return "RESTAURANT_OFFLINE";
    case core::Reason::price_mismatch: return "PRICE_MISMATCH";
    default: return "OTHER";
  }
}

std::string_view Grubhub::cancel_code(core::Reason) const noexcept { return {}; }

}  // namespace storegate::codec
