// From a configuration file to an exit status: the process around a Service.
#include <csignal>
#include <utility>

#include "app/service.hpp"
#include "platform/log.hpp"
#include "platform/signals.hpp"
#include "platform/systemd.hpp"

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

void on_process_signal(int number, Service& service, const std::string& config_file) {
  if (number != SIGHUP) return service.stop();
  platform::systemd_reloading();
  if (auto config = read(config_file))
    service.reload(std::move(*config));
  else
    platform::log_error("configuration not reloaded: the old one stays");
  platform::systemd_ready();
}
}  // namespace

int run_service(const std::string& config_file) {
  platform::ignore_broken_pipe();
  auto config = read(config_file);
  if (!config) return exit_unusable_configuration;
  Service service(std::move(*config));
  auto signals = platform::on_signal(service.loop(), {SIGTERM, SIGINT, SIGHUP},
                                     [&](int number) { on_process_signal(number, service, config_file); });
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
