// When to ask, what to send, and what an answer is worth.
#include "app/partner_token.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "codec/json.hpp"
#include "codec/partners/telling.hpp"
#include "codec/pos_rest.hpp"
#include "codec/reader.hpp"
#include "codec/text.hpp"
#include "platform/digest.hpp"
#include "platform/log.hpp"

namespace storegate::app {

namespace {
// An API that refuses every token costs one a minute, an endpoint that gives none a question in half of one.
constexpr core::Milliseconds rest_after_refusal_ms = 60 * core::second_ms;
constexpr core::Milliseconds rest_after_failure_ms = 30 * core::second_ms;
constexpr std::int64_t life_s_unless_told = 3600;
constexpr std::int64_t life_s_min = 60;
constexpr std::int64_t life_s_max = 366 * 24 * 3600;

std::string base64_of(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) {
      return at < bytes.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at])) : 0U;
    };
    const std::uint32_t three = byte(i) << 16U | byte(i + 1) << 8U | byte(i + 2);
    for (unsigned digit = 0; digit < 4; ++digit)
      out += i + digit <= bytes.size() ? digits[three >> (18U - 6U * digit) & 63U] : '=';
  }
  return out;
}

/// What it was asked by, but for the secret: a new secret makes no token invalid.
std::string fingerprint(const PartnerApiConfig& api) {
  const std::string who = api.token_url + '\n' + api.client_id + '\n' + api.scope + '\n' + api.audience;
  return platform::to_hex(platform::sha256(who)).substr(0, 32);
}

/// With what the request's body says; the secret only where no header has it.
std::string json_of(const PartnerApiConfig& api) {
  codec::JsonObject body;
  body.text("grant_type", "client_credentials");
  if (!api.audience.empty()) body.text("audience", api.audience);
  if (!api.scope.empty()) body.text("scope", api.scope);
  if (api.client_auth == ClientAuth::body)
    body.text("client_id", api.client_id).text("client_secret", api.client_secret);
  return body.take();
}

std::string form_of(const PartnerApiConfig& api) {
  std::string body = "grant_type=client_credentials";
  if (!api.audience.empty()) body += "&audience=" + codec::percent_encoded(api.audience);
  if (!api.scope.empty()) body += "&scope=" + codec::percent_encoded(api.scope);
  if (api.client_auth == ClientAuth::body)
    body += "&client_id=" + codec::percent_encoded(api.client_id) +
            "&client_secret=" + codec::percent_encoded(api.client_secret);
  return body;
}

/// RFC 6749 section 5.2: one of its words, such as invalid_client. Never the description: it may repeat what was sent.
std::string error_word(std::string_view body) {
  const auto document = codec::json::Document::parse(body);
  if (!document) return {};
  codec::json::Reading reading(*document);
  const codec::json::Place root(reading);
  const std::string_view word = root.member("error").text_or_empty();
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
  return word.size() <= 40 && std::all_of(word.begin(), word.end(), fits) ? std::string(word) : std::string();
}
}  // namespace

platform::HttpCall token_call(const PartnerApiConfig& api) {
  platform::HttpCall call;
  const auto url = platform::Url::parse(api.token_url);
  call.method = "POST";
  call.origin = url->origin;
  call.target = url->path.empty() ? std::string(1, '/') : url->path;
  call.headers.add("Content-Type",
                   api.token_by_json ? "application/json" : "application/x-www-form-urlencoded");
  call.headers.add("Accept", "application/json");
  call.body = api.token_by_json ? json_of(api) : form_of(api);
  const std::string pair =
      codec::percent_encoded(api.client_id) + ':' + codec::percent_encoded(api.client_secret);
  if (api.client_auth == ClientAuth::basic) call.headers.add("Authorization", "Basic " + base64_of(pair));
  call.timeout = std::chrono::milliseconds(api.timeout_ms);
  return call;
}

TokenKeeper::TokenKeeper(std::string partner, PartnerMemory& memory, NowFunction now, Send send)
    : partner_(std::move(partner)), memory_(memory), now_(std::move(now)), send_(std::move(send)) {}

