// Finding the service and talking to it; see cli_call.hpp.
#include "app/cli_call.hpp"

#include <chrono>
#include <ostream>
#include <utility>
#include <variant>

#include "app/cli_answers.hpp"
#include "app/cli_format.hpp"
#include "app/config.hpp"
#include "app/config_files.hpp"
#include "app/config_tree.hpp"

namespace storegate::app {
namespace {

constexpr std::chrono::milliseconds answer_timeout{35'000};  // the service's own limit for an answer is 30 s
constexpr std::size_t config_bytes_max = 1024 * 1024;

/// What a configuration says of its own service.
struct ServiceHints {
  std::string socket = HttpConfig{}.socket;
  std::string listen;
  std::string token_file;
};

void take_text(const ConfigNode& table, std::string_view key, std::string& into) {
  const ConfigNode* value = table.find(key);
  if (value != nullptr && value->kind == ConfigNode::Kind::text) into = value->text;
}

core::Result<ServiceHints> read_hints(const std::string& path) {
  const auto text = read_whole(path, config_bytes_max);
  if (!text) return text.error();
  const auto parsed = parse_toml(*text);
  if (std::holds_alternative<TomlError>(parsed)) {
    return core::Error{core::ErrorCode::invalid,
                       "file " + path + " is not TOML: storegate check-config says where"};
  }
  ServiceHints hints;
  const ConfigNode* http = std::get<ConfigNode>(parsed).find("http");
  if (http == nullptr) return hints;
  take_text(*http, "socket", hints.socket);
  take_text(*http, "listen", hints.listen);
  std::string admin_listen;
  take_text(*http, "admin_listen", admin_listen);
  if (!admin_listen.empty()) hints.listen = admin_listen;
  take_text(*http, "admin_token_file", hints.token_file);
  return hints;
}

/// The configuration that was asked for must be readable; the default one is used if it is there.
core::Result<ServiceHints> hints_for(const CliRequest& request, const CliWorld& world) {
  if (!request.config.empty()) return read_hints(request.config);
  auto hints = read_hints(world.default_config);
  return hints ? std::move(hints) : core::Result<ServiceHints>(ServiceHints{});
}

core::Result<ServiceAddress> address_of(const platform::Url& url) {
  return ServiceAddress{url.origin, url.path, {}, url.origin.text()};
}

core::Result<ServiceAddress> at_socket(const std::string& path) {
  const auto url = platform::Url::parse("unix:" + path);
  if (!url) return url.error();
  return address_of(*url);
}

core::Result<ServiceAddress> by_hints(const ServiceHints& hints) {
  const auto around = ConfigSurroundings::of_process();
  if (!hints.socket.empty() || hints.listen.empty()) {
    const auto path = expanded_path(hints.socket.empty() ? HttpConfig{}.socket : hints.socket, around);
    if (!path) return path.error();
    return at_socket(*path);
  }
  const auto endpoint = platform::Endpoint::parse(hints.listen);
  if (!endpoint) return endpoint.error();
  ServiceAddress address{platform::Origin::of(*endpoint), {}, {}, endpoint->text()};
  if (hints.token_file.empty()) return address;
  const auto path = expanded_path(hints.token_file, around);
  if (!path) return path.error();
  auto token = read_secret(*path);
  if (!token) return std::move(token).error();
  address.token = std::move(token).value();
  return address;
}

core::Result<ServiceAddress> without_token(const CliRequest& request, const CliWorld& world) {
  if (!request.socket.empty()) return at_socket(request.socket);
  if (!request.api.empty()) {
    const auto url = platform::Url::parse(request.api);
    if (!url) return url.error();
    if (url->origin.tls)
      return core::Error{core::ErrorCode::invalid, request.api + ": the console speaks http:// only"};
    return address_of(*url);
  }
  const auto hints = hints_for(request, world);
  if (!hints) return hints.error();
  return by_hints(*hints);
}

}  // namespace

core::Result<ServiceAddress> find_service(const CliRequest& request, const CliWorld& world) {
  auto address = without_token(request, world);
  if (!address || request.token_file.empty()) return address;
  auto token = read_secret(request.token_file);
  if (!token) return std::move(token).error();
  address->token = std::move(token).value();
  return address;
}

std::optional<std::string> ServiceCaller::ask(const std::string& method, const std::string& target,
                                              std::string body) {
  platform::HttpCall call;
  call.method = method;
  call.origin = address_.origin;
  call.target = address_.base_path + target;
  call.timeout = answer_timeout;
  if (!address_.token.empty()) call.headers.add("Authorization", "Bearer " + address_.token);
  if (!body.empty()) call.headers.add("Content-Type", "application/json");
  call.body = std::move(body);
  auto outcome = world_.call(std::move(call));
  if (!outcome.ok()) {
    tell_unreachable(outcome.failure.context);
    return std::nullopt;
  }
  if (outcome.response->status >= 200 && outcome.response->status < 300)
    return std::move(outcome.response->body);
  tell_refused(outcome.response->status, outcome.response->body);
  return std::nullopt;
}

ExitStatus ServiceCaller::stranger() {
  tell_unreachable("what answers there is not storegate");
  return status_;
}

void ServiceCaller::tell_unreachable(const std::string& why) {
  status_ = ExitStatus::unreachable;
  const std::string place = address_.text + ": ";  // the client's words begin with it already
  const std::string words = why.starts_with(place) ? why.substr(place.size()) : why;
  world_.err << "storegate: the service cannot be reached at " << printable(address_.text) << ": "
             << printable(why)
             << "\nIs it running (systemctl status storegate)? Is this the right place (--socket, --api, "
                "--config)?\n";
}

void ServiceCaller::tell_refused(int status, const std::string& body) {
  status_ = ExitStatus::refused;
  refusal_ = body;
  const std::string why = printable(read_problem(body));
  world_.err << "storegate: refused (" << status << ")" << (why.empty() ? "" : ": " + why) << "\n";
  if (status == 401) world_.err << "Give the store's administration token with --token-file FILE.\n";
}

}  // namespace storegate::app
