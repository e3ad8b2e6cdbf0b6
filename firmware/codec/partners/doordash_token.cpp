// RFC 7519 by hand: three base64url texts, the third of which signs the others with HMAC-SHA-256.
#include "codec/partners/doordash_token.hpp"

#include <algorithm>

#include "codec/partners/telling.hpp"
#include "codec/text.hpp"

namespace storegate::codec {

namespace {

/// RFC 4648 section 5, without padding.
std::string base64url(std::string_view bytes) {
  static constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  std::uint32_t bits = 0;
  unsigned held = 0;  // bits in `bits` that are not written yet
  for (const char c : bytes) {
    bits = (bits << 8U | static_cast<unsigned char>(c)) & 0xffffU;
    for (held += 8; held >= 6; held -= 6) out += alphabet[bits >> (held - 6) & 0x3fU];
  }
  if (held > 0) out += alphabet[bits << (6 - held) & 0x3fU];
  return out;
}

std::optional<std::string> base64url_decoded(std::string_view text) {
  std::string plain(text);
  std::replace(plain.begin(), plain.end(), '-', '+');
  std::replace(plain.begin(), plain.end(), '_', '/');
  return base64_decoded(plain);
}

}  // namespace

std::optional<std::string> doordash_token(const DoorDashKey& key, std::int64_t now_s,
                                          const SignatureFunction& signature) {
  const auto secret = base64url_decoded(key.signing_secret);
  if (!secret || secret->empty()) return std::nullopt;
  const std::string header =
      JsonObject().text("alg", "HS256").text("typ", "JWT").text("dd-ver", "DD-JWT-V1").take();
  const std::string claims = JsonObject()
                                 .text("aud", "doordash")
                                 .text("iss", key.developer_id)
                                 .text("kid", key.key_id)
                                 .integer("exp", now_s + doordash_token_s)
                                 .integer("iat", now_s)
                                 .take();
  std::string token = base64url(header) + "." + base64url(claims);
  const auto mac = signature(*secret, token);
  token.append(".").append(base64url(std::string(mac.begin(), mac.end())));
  return token;
}

}  // namespace storegate::codec
