// What the partners' signatures have in common: an HMAC-SHA-256 under any of several live secrets, compared in constant
// time. Knows no header and no partner.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "codec/partners/partner.hpp"

namespace storegate::codec {

enum class SignatureEncoding : std::uint8_t { hex, base64 };

/// Whether `presented` (hex in either case, or base64) is the HMAC-SHA-256 of `bytes` under one of the delivery's
/// secrets. Every secret is tried, whichever matches. False for no signature function, no secret, an empty secret,
/// and a text that is not 32 bytes in this encoding.
[[nodiscard]] bool is_signed(const Delivery& delivery, std::string_view presented, std::string_view bytes,
                             SignatureEncoding encoding);

/// The same for several of which one must be right: one HMAC for each secret, however many are presented.
[[nodiscard]] bool is_signed_by_any(const Delivery& delivery, std::span<const std::string_view> presented,
                                    std::string_view bytes, SignatureEncoding encoding);

/// The commonest recipe: the header stands there once and signs the body alone.
[[nodiscard]] bool body_is_signed(const Delivery& delivery, std::string_view header,
                                  SignatureEncoding encoding);

/// Whether the one header of this name, whole or after one scheme word ("Bearer x", "Basic x"), equals a secret.
[[nodiscard]] bool header_is_secret(const Delivery& delivery, std::string_view header);

}  // namespace storegate::codec
