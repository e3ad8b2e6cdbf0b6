// From a configuration file to an exit status: the process around a Service.
#include <csignal>
#include <utility>

#include "app/reloader.hpp"
#include "app/service.hpp"
#include "platform/log.hpp"
#include "platform/signals.hpp"

namespace storegate::app {

namespace {
constexpr int exit_unusable_configuration = 2;

/// The file's configuration if it is usable; its problems are logged.
std::optional<Config> read(const std::string& file) {
  auto reading = load_config(file);
  for (const auto& problem : reading.problems) platform::log_error(describe(problem, file));
  for (const auto& warning : reading.warnings) platform::log_warn(describe(warning, file));
  if (reading.config)
    if (const auto level = platform::log_level_from(reading.config->log.level))
      platform::log_set_level(*level);
  return std::move(reading.config);
}
}  // namespace

int run_service(const std::string& config_file) {
  platform::ignore_broken_pipe();
  auto config = read(config_file);
  if (!config) return exit_unusable_configuration;
  Service service(std::move(*config));
  Reloader reloader(service, config_file);
  auto signals = platform::on_signal(service.loop(), {SIGTERM, SIGINT, SIGHUP}, [&](int number) {
    if (number == SIGHUP) return reloader.ask();
    service.stop();
  });
  if (!signals) {
    platform::log_error("signals cannot be caught", {{"why", signals.error().context}});
    return EXIT_FAILURE;
  }
  if (auto started = service.start(); !started) {
    platform::log_error("cannot start", {{"why", started.error().context}});
    return EXIT_FAILURE;
  }
  service.run();
  platform::log_info("ended");
  return service.ending() == Ending::asked ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace storegate::app
