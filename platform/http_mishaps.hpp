// What was thrown while a connection was served: told once for each kind, and not for each request, so that a request that
// does it every time does not fill the log. Platform-internal. Knows no connection.
#pragma once

#include <chrono>
#include <exception>
#include <map>
#include <string>
#include <string_view>

namespace storegate::platform {

class HttpMishaps {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::minutes told_again_after{1};

  /// Logs its type and what was being done, each pair of them at most once in `told_again_after`. Never what it says
  /// itself, which may quote a request.
  void tell(const std::exception_ptr& what, std::string_view doing, Clock::time_point now) noexcept;

 private:
  std::map<std::string, Clock::time_point> told_;  // as many as there are types thrown here: few
};

}  // namespace storegate::platform
