// The order in which the doctor looks, and how it says what it found.
#include "app/doctor.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <ostream>
#include <system_error>
#include <utility>

#include "app/cli_format.hpp"
#include "platform/clock.hpp"
#include "platform/log.hpp"

namespace storegate::app {
namespace {

constexpr const char* service_user = "storegate";  // of the package's unit
constexpr std::size_t what_width = 14;

/// Root may read everything: what the service may read is seen by its user alone. Whom the doctor looks as, for a person;
/// a machine without that user has no package, and is looked at as whoever asks.
std::string become_service_user() {
  if (::geteuid() != 0) return {};
  const passwd* user = ::getpwnam(service_user);
  if (user == nullptr) return {};
  if (::initgroups(service_user, user->pw_gid) != 0 || ::setgid(user->pw_gid) != 0 ||
      ::setuid(user->pw_uid) != 0)
    return {};
  return service_user;
}

/// What the unit was given with LoadCredential= lies there while it runs.
ConfigSurroundings surroundings() {
  auto around = ConfigSurroundings::of_process();
  const std::string of_unit = "/run/credentials/storegate.service";
  std::error_code unknown;
  if (!around.credentials_directory && std::filesystem::is_directory(of_unit, unknown))
    around.credentials_directory = of_unit;
  return around;
}

std::string_view name_of(Health health) {
  switch (health) {
    case Health::good: return "good";
    case Health::doubt: return "look";
    case Health::bad: return "BAD";
  }
  return "BAD";
}

void print(std::ostream& out, const Diagnosis& diagnosis) {
  std::string head = diagnosis.what;
  head.resize(std::max(head.size() + 1, what_width), ' ');
  std::string mark(name_of(diagnosis.health));
  mark.resize(5, ' ');
  out << head << mark << printable(diagnosis.found) << "\n";
  if (!diagnosis.advice.empty())
    out << std::string(what_width, ' ') << "  -> " << printable(diagnosis.advice) << "\n";
}

/// What one problem of the file asks for; permissions have words of their own.
std::string advice_for(const ConfigFinding& problem, const std::string& file) {
  if (problem.text.find("may not be read by this user") == std::string::npos)
    return "edit " + file + (problem.line > 0 ? ", line " + std::to_string(problem.line) : "");
  return std::string("chgrp ") + service_user +
         " and chmod 640 that file, and chmod 2750 the folder that it is in";
}

bool print_configuration(const ConfigReading& reading, const std::string& file, std::ostream& out) {
  for (const ConfigFinding& problem : reading.problems)
    print(out, {"configuration", Health::bad, describe(problem, file), advice_for(problem, file)});
  for (const ConfigFinding& warning : reading.warnings)
    print(out, {"configuration", Health::doubt, describe(warning, file)});
  if (reading.config) print(out, {"configuration", Health::good, file + " can be used"});
  return reading.config.has_value();
}

/// Whether the service answers at its own socket.
bool is_running(const HttpConfig& http, CliWorld& world) {
  if (http.socket.empty()) return false;
  const auto url = platform::Url::parse("unix:" + http.socket);
  if (!url) return false;
  platform::HttpCall call;
  call.origin = url->origin;
  call.target = "/healthz";
  call.timeout = std::chrono::milliseconds(3'000);
  const auto outcome = world.call(std::move(call));
  return outcome.ok() && outcome.response->status == 200;
}

}  // namespace

ExitStatus doctor(const CliRequest& request, CliWorld& world) {
  const std::string file = request.config.empty() ? world.default_config : request.config;
  if (const std::string user = become_service_user(); !user.empty())
    world.out << "Looking as the user " << user << ", as the service does.\n";
  const ConfigReading reading = load_config(file, surroundings());
  if (!print_configuration(reading, file, world.out)) return ExitStatus::bad_usage;
  const Config& config = *reading.config;
  const auto tls = load_tls(config);
  if (!tls) {
    print(world.out, {"certificates", Health::bad, tls.error().context,
                      "put the right file there, readable for storegate"});
    return ExitStatus::bad_usage;
  }

  platform::log_set_level(platform::LogLevel::error);  // what the parts would log is said below
  const bool running = is_running(config.http, world);
  bool all_good = true;
  const auto tell = [&](const Diagnosis& diagnosis) {
    all_good = all_good && diagnosis.health != Health::bad;
    print(world.out, diagnosis);
    world.out.flush();
  };
  tell(examine_clock(world.wall_ms(), platform::Clock::kernel_says_synchronised()));
  tell(examine_keys(config));
  tell(examine_certificates(config, *tls, world.wall_ms()));
  tell(examine_disk(config.storage));
  tell(examine_database(config.storage));
  for (const Diagnosis& port : examine_ports(config.http, running)) tell(port);
  tell(examine_broker(config, *tls));
  tell(examine_pos(config.pos, *tls));
  if (!all_good) {
    world.out << "\nSomething must be done: see the lines with ->\n";
    return ExitStatus::refused;
  }
  world.out << (running ? "\nNothing is in the way, and the service is running.\n"
                        : "\nNothing is in the way. Start it: systemctl restart storegate\n");
  return ExitStatus::done;
}

}  // namespace storegate::app
