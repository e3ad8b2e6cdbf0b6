// Reloader: what SIGHUP asks for. Files are read on a thread beside the loop, since a bundle of certificates takes tens of
// milliseconds, and taken over in the order of asking. It must not know what a configuration says.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/config.hpp"
#include "app/service.hpp"
#include "app/tls.hpp"

namespace storegate::app {

/// What the files say now: a configuration with its certificates exactly if there are no problems.
struct FreshConfig {
  std::optional<Config> config;
  TlsInUse tls;
  std::vector<ConfigFinding> problems;
  std::vector<ConfigFinding> warnings;
};
[[nodiscard]] FreshConfig read_fresh(const std::string& file);

/// Loop thread only. The service must outlive it.
class Reloader {
 public:
  Reloader(Service& service, std::string file);
  /// What is being read is dropped; nobody waits for a file that hangs.
  ~Reloader();
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;

  /// Reads the files as they are from now on, and takes over what they say, or logs why not. The supervisor hears that it has
  /// begun, and that it has ended when all that was asked for is in force.
  void ask();

 private:
  struct State;
  void begin();
  void ended(FreshConfig fresh);
  void say_ready() const;

  Service& service_;
  std::string file_;
  std::shared_ptr<State> state_;
  bool reading_ = false;
  bool asked_again_ = false;
  bool taking_over_ = false;
};

}  // namespace storegate::app
