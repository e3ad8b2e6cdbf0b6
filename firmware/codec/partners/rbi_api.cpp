// RBI's orders: menu selections that nest, amounts as objects in minor units, and times as seconds from an order's creation.
#include "codec/partners/rbi_api.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "codec/partners/thin.hpp"

namespace storegate::codec {

namespace {

using json::Place;

/// Their answers have the order in `data`.
template <typename Read>
auto with_order(const Place& root, Read read) {
  const Place data = root.member("data");
  return data.given() ? read(data) : read(root);
}

// ---- how it stands ----

constexpr std::array<ReasonWord, 4> error_codes{{{"MENU", core::Reason::item_unknown},
                                                 {"STORE", core::Reason::store_closed},
                                                 {"TIMEOUT", core::Reason::timed_out},
                                                 {"UNKNOWN", core::Reason::other}}};

/// The first of the order's errors, as a reason's name where its code is one of theirs.
std::string error_of(const Place& order) {
  std::string text;
  each_of(order.member("errors"), [&](const Place& error) {
    if (text.empty()) text = reason_text(error.member("code"), error_codes);
  });
  return text;
}

/// 0 = at once, null = hold, absent = nothing.
std::optional<std::int64_t> seconds_of(const Place& place) {
  if (!place.given()) return std::nullopt;
  constexpr std::int64_t year_s = 366 * 24 * 3600;
  return place.integer(0, year_s);
}

void read_state(const Place& order, std::string_view ours, FetchedOrder& fetched) {
  fetched.decoded.order.partner_order_id = order.member("id").text(order_id_rule);
  fetched.other_store = is_other_store(order.member("storeId"), ours);
  const std::string_view status = order.member("status").text_or_empty();
  fetched.cancelled = status == "CANCELED" || status == "CANCELLED" || status == "ERROR";
  fetched.over = status == "PREPARED" || status == "DONE";
  fetched.early = status == "CREATED" || status == "PRICED";
  if (fetched.cancelled) fetched.cancel_text = error_of(order);
  if (fetched.cancelled || fetched.over || fetched.early) return;
  fetched.released = status == "PREPARING" || seconds_of(order.member("fireOrderInSeconds")) == 0;
}

// ---- the order ----

/// What the lines of one order share.
struct Reckoning {
  MoneyObjects money{"amount", "currency", MoneyObjects::Written::minor_units};
  ModifierCount modifiers;
};

/// A quantity of 0: it was taken out.
bool is_taken_out(const Place& selection) { return is_none(selection.member("quantity")); }

/// They give names to nothing. What was taken out stands in the item's note, by its id.
std::vector<core::Modifier> read_modifiers(const Place& selection, std::size_t depth, Reckoning& reckoning,
                                           std::string& note) {
  std::vector<core::Modifier> modifiers;
  const Place list = selection.member("menuSelections");
  if (!list.given()) return modifiers;
  list.elements(0, modifiers_per_order_max, [&](const Place& place) {
    if (!reckoning.modifiers.enter(place, depth)) return;
    if (is_taken_out(place)) return add_note(note, place.member("id"), "without");
    core::Modifier& modifier = modifiers.emplace_back();
    modifier.id = first_id(place, {"id", "referenceId"});
    modifier.quantity = required_quantity(place.member("quantity"));
    modifier.unit_price = {reckoning.money.if_given(place.member("price"), -core::money_minor_max)};
    modifier.modifiers = read_modifiers(place, depth + 1, reckoning, note);
  });
  return modifiers;
}

std::vector<core::Item> read_items(const Place& selections, Reckoning& reckoning) {
  std::vector<core::Item> items;
  selections.elements(1, core::items_per_order_max, [&](const Place& place) {
    if (!place.must_be_object() || is_taken_out(place)) return;
    core::Item& item = items.emplace_back();
    item.id = first_id(place, {"id", "referenceId"});
    item.quantity = required_quantity(place.member("quantity"));
    item.unit_price = {reckoning.money.required(place.member("price"), -core::money_minor_max)};
    item.modifiers = read_modifiers(place, 1, reckoning, item.note);
  });
  if (items.empty()) selections.refuse("has no selection with a quantity");
  return items;
}

core::FulfilmentType fulfilment_of(std::string_view mode) {
  if (mode == "TAKEOUT" || mode == "DRIVE_THRU") return core::FulfilmentType::pickup;
  if (mode == "EAT_IN" || mode == "TABLE_SERVICE") return core::FulfilmentType::dine_in;
  if (mode == "CURBSIDE") return core::FulfilmentType::curbside;
  return core::FulfilmentType::delivery;
}

core::Customer read_customer(const Place& order) {
  core::Customer customer;
  const Place person = order.member("customer");
  customer.name = name_text(person.member("name"));
  customer.phone = text_if_fit(person.member("phone"), phone_rule);
  const Place address = order.member("deliveryAddress");
  add_note(customer.note, address.member("instructions"));
  return customer;
}

/// Fees stand in the total alone.
std::optional<core::Totals> read_totals(const Place& order, const std::vector<core::Item>& items,
                                        MoneyObjects& money) {
  const Place charges = order.member("charges");
  if (!charges.given() || !charges.must_be_object()) return std::nullopt;
  StatedTotals stated;
  if (const Place subtotal = charges.member("subTotal"); subtotal.given())
    stated.subtotal = money.required(subtotal, 0);
  stated.tax = money.if_given(charges.member("tax"), 0);
  if (const Place discounts = order.member("discounts"); discounts.given())
    discounts.elements(0, groups_max, [&](const Place& discount) {
      stated.discount += size_of(money.if_given(discount.member("total"), -core::money_minor_max));
    });
  if (const Place total = charges.member("total"); total.given()) stated.total = money.required(total, 0);
  return totals_within_limits(charges, stated, items);
}

/// Their times count from when it was bought, which may be long after it was made, to be priced: its last change, as it is
/// read upon the news of that. One without a lead time (null) is held until it is fired.
void read_times(const Place& order, core::CanonicalOrder& canonical) {
  constexpr std::int64_t second_ms = 1000;
  canonical.placed_at_wall_ms = time_in_any_form(order.member("createdAt"));
  const auto changed_at = time_in_any_form(order.member("updatedAt"));
  const auto bought_at = std::max(changed_at, canonical.placed_at_wall_ms);
  const auto ready_s = seconds_of(order.member("readyInSeconds"));
  if (ready_s && bought_at) canonical.promised_at_wall_ms = *bought_at + *ready_s * second_ms;
  const Place lead = order.member("fireOrderInSeconds");
  const auto lead_s = seconds_of(lead);
  if (!lead_s) {
    if (lead.present()) canonical.release.mode = core::ReleaseMode::on_event;
    return;
  }
  canonical.release.mode = *lead_s == 0 ? core::ReleaseMode::immediate : core::ReleaseMode::at_time;
  if (*lead_s > 0 && bought_at) canonical.release.at_wall_ms = *bought_at + *lead_s * second_ms;
}

core::CanonicalOrder read_order(const Place& order, std::string_view partner) {
  core::CanonicalOrder canonical;
  Reckoning reckoning;
  canonical.partner = partner;
  canonical.partner_order_id = order.member("id").text(order_id_rule);
  read_times(order, canonical);
  canonical.fulfilment = fulfilment_of(order.member("serviceMode").text_or_empty());
  canonical.customer = read_customer(order);
  const Place cart = order.member("cart");
  canonical.items = read_items(cart.member("menuSelections"), reckoning);
  canonical.totals = read_totals(order, canonical.items, reckoning.money);
  drop_discount_lines(cart.member("menuSelections"), canonical.items);
  const Place payment = order.member("payment");
  const std::string_view method = payment.member("paymentMethod").text_or_empty();
  canonical.prepaid = method != "CASH" && method != "UNPAID";
  canonical.currency = reckoning.money.currency();
  return canonical;
}

}  // namespace

HttpRequest RbiApi::fetch(const ApiStore&, const ApiOrder& order) const {
  if (!order.href.empty()) return get_of(std::string(order.href));
  return get_of(order_path("/orders/channel/", order.partner_order_id));
}

Parsed<FetchedOrder> RbiApi::read_fetched(std::string_view body, std::string_view partner,
                                          const ApiStore& store) const {
  const auto state_of = [&](const Place& root, FetchedOrder& fetched) {
    with_order(root, [&](const Place& order) { read_state(order, own_id(store), fetched); });
  };
  const auto order_of = [&](const Place& root) {
    return with_order(root, [&](const Place& order) { return read_order(order, partner); });
  };
  return read_fetched_order(body, partner, state_of, order_of);
}

}  // namespace storegate::codec
