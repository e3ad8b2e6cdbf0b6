// Canonical JSON to an order: one function for each object of the format, read straight down. What is wrong is kept
// by the reading (reader.hpp); no function here returns early for it.
#include "codec/canonical.hpp"

#include <algorithm>

#include "codec/limits.hpp"
#include "codec/reader.hpp"

namespace storegate::codec {

namespace {

using json::Place;
using json::TextRule;

constexpr TextRule partner_rule{.min = 1, .max = partner_bytes_max, .printable = true};
constexpr TextRule order_id_rule{.min = 1, .max = core::partner_order_id_bytes_max, .printable = true};
constexpr TextRule item_id_rule{.min = 1, .max = item_id_bytes_max, .printable = true};
constexpr TextRule name_rule{.min = 0, .max = name_bytes_max, .printable = false};
constexpr TextRule note_rule{.min = 0, .max = note_bytes_max, .printable = false};
constexpr TextRule phone_rule{.min = 0, .max = phone_bytes_max, .printable = false};

std::string text_or_empty(const Place& place, const TextRule& rule) {
  return place.given() ? std::string(place.text(rule)) : std::string();
}

core::Money amount_or_zero(const Place& place, std::int64_t min) {
  return {place.given() ? place.integer(min, core::money_minor_max) : 0};
}

/// Reads `modifiers`, `depth` levels below the item; counts all of the order's in `count`.
std::vector<core::Modifier> read_modifiers(const Place& place, std::size_t depth, std::size_t& count) {
  std::vector<core::Modifier> modifiers;
  if (!place.given()) return modifiers;
  place.elements(0, modifiers_per_order_max, [&](const Place& element) {
    if (depth > core::modifier_depth_max) {
      return place.refuse("more than " + std::to_string(core::modifier_depth_max) + " levels of modifiers");
    }
    if (++count > modifiers_per_order_max) return place.refuse("too many modifiers in one order");
    if (!element.must_be_object()) return;
    core::Modifier& modifier = modifiers.emplace_back();
    modifier.id = element.member("id").text(item_id_rule);
    modifier.name = text_or_empty(element.member("name"), name_rule);
    if (const Place quantity = element.member("quantity"); quantity.given()) {
      modifier.quantity = quantity.integer(1, quantity_max);
    }
    // A modifier may take something off ("no cheese"), so its price may be negative; an item's may not.
    modifier.unit_price = amount_or_zero(element.member("unit_price"), -core::money_minor_max);
    modifier.modifiers = read_modifiers(element.member("modifiers"), depth + 1, count);
  });
  return modifiers;
}

void read_item(const Place& place, std::size_t& modifier_count, std::vector<core::Item>& items) {
  if (!place.must_be_object()) return;
  core::Item& item = items.emplace_back();
  item.id = place.member("id").text(item_id_rule);
  item.name = text_or_empty(place.member("name"), name_rule);
  item.quantity = place.member("quantity").integer(1, quantity_max);
  item.unit_price = {place.member("unit_price").integer(0, core::money_minor_max)};
  item.note = text_or_empty(place.member("note"), note_rule);
  item.modifiers = read_modifiers(place.member("modifiers"), 1, modifier_count);
}

void read_fulfilment(const Place& place, core::CanonicalOrder& order) {
  if (!place.must_be_object()) return;
  order.fulfilment =
      place.member("type").one_of(core::fulfilment_type_from, "delivery, pickup, dine_in, curbside");
  order.promised_at_wall_ms = place.member("promised_at").time_if_given();
}

core::ReleaseWish read_release(const Place& place) {
  core::ReleaseWish wish;
  if (!place.given() || !place.must_be_object()) return wish;
  if (const Place mode = place.member("mode"); mode.given()) {
    wish.mode = mode.one_of(core::release_mode_from, "immediate, at_time, on_event");
  }
  wish.at_wall_ms = place.member("at").time_if_given();
  wish.fallback_at_wall_ms = place.member("fallback_at").time_if_given();
  if (const Place fallback = place.member("fallback"); fallback.given()) {
    wish.fallback = fallback.one_of(core::fallback_policy_from, "release, park, cancel");
  }
  return wish;
}

core::Customer read_customer(const Place& place) {
  core::Customer customer;
  if (!place.given() || !place.must_be_object()) return customer;
  customer.name = text_or_empty(place.member("name"), name_rule);
  customer.phone = text_or_empty(place.member("phone"), phone_rule);
  customer.note = text_or_empty(place.member("note"), note_rule);
  return customer;
}

std::string read_currency(const Place& place) {
  if (!place.given()) return {};
  const std::string_view text = place.text({.min = 3, .max = 3, .printable = true});
  for (const char c : text) {
    if (c < 'A' || c > 'Z') place.refuse("must be three capital letters (ISO 4217)");
  }
  return std::string(text);
}

std::optional<core::Totals> read_totals(const Place& place, const std::vector<core::Item>& items) {
  if (!place.given() || !place.must_be_object()) return std::nullopt;
  const auto amount = [&](const Place& member) { return amount_or_zero(member, 0).minor; };
  StatedTotals stated;
  if (const Place subtotal = place.member("subtotal"); subtotal.given()) stated.subtotal = amount(subtotal);
  stated.tax = amount(place.member("tax"));
  stated.tip = amount(place.member("tip"));
  stated.discount = amount(place.member("discount"));
  if (const Place total = place.member("total"); total.given()) stated.total = amount(total);
  const auto totals = totals_of(stated, items);
  if (!totals) place.refuse("leaves amounts out that, worked out from the items, are beyond every limit");
  return totals;
}

}  // namespace

core::CanonicalOrder read_canonical(const Place& root) {
  core::CanonicalOrder order;
  if (!root.must_be_object()) return order;
  order.partner = root.member("partner").text(partner_rule);
  order.partner_order_id = root.member("partner_order_id").text(order_id_rule);
  order.placed_at_wall_ms = root.member("placed_at").time_if_given();
  if (const Place test = root.member("test"); test.given()) order.test = test.boolean();
  read_fulfilment(root.member("fulfilment"), order);
  order.release = read_release(root.member("release"));
  order.customer = read_customer(root.member("customer"));
  order.currency = read_currency(root.member("currency"));
  std::size_t modifier_count = 0;
  root.member("items").elements(1, core::items_per_order_max,
                                [&](const Place& item) { read_item(item, modifier_count, order.items); });
  order.totals = read_totals(root.member("totals"), order.items);
  if (const Place payment = root.member("payment"); payment.given() && payment.must_be_object()) {
    if (const Place prepaid = payment.member("prepaid"); prepaid.given()) order.prepaid = prepaid.boolean();
  }
  return order;
}

namespace {

/// Adds `count` x (`price` + `extras`) to `sum`; false if a step leaves +-money_minor_max. No product overflows:
/// both factors are within limits that this very check has held before.
bool add_line(std::int64_t& sum, std::int64_t count, std::int64_t price, std::int64_t extras) {
  const auto within = [](std::int64_t minor) {
    return minor >= -core::money_minor_max && minor <= core::money_minor_max;
  };
  if (count < 0 || count > quantity_max || !within(price) || !within(extras) || !within(price + extras))
    return false;
  sum += count * (price + extras);
  return within(sum);
}

std::optional<std::int64_t> sum_of(const std::vector<core::Modifier>& modifiers) noexcept {
  std::int64_t sum = 0;
  for (const core::Modifier& modifier : modifiers) {
    const auto extras = sum_of(modifier.modifiers);
    if (!extras || !add_line(sum, modifier.quantity, modifier.unit_price.minor, *extras)) return std::nullopt;
  }
  return sum;
}

}  // namespace

Parsed<Decoded> decode_canonical(std::string_view text) {
  const auto document = json::Document::parse(text);
  if (!document) return document.problem();
  json::Reading reading(*document);
  core::CanonicalOrder order = read_canonical(Place(reading));
  if (reading.failed()) return reading.take_problem();
  return with_bytes(std::move(order), text);
}

Decoded with_bytes(core::CanonicalOrder order, std::string_view raw) {
  Decoded decoded;
  decoded.body.canonical = encode_canonical(order);
  decoded.body.shared = encode_shared(order);
  decoded.body.raw = raw;
  decoded.order = std::move(order);
  return decoded;
}

Parsed<std::string> erase_customer(std::string_view canonical) {
  auto decoded = decode_canonical(canonical);
  if (!decoded) return std::move(decoded).problem();
  core::CanonicalOrder& order = decoded->order;
  order.customer = {};
  for (core::Item& item : order.items) item.note.clear();
  return encode_canonical(order);
}

std::optional<core::Money> subtotal_of(const std::vector<core::Item>& items) noexcept {
  std::int64_t sum = 0;
  for (const core::Item& item : items) {
    const auto extras = sum_of(item.modifiers);
    if (!extras || !add_line(sum, item.quantity, item.unit_price.minor, *extras)) return std::nullopt;
  }
  return core::Money{sum};
}

std::optional<core::Totals> totals_of(const StatedTotals& stated,
                                      const std::vector<core::Item>& items) noexcept {
  core::Totals totals{
      .subtotal = {}, .tax = {stated.tax}, .tip = {stated.tip}, .discount = {stated.discount}, .total = {}};
  if (stated.subtotal) {
    totals.subtotal = {*stated.subtotal};
  } else {
    const auto subtotal = subtotal_of(items);
    if (!subtotal) return std::nullopt;
    totals.subtotal = {std::max<std::int64_t>(subtotal->minor, 0)};
  }
  const std::int64_t sum = totals.subtotal.minor + stated.tax + stated.tip - stated.discount;
  totals.total = {stated.total.value_or(std::max<std::int64_t>(sum, 0))};
  if (totals.total.minor > core::money_minor_max) return std::nullopt;
  return totals;
}

}  // namespace storegate::codec
