// DoorDash's token, against one that another implementation made of the same key.
#include "codec/partners/doordash_token.hpp"

#include <doctest/doctest.h>

#include "partner_case.hpp"

namespace storegate::codec {
namespace {

constexpr std::int64_t noon_s = 1'795'435'200;  // 2026-11-23T12:00:00Z
/// The secret is the bytes 200 to 231. It and the signature have both letters that base64url has instead of others.
constexpr DoorDashKey key{"3f7a0c52-dev", "k\"~8", "yMnKy8zNzs_Q0dLT1NXW19jZ2tvc3d7f4OHi4-Tl5uc"};

TEST_CASE("the token is, byte for byte, header, claims and their HMAC under the decoded secret") {
  const auto token = doordash_token(key, noon_s, test::signature());
  REQUIRE(token);
  CHECK(*token ==
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImRkLXZlciI6IkRELUpXVC1WMSJ9."
        "eyJhdWQiOiJkb29yZGFzaCIsImlzcyI6IjNmN2EwYzUyLWRldiIsImtpZCI6ImtcIn44IiwiZXhwIjoxNzk1NDM1NTAw"
        "LCJpYXQiOjE3OTU0MzUyMDB9."
        "v7_z925jQTqFDXMzx8e3Q_kN-bzN-wLeT2i3GpoE_1Q");
}

TEST_CASE("padding of the secret changes nothing; a secret that is no base64url, or empty, gives no token") {
  DoorDashKey padded = key;
  padded.signing_secret = "yMnKy8zNzs_Q0dLT1NXW19jZ2tvc3d7f4OHi4-Tl5uc=";
  CHECK(doordash_token(padded, noon_s, test::signature()) == doordash_token(key, noon_s, test::signature()));
  for (const char* bad : {"", "=", "yMnKy8zN!", "yMnKy"}) {
    CAPTURE(bad);
    DoorDashKey wrong = key;
    wrong.signing_secret = bad;
    CHECK_FALSE(doordash_token(wrong, noon_s, test::signature()));
  }
}

TEST_CASE("a token's time is in it, so the next second has another") {
  CHECK(doordash_token(key, noon_s, test::signature()) != doordash_token(key, noon_s + 1, test::signature()));
  CHECK(doordash_token_s <= 1800);
}

}  // namespace
}  // namespace storegate::codec
