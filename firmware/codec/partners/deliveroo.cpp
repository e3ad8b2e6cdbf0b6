// Deliveroo's JSON to webhooks: amounts are objects with their currency, modifiers nest as lines do, and an order's log
// of states is the truth about it.
#include "codec/partners/deliveroo.hpp"

#include <algorithm>
#include <array>

#include "codec/partners/reading.hpp"
#include "codec/partners/signature.hpp"
#include "codec/times.hpp"

namespace storegate::codec {

namespace {

using json::Place;

// ---- what it is about ----

bool is_over(std::string_view status) {
  return status == "canceled" || status == "cancelled" || status == "rejected";
}

/// Events come twice and out of order; a state that ends an order ends it wherever in the log it stands.
bool was_ended(const Place& order) {
  bool over = is_over(order.member("status").text_or_empty());
  each_of(order.member("status_log"),
          [&](const Place& entry) { over = over || is_over(entry.member("status").text_or_empty()); });
  return over;
}

bool is_accepted(const Place& order) {
  const std::string_view status = order.member("status").text_or_empty();
  return status == "accepted" || status == "confirmed";
}

bool is_at_site(std::string_view rider_status) {
  return rider_status == "rider_arrived" || rider_status == "rider_confirmed_at_restaurant";
}

/// Whether any rider of the order is near the site or in it (rider events webhook).
bool has_rider_at_site(const Place& body) {
  bool at_site = is_at_site(body.member("status").text_or_empty());
  const auto read_states = [&](const Place& of) {
    each_of(of.member("status_log"), [&](const Place& entry) {
      at_site = at_site || is_at_site(entry.member("status").text_or_empty());
    });
  };
  read_states(body);
  each_of(body.member("riders"), [&](const Place& rider) {
    at_site = at_site || is_at_site(rider.member("status").text_or_empty());
    read_states(rider);
  });
  return at_site;
}

std::optional<WebhookKind> said_by(const Place& root) {
  const Place event = root.member("event");
  const std::string_view name = event.text(word_rule);
  const Place body = root.member("body");
  const Place order = body.member("order");
  if (name == "order.new") return was_ended(order) ? WebhookKind::cancel : WebhookKind::order;
  if (name == "order.status_update" && was_ended(order)) return WebhookKind::cancel;
  // It stands here: one whose order.new was missed would be cooked by nobody.
  if (name == "order.status_update" && is_accepted(order) && order.member("items").given())
    return WebhookKind::order;
  if (name == "rider.status_update" && has_rider_at_site(body)) return WebhookKind::release;
  // The webhook of before the Order API names the same order by another id: taken as well, it would be cooked twice.
  if (name == "new_order") event.refuse("is the legacy POS webhook; register the Order Events webhook");
  return std::nullopt;
}

// ---- the order ----

/// What the lines and sums of one order share.
struct Reckoning {
  std::string currency;  // the first amount's; another in the same order is refused
  ModifierCount modifiers;

  /// `{fractional, currency_code}`: minor units.
  std::int64_t amount(const Place& money, std::int64_t min) {
    if (!money.must_be_object()) return 0;
    const Place code = money.member("currency_code");
    const std::string theirs = currency_if_given(code);
    if (currency.empty()) currency = theirs;
    if (!theirs.empty() && theirs != currency) code.refuse("is another currency than the order's");
    return minor_units(money.member("fractional"), min);
  }

