// Percent-encoding, base64, hex, constant-time comparison; and the two small functions of problem.hpp and http.hpp.
#include "codec/text.hpp"

#include <array>
#include <cstdint>

#include "codec/http.hpp"
#include "codec/problem.hpp"

namespace storegate::codec {

namespace {

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

/// 0 to 63, or -1 for what is no base64.
int sextet_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

/// 0 to 15, or -1 for what is no hex digit.
int nibble_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string percent_encoded(std::string_view text) {
  static constexpr char hex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size() + 16);
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += hex[byte >> 4U];
    out += hex[byte & 0xfU];
  }
  return out;
}

std::optional<std::string> base64_decoded(std::string_view text) {
  if (text.size() % 4 == 0) {
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned held = 0;  // bits in `bits` that are not written yet
  for (const char c : text) {
    const int sextet = sextet_of(c);
    if (sextet < 0) return std::nullopt;
    bits = (bits << 6U | static_cast<std::uint32_t>(sextet)) & 0xffffffU;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>(bits >> held & 0xffU);
  }
  if ((bits & ((1U << held) - 1)) != 0) return std::nullopt;  // two texts must not mean the same bytes
  return out;
}

std::optional<std::string> hex_decoded(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t at = 0; at < text.size(); at += 2) {
    const int high = nibble_of(text[at]);
    const int low = nibble_of(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

bool equal_in_constant_time(std::string_view presented, std::string_view secret) noexcept {
  // The loop's length is that of what was presented; a secret of another length is compared with itself, cyclically.
  if (secret.empty()) return false;
  volatile unsigned difference = presented.size() == secret.size() ? 0U : 1U;
  std::size_t at = 0;
  for (const char c : presented) {
    difference = difference | static_cast<unsigned>(static_cast<unsigned char>(c ^ secret[at]));
    at = at + 1 == secret.size() ? 0 : at + 1;
  }
  return difference == 0;
}

bool same_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t at = 0; at < a.size(); ++at) {
    if (lower(a[at]) != lower(b[at])) return false;
  }
  return true;
}

std::string_view trimmed(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view only_header(Headers headers, std::string_view name) noexcept {
  const HeaderView* found = nullptr;
  for (const HeaderView& header : headers) {
    if (!same_ignoring_case(header.name, name)) continue;
    if (found != nullptr) return {};
    found = &header;
  }
  return found == nullptr ? std::string_view{} : trimmed(found->value);
}

std::string Problem::text() const {
  std::string out = pointer.empty() ? detail : pointer + ": " + detail;
  if (offset) out += " (at byte " + std::to_string(*offset) + ")";
  return out;
}

}  // namespace storegate::codec
