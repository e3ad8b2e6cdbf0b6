// A JSON object with an array of records, each with the name of its partner.
#include "app/partner_records.hpp"

#include <algorithm>
#include <utility>

#include "codec/json.hpp"
#include "codec/limits.hpp"
#include "codec/reader.hpp"

namespace storegate::app {

namespace {

using codec::json::Place;

constexpr std::size_t bearer_bytes_max = 16 * 1024;
constexpr std::size_t asked_for_bytes_max = 64;
constexpr std::size_t partners_max = 1000;
constexpr std::int64_t wall_ms_max = INT64_C(1) << 52;

PartnerToken token_of(const Place& place) {
  PartnerToken token;
  const Place bearer = place.member("bearer");
  token.bearer = bearer.text({.min = 1, .max = bearer_bytes_max, .printable = true});
  if (!is_bearer(token.bearer)) bearer.refuse("must be able to stand in a header");
  token.obtained_wall_ms = place.member("obtained_ms").integer(0, wall_ms_max);
  token.expires_wall_ms = place.member("expires_ms").integer(0, wall_ms_max);
  token.asked_for = place.member("asked_for").text({.min = 0, .max = asked_for_bytes_max, .printable = true});
  return token;
}

void append_member(std::string& out, std::string_view name) {
  if (out.back() != '{') out += ',';
  codec::json::append_string(out, name);
  out += ':';
}

void append(std::string& out, const PartnerToken& token) {
  out += R"({"bearer":)";
  codec::json::append_string(out, token.bearer);
  out += R"(,"obtained_ms":)";
  codec::json::append_integer(out, token.obtained_wall_ms);
  out += R"(,"expires_ms":)";
  codec::json::append_integer(out, token.expires_wall_ms);
  out += R"(,"asked_for":)";
  codec::json::append_string(out, token.asked_for);
  out += '}';
}

}  // namespace

bool is_bearer(std::string_view text) noexcept {
  return !text.empty() && text.size() <= bearer_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

std::optional<PartnerRecords> read_partner_records(std::string_view text) {
  const auto document = codec::json::Document::parse(text);
  if (!document) return std::nullopt;
  codec::json::Reading reading(*document);
  const Place root(reading);
  if (!root.must_be_object()) return std::nullopt;
  PartnerRecords records;
  root.member("partners").elements(0, partners_max, [&](const Place& place) {
    std::string name(
        place.member("name").text({.min = 1, .max = codec::partner_bytes_max, .printable = true}));
    PartnerRecord& record = records[std::move(name)];
    if (place.member("token").given()) record.token = token_of(place.member("token"));
  });
  if (reading.failed()) return std::nullopt;
  return records;
}

std::string text_of(const PartnerRecords& records) {
  std::string out = R"({"partners":[)";
  for (const auto& [name, record] : records) {
    if (out.back() != '[') out += ',';
    out += '{';
    append_member(out, "name");
    codec::json::append_string(out, name);
    if (record.token) {
      append_member(out, "token");
      append(out, *record.token);
    }
    out += '}';
  }
  return out += "]}\n";
}

}  // namespace storegate::app
