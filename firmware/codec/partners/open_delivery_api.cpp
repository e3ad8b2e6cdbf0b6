// Open Delivery's orders: amounts as objects with decimals, options for each piece of their item, and a time at which to
// begin.
#include "codec/partners/open_delivery_api.hpp"

#include <array>

#include "codec/decimal.hpp"
#include "codec/partners/open_delivery.hpp"
#include "codec/partners/open_delivery_event.hpp"
#include "codec/partners/thin.hpp"
#include "codec/text.hpp"

namespace storegate::codec {

namespace {

using json::Place;

// ---- how it stands ----

/// A merchant's id is its tax number (CNPJ), "-" and a name of the store: where the number alone is configured, all of its
/// stores are ours.
bool is_other_merchant(const Place& id, std::string_view ours) {
  const std::string theirs = text_if_fit(id, order_id_rule);
  const bool begins_as_ours = theirs.size() > ours.size() && theirs[ours.size()] == '-' &&
                              same_ignoring_case(std::string_view(theirs).substr(0, ours.size()), ours);
  return !begins_as_ours && is_other_store(id, ours);
}

/// The application's wish to cancel counts as a cancel: whether the food can still be stopped is the store's to judge.
void read_state(const Place& order, std::string_view ours, FetchedOrder& fetched) {
  fetched.decoded.order.partner_order_id = order.member("id").text(order_id_rule);
  const Place merchant = order.member("merchant");
  fetched.other_store = is_other_merchant(merchant.member("id"), ours);
  const std::string_view event = order.member("lastEvent").text_or_empty();
  fetched.cancelled = open_delivery_kind(event) == WebhookKind::cancel;
  fetched.over =
      event == "READY_FOR_PICKUP" || event == "DISPATCHED" || event == "DELIVERED" || event == "CONCLUDED";
}

// ---- the order ----

/// What the lines of one order share.
struct Reckoning {
  MoneyObjects money{"value", "currency", MoneyObjects::Written::decimals};
  ModifierCount modifiers;
};

std::vector<core::Modifier> read_options(const Place& line, std::size_t depth, Reckoning& reckoning,
                                         std::string& note) {
  std::vector<core::Modifier> modifiers;
  const Place options = line.member("options");
  if (!options.given()) return modifiers;
  options.elements(0, modifiers_per_order_max, [&](const Place& option) {
    if (!reckoning.modifiers.enter(option, depth)) return;
    add_note(note, option.member("specialInstructions"), name_text(option.member("name")));
    if (is_none(option.member("quantity"))) return;  // what is said of it stays
    core::Modifier& modifier = modifiers.emplace_back();
    modifier.id = first_id(option, {"externalCode", "id", "name"});
    modifier.name = name_text(option.member("name"));
    modifier.quantity = quantity_of(option.member("quantity"));
    modifier.unit_price = {reckoning.money.if_given(option.member("unitPrice"), -core::money_minor_max)};
    modifier.modifiers = read_options(option, depth + 1, reckoning, note);
  });
  return modifiers;
}

void read_item(const Place& place, Reckoning& reckoning, std::vector<core::Item>& items) {
  if (!place.must_be_object()) return;
  core::Item& item = items.emplace_back();
  item.id = first_id(place, {"externalCode", "id", "name"});
  item.name = name_text(place.member("name"));
  item.quantity = required_quantity(place.member("quantity"));
  item.unit_price = {reckoning.money.required(place.member("unitPrice"), -core::money_minor_max)};
  add_note(item.note, place.member("specialInstructions"));
  item.modifiers = read_options(place, 1, reckoning, item.note);
}

core::FulfilmentType fulfilment_of(std::string_view type) {
  if (type == "TAKEOUT") return core::FulfilmentType::pickup;
  if (type == "INDOOR") return core::FulfilmentType::dine_in;
  return core::FulfilmentType::delivery;
}

/// Of the part that belongs to the order's type; where it is delivered, the estimate is the customer's door, and counts for
/// an order for later alone, which would else be made now. "Default is the same time as order creation time": such a time promises
/// nothing.
std::optional<std::int64_t> promised_at(const Place& order, std::optional<std::int64_t> placed_at) {
  struct Time {
    std::string_view part;
    std::string_view member;
  };
  constexpr std::array<Time, 4> times{{{"schedule", "scheduledDateTimeStart"},
                                       {"takeout", "takeoutDateTime"},
                                       {"indoor", "indoorDateTime"},
                                       {"delivery", "estimatedDeliveryDateTime"}}};
  const bool is_for_later = order.member("orderTiming").text_or_empty() == "SCHEDULED";
  for (const Time& time : times) {
    if (time.part == "delivery" && !is_for_later) break;
    const Place part = order.member(time.part);
    const Place place = part.member(time.member);
    const auto at = is_for_later ? time_of_later(place) : time_in_any_form(place);
    if (at && at > placed_at) return at;
  }
  return std::nullopt;
}

/// An order that is to be begun later than it was made waits for that time; one for now for what the store decides.
void read_times(const Place& order, core::CanonicalOrder& canonical) {
  canonical.placed_at_wall_ms = time_in_any_form(order.member("createdAt"));
  canonical.promised_at_wall_ms = promised_at(order, canonical.placed_at_wall_ms);
  const bool is_for_later = order.member("orderTiming").text_or_empty() == "SCHEDULED";
  const Place begin = order.member("preparationStartDateTime");
  const auto begin_at = is_for_later ? time_of_later(begin) : time_in_any_form(begin);
  const bool begins_later = begin_at && begin_at > canonical.placed_at_wall_ms;
  if (!is_for_later && !begins_later) return;
  canonical.release.mode = core::ReleaseMode::at_time;
  if (begins_later) canonical.release.at_wall_ms = begin_at;
}

void add_place(std::string& note, const Place& place, std::string_view what) {
  if (const std::string name = name_text(place); !name.empty())
    add_note_line(note, std::string(what).append(name), place);
}

core::Customer read_customer(const Place& order) {
  core::Customer customer;
  const Place person = order.member("customer");
  customer.name = name_text(person.member("name"));
  const Place phone = person.member("phone");
  customer.phone = phone_of(phone.member("number"), phone.member("extension"));
  add_note(customer.note, order.member("extraInfo"));
  const Place indoor = order.member("indoor");
  add_place(customer.note, indoor.member("place"), "Table ");
  add_place(customer.note, indoor.member("tab"), "Tab ");
  return customer;
}

/// Tips to the merchant; what the marketplace or a courier gets is none of the store's money.
std::int64_t read_tip(const Place& fees, MoneyObjects& money) {
  std::int64_t tip = 0;
  if (!fees.given()) return tip;
  fees.elements(0, groups_max, [&](const Place& fee) {
    const bool is_tip = fee.member("type").text_or_empty() == "TIP";
    const bool is_ours = fee.member("receivedBy").text_or_empty() == "MERCHANT";
    if (is_tip && is_ours) tip += money.required(fee.member("price"), 0);
  });
  return tip;
}

/// Taxes are in the prices; the other fees stand in the total alone.
std::optional<core::Totals> read_totals(const Place& order, const std::vector<core::Item>& items,
                                        MoneyObjects& money) {
  const Place total = order.member("total");
  if (!total.given() || !total.must_be_object()) return std::nullopt;
  StatedTotals stated;
  if (const Place subtotal = total.member("itemsPrice"); subtotal.given())
    stated.subtotal = money.required(subtotal, 0);
  stated.discount = size_of(money.if_given(total.member("discount"), -core::money_minor_max));
  stated.tip = read_tip(order.member("otherFees"), money);
  if (const Place amount = total.member("orderAmount"); amount.given())
    stated.total = money.required(amount, 0);
  return totals_within_limits(total, stated, items);
}

/// Not while anything is still to be collected.
bool is_prepaid(const Place& payments, std::string_view currency) {
  const Place pending = payments.member("pending");
  if (pending.given()) return pending.decimal(minor_digits(currency), 0, core::money_minor_max) == 0;
  bool prepaid = true;
  each_of(payments.member("methods"), [&](const Place& method) {
    prepaid = prepaid && method.member("type").text_or_empty() != "PENDING";
  });
  return prepaid;
}

core::CanonicalOrder read_order(const Place& order, std::string_view partner) {
  core::CanonicalOrder canonical;
  Reckoning reckoning;
  canonical.partner = partner;
  canonical.partner_order_id = order.member("id").text(order_id_rule);
  canonical.fulfilment = fulfilment_of(order.member("type").text_or_empty());
  read_times(order, canonical);
  canonical.customer = read_customer(order);
  order.member("items").elements(1, core::items_per_order_max,
                                 [&](const Place& item) { read_item(item, reckoning, canonical.items); });
  canonical.totals = read_totals(order, canonical.items, reckoning.money);
  drop_discount_lines(order.member("items"), canonical.items);
  canonical.currency = reckoning.money.currency();
  canonical.prepaid = is_prepaid(order.member("payments"), canonical.currency);
  return canonical;
}

// ---- events by polling ----

/// What an acknowledgement names.
struct EventName {
  std::string event_id;
  std::string order_id;
  std::string event_type;
};

/// "at most 100" of an acknowledgement's array.
constexpr std::size_t acknowledged_at_once = 100;

void append(std::string& out, const EventName& event) {
  out.append(R"({"id":)");
  json::append_string(out, event.event_id);
  out.append(R"(,"orderId":)");
  json::append_string(out, event.order_id);
  out.append(R"(,"eventType":)");
  json::append_string(out, event.event_type);
  out += '}';
}

std::vector<HttpRequest> acknowledgements_of(const std::vector<EventName>& events) {
  std::vector<HttpRequest> requests;
  std::string body;
  for (std::size_t at = 0; at < events.size(); ++at) {
    body += body.empty() ? '[' : ',';
    append(body, events[at]);
    if ((at + 1) % acknowledged_at_once != 0 && at + 1 != events.size()) continue;
    requests.push_back(post_of("/v1/events/acknowledgment", std::move(body += ']')));
    body.clear();
  }
  return requests;
}

/// One that cannot be named cannot be acknowledged, and comes again.
void read_polled(const Place& event, std::string_view partner, PulledPage& page,
                 std::vector<EventName>& events) {
  EventName name{order_id_if_fit(event.member("eventId")), order_id_if_fit(event.member("orderId")),
                 text_if_fit(event.member("eventType"), word_rule)};
  if (name.event_id.empty() || name.order_id.empty() || name.event_type.empty())
    return page.unreadable.push_back("an event without its id, its order's or its type");
  if (const auto kind = open_delivery_kind(name.event_type))
    page.webhooks.push_back(read_open_delivery_event(event, *kind, partner));
  events.push_back(std::move(name));
}

// ---- what they are told ----

std::string confirmation_of(const core::TellPartner& what) {
  constexpr std::int64_t minute_ms = 60'000;
  std::string body = R"({"createdAt":)";
  json::append_time_string(body, what.at_wall_ms);
  body += R"(,"orderExternalCode":)";
  json::append_string(body, what.display_code);
  if (what.ready_at_wall_ms && *what.ready_at_wall_ms > what.at_wall_ms) {
    body += R"(,"preparationTime":)";
    json::append_integer(body, (*what.ready_at_wall_ms - what.at_wall_ms + minute_ms - 1) / minute_ms);
  }
  return body += '}';
}

std::string cancellation_of(const core::TellPartner& what) {
  std::string body = R"({"reason":)";
  json::append_string(body, name_of(what.reason));
  body += R"(,"code":)";
  json::append_string(body, OpenDelivery().rejection_code(what.reason));
  return body += R"(,"mode":"AUTO"})";
}

}  // namespace

HttpRequest OpenDeliveryApi::fetch(const ApiStore&, const ApiOrder& order) const {
  if (!order.href.empty()) return get_of(std::string(order.href));
  return get_of(order_path("/v1/orders/", order.partner_order_id));
}

Parsed<FetchedOrder> OpenDeliveryApi::read_fetched(std::string_view body, std::string_view partner,
                                                   const ApiStore& store) const {
  return read_fetched_order(
      body, partner,
      [&](const Place& root, FetchedOrder& fetched) { read_state(root, own_id(store), fetched); },
      [&](const Place& root) { return read_order(root, partner); });
}

HttpRequest OpenDeliveryApi::pull(const ApiStore& store, std::string_view) const {
  HttpRequest request = get_of("/v1/events:polling");
  if (!store.merchant_id.empty())
    request.headers.emplace_back("x-polling-merchants", std::string(store.merchant_id));
  return request;
}

Parsed<PulledPage> OpenDeliveryApi::read_pulled(std::string_view body, std::string_view partner,
                                                const ApiStore&) const {
  PulledPage page;
  if (body.empty()) return page;  // 204: nothing new
  const auto document = json::Document::parse(body);
  if (!document) return document.problem();
  json::Reading reading(*document);
  std::vector<EventName> events;
  Place(reading).elements(0, pulled_orders_max,
                          [&](const Place& event) { read_polled(event, partner, page, events); });
  if (reading.failed()) return reading.take_problem();
  page.then = acknowledgements_of(events);
  return page;
}

core::TellOutcome OpenDeliveryApi::told(core::Notice notice, int status, std::string_view body) const {
  const bool is_cancelled = status == 404 || status == 409 || status == 410 || status == 422;
  if (notice == core::Notice::cancel_agreed && is_cancelled) return core::TellOutcome::told;
  return PartnerApi::told(notice, status, body);
}

HttpRequest OpenDeliveryApi::tell(const ApiStore&, const core::TellPartner& what) const {
  constexpr std::string_view orders = "/v1/orders/";
  const std::string& id = what.partner_order_id;
  switch (what.notice) {
    case core::Notice::accepted: return post_of(order_path(orders, id, "/confirm"), confirmation_of(what));
    case core::Notice::ready: return post_of(order_path(orders, id, "/readyForPickup"));
    case core::Notice::cancel_agreed: return post_of(order_path(orders, id, "/acceptCancellation"));
    case core::Notice::cancel_refused:
      return post_of(order_path(orders, id, "/denyCancellation"),
                     R"({"reason":"the food is being made","code":"DISH_ALREADY_DONE"})");
    default: return post_of(order_path(orders, id, "/requestCancellation"), cancellation_of(what));
  }
}

}  // namespace storegate::codec
