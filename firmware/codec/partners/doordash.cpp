// DoorDash's JSON to webhooks: items come grouped by category, and modifiers as groups (`extras`, in their samples
// `extra`) of options, which nest.
#include "codec/partners/doordash.hpp"

#include "codec/partners/reading.hpp"
#include "codec/partners/signature.hpp"
#include "codec/text.hpp"

namespace storegate::codec {

namespace {

using json::Place;

std::vector<core::Modifier> read_options(const Place& line, std::size_t depth, ModifierCount& count);

void read_option(const Place& option, std::size_t depth, ModifierCount& count,
                 std::vector<core::Modifier>& modifiers) {
  if (!count.enter(option, depth) || is_none(option.member("quantity"))) return;
  core::Modifier& modifier = modifiers.emplace_back();
  modifier.id = id_or_name(option.member("merchant_supplied_id"), option.member("name"));
  modifier.name = name_text(option.member("name"));
  modifier.quantity = quantity_of(option.member("quantity"));
  modifier.unit_price = {minor_if_given(option.member("price"), -core::money_minor_max)};
  modifier.modifiers = read_options(option, depth + 1, count);
}

/// The options of all groups of an item or option, in order; the groups themselves are no modifiers. Of the two
/// spellings the schema's counts, unless it is empty and the sample's is not.
std::vector<core::Modifier> read_options(const Place& line, std::size_t depth, ModifierCount& count) {
  std::vector<core::Modifier> modifiers;
  const auto read_groups = [&](const Place& groups) {
    if (!groups.given()) return;
    groups.elements(0, groups_max, [&](const Place& group) {
      if (!group.must_be_object()) return;
      const Place options = group.member("options");
      if (!options.given()) return;
      options.elements(0, modifiers_per_order_max,
                       [&](const Place& option) { read_option(option, depth, count, modifiers); });
    });
  };
  read_groups(line.member("extras"));
  if (modifiers.empty()) read_groups(line.member("extra"));
  return modifiers;
}

void read_item(const Place& place, ModifierCount& modifier_count, std::vector<core::Item>& items) {
  if (items.size() == core::items_per_order_max) return place.refuse("too many items in one order");
  if (!place.must_be_object()) return;
  core::Item& item = items.emplace_back();
  item.id = id_or_name(place.member("merchant_supplied_id"), place.member("name"));
  item.name = name_text(place.member("name"));
  item.quantity = required_quantity(place.member("quantity"));
  item.unit_price = {minor_units(place.member("price"), -core::money_minor_max)};
  item.note = text_if_given(place.member("special_instructions"), note_rule);
  item.modifiers = read_options(place, 1, modifier_count);
}

std::vector<core::Item> read_categories(const Place& categories) {
  std::vector<core::Item> items;
  ModifierCount modifier_count;
  categories.elements(1, groups_max, [&](const Place& category) {
    if (!category.must_be_object()) return;
    category.member("items").elements(0, core::items_per_order_max,
                                      [&](const Place& item) { read_item(item, modifier_count, items); });
  });
  if (items.empty()) categories.refuse("no category has an item");
  return items;
}

core::FulfilmentType read_fulfilment(const Place& order) {
  const bool is_pickup =
      flag_of(order.member("is_pickup")) || order.member("fulfillment_type").text_or_empty() == "pickup";
  return is_pickup ? core::FulfilmentType::pickup : core::FulfilmentType::delivery;
}

core::Customer read_consumer(const Place& order) {
  core::Customer customer;
  customer.note = text_if_given(order.member("order_special_instructions"), note_rule);
  const Place consumer = order.member("consumer");
  if (!consumer.given() || !consumer.must_be_object()) return customer;
  customer.name = person_name(consumer.member("first_name"), consumer.member("last_name"));
  customer.phone = text_if_fit(consumer.member("phone"), phone_rule);
  return customer;
}

/// They state no total and, to merchants, no discount; both tips are the order's.
std::optional<core::Totals> read_totals(const Place& order, const std::vector<core::Item>& items) {
  StatedTotals stated;
  if (const Place subtotal = order.member("subtotal"); subtotal.given())
    stated.subtotal = minor_units(subtotal, 0);
  stated.tax = minor_if_given(order.member("tax"), 0);
  stated.tip =
      minor_if_given(order.member("tip_amount"), 0) + minor_if_given(order.member("merchant_tip_amount"), 0);
  return totals_within_limits(order, stated, items);
}

core::CanonicalOrder read_order(const Place& root, std::string_view partner) {
  core::CanonicalOrder canonical;
  const Place order = root.member("order");
  if (!order.must_be_object()) return canonical;
  if (const Place event = root.member("event"); event.given() && event.must_be_object()) {
    const Place type = event.member("type");
    // An order in an event that is not its creation (an adjustment, say) must not be cooked as a new one.
    if (type.given() && type.text(name_rule) != "OrderCreate") type.refuse("must be OrderCreate");
  }
  canonical.partner = partner;
  canonical.partner_order_id = order.member("id").text(order_id_rule);
  canonical.fulfilment = read_fulfilment(order);
  canonical.promised_at_wall_ms = time_in_any_form(order.member("estimated_pickup_time"));
  canonical.customer = read_consumer(order);
  canonical.items = read_categories(order.member("categories"));
  canonical.totals = read_totals(order, canonical.items);
  drop_discount_lines(order.member("categories"), canonical.items);
  return canonical;
}

// ---- which webhook it is ----

/// Their words for a dasher who is near or at the store (dasher status webhook); before it he only has the job.
bool is_near(std::string_view status) {
  for (const std::string_view near : {"arriving_at_store", "arrived_at_store", "dasher_at_store"})
    if (same_ignoring_case(status, near)) return true;
  return false;
}

/// The name that the store gave the order, as far as one was told.
bool names_by_ours(const Place& root) {
  return !text_if_fit(root.member("client_order_id"), word_rule).empty();
}

/// What a status says goes before what the body looks like: each has a dasher in it. A body that names no order is news of
/// menus and stores. One that names it by our name alone is not forgotten: it is refused for want of theirs.
std::optional<WebhookKind> said_by(const Place& root, std::optional<WebhookKind> fixed) {
  if (root.member("order").given()) return WebhookKind::order;
  if (const Place status = root.member("dasher_status"); status.given()) {
    if (is_near(status.text_or_empty())) return WebhookKind::release;
    return std::nullopt;
  }
  const bool is_release = root.member("dasher").present() || root.member("distance_from_store").present();
  const bool names_order = root.member("external_order_id").given() || names_by_ours(root);
  if (!names_order && (!fixed || fixed == WebhookKind::order)) return std::nullopt;
  return is_release ? WebhookKind::release : WebhookKind::cancel;
}

Webhook read_any(const Place& root, WebhookKind kind, const Delivery& delivery, std::string_view partner) {
  const Place about = kind == WebhookKind::order ? root.member("order") : root;
  const Place store = about.member("store");
  must_be_ours(store.member("merchant_supplied_id"), delivery.store);
  if (kind == WebhookKind::order) {
    core::CanonicalOrder order = read_order(root, partner);
    return OrderReceived{with_bytes(std::move(order), delivery.body)};
  }
  core::OrderRef ref = order_ref(partner, root.member("external_order_id").text(order_id_rule));
  if (kind == WebhookKind::release) return ReleaseReceived{{std::move(ref)}};
  return CancelReceived{{std::move(ref)}, ""};
}

}  // namespace

bool DoorDash::authenticate(const Delivery& delivery) const {
  return header_is_secret(delivery, "authorization");
}

Parsed<Webhook> DoorDash::read(const Delivery& delivery, std::optional<WebhookKind> fixed) const {
  const std::string_view partner = partner_of(delivery);
  return read_event(
      delivery, fixed, [&](const Place& root) { return said_by(root, fixed); },
      [&](const Place& root, WebhookKind kind) { return read_any(root, kind, delivery, partner); });
}

std::string_view DoorDash::rejection_code(core::Reason reason) const noexcept {
  switch (reason) {
    case core::Reason::item_unavailable: return "ITEM_OUT_OF_STOCK";
    case core::Reason::item_unknown: return "INVALID_ORDER";
    case core::Reason::store_closed: return "STORE_CLOSED";
    case core::Reason::pos_offline: return "POS_OFFLINE";
    case core::Reason::too_busy: return "CAPACITY_THROTTLING";
    case core::Reason::invalid_order: return "INVALID_ORDER";
    case core::Reason::timed_out: return "TIME_OUT";
    default: return "OTHER";  // a price mismatch too: they have no code for it, only the text
  }
}

std::string_view DoorDash::cancel_code(core::Reason reason) const noexcept {
  switch (reason) {
    case core::Reason::item_unavailable: return "ITEM_OUT_OF_STOCK";
    case core::Reason::too_busy: return "KITCHEN_BUSY";
    default: return "OTHERS";
  }
}

}  // namespace storegate::codec
