// Requests to the POS and the meaning of its answers. The rule behind every line: a second ticket is worse than a
// question, so only an answer that is clear in status and body counts as one.
#include "codec/pos_rest.hpp"

#include <algorithm>
#include <charconv>

#include "codec/json.hpp"
#include "codec/limits.hpp"
#include "codec/reader.hpp"
#include "codec/text.hpp"

namespace storegate::codec {

namespace {

using core::PosOutcome;
using core::PosRequest;
using json::Kind;
using json::Place;
using json::TextRule;

constexpr TextRule reference_rule{.min = 1, .max = pos_reference_bytes_max, .printable = true};
constexpr std::size_t orders_max = 1000;

/// The outcomes that every request can have alike; nothing for any other.
std::optional<PosOutcome> common_outcome(const PosHttpOutcome& http) {
  switch (http.status) {
    case 0: return http.request_bytes_written ? std::nullopt : std::optional(PosOutcome::not_delivered);
    case 401:
    case 403:
    case 404:
    case 405: return PosOutcome::not_taken;
    case 429:
    case 503: return PosOutcome::not_now;
    default: return std::nullopt;
  }
}

template <typename Effect>
core::PosAnswered answered(const Effect& effect, PosRequest request, PosOutcome outcome,
                           const PosHttpOutcome& http) {
  core::PosAnswered answer;
  answer.order = effect.order;
  answer.attempt = effect.attempt;
  answer.request = request;
  answer.outcome = outcome;
  if (outcome == PosOutcome::not_now) answer.retry_after_ms = retry_after_ms(http.retry_after);
  return answer;
}

/// The POS's reference out of the body of a 200 or 201; "" unless the body is wholly clear and speaks of `key`.
std::string reference_in(std::string_view body, std::string_view key) {
  const auto document = json::Document::parse(body);
  if (!document) return {};
  json::Reading reading(*document);
  const Place root(reading);
  if (!root.must_be_object()) return {};
  const Place ours = root.member("reference");
  if (ours.given() && (!ours.is(Kind::string) || ours.text(reference_rule) != key)) return {};
  std::string reference(root.member("pos_reference").text(reference_rule));
  return reading.failed() ? std::string() : reference;
}

/// The code of a 409, "" if it gives none that can be read: refused it is all the same.
std::string code_in(std::string_view body) {
  const auto document = json::Document::parse(body);
  if (!document) return {};
  json::Reading reading(*document);
  const Place root(reading);
  const Place code = root.member("code");
  if (!code.is(Kind::string)) return {};
  return std::string(code.text({.min = 0, .max = pos_code_bytes_max, .printable = true}));
}

/// What an answer to an asking says.
struct Found {
  PosOutcome outcome = PosOutcome::unanswered;
  std::string pos_reference;
  core::PosStatus status = core::PosStatus::unknown;  // of a live one, if it is one that we know
};

/// Looks at the whole list: one live order of ours outweighs voided ones; an order of another reference, or a line
/// that cannot be read, makes the list no answer, since a POS that ignores our filter proves nothing by it.
Found found_in(std::string_view body, std::string_view key) {
  const auto document = json::Document::parse(body);
  if (!document) return {};
  json::Reading reading(*document);
  const Place root(reading);
  Found live, voided;
  bool foreign = false;
  if (!root.must_be_object()) return {};
  root.member("orders").elements(0, orders_max, [&](const Place& order) {
    if (!order.must_be_object()) return;
    const Place reference = order.member("reference");
    if (reference.given() && (!reference.is(Kind::string) || reference.text(reference_rule) != key)) {
      foreign = true;
      return;
    }
    const std::string_view status = order.member("status").text(reference_rule);
    Found& found = status == "voided" ? voided : live;
    if (!found.pos_reference.empty()) return;
    found.pos_reference = order.member("pos_reference").text(reference_rule);
    found.status = core::pos_status_from(status).value_or(core::PosStatus::unknown);
  });
  if (reading.failed()) return {};
  if (!live.pos_reference.empty()) return {PosOutcome::found, live.pos_reference, live.status};
  if (!voided.pos_reference.empty()) return {PosOutcome::found_voided, voided.pos_reference, {}};
  return {foreign ? PosOutcome::unanswered : PosOutcome::not_found, {}, {}};
}

/// The status in the body of a 200; unknown unless the body is wholly clear and speaks of `pos_reference`.
core::PosStatus status_in(std::string_view body, std::string_view pos_reference) {
  const auto document = json::Document::parse(body);
  if (!document) return core::PosStatus::unknown;
  json::Reading reading(*document);
  const Place root(reading);
  if (!root.must_be_object()) return core::PosStatus::unknown;
  const Place ours = root.member("pos_reference");
  if (ours.given() && (!ours.is(Kind::string) || ours.text(reference_rule) != pos_reference))
    return core::PosStatus::unknown;
  const auto status = core::pos_status_from(root.member("status").text(reference_rule));
  return reading.failed() ? core::PosStatus::unknown : status.value_or(core::PosStatus::unknown);
}

PosOutcome place_failure(const PosHttpOutcome& http) {
  if (const auto common = common_outcome(http)) return *common;
  if (http.status == 409) return PosOutcome::refused;
  if (http.status == 408) return PosOutcome::in_doubt;  // a proxy may have handed the request on
  // 400, 413, 422, and every other word that the request itself is wrong: the same bytes will not do better.
  if (http.status >= 400 && http.status <= 499) return PosOutcome::cannot;
  return PosOutcome::in_doubt;
}

}  // namespace

// The other form, a date, would need a clock that both sides agree on and is ignored.
std::optional<core::Milliseconds> retry_after_ms(std::string_view text) {
  text = trimmed(text);
  std::int64_t seconds = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || seconds < 0)
    return std::nullopt;
  return std::min(seconds, retry_after_s_max) * core::second_ms;
}

