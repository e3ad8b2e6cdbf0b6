// The loop's thread answers; the test's reads and writes under the mutex.
#include "tests/system/thin/partner_api.hpp"

#include <algorithm>
#include <stdexcept>

namespace storegate::tests {

namespace {
constexpr const char* token_prefix = "Bearer token-";

platform::HttpResponse json(int status, std::string body) {
  platform::HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::move(body);
  return response;
}
}  // namespace

PartnerApi::PartnerApi(const std::string& certificate, const std::string& key) {
  platform::TlsServerOptions options;
  options.certificate_file = certificate;
  options.key_file = key;
  auto context = platform::TlsContext::server(options);
  if (!context) throw std::runtime_error(context.error().context);
  server_ = std::make_unique<platform::HttpServer>(
      loop_, platform::HttpServerOptions{},
      [this](platform::HttpRequest request, platform::Responder responder) {
        handle(std::move(request), std::move(responder));
      });
  const auto listener = server_->listen(*platform::Endpoint::parse("127.0.0.1:0"), *context);
  if (!listener) throw std::runtime_error(listener.error().context);
  url_ = "https://localhost:" + std::to_string(server_->bound_port(*listener));
  thread_ = std::thread([this] { loop_.run(); });
}

PartnerApi::~PartnerApi() {
  loop_.stop();
  thread_.join();
  server_.reset();
}

void PartnerApi::answer(const std::string& method, const std::string& target, int status, std::string body) {
  const std::lock_guard lock(mutex_);
  answers_[{method, target}] = {status, std::move(body)};
}

void PartnerApi::set_busy(bool busy) {
  const std::lock_guard lock(mutex_);
  busy_ = busy;
}

void PartnerApi::forget_tokens() {
  const std::lock_guard lock(mutex_);
  tokens_void_ = tokens_given_;
}

std::size_t PartnerApi::tokens_given() const {
  const std::lock_guard lock(mutex_);
  return tokens_given_;
}

std::vector<ApiAsked> PartnerApi::asked(const std::string& method, const std::string& target) const {
  const std::lock_guard lock(mutex_);
  std::vector<ApiAsked> found;
  std::copy_if(asked_.begin(), asked_.end(), std::back_inserter(found),
               [&](const ApiAsked& one) { return one.method == method && one.target == target; });
  return found;
}

void PartnerApi::handle(platform::HttpRequest request, platform::Responder responder) {
  responder.answer(reply_to(request));
}

platform::HttpResponse PartnerApi::reply_to(const platform::HttpRequest& request) {
  const std::lock_guard lock(mutex_);
  if (request.target == "/oauth/token") {
    if (request.body.find("client_credentials") == std::string::npos) return json(400, "{}");
    return json(200, R"({"token_type":"Bearer","expires_in":2592000,"access_token":"token-)" +
                         std::to_string(++tokens_given_) + "\"}");
  }
  const std::string authorization(request.headers.get("Authorization"));
  const std::string number =
      authorization.starts_with(token_prefix) ? authorization.substr(std::string(token_prefix).size()) : "0";
  if (std::stoul(number) <= tokens_void_) return json(401, R"({"code":"unauthorized"})");
  if (busy_) return json(503, "{}");
  asked_.push_back({request.method, request.target, authorization, request.body});
  const auto found = answers_.find({request.method, request.target});
  return found == answers_.end() ? json(404, "{}") : json(found->second.first, found->second.second);
}

}  // namespace storegate::tests
