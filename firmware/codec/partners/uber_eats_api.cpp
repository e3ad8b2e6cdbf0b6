// Uber Eats' orders: amounts as objects in minor units, prices of one that hold their modifiers beside such that do not,
// modifiers in groups that nest as items do, and what a customer left out as a list of its own.
#include "codec/partners/uber_eats_api.hpp"

#include <algorithm>

#include "codec/partners/thin.hpp"
#include "codec/partners/uber_eats.hpp"

namespace storegate::codec {

namespace {

using json::Place;

// ---- how it stands ----

bool is_cancelled(std::string_view state) {
  return state == "CANCELED" || state == "CANCELLED" || state == "DENIED" || state == "FAILED";
}

/// A courier who waits at the store wants it now; one who has driven off has it.
void read_couriers(const Place& order, FetchedOrder& fetched) {
  each_of(order.member("deliveries"), [&](const Place& delivery) {
    const std::string_view state = delivery.member("current_state").text_or_empty();
    fetched.released = fetched.released || state == "ARRIVED_AT_PICKUP";
    fetched.over = fetched.over || state == "EN_ROUTE_TO_DROPOFF" || state == "COMPLETED";
  });
}

void read_state(const Place& order, std::string_view ours, FetchedOrder& fetched) {
  fetched.decoded.order.partner_order_id = order.member("id").text(order_id_rule);
  const Place store = order.member("store");
  fetched.other_store = is_other_store(store.member("id"), ours);
  const std::string_view state = order.member("current_state").text_or_empty();
  fetched.cancelled = is_cancelled(state);
  fetched.over = state == "FINISHED";
  read_couriers(order, fetched);
  fetched.released = fetched.released && !fetched.cancelled && !fetched.over;
}

// ---- the order ----

/// What the lines of one order share.
struct Reckoning {
  MoneyObjects money{"amount", "currency_code", MoneyObjects::Written::minor_units};
  ModifierCount modifiers;
  /// Whether a price that does not say it holds its modifiers.
  bool holds_modifiers = true;
};

void read_modifiers(const Place& line, std::size_t depth, Reckoning& reckoning, std::string& note,
                    std::vector<core::Modifier>& modifiers);

/// What `modifiers` add to one piece; nothing beyond every limit.
std::optional<std::int64_t> cost_of(const std::vector<core::Modifier>& modifiers) {
  core::Item free;
  free.modifiers = modifiers;
  const auto cost = subtotal_of({free});
  return cost ? std::optional(cost->minor) : std::nullopt;
}

/// Of one, without its modifiers: `base_unit_price`. Where there is none, `unit_price` with what the modifiers cost taken off
/// again, unless it does not hold them: by what the order adds up to, or since it is less than they cost.
core::Money read_price(const Place& line, const std::vector<core::Modifier>& modifiers,
                       Reckoning& reckoning) {
  constexpr std::int64_t min = -core::money_minor_max;
  const Place price = line.member("price");
  const Place base = price.member("base_unit_price");
  if (base.given()) return {reckoning.money.required(base, min)};
  const std::int64_t whole = reckoning.money.required(price.member("unit_price"), min);
  const auto cost = cost_of(modifiers);
  const bool holds = reckoning.holds_modifiers && cost && *cost <= whole;
  return {holds ? whole - *cost : whole};
}

void read_special_requests(const Place& line, std::string& note) {
  add_note(note, line.member("special_instructions"));
  const Place requests = line.member("special_requests");
  const Place allergy = requests.member("allergy");
  each_of(allergy.member("allergens_to_exclude"), [&](const Place& allergen) {
    const Place words = allergen.member("freeform_text");
    const bool has_words = !words.text_or_empty().empty();
    add_note(note, has_words ? words : allergen.member("type"), "Allergy");
  });
  add_note(note, allergy.member("allergy_instructions"), "Allergy");
}

void read_modifier(const Place& place, std::size_t depth, Reckoning& reckoning, std::string& note,
                   std::vector<core::Modifier>& modifiers) {
  if (!reckoning.modifiers.enter(place, depth)) return;
  read_special_requests(place, note);
  if (is_none(place.member("quantity"))) return;  // what is said of it stays
  core::Modifier modifier;
  modifier.id = first_id(place, {"id", "external_data", "title"});
  modifier.name = name_text(place.member("title"));
  modifier.quantity = quantity_of(place.member("quantity"));
  read_modifiers(place, depth + 1, reckoning, note, modifier.modifiers);
  if (place.member("price").given()) modifier.unit_price = read_price(place, modifier.modifiers, reckoning);
  modifiers.push_back(std::move(modifier));
}

/// What was left out is no modifier, which a POS would add by its id: it stands in the item's note.
void read_modifiers(const Place& line, std::size_t depth, Reckoning& reckoning, std::string& note,
                    std::vector<core::Modifier>& modifiers) {
  const Place groups = line.member("selected_modifier_groups");
  if (!groups.given()) return;
  groups.elements(0, groups_max, [&](const Place& group) {
    if (!group.must_be_object()) return;
    if (const Place selected = group.member("selected_items"); selected.given())
      selected.elements(0, modifiers_per_order_max,
                        [&](const Place& place) { read_modifier(place, depth, reckoning, note, modifiers); });
    each_of(group.member("removed_items"),
            [&](const Place& removed) { add_note(note, removed.member("title"), "without"); });
  });
}

void read_item(const Place& place, Reckoning& reckoning, std::vector<core::Item>& items) {
  if (!place.must_be_object()) return;
  core::Item& item = items.emplace_back();
  item.id = first_id(place, {"id", "external_data", "title"});
  item.name = name_text(place.member("title"));
  item.quantity = required_quantity(place.member("quantity"));
  read_special_requests(place, item.note);
  read_modifiers(place, 1, reckoning, item.note, item.modifiers);
  item.unit_price = read_price(place, item.modifiers, reckoning);
}

core::FulfilmentType fulfilment_of(std::string_view type) {
  if (type == "PICK_UP") return core::FulfilmentType::pickup;
  if (type == "DINE_IN") return core::FulfilmentType::dine_in;
  return core::FulfilmentType::delivery;
}

core::Customer read_customer(const Place& order, const Place& cart) {
  core::Customer customer;
  const Place eater = order.member("eater");
  constexpr json::TextRule half_rule{.min = 0, .max = name_bytes_max / 2 - 1};
  customer.name = text_if_fit(eater.member("first_name"), half_rule);
  const std::string last_name = text_if_fit(eater.member("last_name"), half_rule);
  if (!customer.name.empty() && !last_name.empty()) customer.name += ' ';
  customer.name += last_name;
  customer.phone = phone_of(eater.member("phone"), eater.member("phone_code"));
  add_note(customer.note, cart.member("special_instructions"));
  return customer;
}

/// Fees stand in the total alone. A promotion is told as what it takes off, with or without a minus.
std::optional<core::Totals> read_totals(const Place& charges, const std::vector<core::Item>& items,
                                        MoneyObjects& money) {
  if (!charges.given() || !charges.must_be_object()) return std::nullopt;
  StatedTotals stated;
  if (const Place subtotal = charges.member("sub_total"); subtotal.given())
    stated.subtotal = money.required(subtotal, 0);
  stated.tax = money.if_given(charges.member("tax"), 0);
  stated.tip = money.if_given(charges.member("tip"), 0);
  stated.discount = size_of(money.if_given(charges.member("total_promo_applied"), -core::money_minor_max));
  if (const Place total = charges.member("total"); total.given()) stated.total = money.required(total, 0);
  return totals_within_limits(charges, stated, items);
}

/// With the prices read as `holds_modifiers` says.
core::CanonicalOrder read_order_as(const Place& order, std::string_view partner, bool holds_modifiers) {
  core::CanonicalOrder canonical;
  Reckoning reckoning;
  reckoning.holds_modifiers = holds_modifiers;
  canonical.partner = partner;
  canonical.partner_order_id = order.member("id").text(order_id_rule);
  canonical.placed_at_wall_ms = time_in_any_form(order.member("placed_at"));
  canonical.promised_at_wall_ms = time_in_any_form(order.member("estimated_ready_for_pickup_at"));
  canonical.fulfilment = fulfilment_of(order.member("type").text_or_empty());
  const Place cart = order.member("cart");
  canonical.customer = read_customer(order, cart);
  cart.member("items").elements(1, core::items_per_order_max,
                                [&](const Place& item) { read_item(item, reckoning, canonical.items); });
  const Place payment = order.member("payment");
  const Place charges = payment.member("charges");
  canonical.totals = read_totals(charges, canonical.items, reckoning.money);
  canonical.prepaid = reckoning.money.if_given(charges.member("cash_amount_due"), 0) == 0;
  canonical.currency = reckoning.money.currency();
  return canonical;
}

bool adds_up(const core::CanonicalOrder& order) {
  return !order.totals || subtotal_of(order.items) == order.totals->subtotal;
}

core::CanonicalOrder read_order(const Place& order, std::string_view partner) {
  core::CanonicalOrder canonical = read_order_as(order, partner, true);
  if (!adds_up(canonical))
    if (core::CanonicalOrder other = read_order_as(order, partner, false); adds_up(other))
      canonical = std::move(other);
  const Place cart = order.member("cart");
  drop_discount_lines(cart.member("items"), canonical.items);
  return canonical;
}

// ---- what they are told ----

std::string acceptance_of(const core::TellPartner& what) {
  std::string body = R"({"reason":"accepted","external_reference_id":)";
  json::append_string(body, what.display_code);
  if (what.ready_at_wall_ms) {
    body += R"(,"pickup_time":)";
    json::append_integer(body, *what.ready_at_wall_ms / 1000);
  }
  return body += '}';
}

std::string denial_of(const core::TellPartner& what) {
  std::string body = R"({"reason":{"explanation":)";
  json::append_string(body, name_of(what.reason));
  body += R"(,"code":)";
  json::append_string(body, UberEats().rejection_code(what.reason));
  append_refused_items(body, "out_of_stock_items", what.refusals, core::Reason::item_unavailable);
  append_refused_items(body, "invalid_items", what.refusals, core::Reason::item_unknown);
  return body += "}}";
}

std::string cancellation_of(const core::TellPartner& what) {
  std::string body = R"({"reason":)";
  json::append_string(body, UberEats().cancel_code(what.reason));
  body += R"(,"details":)";
  json::append_string(body, name_of(what.reason));
  return body += R"(,"cancelling_party":"MERCHANT"})";
}

}  // namespace

HttpRequest UberEatsApi::fetch(const ApiStore&, const ApiOrder& order) const {
  return get_of(order_path("/v2/eats/order/", order.partner_order_id));
}

Parsed<FetchedOrder> UberEatsApi::read_fetched(std::string_view body, std::string_view partner,
                                               const ApiStore& store) const {
  return read_fetched_order(
      body, partner,
      [&](const Place& root, FetchedOrder& fetched) { read_state(root, own_id(store), fetched); },
      [&](const Place& root) { return read_order(root, partner); });
}

HttpRequest UberEatsApi::pull(const ApiStore& store, std::string_view) const {
  return get_of(order_path("/v1/eats/stores/", store.store_id, "/created-orders"));
}

Parsed<PulledPage> UberEatsApi::read_pulled(std::string_view body, std::string_view partner,
                                            const ApiStore&) const {
  const auto document = json::Document::parse(body);
  if (!document) return document.problem();
  json::Reading reading(*document);
  const Place root(reading);
  PulledPage page;
  root.member("orders").elements(0, pulled_orders_max, [&](const Place& order) {
    std::string id = order_id_if_fit(order.member("id"));
    if (id.empty()) return page.unreadable.push_back("an order without an id");
    page.webhooks.emplace_back(announced(partner, std::move(id), order.member("resource_href"), true));
  });
  if (reading.failed()) return reading.take_problem();
  return page;
}

HttpRequest UberEatsApi::tell(const ApiStore&, const core::TellPartner& what) const {
  constexpr std::string_view orders = "/v1/eats/orders/";
  const std::string& id = what.partner_order_id;
  if (what.notice == core::Notice::accepted)
    return post_of(order_path(orders, id, "/accept_pos_order"), acceptance_of(what));
  if (what.notice == core::Notice::rejected)
    return post_of(order_path(orders, id, "/deny_pos_order"), denial_of(what));
  return post_of(order_path(orders, id, "/cancel"), cancellation_of(what));
}

}  // namespace storegate::codec