void TokenKeeper::configure(const PartnerApiConfig& api) {
  const bool other_secret = api.client_secret != api_.client_secret;
  api_ = api;
  if (other_secret) rest_until_ms_ = INT64_MIN;  // a person has put it right: no need to wait
  auto asked_for = fingerprint(api);
  if (asked_for == asked_for_) return;
  asked_for_ = std::move(asked_for);
  bearer_.clear();
  rest_until_ms_ = INT64_MIN;
  const PartnerToken* kept = memory_.token(partner_);
  if (kept == nullptr || kept->asked_for != asked_for_) return;
  const core::Now now = now_();
  const auto life = std::max<core::Milliseconds>(kept->expires_wall_ms - kept->obtained_wall_ms, 0);
  // Without a clock nobody knows its age: it is used until the API says no.
  const auto age =
      now.wall_trusted ? std::max<core::Milliseconds>(now.wall_ms - kept->obtained_wall_ms, 0) : 0;
  if (age >= life) return;
  bearer_ = kept->bearer;
  renew_ms_ = now.steady_ms + life / 10 * 9 - age;
  end_ms_ = now.steady_ms + life - age;
}

bool TokenKeeper::may_ask() const { return !asking_ && now_().steady_ms >= rest_until_ms_; }

void TokenKeeper::get(Ready ready) {
  const auto now_ms = now_().steady_ms;
  const bool usable = !bearer_.empty() && now_ms < end_ms_;
  if ((!usable || now_ms >= renew_ms_) && may_ask()) ask();
  if (usable) return ready(bearer_);
  if (asking_) return waiting_.push_back(std::move(ready));
  ready({});
}

bool TokenKeeper::refused(const std::string& bearer) {
  if (bearer != bearer_) return asking_ || !bearer_.empty();
  if (asking_ || !may_ask()) return false;
  bearer_.clear();
  after_refusal_ = true;
  ask();
  return true;
}

void TokenKeeper::give_up() {
  for (auto& ready : std::exchange(waiting_, {})) ready({});
}

void TokenKeeper::ask() {
  asking_ = true;
  send_(token_call(api_),
        [this, asked_for = asked_for_](platform::HttpOutcome outcome) { answered(outcome, asked_for); });
}

void TokenKeeper::answered(const platform::HttpOutcome& outcome, const std::string& asked_for) {
  asking_ = false;
  const bool after_refusal = std::exchange(after_refusal_, false);
  if (asked_for != asked_for_) return hand_out();  // the configuration was replaced meanwhile
  const bool taken = outcome.ok() && outcome.response->status == 200 && take(outcome.response->body);
  auto rest = taken ? (after_refusal ? rest_after_refusal_ms : 0) : rest_after_failure_ms;
  if (!taken && outcome.ok())
    rest = std::max(rest, codec::retry_after_ms(outcome.response->headers.get("Retry-After")).value_or(0));
  rest_until_ms_ = now_().steady_ms + rest;
  if (taken) {
    said_missing_ = false;
    platform::log_info("a partner gave a token",
                       {{"partner", partner_}, {"seconds", (end_ms_ - now_().steady_ms) / 1000}});
  } else if (!std::exchange(said_missing_, true)) {
    platform::log_warn(
        "a partner gives no token: see client_id, client_secret_file and token_url",
        {{"partner", partner_},
         {"status", outcome.ok() ? outcome.response->status : 0},
         {"why", outcome.ok() ? error_word(outcome.response->body) : outcome.failure.context}});
  }
  hand_out();
}

void TokenKeeper::hand_out() {
  for (auto& ready : std::exchange(waiting_, {})) get(std::move(ready));
}

bool TokenKeeper::take(std::string_view body) {
  const auto document = codec::json::Document::parse(body);
  if (!document) return false;
  codec::json::Reading reading(*document);
  const codec::json::Place root(reading);
  if (!root.must_be_object()) return false;
  const auto bearer = root.member("access_token").text_or_empty();
  const auto type = root.member("token_type").text_or_empty();
  std::int64_t life_s = life_s_unless_told;
  if (root.member("expires_in").given()) life_s = root.member("expires_in").decimal(0, 0, INT64_C(1) << 40);
  if (reading.failed() || !is_bearer(bearer)) return false;
  if (!type.empty() && !platform::same_ignoring_case(type, "bearer")) return false;
  const core::Now now = now_();
  const auto life_ms = std::clamp(life_s, life_s_min, life_s_max) * core::second_ms;
  bearer_ = bearer;
  renew_ms_ = now.steady_ms + life_ms / 10 * 9;
  end_ms_ = now.steady_ms + life_ms;
  memory_.keep_token(partner_, {bearer_, now.wall_ms, now.wall_ms + life_ms, asked_for_});
  return true;
}

}  // namespace storegate::app
