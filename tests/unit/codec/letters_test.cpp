// What a dead letter keeps, and above all what it does not: credentials, wherever the cloud has put them.
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "codec/commands.hpp"
#include "codec/text.hpp"

using namespace storegate::codec;

namespace {

constexpr std::string_view secret = "very-secret";

std::string base64(std::string_view bytes) {
  static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    unsigned group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8U | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i)
      out += at + i > bytes.size() ? '=' : digits[group >> (18 - 6 * i) & 63U];
  }
  return out;
}

bool keeps_the_secret(std::string_view payload) {
  return letter_bytes_of(payload).find(secret) != std::string::npos;
}

std::string event_of(std::string_view member, std::string_view data) {
  return R"({"specversion":"1.0","id":"1","source":"/cloud","type":"order.sent",")" + std::string(member) +
         "\":" + std::string(data) + "}";
}

}  // namespace

TEST_CASE("the dead letter of a raw webhook keeps names and body, and no header value") {
  const std::string message =
      R"({"partner":"doordash","headers":{"Authorization":"very-secret","Date":"x"},"body_base64":"e30="})";
  constexpr std::string_view kept =
      R"({"headers":["Authorization","Date"],"partner":"doordash","body_base64":"e30="})";
  CHECK(letter_bytes_of(message) == kept);
  CHECK(letter_bytes_of(event_of("data", message)) == kept);
  // "very-secret" stands there in base64, which hides it from a reader's eye and from nothing else
  CHECK(letter_bytes_of(event_of("data_base64", "\"" + base64(message) + "\"")) == kept);
  const std::string inner = "{\"data_base64\":\"" + base64(message) + "\"}";
  CHECK(letter_bytes_of(event_of("data", inner)) == R"({"headers":[]})");
}

TEST_CASE("no spelling and no wrapping of a header's name keeps its value") {
  const std::string_view objects[] = {
      R"({"headers":{"authorization":"very-secret"}})",
      R"({"headers":{"X-Acme":"very-secret"},"data":{"a":1}})",
      R"({"data":{"a":1},"headers":{"X-Acme":"very-secret"}})",
      R"({"HEADERS":{"AUTHORIZATION":"very-secret"}})",
      R"({"Headers":[{"name":"Cookie","value":"very-secret"}]})",
      R"({"headers":[["Cookie","very-secret"]]})",
      R"({"headers":"Cookie: very-secret"})",
      R"({"he\u0061ders":{"Cookie":"very-secret"}})",
      R"({"\u0068\u0065\u0061\u0064\u0065\u0072\u0073":{"Cookie":"very-secret"}})",
      R"({"Authorization":"Bearer very-secret"})",
      R"({"proxy_authorization":"very-secret"})",
      R"({"set-cookie":"very-secret"})",
      R"({"X_Acme_Signature":"very-secret"})",
      R"({"webhook-signature":"v1,very-secret"})",
      R"({"a":{"b":[{"c":{"headers":{"X":"very-secret"}}}]}})",
      R"({"list":[{"name":"Authorization","value":"very-secret"}]})",
      R"({"list":["x-api-key","very-secret"]})",
      R"({"credentials":{"key":"very-secret"}})",
      R"({"Credential":"very-secret"})",
      R"({"hmac":"very-secret"})",
      R"({"acme_hmac_sha256":"very-secret"})",
      R"({"signature_v1":"very-secret"})",
      R"({"request_headers":{"Acme":"very-secret"}})",
      R"({"data":"{\"headers\":{\"Authorization\":\"very-secret\"}}"})",
      R"({"data":"{\"a\":\"{\\\"hmac\\\":\\\"very-secret\\\"}\"}"})",
      R"({"data":"{\"he\\u0061ders\":\"very-secret\"}"})",
      R"({"data":"[\"Cookie\",\"very-secret\"]"})",
      R"({"raw":"POST / HTTP/1.1\r\nAuthorization: very-secret\r\n\r\n"})",
      R"({"list":["Stripe-Signature: very-secret"]})",
      R"({"headers":{},"partner":"Cookie: very-secret","body_base64":"Cookie: very-secret"})",
  };
  for (const std::string_view text : objects) {
    CAPTURE(text);
    CHECK_FALSE(keeps_the_secret(text));
    CHECK_FALSE(keeps_the_secret(event_of("data", text)));
    CHECK_FALSE(keeps_the_secret(event_of("data_base64", "\"" + base64(text) + "\"")));
    CHECK(letter_bytes_of(event_of("data_base64", "\"" + base64(text) + "\"")).find(base64(text)) ==
          std::string::npos);
    const std::string torn(text.substr(0, text.size() - 1));
    CHECK_FALSE(keeps_the_secret(torn));
    CHECK_FALSE(keeps_the_secret("[" + torn));
  }
}

TEST_CASE("what is no JSON is cut where credentials may begin, and kept up to there") {
  using namespace std::string_view_literals;
  const std::string_view texts[] = {
      "POST / HTTP/1.1\r\nAuthorization: very-secret\r\n\r\n"sv,
      "POST / HTTP/1.1\r\nX-Acme: very-secret\r\n\r\n"sv,
      "{'headers': {'X': 'very-secret'}}"sv,
      "{authorization: very-secret}"sv,
      "stripe-signature=very-secret"sv,
      "{\"partner\":\"p\",\"partner\":\"p\",\"headers\":{\"X\":\"very-secret\"}}"sv,
      "\0h\0e\0a\0d very-secret"sv,
      "{\"data_base64\":\"dmVyeS1zZWNyZXQ=very-secret"sv,
  };
  for (const std::string_view text : texts) {
    CAPTURE(text);
    const std::string letter = letter_bytes_of(text);
    CHECK(letter.find(secret) == std::string::npos);
    CHECK(letter.ends_with("(cut here: what follows may hold credentials)"));
    CHECK(text.starts_with(letter.substr(0, letter.find("(cut here"))));
  }
  CHECK(letter_bytes_of(R"("Authorization: very-secret")").starts_with("\"(cut here"));
  CHECK(letter_bytes_of(R"({"partner":"doordash","headers":{"A":"very-secret"},"bod)")
            .starts_with(R"({"partner":"doordash",)"));
}

TEST_CASE("names in a long row are read once, not once for each that may begin there") {
  std::string row;  // read anew at each "x-", these would be 10^11 characters
  while (row.size() < 1024 * 1024) row += "x-";
  CHECK(letter_bytes_of("{\"note\":\"" + row + "\"}").size() < 100);
  CHECK(letter_bytes_of("{\"note\":\"" + row).size() < 100);
  CHECK(letter_bytes_of("{\"note\":\"a " + row).starts_with("{\"note\":\"a (cut here"));
  // A value may be any distance away, and no name is read twice for it.
  std::string far;
  while (far.size() < 1024 * 1024) far += "x-a" + std::string(100, ' ');
  CHECK(letter_bytes_of(far) == far);
}

TEST_CASE("a message without headers is kept as it is, readable or not") {
  for (const std::string_view text :
       {R"({"a":1})", "{not json", "", R"({"items":[{"name":"Cookie"},{"name":"Signature Burger, large"}]})",
        R"({"items":[{"name":"Header, a cookie, x-large"}]})", R"({"release_token":"abc"})",
        R"({"note":"caf\u00e9 \u0041"})", R"({"order":{"id":"1"},"torn)"}) {
    CAPTURE(text);
    CHECK(letter_bytes_of(text) == text);
  }
  const std::string harmless = event_of("data_base64", "\"" + base64(R"({"a":1})") + "\"");
  CHECK(letter_bytes_of(harmless) == harmless);
}
