// Texts to 32 bytes first, so that hex in either case and base64 are compared alike.
#include "codec/partners/signature.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codec/text.hpp"

namespace storegate::codec {

namespace {

constexpr std::size_t signature_bytes = 32;

std::optional<std::string> bytes_of(std::string_view presented, SignatureEncoding encoding) {
  auto bytes = encoding == SignatureEncoding::hex ? hex_decoded(presented) : base64_decoded(presented);
  if (bytes && bytes->size() != signature_bytes) bytes.reset();
  return bytes;
}

}  // namespace

bool is_signed(const Delivery& delivery, std::string_view presented, std::string_view bytes,
               SignatureEncoding encoding) {
  return is_signed_by_any(delivery, {&presented, 1}, bytes, encoding);
}

bool is_signed_by_any(const Delivery& delivery, std::span<const std::string_view> presented,
                      std::string_view bytes, SignatureEncoding encoding) {
  if (delivery.signature == nullptr) return false;
  std::vector<std::string> claims;
  for (const std::string_view text : presented)
    if (auto claimed = bytes_of(text, encoding)) claims.push_back(std::move(*claimed));
  if (claims.empty()) return false;  // nothing is worked out for whoever presents nothing
  bool matched = false;
  for (const std::string& secret : delivery.secrets) {
    if (secret.empty()) continue;
    const auto mac = (*delivery.signature)(secret, bytes);
    const std::string_view real(reinterpret_cast<const char*>(mac.data()), mac.size());
    for (const std::string& claimed : claims) {
      const bool same = equal_in_constant_time(claimed, real);
      matched = matched || same;
    }
  }
  return matched;
}

bool body_is_signed(const Delivery& delivery, std::string_view header, SignatureEncoding encoding) {
  return is_signed(delivery, only_header(delivery.headers, header), delivery.body, encoding);
}

bool header_is_secret(const Delivery& delivery, std::string_view header) {
  const std::string_view whole = only_header(delivery.headers, header);
  const auto blank = whole.find(' ');
  const std::string_view token = blank == std::string_view::npos ? whole : trimmed(whole.substr(blank));
  const bool as_whole = matches_any(whole, delivery.secrets);
  const bool as_token = matches_any(token, delivery.secrets);
  return as_whole || as_token;
}

}  // namespace storegate::codec
