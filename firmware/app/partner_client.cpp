// Where a request goes, what it carries, and what came of it.
#include "app/partner_client.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "app/version.hpp"
#include "platform/log.hpp"

namespace storegate::app {

namespace {
constexpr core::Milliseconds outage_ms = core::minute_ms;

platform::HttpClientOptions client_options() {
  platform::HttpClientOptions options;
  options.connections_max = 8;  // four fetches at a time, and what is told and pulled beside them
  options.body_bytes_max = 4 * 1024 * 1024;  // a page of orders
  return options;
}

std::string_view outcome_name(const platform::HttpOutcome& outcome) {
  if (!outcome.ok()) return outcome.request_bytes_written ? "unanswered" : "not_sent";
  const int status = outcome.response->status;
  if (status >= 200 && status < 300) return "ok";
  if (status == 429 || status == 503) return "not_now";
  return status >= 400 && status < 500 ? "refused" : "failed";
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return lower(c); });
  return out;
}

/// What a URL's path and query may hold as they are. A backslash is a slash to some.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c <= '~' && c != '\\' && c != '#'; });
}

/// "." and ".." would lead out of the API's path again; so would they written as %2e.
bool has_dot_segment(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto segment = path.substr(0, path.find('/'));
    std::string dots = lower(segment);
    for (auto at = dots.find("%2e"); at != std::string::npos; at = dots.find("%2e")) dots.replace(at, 3, ".");
    if (dots == "." || dots == "..") return true;
    path.remove_prefix(segment.size());
  }
  return false;
}
}  // namespace

std::string target_under(std::string_view base_url, std::string_view href) {
  const auto base = platform::Url::parse(base_url);
  if (!base || href.empty() || !is_plain(href)) return {};
  std::string_view target = href;
  if (const auto scheme = href.find("://"); scheme != std::string_view::npos && href.front() != '/') {
    const auto authority_at = scheme + 3;
    const auto path_at = std::min(href.find_first_of("/?", authority_at), href.size());
    const auto origin = platform::Url::parse(lower(href.substr(0, path_at)));
    auto ours = base->origin;
    ours.host = lower(ours.host);
    if (!origin || !(origin->origin == ours)) return {};
    target = href.substr(path_at);
  }
  // "//host/…" is another origin.
  if (!target.starts_with('/') || target.starts_with("//")) return {};
  if (has_dot_segment(target.substr(0, target.find('?')))) return {};
  if (!target.starts_with(base->path)) return {};
  target.remove_prefix(base->path.size());
  return target.starts_with('/') ? std::string(target) : std::string();
}

struct PartnerClient::Job {
  std::string what;
  platform::HttpCall call;
  Callback callback;
  bool repeated = false;
};

PartnerClient::PartnerClient(const PartnerClientParts& parts, std::string partner)
    : parts_(parts),
      partner_(std::move(partner)),
      token_(partner_, parts_.memory, parts_.now,
             [this](platform::HttpCall call, platform::HttpCallback callback) {
               client_.request(std::move(call),
                               [this, callback = std::move(callback)](platform::HttpOutcome outcome) {
                                 seen("token", outcome);
                                 callback(std::move(outcome));
                               });
             }),
      client_(parts_.loop, client_options()) {}

void PartnerClient::configure(const PartnerApiConfig& api, const codec::PartnerApi& codec, SharedTls tls) {
  api_ = api;
  codec_ = &codec;
  url_ = platform::Url::parse(api.url).value();
  client_.replace_tls(std::move(tls));
  open_ = true;
  if (codec.sign_in() == codec::ApiSignIn::client_credentials) token_.configure(api_);
}

void PartnerClient::close() {
  open_ = false;
  token_.give_up();
}

void PartnerClient::call(std::string_view what, codec::HttpRequest request, Callback callback) {
  auto job = std::make_shared<Job>();
  job->what = what;
  job->callback = std::move(callback);
  if (!open_) return fail(job, "this partner's API is not asked now");
  if (!request.target.starts_with('/')) return fail(job, "this partner's API has no such request");
  job->call.method = std::move(request.method);
  job->call.origin = url_.origin;
  job->call.target = url_.path + request.target;
  for (const auto& [name, value] : request.headers) job->call.headers.add(name, value);
  if (job->call.headers.count("Accept") == 0) job->call.headers.add("Accept", "application/json");
  job->call.headers.add("User-Agent", "storegate/" + std::string(version()));
  job->call.body = std::move(request.body);
  job->call.timeout = std::chrono::milliseconds(api_.timeout_ms);
  send(job);
}

