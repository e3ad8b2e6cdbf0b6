// HubRise's JSON to webhooks: amounts as "9.00 EUR", quantities as "2.0", and orders that others may change while they
// live: what is marked as deleted is not there, and what comes later than the creation is never cooked.
#include "codec/partners/hubrise.hpp"

#include <limits>

#include "codec/decimal.hpp"
#include "codec/partners/reading.hpp"
#include "codec/partners/signature.hpp"
#include "codec/partners/thin.hpp"

namespace storegate::codec {

namespace {

using json::Place;

/// Reads one order's amounts, which must all be in one currency: the first one's.
class Amounts {
 public:
  [[nodiscard]] std::int64_t required(const Place& place, std::int64_t min) {
    const std::string_view text = place.text(name_rule);
    const auto blank = text.find(' ');
    const std::string_view code = blank == std::string_view::npos ? text : text.substr(blank + 1);
    if (currency_.empty() && is_currency_code(code)) currency_ = code;
    const auto minor = decimal_from(text.substr(0, blank), minor_digits(currency_));
    const bool good = code == currency_ && minor && *minor >= min && *minor <= core::money_minor_max;
    if (!good)
      place.refuse("must be an amount such as 9.00 EUR, in the order's one currency and within limits");
    return good ? *minor : 0;
  }
  [[nodiscard]] std::int64_t if_given(const Place& place, std::int64_t min) {
    return place.given() ? required(place, min) : 0;
  }
  [[nodiscard]] const std::string& currency() const { return currency_; }

