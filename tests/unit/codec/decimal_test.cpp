// Decimal text to minor units, and the numbers of a document that have a fraction.
#include "codec/decimal.hpp"

#include <doctest/doctest.h>

#include <string>

#include "codec/json.hpp"
#include "codec/reader.hpp"

namespace storegate::codec {
namespace {

TEST_CASE("decimal text becomes minor units digit by digit") {
  struct Row {
    const char* text;
    int digits;
    std::int64_t minor;
  };
  const Row rows[] = {
      {"0", 2, 0},      {"12", 2, 1200},  {"-12", 2, -1200},  {"5.9", 2, 590},
      {"7.25", 2, 725}, {"0.07", 2, 7},   {"-0.50", 2, -50},  {"1.005", 3, 1005},
      {"100", 0, 100},  {"1e2", 0, 100},  {"1.5e1", 2, 1500}, {"15e-1", 2, 150},
      {"0.000", 2, 0},  {"1E+2", 0, 100}, {"0e5", 2, 0},      {"123456789.01", 2, 12345678901},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(decimal_from(row.text, row.digits) == row.minor);
  }
}

TEST_CASE("digits beyond the minor unit are rounded, half away from zero") {
  CHECK(decimal_from("17.249999999999996", 2) == 1725);
  CHECK(decimal_from("0.30000000000000004", 2) == 30);
  CHECK(decimal_from("0.005", 2) == 1);
  CHECK(decimal_from("-0.005", 2) == -1);
  CHECK(decimal_from("0.0049", 2) == 0);
  CHECK(decimal_from("0.5", 0) == 1);
  CHECK(decimal_from("1e-9", 2) == 0);
}

TEST_CASE("what is no decimal number, or does not fit, is none") {
  for (const char* text :
       {"", "-", "+1", ".5", "5.", "1,5", "1.5 ", " 1", "0x10", "1e", "1e+", "1e99", "1e100", "NaN", "--1",
        "1.2.3", "9223372036854775807", "99999999999999999999", "1e18"}) {
    CAPTURE(text);
    CHECK_FALSE(decimal_from(text, 2));
  }
}

TEST_CASE("currencies have the digits of ISO 4217") {
  CHECK(minor_digits("USD") == 2);
  CHECK(minor_digits("JPY") == 0);
  CHECK(minor_digits("XPF") == 0);
  CHECK(minor_digits("KWD") == 3);
  CHECK(minor_digits("") == 2);
}

TEST_CASE("a document's number is read as a decimal however it is written") {
  const std::string text =
      R"({"whole":7,"part":7.25,"text":"7.25","wrong":"7,25","huge":99999999999999999999})";
  const auto document = json::Document::parse(text);
  REQUIRE(document.ok());
  json::Reading reading(*document);
  const json::Place root(reading);
  CHECK(root.member("whole").decimal(2, 0, 10'000) == 700);
  CHECK(root.member("part").decimal(2, 0, 10'000) == 725);
  CHECK(root.member("text").decimal(2, 0, 10'000) == 725);
  CHECK_FALSE(reading.failed());
  const auto refused = [&](std::string_view name, std::int64_t max) {
    json::Reading again(*document);
    const json::Place place(again);
    (void)place.member(name).decimal(2, 0, max);
    return again.failed() ? again.take_problem().text() : std::string();
  };
  CHECK(refused("wrong", 10'000) == "/wrong: must be a number, 0 to 10000 when it is multiplied by 10^2");
  CHECK(refused("part", 724) != "");
  CHECK(refused("huge", INT64_MAX) != "");
  CHECK(refused("absent", 1).starts_with("/absent: is missing"));
}

}  // namespace
}  // namespace storegate::codec