HttpRequest request_of(const core::PlaceOrder& effect) {
  HttpRequest request;
  request.method = "POST";
  request.target = "/orders";
  request.headers = {
      {"Content-Type", "application/json"}, {"Accept", "application/json"}, {"Idempotency-Key", effect.key}};
  std::string& body = request.body;
  body.reserve(effect.body.size() + effect.key.size() + 96);
  body += R"({"reference":)";
  json::append_string(body, effect.key);
  body += R"(,"display_code":)";
  json::append_string(body, effect.display_code);
  if (effect.reprint) body += R"(,"reprint":true)";
  // The canonical encoding begins with `{"partner":`, so its members follow with a comma for their brace.
  body += ',';
  body.append(effect.body, 1);
  return request;
}

HttpRequest request_of(const core::AskPos& effect) {
  HttpRequest request;
  request.target = "/orders?reference=" + percent_encoded(effect.key);
  request.headers = {{"Accept", "application/json"}};
  return request;
}

HttpRequest request_of(const core::CheckPosHealth&) {
  HttpRequest request;
  request.target = "/health";
  request.headers = {{"Accept", "application/json"}};
  return request;
}

HttpRequest request_of(const core::VoidOrder& effect) {
  HttpRequest request;
  request.method = "POST";
  request.target = "/orders/" + percent_encoded(effect.pos_reference) + "/void";
  request.headers = {{"Accept", "application/json"}};
  return request;
}

HttpRequest request_of(const core::WatchOrder& effect) {
  HttpRequest request;
  request.target = "/orders/" + percent_encoded(effect.pos_reference);
  request.headers = {{"Accept", "application/json"}};
  return request;
}

core::PosAnswered outcome_of(const core::PlaceOrder& effect, const PosHttpOutcome& http) {
  if (http.status == 200 || http.status == 201) {
    std::string reference = reference_in(http.body, effect.key);
    const PosOutcome outcome = reference.empty() ? PosOutcome::in_doubt : PosOutcome::took;
    auto answer = answered(effect, PosRequest::place, outcome, http);
    answer.pos_reference = std::move(reference);
    return answer;
  }
  auto answer = answered(effect, PosRequest::place, place_failure(http), http);
  if (answer.outcome == PosOutcome::refused) answer.code = code_in(http.body);
  return answer;
}

core::PosAnswered outcome_of(const core::AskPos& effect, const PosHttpOutcome& http) {
  if (http.status == 200) {
    Found found = found_in(http.body, effect.key);
    auto answer = answered(effect, PosRequest::ask, found.outcome, http);
    answer.pos_reference = std::move(found.pos_reference);
    answer.pos_status = found.status;
    return answer;
  }
  return answered(effect, PosRequest::ask, common_outcome(http).value_or(PosOutcome::unanswered), http);
}

core::PosAnswered outcome_of(const core::CheckPosHealth& effect, const PosHttpOutcome& http) {
  const PosOutcome outcome =
      http.status == 200 ? PosOutcome::healthy : common_outcome(http).value_or(PosOutcome::unanswered);
  return answered(effect, PosRequest::check_health, outcome, http);
}

core::PosAnswered outcome_of(const core::VoidOrder& effect, const PosHttpOutcome& http) {
  PosOutcome outcome = common_outcome(http).value_or(PosOutcome::unanswered);
  if (http.status == 200) outcome = PosOutcome::voided;
  if (http.status == 409) outcome = PosOutcome::too_late;
  return answered(effect, PosRequest::cancel, outcome, http);
}

core::PosAnswered outcome_of(const core::WatchOrder& effect, const PosHttpOutcome& http) {
  if (http.status == 200) {
    const core::PosStatus status = status_in(http.body, effect.pos_reference);
    const bool is_clear = status != core::PosStatus::unknown;
    auto answer =
        answered(effect, PosRequest::watch, is_clear ? PosOutcome::shown : PosOutcome::unanswered, http);
    answer.pos_status = status;
    return answer;
  }
  return answered(effect, PosRequest::watch, common_outcome(http).value_or(PosOutcome::unanswered), http);
}

}  // namespace storegate::codec
