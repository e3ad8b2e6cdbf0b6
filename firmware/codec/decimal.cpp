// One pass over the digits; the exponent and the wanted scale only move the point.
#include "codec/decimal.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace storegate::codec {

namespace {

/// More digits than this in front of the point are no money.
constexpr int exponent_max = 18;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The digits at the front of `text`, cut off it.
std::string_view take_digits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

/// What follows 'e': nothing if it is no small exponent.
std::optional<int> exponent_from(std::string_view text) {
  const bool negative = take(text, '-');
  if (!negative) take(text, '+');
  const auto digits = take_digits(text);
  if (digits.empty() || digits.size() > 2 || !text.empty()) return std::nullopt;
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  if (value > exponent_max) return std::nullopt;
  return negative ? -value : value;
}

/// The number as digits with the point behind the first `point` of them.
struct Written {
  std::string_view whole, part;
  int point = 0;

  [[nodiscard]] int digit(int at) const {
    const auto index = static_cast<std::size_t>(at);
    if (index < whole.size()) return whole[index] - '0';
    return index - whole.size() < part.size() ? part[index - whole.size()] - '0' : 0;
  }
};

std::optional<std::int64_t> rounded(const Written& written) {
  constexpr std::int64_t max = std::numeric_limits<std::int64_t>::max() / 10 - 1;
  std::int64_t value = 0;
  for (int at = 0; at < written.point; ++at) {
    if (value > max) return std::nullopt;
    value = value * 10 + written.digit(at);
  }
  if (written.point >= 0 && written.digit(written.point) >= 5) ++value;
  return value;
}

}  // namespace

std::optional<std::int64_t> scaled(std::int64_t value, int digits) noexcept {
  constexpr std::int64_t max = std::numeric_limits<std::int64_t>::max() / 10;
  for (; digits > 0; --digits) {
    if (value > max || value < -max) return std::nullopt;
    value *= 10;
  }
  return value;
}

std::optional<std::int64_t> decimal_from(std::string_view text, int digits) noexcept {
  const bool negative = take(text, '-');
  Written written;
  written.whole = take_digits(text);
  if (written.whole.empty()) return std::nullopt;
  if (take(text, '.')) {
    written.part = take_digits(text);
    if (written.part.empty()) return std::nullopt;
  }
  int exponent = 0;
  if (take(text, 'e') || take(text, 'E')) {
    const auto read = exponent_from(text);
    if (!read) return std::nullopt;
    exponent = *read;
    text = {};
  }
  if (!text.empty()) return std::nullopt;
  if (written.whole.size() > std::numeric_limits<std::int16_t>::max()) return std::nullopt;
  written.point = static_cast<int>(written.whole.size()) + exponent + digits;
  const auto value = rounded(written);
  if (!value) return std::nullopt;
  return negative ? -*value : *value;
}

int minor_digits(std::string_view currency) noexcept {
  static constexpr std::array<std::string_view, 16> none{"BIF", "CLP", "DJF", "GNF", "ISK", "JPY",
                                                         "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
                                                         "VND", "VUV", "XAF", "XOF"};
  static constexpr std::array<std::string_view, 7> three{"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};
  const auto has = [&](const auto& list) {
    return std::find(list.begin(), list.end(), currency) != list.end();
  };
  if (has(none) || currency == "XPF") return 0;
  return has(three) ? 3 : 2;
}

}  // namespace storegate::codec