  std::int64_t amount_if_given(const Place& money, std::int64_t min) {
    return money.given() ? amount(money, min) : 0;
  }
};

std::vector<core::Modifier> read_modifiers(const Place& line, std::size_t depth, Reckoning& reckoning);

void read_modifier(const Place& place, std::size_t depth, Reckoning& reckoning,
                   std::vector<core::Modifier>& modifiers) {
  if (!reckoning.modifiers.enter(place, depth) || is_none(place.member("quantity"))) return;
  core::Modifier& modifier = modifiers.emplace_back();
  modifier.id = first_id(place, {"pos_item_id", "pos_modifier_id", "operational_name", "name"});
  modifier.name = name_text(place.member("name"));
  modifier.quantity = quantity_of(place.member("quantity"));
  modifier.unit_price = {reckoning.amount_if_given(place.member("unit_price"), -core::money_minor_max)};
  modifier.modifiers = read_modifiers(place, depth + 1, reckoning);
}

/// Modifiers of a line, of `modifiers` or, where there are none, of the groups in `modifier_groups`.
std::vector<core::Modifier> read_modifiers(const Place& line, std::size_t depth, Reckoning& reckoning) {
  std::vector<core::Modifier> modifiers;
  const auto read_list = [&](const Place& list) {
    if (!list.given()) return;
    list.elements(0, modifiers_per_order_max,
                  [&](const Place& place) { read_modifier(place, depth, reckoning, modifiers); });
  };
  read_list(line.member("modifiers"));
  const Place groups = line.member("modifier_groups");
  if (!modifiers.empty() || !groups.given()) return modifiers;
  groups.elements(0, groups_max, [&](const Place& group) {
    if (group.must_be_object()) read_list(group.member("modifiers"));
  });
  return modifiers;
}

void read_item(const Place& place, Reckoning& reckoning, std::vector<core::Item>& items) {
  if (!place.must_be_object()) return;
  core::Item& item = items.emplace_back();
  item.id = first_id(place, {"pos_item_id", "operational_name", "name"});
  item.name = name_text(place.member("name"));
  item.quantity = required_quantity(place.member("quantity"));
  item.unit_price = {reckoning.amount(place.member("unit_price"), -core::money_minor_max)};
  item.modifiers = read_modifiers(place, 1, reckoning);
}

/// api-docs.deliveroo.com, fulfilment types: their rider, the restaurant's, the customer, or a table.
core::FulfilmentType read_fulfilment(const Place& order) {
  const std::string_view type = order.member("fulfillment_type").text_or_empty();
  if (type == "customer") return core::FulfilmentType::pickup;
  if (type == "table_service") return core::FulfilmentType::dine_in;
  return core::FulfilmentType::delivery;
}

core::Customer read_customer(const Place& order) {
  core::Customer customer;
  add_note(customer.note, order.member("order_notes"));
  add_note(customer.note, order.member("cutlery_notes"));
  const Place table = order.member("table_number");
  if (const std::string number = text_if_fit(table, word_rule); !number.empty())
    add_note_line(customer.note, "Table " + number, table);
  const Place person = order.member("customer");
  constexpr json::TextRule half_rule{.min = 0, .max = name_bytes_max / 2 - 1};
  customer.name = text_if_fit(person.member("first_name"), half_rule);
  const std::string last_name = text_if_fit(person.member("last_name"), half_rule);
  if (!customer.name.empty() && !last_name.empty()) customer.name += ' ';
  customer.name += last_name;
  const Place phone = person.member("phone_number");
  customer.phone = text_if_fit(phone.given() ? phone : person.member("contact_number"), phone_rule);
  return customer;
}

/// Their prices hold the tax, and riders' tips are not the store's. What is the store's to take is
/// `partner_order_total`; fees and deposits stand in it alone.
std::optional<core::Totals> read_totals(const Place& order, const std::vector<core::Item>& items,
                                        Reckoning& reckoning) {
  StatedTotals stated;
  if (const Place subtotal = order.member("subtotal"); subtotal.given())
    stated.subtotal = reckoning.amount(subtotal, 0);
  stated.discount =
      size_of(reckoning.amount_if_given(order.member("offer_discount"), -core::money_minor_max));
  const Place theirs = order.member("total_price");
  const Place ours = order.member("partner_order_total");
  if (ours.given() || theirs.given()) stated.total = reckoning.amount(ours.given() ? ours : theirs, 0);
  return totals_within_limits(order, stated, items);
}

bool is_for_later(const Place& order) { return !flag_of(order.member("asap"), true); }

/// When it was placed, by the log, which may say so in one repeat and not in another. Only for orders to be cooked at
/// once: those for later have no time within which they must be accepted, and come again for half an hour.
std::optional<std::int64_t> read_placed_at(const Place& order) {
  std::optional<std::int64_t> placed_at;
  if (is_for_later(order)) return placed_at;
  each_of(order.member("status_log"), [&](const Place& entry) {
    if (entry.member("status").text_or_empty() != "placed") return;
    const auto at = time_from(entry.member("at").text_or_empty());
    if (at && (!placed_at || *at < *placed_at)) placed_at = at;
  });
  return placed_at;
}

/// "start_preparing_at" of an order for later is when they advise to send it to the till (scheduled orders); without it the
/// order goes by what is promised.
void read_times(const Place& order, core::CanonicalOrder& canonical) {
  const Place prepare_for = order.member("prepare_for");
  const bool later = is_for_later(order);
  canonical.promised_at_wall_ms = later ? time_of_later(prepare_for) : time_in_any_form(prepare_for);
  if (!later) return;
  canonical.release.mode = core::ReleaseMode::at_time;
  canonical.release.at_wall_ms = time_of_later(order.member("start_preparing_at"));
}

bool is_prepaid(const Place& order, Reckoning& reckoning) {
  return reckoning.amount_if_given(order.member("cash_due"), 0) == 0;
}

core::CanonicalOrder read_order(const Place& order, std::string_view partner) {
  core::CanonicalOrder canonical;
  if (!order.must_be_object()) return canonical;
  Reckoning reckoning;
  canonical.partner = partner;
  canonical.partner_order_id = order.member("id").text(order_id_rule);
  canonical.fulfilment = read_fulfilment(order);
  read_times(order, canonical);
  canonical.customer = read_customer(order);
  order.member("items").elements(1, core::items_per_order_max,
                                 [&](const Place& item) { read_item(item, reckoning, canonical.items); });
  canonical.totals = read_totals(order, canonical.items, reckoning);
  drop_discount_lines(order.member("items"), canonical.items);
  canonical.prepaid = is_prepaid(order, reckoning);
  canonical.currency = reckoning.currency;
  return canonical;
}

// ---- the rest ----

constexpr std::array<ReasonWord, 4> reject_reasons{
    {{"ingredient_unavailable", core::Reason::item_unavailable},
     {"closing_early", core::Reason::store_closed},
     {"busy", core::Reason::too_busy},
     {"other", core::Reason::other}}};

Webhook read_any(const Place& root, WebhookKind kind, const Delivery& delivery, std::string_view partner) {
  const Place body = root.member("body");
  const Place order = body.member("order");
  must_be_ours(kind == WebhookKind::release ? body.member("location_id") : order.member("location_id"),
               delivery.store);
  if (kind == WebhookKind::order) {
    OrderReceived received{with_bytes(read_order(order, partner), delivery.body)};
    received.told_before = root.member("event").text_or_empty() == "order.status_update";
    // Somebody has accepted one that was told before: how long ago it was placed refuses it no more.
    if (!received.told_before) received.placed_at_wall_ms = read_placed_at(order);
    return received;
  }
  if (kind == WebhookKind::release)
    return ReleaseReceived{{order_ref(partner, body.member("order_id").text(order_id_rule))}};
  return CancelReceived{{order_ref(partner, order.member("id").text(order_id_rule))},
                        reason_text(order.member("reject_reason"), reject_reasons)};
}

}  // namespace

bool Deliveroo::authenticate(const Delivery& delivery) const {
  const std::string_view guid = only_header(delivery.headers, "x-deliveroo-sequence-guid");
  // The first blank of what is signed ends it: with one in it, the same signature would fit another guid and body.
  const auto is_graphic = [](char c) { return c > ' ' && c <= '~'; };
  if (guid.empty() || !std::all_of(guid.begin(), guid.end(), is_graphic)) return false;
  std::string bytes;
  bytes.reserve(guid.size() + 1 + delivery.body.size());
  bytes.append(guid).append(" ").append(delivery.body);
  return is_signed(delivery, only_header(delivery.headers, "x-deliveroo-hmac-sha256"), bytes,
                   SignatureEncoding::hex);
}

Parsed<Webhook> Deliveroo::read(const Delivery& delivery, std::optional<WebhookKind> fixed) const {
  const std::string_view partner = partner_of(delivery);
  return read_event(delivery, fixed, said_by, [&](const Place& root, WebhookKind kind) {
    return read_any(root, kind, delivery, partner);
  });
}

std::string_view Deliveroo::rejection_code(core::Reason reason) const noexcept {
  switch (reason) {
    case core::Reason::item_unavailable: return "ingredient_unavailable";
    case core::Reason::store_closed: return "closing_early";
    case core::Reason::too_busy: return "busy";
    default: return "other";
  }
}

std::string_view Deliveroo::cancel_code(core::Reason reason) const noexcept {
  switch (reason) {
    case core::Reason::item_unavailable: return "items_out_of_stock";
    case core::Reason::item_unknown: return "pos_item_id_not_found";
    case core::Reason::store_closed:
    case core::Reason::pos_offline: return "location_offline";
    case core::Reason::price_mismatch: return "price_mismatched";
    case core::Reason::invalid_order: return "unsupported_order_type";
    case core::Reason::timed_out: return "timed_out";
    default: return "other";
  }
}

}  // namespace storegate::codec
