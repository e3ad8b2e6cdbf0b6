// The token by which a store signs in at DoorDash: a JWT that it makes and signs itself. Source: DoorDash's developer
// documentation (JWTs, "DD-JWT-V1").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codec/partners/partner.hpp"

namespace storegate::codec {

/// The access key as their developer portal shows it.
struct DoorDashKey {
  std::string_view developer_id;
  std::string_view key_id;
  std::string_view signing_secret;  // base64url, padded or not
};

/// How long a token is good for, in seconds: they take up to 1800, and a clock may be off by some.
inline constexpr std::int64_t doordash_token_s = 300;

/// The token of that second (Unix), to stand after "Bearer ". Nothing where the secret is no base64url or empty.
[[nodiscard]] std::optional<std::string> doordash_token(const DoorDashKey& key, std::int64_t now_s,
                                                        const SignatureFunction& signature);

}  // namespace storegate::codec
