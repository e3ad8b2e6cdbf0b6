// The shared readings: each refuses through its place, so that a problem points at what is wrong.
#include "codec/partners/reading.hpp"

#include <algorithm>

#include "codec/decimal.hpp"
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

std::int64_t quantity_of(const Place& place, std::int64_t absent) {
  if (!place.given()) return absent;
  constexpr int digits = 3;
  constexpr std::int64_t one = 1000;
  const std::int64_t thousandths = place.decimal(digits, one, quantity_max * one);
  if (thousandths % one != 0) place.refuse("must be a whole number");
  return std::max<std::int64_t>(1, thousandths / one);
}

std::string person_name(const Place& first, const Place& last) {
  std::string name = text_if_given(first, {.min = 0, .max = name_bytes_max / 2 - 1});
  const std::string second = text_if_given(last, {.min = 0, .max = name_bytes_max / 2});
  if (!name.empty() && !second.empty()) name += ' ';
  return name += second;
}

std::optional<std::int64_t> time_in_any_form(const Place& place) {
  if (!place.given() || (place.is(Kind::string) && place.text_or_empty().empty())) return std::nullopt;
  if (place.is(Kind::integer)) return milliseconds_of(place.integer(0, unix_seconds_max * 1000));
  if (place.is(Kind::fraction)) return place.decimal(3, 0, unix_seconds_max * 1000);
  if (is_digits(place.text_or_empty())) return milliseconds_of(place.decimal(0, 0, unix_seconds_max * 1000));
  return place.time();
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
