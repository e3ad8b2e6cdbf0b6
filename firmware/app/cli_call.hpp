// Where the running service is, and one request to it. Reads of the configuration only what it needs to find the
// service, so that it also works for a person who may not read the secrets the file names.
#pragma once

#include <optional>
#include <string>

#include "app/cli.hpp"
#include "app/cli_request.hpp"
#include "core/result.hpp"
#include "platform/endpoint.hpp"

namespace storegate::app {

struct ServiceAddress {
  platform::Origin origin;
  std::string base_path;  // "" or "/prefix"
  std::string token;      // secret; "" = none
  std::string text;       // for people
};

/// From --api, --socket, --token-file; else from the configuration (http.socket, or its listener where it has no
/// socket); else the default socket. Errors: invalid, not_found, failed: each is bad usage.
[[nodiscard]] core::Result<ServiceAddress> find_service(const CliRequest& request, const CliWorld& world);

/// The service as the commands see it: asks, prints what went wrong, remembers how it ended.
class ServiceCaller {
 public:
  ServiceCaller(ServiceAddress address, CliWorld& world) : address_(std::move(address)), world_(world) {}

  /// The body of a 2xx answer; nothing after a failure, which has been told on `err` and stands in status().
  std::optional<std::string> ask(const std::string& method, const std::string& target, std::string body = {});

  /// For a 2xx answer whose body is not what the interface says: some other program answers there.
  ExitStatus stranger();

  [[nodiscard]] ExitStatus status() const noexcept { return status_; }
  /// The body of the answer that was refused, for --json.
  [[nodiscard]] const std::string& refusal() const noexcept { return refusal_; }

 private:
  void tell_unreachable(const std::string& why);
  void tell_refused(int status, const std::string& body);
  ServiceAddress address_;
  CliWorld& world_;
  ExitStatus status_ = ExitStatus::done;
  std::string refusal_;
};

}  // namespace storegate::app
