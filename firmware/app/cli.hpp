// The command line: words in, exit status out. Everything it touches outside comes in through CliWorld, so that
// tests run the very same program without a service. Decides nothing about an order: it asks the running service.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>

#include "platform/http_client.hpp"

namespace storegate::app {

/// What `storegate` ends with (interfaces: Commands).
enum class ExitStatus : int {
  done = 0,
  refused = 1,      // the service said no; salvage: something was damaged, the rest is salvaged
  bad_usage = 2,    // of the command line or in the configuration
  unreachable = 3,  // no service answered; salvage: it could not be done
};

struct CliWorld {
  std::ostream& out;
  std::ostream& err;
  std::function<platform::HttpOutcome(platform::HttpCall)> call;  // blocks until the outcome is there
  std::function<int(const std::string& config_file)> run_service;
  std::function<std::int64_t()> wall_ms;  // for the age of orders
  std::string default_config = "/etc/storegate/storegate.toml";
  std::function<bool()> wait = {};  // events --follow: until it may ask again; false or none: that was all
};

/// Runs one command to its end; the value is the process's exit status.
[[nodiscard]] int run_cli(int count, const char* const* words, CliWorld& world);

}  // namespace storegate::app
