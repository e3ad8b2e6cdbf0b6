// An order to canonical JSON and to the part that events share. Member order here IS the canonical order: the 409
// for another body under the same key compares digests of these bytes, so a change of it is a change of format.
#include "codec/canonical.hpp"
#include "codec/json.hpp"

namespace storegate::codec {

namespace {

using json::append_boolean;
using json::append_integer;
using json::append_string;

/// Whether notes are written: to the POS yes, to the cloud never.
enum class Notes : bool { left_out, written };
/// Whether times are: where two tellings of an order are compared, they are not.
enum class Times : bool { left_out, written };

void append_time(std::string& out, const std::optional<std::int64_t>& wall_ms, Times times) {
  if (wall_ms && times == Times::written) {
    json::append_time_string(out, *wall_ms);
  } else {
    out += "null";
  }
}

template <typename Named>
void append_name_or_null(std::string& out, const std::optional<Named>& value) {
  if (value) {
    append_string(out, name_of(*value));
  } else {
    out += "null";
  }
}

template <typename Line>
void append_line_head(std::string& out, const Line& line) {
  out += "{\"id\":";
  append_string(out, line.id);
  out += ",\"name\":";
  append_string(out, line.name);
  out += ",\"quantity\":";
  append_integer(out, line.quantity);
  out += ",\"unit_price\":";
  append_integer(out, line.unit_price.minor);
}

void append_modifiers(std::string& out, const std::vector<core::Modifier>& modifiers) {
  out += ",\"modifiers\":[";
  for (const core::Modifier& modifier : modifiers) {
    if (&modifier != &modifiers.front()) out += ',';
    append_line_head(out, modifier);
    append_modifiers(out, modifier.modifiers);
    out += '}';
  }
  out += ']';
}

void append_items(std::string& out, const std::vector<core::Item>& items, Notes notes) {
  out += "\"items\":[";
  for (const core::Item& item : items) {
    if (&item != &items.front()) out += ',';
    append_line_head(out, item);
    if (notes == Notes::written) {
      out += ",\"note\":";
      append_string(out, item.note);
    }
    append_modifiers(out, item.modifiers);
    out += '}';
  }
  out += ']';
}

void append_fulfilment(std::string& out, const core::CanonicalOrder& order, Times times = Times::written) {
  out += "\"fulfilment\":{\"type\":";
  append_string(out, name_of(order.fulfilment));
  out += ",\"promised_at\":";
  append_time(out, order.promised_at_wall_ms, times);
  out += '}';
}

void append_totals(std::string& out, const std::optional<core::Totals>& totals) {
  out += "\"totals\":";
  if (!totals) {
    out += "null";
    return;
  }
  out += "{\"subtotal\":";
  append_integer(out, totals->subtotal.minor);
  out += ",\"tax\":";
  append_integer(out, totals->tax.minor);
  out += ",\"tip\":";
  append_integer(out, totals->tip.minor);
  out += ",\"discount\":";
  append_integer(out, totals->discount.minor);
  out += ",\"total\":";
  append_integer(out, totals->total.minor);
  out += '}';
}

void append_release(std::string& out, const core::ReleaseWish& wish, Times times) {
  out += ",\"release\":{\"mode\":";
  append_name_or_null(out, wish.mode);
  out += ",\"at\":";
  append_time(out, wish.at_wall_ms, times);
  out += ",\"fallback_at\":";
  append_time(out, wish.fallback_at_wall_ms, times);
  out += ",\"fallback\":";
  append_name_or_null(out, wish.fallback);
  out += '}';
}

void append_customer(std::string& out, const core::Customer& customer) {
  out += ",\"customer\":{\"name\":";
  append_string(out, customer.name);
  out += ",\"phone\":";
  append_string(out, customer.phone);
  out += ",\"note\":";
  append_string(out, customer.note);
  out += '}';
}

/// A guess that spares most orders a second allocation: about 110 bytes for each line, 600 for the rest.
std::size_t likely_size(const core::CanonicalOrder& order) {
  std::size_t lines = order.items.size();
  for (const core::Item& item : order.items) lines += item.modifiers.size();
  return 600 + lines * 110;
}

std::string encode(const core::CanonicalOrder& order, Times times) {
  std::string out;
  out.reserve(likely_size(order));
  out += "{\"partner\":";
  append_string(out, order.partner);
  out += ",\"partner_order_id\":";
  append_string(out, order.partner_order_id);
  out += ",\"placed_at\":";
  append_time(out, order.placed_at_wall_ms, times);
  out += ",\"test\":";
  append_boolean(out, order.test);
  out += ',';
  append_fulfilment(out, order, times);
  append_release(out, order.release, times);
  append_customer(out, order.customer);
  out += ",\"currency\":";
  if (order.currency.empty()) {
    out += "null";
  } else {
    append_string(out, order.currency);
  }
  out += ',';
  append_items(out, order.items, Notes::written);
  out += ',';
  append_totals(out, order.totals);
  out += ",\"payment\":{\"prepaid\":";
  append_boolean(out, order.prepaid);
  out += "}}";
  return out;
}

}  // namespace

std::string encode_canonical(const core::CanonicalOrder& order) { return encode(order, Times::written); }

std::string encode_timeless(const core::CanonicalOrder& order) { return encode(order, Times::left_out); }

std::string encode_shared(const core::CanonicalOrder& order) {
  std::string out;
  out.reserve(likely_size(order));
  append_fulfilment(out, order);
  out += ',';
  append_items(out, order.items, Notes::left_out);
  out += ',';
  append_totals(out, order.totals);
  return out;
}

}  // namespace storegate::codec
