// The shared readings: each refuses through its place, so that a problem points at what is wrong.
#include "codec/partners/reading.hpp"

#include <algorithm>

#include "codec/decimal.hpp"
#include "codec/text.hpp"
#include "codec/times.hpp"

namespace storegate::codec {

namespace {

using json::Kind;
using json::Place;

/// The last second of 9999; what is larger counts milliseconds.
constexpr std::int64_t unix_seconds_max = 253'402'300'799;

/// Nothing for a number beyond every time, and for the 0 of one that was never set.
std::optional<std::int64_t> milliseconds_of(std::int64_t number) {
  if (number <= 0 || number > unix_seconds_max * 1000) return std::nullopt;
  return number <= unix_seconds_max ? number * 1000 : number;
}

bool is_blank(const Place& place) {
  return !place.given() || (place.is(Kind::string) && trimmed(place.text_or_empty()).empty());
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool goes_on(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

/// The longest beginning that ends where a character does.
std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && goes_on(text[end])) --end;
  return text.substr(0, end);
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }

/// A name that has to serve as an id.
std::string id_of_name(const Place& name) {
  std::string id = name_text(name, item_id_bytes_max);
  std::replace_if(id.begin(), id.end(), is_control, ' ');
  if (trimmed(id).empty()) name.refuse("is missing; must be a string, since there is no id");
  return id;
}

bool is_name(std::string_view member) {
  return member == "name" || member == "title" || member == "operational_name";
}

}  // namespace

std::string text_if_given(const Place& place, const json::TextRule& rule) {
  return place.given() ? std::string(place.text(rule)) : std::string();
}

std::string id_text(const Place& place, const json::TextRule& rule) {
  if (place.is(Kind::integer)) return std::to_string(place.integer(INT64_MIN, INT64_MAX));
  return std::string(place.text(rule));
}

std::int64_t minor_units(const Place& place, std::int64_t min) {
  const std::string_view fraction = place.written_fraction();
  const auto point = fraction.find('.');
  if (point == std::string_view::npos || fraction.substr(point) != ".0")
    return place.integer(min, core::money_minor_max);
  return place.decimal(0, min, core::money_minor_max);
}

std::int64_t minor_if_given(const Place& place, std::int64_t min) {
  return place.given() ? minor_units(place, min) : 0;
}

bool flag_of(const Place& place, bool otherwise) noexcept {
  if (place.is(Kind::boolean)) return place.boolean();
  if (place.is(Kind::integer)) return place.integer(INT64_MIN, INT64_MAX) != 0;
  const std::string_view text = trimmed(place.text_or_empty());
  if (same_ignoring_case(text, "true") || text == "1") return true;
  if (same_ignoring_case(text, "false") || text == "0") return false;
  return otherwise;
}

bool is_none(const Place& quantity) noexcept {
  if (quantity.is(Kind::integer)) return quantity.integer(INT64_MIN, INT64_MAX) == 0;
  const std::string_view written =
      quantity.is(Kind::string) ? trimmed(quantity.text_or_empty()) : quantity.written_fraction();
  return decimal_from(written, 9) == 0;
}

std::int64_t required_quantity(const Place& place) {
  constexpr int digits = 3;
  constexpr std::int64_t one = 1000;
  const std::string_view written = place.is(Kind::string) ? place.text_or_empty() : place.written_fraction();
  const auto thousandths = place.is(Kind::integer) ? scaled(place.integer(INT64_MIN, INT64_MAX), digits)
                                                   : decimal_from(written, digits);
  if (!thousandths || *thousandths % one != 0) {
    place.refuse(place.present() ? "must be a whole number: a part of a dish cannot be cooked"
                                 : "is missing; must be a whole number");
    return 1;
  }
  const std::int64_t quantity = *thousandths / one;
  if (quantity < 1 || quantity > quantity_max) place.refuse("must be 1 to " + std::to_string(quantity_max));
  return std::clamp<std::int64_t>(quantity, 1, quantity_max);
}

std::int64_t quantity_of(const Place& place, std::int64_t absent) {
  return place.given() ? required_quantity(place) : absent;
}

std::string person_name(const Place& first, const Place& last) {
  std::string name = name_text(first, name_bytes_max / 2 - 1);
  const std::string second = name_text(last, name_bytes_max / 2);
  if (!name.empty() && !second.empty()) name += ' ';
  return name += second;
}

std::optional<std::int64_t> time_in_any_form(const Place& place) {
  if (place.is(Kind::integer)) return milliseconds_of(place.integer(INT64_MIN, INT64_MAX));
  if (const auto written = place.written_fraction(); !written.empty()) {
    const auto wall_ms = decimal_from(written, 3);
    return wall_ms && *wall_ms > 0 && *wall_ms <= unix_seconds_max * 1000 ? wall_ms : std::nullopt;
  }
  const std::string_view text = trimmed(place.text_or_empty());
  if (!is_digits(text)) return place.loose_time();
  const auto number = decimal_from(text, 0);
  return number ? milliseconds_of(*number) : std::nullopt;
}

std::optional<std::int64_t> time_of_later(const Place& place) {
  const auto at = time_in_any_form(place);
  if (!at && !is_blank(place) && !is_none(place))
    place.refuse("must be a time that can be read, since the order is for later");
  return at;
}

std::string name_text(const Place& place, std::size_t bytes_max) {
  if (place.is(Kind::integer)) return std::to_string(place.integer(INT64_MIN, INT64_MAX));
  std::string text(place.text_or_empty());
  std::erase(text, '\0');
  text.resize(cut(text, bytes_max).size());
  return text;
}

std::string text_if_fit(const Place& place, const json::TextRule& rule) {
  if (place.is(Kind::integer)) return std::to_string(place.integer(INT64_MIN, INT64_MAX));
  const std::string_view text = place.text_or_empty();
  const bool fits = text.size() <= rule.max && text.find('\0') == std::string_view::npos;
  return fits ? std::string(text) : std::string();
}

std::string first_id(const Place& line, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const Place place = line.member(name);
    if (!is_blank(place)) return is_name(name) ? id_of_name(place) : id_text(place, item_id_rule);
  }
  line.member(*names.begin()).refuse("is missing, and so is every other name of what was ordered");
  return {};
}

