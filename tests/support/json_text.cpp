// JSON strings and UTC times as text.
#include "tests/support/json_text.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace storegate::support {

namespace {

/// "YYYY-MM-DDTHH:MM:SS", without a zone.
std::string utc_seconds(std::time_t instant) {
  std::tm parts{};
  ::gmtime_r(&instant, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts)};
}

}  // namespace

std::string json_text(std::string_view text) {
  std::string literal;
  literal.reserve(text.size() + 2);
  literal += '"';
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') {
      literal += '\\';
      literal += letter;
    } else if (static_cast<unsigned char>(letter) < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(letter));
      literal += escape.data();
    } else {
      literal += letter;
    }
  }
  return literal += '"';
}

std::string utc_text(std::chrono::seconds from_now) {
  return utc_seconds(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() + from_now)) + "Z";
}

std::string utc_text_ms(std::chrono::system_clock::time_point instant) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(instant);
  const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(instant - whole).count();
  std::string digits = std::to_string(1000 + rest);
  digits[0] = '.';
  return utc_seconds(std::chrono::system_clock::to_time_t(whole)) + digits + "Z";
}

}  // namespace storegate::support