 private:
  std::string currency_;
};

bool is_marked(const Place& place, std::string_view flag) { return flag_of(place.member(flag)); }

// ---- the order ----

/// Options are for each piece of their item and do not nest. A removed one is no modifier, which a POS would add by its
/// id: it stands in the item's note.
std::vector<core::Modifier> read_options(const Place& options, Amounts& amounts, ModifierCount& count,
                                         std::string& note) {
  std::vector<core::Modifier> modifiers;
  if (!options.given()) return modifiers;
  options.elements(0, modifiers_per_order_max, [&](const Place& option) {
    if (!count.enter(option, 1)) return;
    if (is_marked(option, "removed")) return add_note(note, option.member("name"), "without");
    if (is_none(option.member("quantity"))) return;
    core::Modifier& modifier = modifiers.emplace_back();
    modifier.id = id_or_name(option.member("ref"), option.member("name"));
    modifier.name = name_text(option.member("name"));
    modifier.quantity = quantity_of(option.member("quantity"));
    modifier.unit_price = {amounts.if_given(option.member("price"), -core::money_minor_max)};
  });
  return modifiers;
}

/// `price` is for one piece, without its options.
std::vector<core::Item> read_items(const Place& lines, Amounts& amounts) {
  std::vector<core::Item> items;
  ModifierCount count;
  lines.elements(1, core::items_per_order_max, [&](const Place& line) {
    if (!line.must_be_object() || is_marked(line, "deleted")) return;
    core::Item& item = items.emplace_back();
    item.id = id_or_name(line.member("sku_ref"), line.member("product_name"));
    item.name = name_with_kind(line.member("product_name"), line.member("sku_name"));
    item.quantity = required_quantity(line.member("quantity"));
    item.unit_price = {amounts.required(line.member("price"), -core::money_minor_max)};
    add_note(item.note, line.member("customer_notes"));
    item.modifiers = read_options(line.member("options"), amounts, count, item.note);
  });
  if (items.empty()) lines.refuse("has no item that is not deleted");
  return items;
}

/// The sum of one amount of every element that is not deleted; at most money_minor_max each, so no sum overflows.
std::int64_t sum_of(const Place& list, std::string_view member, Amounts& amounts) {
  std::int64_t sum = 0;
  if (!list.given()) return sum;
  list.elements(0, groups_max, [&](const Place& element) {
    if (!is_marked(element, "deleted"))
      sum += amounts.if_given(element.member(member), -core::money_minor_max);
  });
  return sum;
}

/// Taxes are in the prices, fees (`charges`) in the total that HubRise has worked out.
std::optional<core::Totals> read_totals(const Place& state, Amounts& amounts,
                                        const std::vector<core::Item>& items) {
  StatedTotals stated;
  const std::int64_t discount = sum_of(state.member("discounts"), "price_off", amounts);
  stated.discount = size_of(discount);
  if (const Place total = state.member("total"); total.given()) stated.total = amounts.required(total, 0);
  return totals_within_limits(state, stated, items);
}

/// "If payments are omitted, the order should be considered as unpaid": paid is what payments cover, cash apart.
bool is_prepaid(const Place& state, Amounts& amounts, const std::optional<core::Totals>& totals) {
  const Place payments = state.member("payments");
  bool cash = false;
  if (payments.given()) {
    payments.elements(0, groups_max, [&](const Place& payment) {
      cash = cash || (payment.member("type").text_or_empty() == "cash" && !is_marked(payment, "deleted"));
    });
  }
  const std::int64_t due = totals ? totals->total.minor : std::numeric_limits<std::int64_t>::max();
  return sum_of(payments, "amount", amounts) >= due && !cash;
}

core::FulfilmentType read_fulfilment(std::string_view service) {
  if (service == "collection") return core::FulfilmentType::pickup;
  if (service == "eat_in") return core::FulfilmentType::dine_in;
  return core::FulfilmentType::delivery;
}

core::Customer read_customer(const Place& state) {
  core::Customer customer;
  const Place person = state.member("customer");
  customer.name = person_name(person.member("first_name"), person.member("last_name"));
  customer.phone = phone_of(person.member("phone"), person.member("phone_access_code"));
  add_note(customer.note, state.member("customer_notes"));
  add_note(customer.note, state.member("seller_notes"));
  add_note(customer.note, person.member("delivery_notes"));
  return customer;
}

std::optional<std::int64_t> read_promise(const Place& state) {
  const auto confirmed = time_in_any_form(state.member("confirmed_time"));
  return confirmed ? confirmed : time_in_any_form(state.member("expected_time"));
}

/// They do not say that an order is for later. One that is expected more than an hour after it was made is, and would else be
/// made now where the store makes all at once.
bool is_for_later(const core::CanonicalOrder& order) {
  constexpr std::int64_t hour_ms = 3'600'000;
  return order.placed_at_wall_ms && order.promised_at_wall_ms &&
         *order.promised_at_wall_ms - *order.placed_at_wall_ms > hour_ms;
}

/// The order of which an event speaks: it names its resource and what that belongs to; the state says it again.
std::string read_order_id(const Place& root, const Place& state) {
  const Place named = root.member("order_id");
  if (named.given()) return std::string(named.text(order_id_rule));
  const bool of_delivery = root.member("resource_type").text_or_empty() == "delivery";
  return std::string(state.member(of_delivery ? "order_id" : "id").text(order_id_rule));
}

core::CanonicalOrder read_order(const Place& state, std::string partner_order_id, std::string_view partner) {
  core::CanonicalOrder order;
  order.partner = partner;
  order.partner_order_id = std::move(partner_order_id);
  order.placed_at_wall_ms = time_in_any_form(state.member("created_at"));
  order.promised_at_wall_ms = read_promise(state);
  if (is_for_later(order)) order.release.mode = core::ReleaseMode::at_time;
  order.fulfilment = read_fulfilment(state.member("service_type").text_or_empty());
  order.customer = read_customer(state);
  Amounts amounts;
  order.items = read_items(state.member("items"), amounts);
  order.totals = read_totals(state, amounts, order.items);
  drop_discount_lines(state.member("items"), order.items);
  order.prepaid = is_prepaid(state, amounts, order.totals);
  order.currency = amounts.currency();
  return order;
}

// ---- which event it is ----

enum class Event : std::uint8_t { created, cancelled, courier_near, nothing };

/// Nearing pickup, or waiting there (deliveries.md, delivery statuses).
bool is_near(const Place& delivery) {
  const std::string_view status = delivery.member("status").text_or_empty();
  return status == "pickup_approaching" || status == "pickup_waiting";
}

bool is_new(const Place& state) {
  const Place status = state.member("status");
  return !status.given() || status.text_or_empty() == "new";
}

bool is_cancelled(const Place& state) {
  const std::string_view status = state.member("status").text_or_empty();
  return status == "cancelled" || status == "rejected";
}

Event event_of_order(std::string_view type, const Place& state) {
  if (type == "create") return is_new(state) ? Event::created : Event::nothing;
  if (type != "update") return Event::nothing;
  if (is_cancelled(state)) return Event::cancelled;
  return is_near(state.member("delivery")) ? Event::courier_near : Event::nothing;
}

Event event_of(const Place& root) {
  const std::string_view resource = root.member("resource_type").text_or_empty();
  const std::string_view type = root.member("event_type").text_or_empty();
  const Place state = root.member("new_state");
  if (resource == "order") return event_of_order(type, state);
  return resource == "delivery" && is_near(state) ? Event::courier_near : Event::nothing;
}

WebhookKind kind_by_event(const Place& root) {
  const Event event = event_of(root);
  if (event == Event::created) return WebhookKind::order;
  return event == Event::cancelled ? WebhookKind::cancel : WebhookKind::release;
}

std::vector<core::OrderRef> read_ref(const Place& root, std::string_view partner) {
  return {order_ref(partner, read_order_id(root, root.member("new_state")))};
}

Webhook read_any(const Place& root, WebhookKind kind, const Delivery& delivery, std::string_view partner) {
  if (event_of(root) == Event::nothing) return NothingReceived{};
  const Place location = root.member("location_id");
  const Place state = root.member("new_state");
  must_be_ours(location.given() ? location : state.member("location_id"), delivery.store);
  if (kind == WebhookKind::order) {
    if (!state.must_be_object()) return NothingReceived{};
    core::CanonicalOrder order = read_order(state, read_order_id(root, state), partner);
    return OrderReceived{with_bytes(std::move(order), delivery.body)};
  }
  if (kind == WebhookKind::cancel) return CancelReceived{read_ref(root, partner), ""};
  return ReleaseReceived{read_ref(root, partner)};
}

// ---- as it was asked for ----

std::string read_own_id(const Place& state) { return std::string(state.member("id").text(order_id_rule)); }

void read_state(const Place& state, std::string_view ours, FetchedOrder& fetched) {
  fetched.decoded.order.partner_order_id = read_own_id(state);
  fetched.other_store = is_other_store(state.member("location_id"), ours);
  fetched.cancelled = is_cancelled(state);
  fetched.over = !fetched.cancelled && !is_new(state);
  fetched.released = !fetched.cancelled && is_near(state.member("delivery"));
}

}  // namespace

bool HubRise::authenticate(const Delivery& delivery) const {
  return body_is_signed(delivery, "x-hubrise-hmac-sha256", SignatureEncoding::hex);
}

Parsed<Webhook> HubRise::read(const Delivery& delivery, std::optional<WebhookKind> fixed) const {
  const std::string_view partner = partner_of(delivery);
  return read_webhook(delivery, fixed, kind_by_event, [&](const Place& root, WebhookKind kind) {
    return read_any(root, kind, delivery, partner);
  });
}

Parsed<FetchedOrder> HubRise::read_fetched(std::string_view body, std::string_view partner,
                                           std::string_view store) {
  return read_fetched_order(
      body, partner, [&](const Place& state, FetchedOrder& fetched) { read_state(state, store, fetched); },
      [&](const Place& state) { return read_order(state, read_own_id(state), partner); });
}

}  // namespace storegate::codec
