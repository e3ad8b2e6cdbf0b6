// Times, percent-encoding, base64, headers and comparison of secrets.
#include "codec/text.hpp"

#include <doctest/doctest.h>

#include <random>

#include "codec/http.hpp"
#include "codec/times.hpp"

namespace storegate::codec {
namespace {

TEST_CASE("RFC 3339 times are read with offsets, fractions and either case") {
  struct Row {
    const char* text;
    std::int64_t wall_ms;
  };
  const Row rows[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"2026-11-23T12:00:00Z", 1'795'435'200'000},
      {"2026-11-23t12:00:00z", 1'795'435'200'000},
      {"2026-11-23T13:00:00+01:00", 1'795'435'200'000},
      {"2026-11-23T06:30:00-05:30", 1'795'435'200'000},
      {"2026-11-23T12:00:00.5Z", 1'795'435'200'500},
      {"2026-11-23T12:00:00.123456789Z", 1'795'435'200'123},
      {"2024-02-29T00:00:00Z", 1'709'164'800'000},
      {"2016-12-31T23:59:60Z", 1'483'228'800'000},
      {"9999-12-31T23:59:59.999Z", 253'402'300'799'999},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    REQUIRE(time_from(row.text));
    CHECK(*time_from(row.text) == row.wall_ms);
  }
}

TEST_CASE("other texts are no times") {
  for (const char* text : {"",
                           "2026-11-23",
                           "2026-11-23T12:00:00",
                           "2026-11-23 12:00:00Z",
                           "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-02-30T00:00:00Z",
                           "2023-02-29T00:00:00Z",
                           "2026-11-23T24:00:00Z",
                           "2026-11-23T12:60:00Z",
                           "2026-11-23T12:00:61Z",
                           "2026-11-23T12:00:00.Z",
                           "2026-11-23T12:00:00,5Z",
                           "2026-11-23T12:00:00+24:00",
                           "2026-11-23T12:00:00+0100",
                           "2026-11-23T12:00:00ZZ",
                           "1969-12-31T23:59:59Z",
                           "1970-01-01T00:00:00+00:01",
                           "-026-11-23T12:00:00Z",
                           "1795435200"}) {
    CAPTURE(text);
    CHECK_FALSE(time_from(text));
  }
}

TEST_CASE("a written time reads back as the same millisecond") {
  std::mt19937_64 random(11);
  std::uniform_int_distribution<std::int64_t> any(0, 253'402'300'799'999);
  for (int round = 0; round < 5000; ++round) {
    const std::int64_t wall_ms = any(random);
    REQUIRE(time_from(time_text(wall_ms)) == wall_ms);
  }
  CHECK(time_text(1'795'435'200'000) == "2026-11-23T12:00:00.000Z");
  CHECK(time_text(-5) == "1970-01-01T00:00:00.000Z");
}

TEST_CASE("the second in which 32 bits end, and those after it, are times like others") {
  CHECK(time_text(2'147'483'647'999) == "2038-01-19T03:14:07.999Z");
  CHECK(time_text(2'147'483'648'000) == "2038-01-19T03:14:08.000Z");
  CHECK(time_from("2038-01-18T22:14:08-05:00") == 2'147'483'648'000);
  CHECK(time_text(4'294'967'296'000) == "2106-02-07T06:28:16.000Z");
  CHECK(time_from("2106-02-07T06:28:16Z") == 4'294'967'296'000);
}

TEST_CASE("everything but unreserved characters is percent-encoded") {
  CHECK(percent_encoded("kiosk:K-1001:2026-11-23") == "kiosk%3AK-1001%3A2026-11-23");
  CHECK(percent_encoded("a%25/b c+&=é~._") == "a%2525%2Fb%20c%2B%26%3D%C3%A9~._");
}

TEST_CASE("base64 is read padded or not, and nothing else is") {
  CHECK(base64_decoded("") == "");
  CHECK(base64_decoded("Zg==") == "f");
  CHECK(base64_decoded("Zg") == "f");
  CHECK(base64_decoded("Zm9v") == "foo");
  CHECK(base64_decoded("Zm9vYmE=") == "fooba");
  CHECK(base64_decoded("/+8A") == std::string("\xff\xef\x00", 3));
  for (const char* text : {"Z", "Zg=", "Z===", "Zh==", "Zm9v\n", "Zm-v", "=", "Zm=v"}) {
    CAPTURE(text);
    CHECK_FALSE(base64_decoded(text));
  }
}

TEST_CASE("a header that stands twice counts as none") {
  const HeaderView headers[] = {
      {"Content-Type", "a"}, {"aUTHORIZATION", "  Bearer x "}, {"X", "1"}, {"x", "2"}};
  CHECK(only_header(headers, "authorization") == "Bearer x");
  CHECK(only_header(headers, "X").empty());
  CHECK(only_header(headers, "y").empty());
}

TEST_CASE("secrets are equal only whole, and an empty one never is") {
  CHECK(equal_in_constant_time("abc", "abc"));
  CHECK_FALSE(equal_in_constant_time("abc", "abd"));
  CHECK_FALSE(equal_in_constant_time("abcabc", "abc"));
  CHECK_FALSE(equal_in_constant_time("ab", "abc"));
  CHECK_FALSE(equal_in_constant_time("", "abc"));
  CHECK_FALSE(equal_in_constant_time("", ""));
}

}  // namespace
}  // namespace storegate::codec
