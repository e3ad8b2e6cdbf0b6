// The order in which the doctor looks, and how it says what it found.
#include "app/doctor.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ostream>
#include <utility>

#include "app/cli_format.hpp"
#include "platform/clock.hpp"
#include "platform/log.hpp"

namespace storegate::app {
namespace {

constexpr const char* service_user = "storegate";  // of the package's unit
constexpr std::size_t what_width = 14;

/// Root may read everything: what the service may read is seen by its user alone. Whom the doctor looks as, for a person;
/// a machine without that user has no package, and is looked at as whoever asks. Error: failed, why it remains root.
core::Result<std::string> become_service_user() {
  const passwd* user = ::getpwnam(service_user);
  if (user != nullptr && user->pw_uid == ::geteuid()) return std::string(service_user);
  if (::geteuid() != 0 || user == nullptr) return std::string();
  if (::initgroups(service_user, user->pw_gid) != 0 || ::setgid(user->pw_gid) != 0 ||
      ::setuid(user->pw_uid) != 0)
    return core::Error{core::ErrorCode::failed,
                       "root cannot become the user storegate: " + std::string(std::strerror(errno))};
  return std::string(service_user);
}

/// What the unit was given with LoadCredential= lies there while it runs.
ConfigSurroundings surroundings() {
  auto around = ConfigSurroundings::of_process();
  const std::string of_unit = "/run/credentials/storegate.service";
  if (!around.credentials_directory && ::access(of_unit.c_str(), F_OK) == 0)
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

/// The file is right, and what it names is there only while the unit runs.
bool waits_for_credentials(const ConfigFinding& problem) {
  return problem.text.find("${CREDENTIALS_DIRECTORY} is not set") != std::string::npos;
}

/// What one problem of the file asks for; permissions and credentials have words of their own.
std::string advice_for(const ConfigFinding& problem, const std::string& file, bool as_service) {
  if (waits_for_credentials(problem))
    return "start the unit once, systemctl restart storegate: its credentials can be read while it runs";
  if (problem.text.find("may not be read by this user") == std::string::npos)
    return "edit " + file + (problem.line > 0 ? ", line " + std::to_string(problem.line) : "");
  if (!as_service) return "run it as root, who can look as the service does: sudo storegate doctor";
  return std::string("chgrp ") + service_user +
         " and chmod 640 that file, and chmod 2750 the folder that it is in";
}

bool print_configuration(const ConfigReading& reading, const std::string& file, bool as_service,
                         std::ostream& out) {
  for (const ConfigFinding& problem : reading.problems)
    print(out,
          {"configuration", Health::bad, describe(problem, file), advice_for(problem, file, as_service)});
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

/// What is looked at, as it is told.
class Round {
 public:
  Round(const Config& config, CliWorld& world, bool all_good_so_far)
      : config_(config),
        world_(world),
        is_running_(app::is_running(config.http, world)),
        all_good_(all_good_so_far) {
    platform::log_set_level(platform::LogLevel::error);  // what the parts would log is said here
  }

  void tell(const Diagnosis& diagnosis) {
    all_good_ = all_good_ && diagnosis.health != Health::bad;
    print(world_.out, diagnosis);
    world_.out.flush();
  }
  void look_at_device() {
    tell(examine_clock(world_.wall_ms(), time_keeper()));
    tell(examine_disk(config_.storage));
    if (const auto kept_out = examine_sandbox(config_.storage)) tell(*kept_out);
    tell(examine_database(config_.storage, is_running_));
    for (const Diagnosis& port : examine_ports(config_.http, is_running_)) tell(port);
  }
  void look_at_files(const TlsInUse& tls) {
    tell(examine_keys(config_));
    tell(examine_certificates(config_, tls, world_.wall_ms()));
  }
  void look_at_peers(const TlsInUse& tls) {
    tell(examine_broker(config_, tls));
    const PosVisit visit = visit_pos(config_.pos, tls);
    tell(visit.pos);
    if (const auto apart = examine_clock_beside("the POS", visit.date, world_.wall_ms())) tell(*apart);
  }
  [[nodiscard]] ExitStatus conclude() const {
    if (!all_good_) {
      world_.out << "\nSomething must be done: see the lines with ->\n";
      return ExitStatus::refused;
    }
    world_.out << (is_running_ ? "\nNothing is in the way, and the service is running.\n"
                               : "\nNothing is in the way. Start it: systemctl restart storegate\n");
    return ExitStatus::done;
  }

 private:
  const Config& config_;
  CliWorld& world_;
  bool is_running_;
  bool all_good_;
};

}  // namespace

ExitStatus doctor(const CliRequest& request, CliWorld& world) {
  const std::string file = request.config.empty() ? world.default_config : request.config;
  const auto user = become_service_user();
  if (user && !user->empty()) world.out << "Looking as the user " << *user << ", as the service does.\n";
  if (!user)
    print(world.out, {"permissions", Health::bad, user.error().context + "; what follows is what root may",
                      "run it as root outside of a container, or: runuser -u storegate -- storegate doctor"});
  const ConfigReading reading = load_config(file, surroundings());
  if (!print_configuration(reading, file, user.ok() && !user->empty(), world.out)) {
    const auto& problems = reading.problems;
    if (!reading.unready || !std::all_of(problems.begin(), problems.end(), waits_for_credentials))
      return ExitStatus::bad_usage;
    Round(*reading.unready, world, false).look_at_device();
    return ExitStatus::bad_usage;
  }
  const Config& config = *reading.config;
  const auto tls = load_tls(config);
  if (!tls) {
    print(world.out, {"certificates", Health::bad, tls.error().context,
                      "put the right file there, readable for storegate"});
    return ExitStatus::bad_usage;
  }
  Round round(config, world, user.ok());
  round.look_at_device();
  round.look_at_files(*tls);
  round.look_at_peers(*tls);
  return round.conclude();
}

}  // namespace storegate::app
