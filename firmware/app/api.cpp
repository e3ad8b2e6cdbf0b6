// The table of routes, and the order in which a request is judged: who may, is there such a thing, by this method.
#include "app/api.hpp"

#include <algorithm>
#include <utility>

#include "app/webhooks.hpp"
#include "platform/digest.hpp"

namespace storegate::app {

/// A method and path. `*` in the path stands for one variable part, which is decoded into Visit::names.
struct Api::Route {
  std::string_view method;
  std::string_view path;
  void (Api::*serve)(Visit&);
  bool own_authentication = false;  // the partner's, over the raw bytes; or the POS's own token
  bool on_public_listener = false;  // also where an admin listener takes the rest
};

std::span<const Api::Route> Api::routes() {
  static constexpr Route table[] = {
      {"POST", "/v1/orders", &Api::post_order, false, true},
      {"POST", "/v1/partners/*/webhook", &Api::post_webhook, true, true},
      {"POST", "/v1/partners/*/webhook/*", &Api::post_webhook, true, true},
      // Just Eat's news of drivers come so.
      {"PUT", "/v1/partners/*/webhook", &Api::post_webhook, true, true},
      {"PUT", "/v1/partners/*/webhook/*", &Api::post_webhook, true, true},
      {"GET", "/v1/orders", &Api::list_orders},
      {"GET", "/v1/orders/*", &Api::show_order},
      {"GET", "/v1/orders/*/events", &Api::order_events},
      {"POST", "/v1/orders/*/release", &Api::post_release},
      {"POST", "/v1/orders/*/cancel", &Api::post_cancel},
      {"POST", "/v1/orders/*/resolve", &Api::post_resolve},
      {"POST", "/v1/pos/status", &Api::post_pos_status, true, true},
      {"GET", "/v1/events", &Api::list_events},
      {"GET", "/v1/events/stream", &Api::stream_events},
      {"GET", "/v1/availability", &Api::show_availability},
      {"PUT", "/v1/availability/*", &Api::put_availability},
      {"GET", "/v1/store", &Api::show_store},
      {"PUT", "/v1/store", &Api::put_store},
      {"GET", "/healthz", &Api::healthz},
      {"GET", "/readyz", &Api::readyz},
      {"GET", "/metrics", &Api::metrics},
  };
  return table;
}

namespace {

/// The first part of a path that begins with '/', cut off it.
std::string_view next_part(std::string_view& path) {
  path.remove_prefix(1);
  const auto end = std::min(path.find('/'), path.size());
  const auto part = path.substr(0, end);
  path.remove_prefix(end);
  return part;
}

/// Whether the path is the pattern's; `names` takes the variable parts, decoded.
bool matches(std::string_view pattern, std::string_view path, std::vector<std::string>& names) {
  names.clear();
  while (!pattern.empty()) {
    if (!path.starts_with('/')) return false;
    const auto wanted = next_part(pattern);
    const auto part = next_part(path);
    if (wanted != "*") {
      if (part != wanted) return false;
      continue;
    }
    auto name = platform::percent_decoded(part);
    if (!name || name->empty()) return false;
    names.push_back(std::move(*name));
  }
  return path.empty();
}

bool below_v1(std::string_view path) { return path == "/v1" || path.starts_with("/v1/"); }

}  // namespace

Api::Api(ApiParts parts) : parts_(std::move(parts)), refusals_(parts_.gauges) {}

void Api::handle(platform::HttpRequest request, platform::Responder responder) {
  Visit visit{std::move(request), std::move(responder), {}};
  const std::string_view method =
      visit.request.method == "HEAD" ? "GET" : std::string_view(visit.request.method);
  const bool restricted = restricted_ == visit.request.listener && !visit.request.peer_is_unix;
  const Route* found = nullptr;
  bool own_authentication = false;
  std::string allow;
  for (const Route& route : routes()) {
    if (restricted && !route.on_public_listener) continue;
    std::vector<std::string> names;
    if (!matches(route.path, visit.request.path(), names)) continue;
    own_authentication = route.own_authentication;
    if (!allow.empty()) allow += ", ";
    allow += route.method == "GET" ? "GET, HEAD" : std::string(route.method);
    if (route.method != method) continue;
    found = &route;
    visit.names = std::move(names);
    break;
  }
  if (!may(visit.request, own_authentication))
    return refuse(visit, codec::ProblemKind::not_authenticated,
                  "This needs 'Authorization: Bearer' with the admin token.");
  const bool has_proved = !parts_.config.http.admin_token.empty() || !restricted;
  if (has_proved && below_v1(visit.request.path()) && !own_authentication) visit.responder.vouch();
  if (found != nullptr) return (this->*found->serve)(visit);
  if (!allow.empty()) return method_not_allowed(visit, std::move(allow));
  refuse(visit, codec::ProblemKind::not_found, "There is nothing at this path.");
}

int Api::refused_by_server(int status, std::string_view target) {
  std::vector<std::string> names;
  const auto path = target.substr(0, target.find('?'));
  const bool is_webhook =
      matches("/v1/partners/*/webhook", path, names) || matches("/v1/partners/*/webhook/*", path, names);
  const auto partner = is_webhook ? webhook_partner(parts_.config, names[0]) : std::nullopt;
  constexpr int too_late = 408, again = 503;
  const bool would_be_forgotten =
      status == too_late || (partner && status < 500 && partner->codec->style().below_500_is_delivered);
  const int answered = is_webhook && would_be_forgotten ? again : status;
  parts_.gauges.http_answered(answered);
  if (!is_webhook) return answered;
  refusals_.of_anybody(partner ? std::string_view(partner->config->name) : "", answered,
                       "the server's limits and deadlines", parts_.turns.now().steady_ms);
  return answered;
}

bool Api::may(const platform::HttpRequest& request, bool own_authentication) const {
  const auto& token = parts_.config.http.admin_token;
  if (token.empty() || own_authentication || request.peer_is_unix || !below_v1(request.path())) return true;
  return bears(request, token);
}

bool Api::bears(const platform::HttpRequest& request, std::string_view token) {
  if (request.headers.count("Authorization") != 1) return false;
  auto presented = request.headers.get("Authorization");
  constexpr std::string_view scheme = "bearer ";
  if (!platform::same_ignoring_case(presented.substr(0, scheme.size()), scheme)) return false;
  presented.remove_prefix(scheme.size());
  return platform::equal_in_constant_time(presented, token);
}

void Api::answer(Visit& visit, codec::HttpReply reply) {
  parts_.gauges.http_answered(reply.status);
  visit.responder.answer(response_of(std::move(reply)));
}

void Api::refuse(Visit& visit, codec::ProblemKind kind, std::string detail, std::string pointer) {
  refuse(visit, codec::Problem{kind, std::move(detail), std::move(pointer), {}});
}

void Api::refuse(Visit& visit, const codec::Problem& problem) {
  answer(visit, codec::problem_reply(problem));
}

void Api::method_not_allowed(Visit& visit, std::string allow) {
  auto reply = codec::problem_reply(
      {codec::ProblemKind::method_not_allowed, "This path takes " + allow + ".", {}, {}});
  reply.headers.emplace_back("Allow", std::move(allow));
  answer(visit, std::move(reply));
}

}  // namespace storegate::app