std::string phone_of(const Place& number, const Place& code) {
  std::string phone = text_if_fit(number, phone_rule);
  const std::string digits = text_if_fit(code, phone_rule);
  constexpr std::string_view between = " code ";
  const bool fits = phone.size() + between.size() + digits.size() <= phone_bytes_max;
  if (phone.empty() || digits.empty() || !fits) return phone;
  return phone.append(between).append(digits);
}

std::string id_or_name(const Place& id, const Place& name) {
  return is_blank(id) ? id_of_name(name) : id_text(id, item_id_rule);
}

std::string name_with_kind(const Place& name, const Place& kind) {
  std::string text = name_text(name);
  const std::string more = name_text(kind);
  if (more.empty()) return text;
  if (text.empty()) return more;
  text.append(" (").append(more).append(")");
  text.resize(cut(text, name_bytes_max).size());
  return text;
}

bool is_currency_code(std::string_view text) noexcept {
  return text.size() == 3 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::string currency_if_given(const Place& place) {
  if (!place.given()) return {};
  const std::string_view code = place.text({.min = 3, .max = 3, .printable = true});
  if (!is_currency_code(code)) place.refuse("must be three capital letters (ISO 4217)");
  return std::string(code);
}

void add_note_line(std::string& note, std::string_view line, const Place& place) {
  if (line.empty()) return;
  if (line.find('\0') != std::string_view::npos)
    return place.refuse("must not contain U+0000, nor its label");
  const std::size_t break_bytes = note.empty() ? 0 : 1;
  if (note.size() + break_bytes + line.size() > note_bytes_max)
    return place.refuse("makes a note of more than " + std::to_string(note_bytes_max) + " bytes");
  note.append(break_bytes, '\n').append(line);
}

void add_note(std::string& note, const Place& place, std::string_view label) {
  const std::string text = place.given() ? id_text(place, note_rule) : std::string();
  if (text.empty() || label.empty()) return add_note_line(note, text, place);
  add_note_line(note, std::string(label).append(": ").append(text), place);
}

std::optional<core::Totals> totals_within_limits(const Place& place, const StatedTotals& stated,
                                                 const std::vector<core::Item>& items) {
  const auto totals = totals_of(stated, items);
  const auto within = [](std::int64_t minor) { return minor >= 0 && minor <= core::money_minor_max; };
  if (!totals || !within(stated.tax) || !within(stated.tip) || !within(stated.discount))
    place.refuse("its amounts add up beyond every limit");
  return totals;
}

void drop_discount_lines(const Place& lines, std::vector<core::Item>& items) {
  const auto dropped = std::erase_if(items, [](const core::Item& item) { return item.unit_price.minor < 0; });
  if (dropped > 0 && items.empty()) lines.refuse("has discounts alone, and nothing to be cooked");
}

core::OrderRef order_ref(std::string_view partner, std::string_view partner_order_id) {
  core::OrderRef ref;
  ref.by = std::pair(std::string(partner), std::string(partner_order_id));
  return ref;
}

bool is_other_store(const Place& place, std::string_view ours) {
  const std::string theirs = text_if_fit(place, order_id_rule);
  return !ours.empty() && !theirs.empty() && !same_ignoring_case(theirs, ours);
}

void must_be_ours(const Place& place, std::string_view ours) {
  if (is_other_store(place, ours)) place.refuse("is another store than this one", ProblemKind::other_store);
}

std::string reason_name(std::string_view word, std::span<const ReasonWord> words) {
  const auto found =
      std::find_if(words.begin(), words.end(), [&](const ReasonWord& known) { return known.first == word; });
  return found == words.end() ? std::string() : std::string(name_of(found->second));
}

std::string reason_text(const Place& place, std::span<const ReasonWord> words) {
  std::string word = text_if_fit(place, note_rule);
  std::string name = reason_name(word, words);
  return name.empty() ? word : name;
}

bool ModifierCount::enter(const Place& place, std::size_t depth) {
  if (depth > core::modifier_depth_max) {
    place.refuse("more than " + std::to_string(core::modifier_depth_max) + " levels of modifiers");
    return false;
  }
  if (++count_ > modifiers_per_order_max) {
    place.refuse("too many modifiers in one order");
    return false;
  }
  return place.must_be_object();
}

}  // namespace storegate::codec