void PartnerClient::send(const SharedJob& job) {
  switch (codec_->sign_in()) {
    case codec::ApiSignIn::client_credentials:
      return token_.get([this, job](const std::string& bearer) {
        if (bearer.empty()) return fail(job, "there is no token");
        send_with(job, "Authorization", "Bearer " + bearer, bearer);
      });
    case codec::ApiSignIn::static_header: {
      const auto [name, before] = codec_->secret_header();
      return send_with(job, name, std::string(before) + api_.secret, {});
    }
    case codec::ApiSignIn::signed_token: {
      const std::string token = parts_.sign ? parts_.sign(api_, parts_.now().wall_ms) : std::string();
      if (token.empty()) return fail(job, "the token cannot be signed: see secret_file");
      return send_with(job, "Authorization", "Bearer " + token, {});
    }
  }
}

void PartnerClient::send_with(const SharedJob& job, std::string_view header, const std::string& value,
                              const std::string& bearer) {
  // It has waited for a token, and there may have been a reload: what signs in at the new address is not for the old one.
  if (!(job->call.origin == url_.origin)) return fail(job, "this partner's API has moved meanwhile");
  platform::HttpCall call = job->call;
  call.headers.add(header, value);
  client_.request(std::move(call), [this, job, bearer](platform::HttpOutcome outcome) {
    ended(job, bearer, std::move(outcome));
  });
}

void PartnerClient::ended(const SharedJob& job, const std::string& bearer, platform::HttpOutcome outcome) {
  seen(job->what, outcome);
  // 401 is certain: nothing was done. Everything else is for whoever asked to judge.
  if (outcome.ok() && outcome.response->status == 401 && !bearer.empty() && open_ && !job->repeated &&
      token_.refused(bearer)) {
    job->repeated = true;
    return send(job);
  }
  PartnerReply reply;
  reply.sent = outcome.request_bytes_written;
  if (outcome.ok()) {
    reply.status = outcome.response->status;
    reply.retry_after = outcome.response->headers.get("Retry-After");
    reply.content_type = std::move(outcome.response->content_type);
    reply.body = std::move(outcome.response->body);
  } else {
    reply.why = std::move(outcome.failure.context);
  }
  job->callback(std::move(reply));
}

void PartnerClient::fail(const SharedJob& job, std::string why) {
  parts_.gauges.partner_answered(partner_, job->what, "not_sent");
  platform::log_debug("a partner's API was not asked",
                      {{"partner", partner_}, {"what", job->what}, {"why", why}});
  parts_.loop.post([job, why = std::move(why)] {
    PartnerReply reply;
    reply.why = why;
    job->callback(std::move(reply));
  });
}

// A person hears when an API goes away and when it comes back, not of each request.
void PartnerClient::seen(std::string_view what, const platform::HttpOutcome& outcome) {
  parts_.gauges.partner_answered(partner_, what, outcome_name(outcome));
  platform::log_debug("a partner's API answered",
                      {{"partner", partner_},
                       {"what", what},
                       {"status", outcome.ok() ? outcome.response->status : 0},
                       {"why", outcome.ok() ? std::string_view{} : outcome.failure.context}});
  const auto now_ms = parts_.now().steady_ms;
  if (!outcome.ok()) {
    if (away_since_ms_) return;
    away_since_ms_ = now_ms;
    platform::log_warn("a partner's API cannot be reached",
                       {{"partner", partner_}, {"what", what}, {"why", outcome.failure.context}});
    return;
  }
  if (!away_since_ms_) return;
  const auto away_ms = now_ms - *std::exchange(away_since_ms_, {});
  platform::log_info("a partner's API is reached again",
                     {{"partner", partner_}, {"seconds", away_ms / core::second_ms}});
  if (away_ms > outage_ms && on_return_) on_return_();
}

}  // namespace storegate::app
