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

std::int64_t milliseconds_of(std::int64_t number) {
  return number <= unix_seconds_max ? number * 1000 : number;
}

bool is_blank(const Place& place) {
  return !place.given() || (place.is(Kind::string) && place.text_or_empty().empty());
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string text_if_given(const Place& place, const json::TextRule& rule) {
  return place.given() ? std::string(place.text(rule)) : std::string();
}

std::string id_text(const Place& place, const json::TextRule& rule) {
  if (place.is(Kind::integer)) return std::to_string(place.integer(INT64_MIN, INT64_MAX));
  return std::string(place.text(rule));
}

std::int64_t minor_if_given(const Place& place, std::int64_t min) {
  return place.given() ? place.integer(min, core::money_minor_max) : 0;
}

std::int64_t required_quantity(const Place& place) {
  constexpr int digits = 3;
  constexpr std::int64_t one = 1000;
  const std::int64_t thousandths = place.decimal(digits, one, quantity_max * one);
  if (thousandths % one != 0) place.refuse("must be a whole number");
  return std::max<std::int64_t>(1, thousandths / one);
}

std::int64_t quantity_of(const Place& place, std::int64_t absent) {
  return place.given() ? required_quantity(place) : absent;
}

std::string person_name(const Place& first, const Place& last) {
  std::string name = text_if_given(first, {.min = 0, .max = name_bytes_max / 2 - 1});
  const std::string second = text_if_given(last, {.min = 0, .max = name_bytes_max / 2});
  if (!name.empty() && !second.empty()) name += ' ';
  return name += second;
}

std::optional<std::int64_t> time_in_any_form(const Place& place) {
  if (is_blank(place)) return std::nullopt;
  if (place.is(Kind::integer)) return milliseconds_of(place.integer(0, unix_seconds_max * 1000));
  if (place.is(Kind::fraction)) return place.decimal(3, 0, unix_seconds_max * 1000);
  if (is_digits(place.text_or_empty())) return milliseconds_of(place.decimal(0, 0, unix_seconds_max * 1000));
  return place.time();
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
    if (!is_blank(place)) return id_text(place, item_id_rule);
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
  return is_blank(id) ? std::string(name.text(item_id_rule)) : id_text(id, item_id_rule);
}

std::string name_with_kind(const Place& name, const Place& kind) {
  std::string text = text_if_given(name, name_rule);
  const std::string more = text_if_given(kind, name_rule);
  if (more.empty()) return text;
  if (text.empty()) return more;
  if (text.size() + more.size() + 3 > name_bytes_max) kind.refuse("is too long together with the name");
  return text.append(" (").append(more).append(")");
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
  const std::string text = text_if_given(place, note_rule);
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
