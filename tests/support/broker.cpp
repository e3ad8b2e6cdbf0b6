// Runs mosquitto as a child process.
#include "tests/support/broker.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace storegate::support {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::uint16_t free_port() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  const bool bound = ::bind(listener, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                     ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  ::close(listener);
  if (!bound) throw std::runtime_error("no free port on 127.0.0.1");
  return ntohs(address.sin_port);
}

bool takes_connections(std::uint16_t port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const bool open = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(probe);
  return open;
}

void short_wait() { ::poll(nullptr, 0, 5); }

std::string mosquitto_program() {
  for (const char* path : {"/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto"})
    if (::access(path, X_OK) == 0) return path;
  throw std::runtime_error("mosquitto is not installed");
}

}  // namespace

Broker::Broker(BrokerOptions options) : options_(std::move(options)) {
  std::string pattern = (std::filesystem::temp_directory_path() / "storegate-broker-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
  directory_ = pattern;
  // mosquitto started by root becomes its own user before it opens its files.
  std::filesystem::permissions(directory_, std::filesystem::perms::all);
}

Broker::~Broker() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void Broker::write_configuration() const {
  std::ofstream file(directory_ / "mosquitto.conf");
  file << "listener " << port_ << " 127.0.0.1\n"
       << "allow_anonymous true\n"
       << "set_tcp_nodelay true\n"
       << "log_dest stderr\n"
       << "log_type all\n"
       << "log_timestamp_format %Y-%m-%dT%H:%M:%S\n"
       << "persistence " << (options_.persistence ? "true" : "false") << "\n";
  if (options_.persistence)
    file << "persistence_location " << directory_.string() << "/\n"
         << "autosave_interval 1\n"
         << "autosave_on_changes true\n";
  if (!options_.acl.empty()) {
    std::ofstream(directory_ / "acl") << options_.acl;
    file << "acl_file " << (directory_ / "acl").string() << "\n";
  }
  file << options_.more_lines;
}

void Broker::launch() {
  const std::string program = mosquitto_program();
  const std::string configuration = (directory_ / "mosquitto.conf").string();
  const std::string log_path = (directory_ / "log").string();
  const pid_t parent = ::getpid();
  process_ = ::fork();
  if (process_ < 0) throw std::runtime_error("cannot fork");
  if (process_ > 0) return;
  // The child: only what is allowed between fork and exec.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  const int log_file = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
  ::dup2(log_file, STDOUT_FILENO);
  ::dup2(log_file, STDERR_FILENO);
  ::execl(program.c_str(), program.c_str(), "-v", "-c", configuration.c_str(), static_cast<char*>(nullptr));
  ::_exit(127);
}

bool Broker::wait_until_open() {
  const auto deadline = steady_clock::now() + std::chrono::seconds(10);
  while (steady_clock::now() < deadline) {
    if (::waitpid(process_, nullptr, WNOHANG) == process_) {
      process_ = 0;
      return false;
    }
    if (takes_connections(port_)) return true;
    short_wait();
  }
  return false;
}

void Broker::start() {
  if (running()) return;
  constexpr int attempts = 5;  // another process may take the free port before mosquitto does
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const bool chosen_now = port_ == 0;
    if (chosen_now) port_ = free_port();
    write_configuration();
    launch();
    if (wait_until_open()) return;
    kill();
    if (chosen_now) port_ = 0;
  }
  throw std::runtime_error("mosquitto does not start:\n" + log());
}

void Broker::stop(milliseconds within) {
  const auto deadline = steady_clock::now() + within;
  while (running()) {
    // mosquitto takes connections before it begins its loop, and forgets a SIGTERM from between: it is told again.
    ::kill(process_, SIGTERM);
    short_wait();
    if (::waitpid(process_, nullptr, WNOHANG) == process_)
      process_ = 0;
    else if (steady_clock::now() >= deadline)
      throw std::runtime_error("mosquitto does not end on SIGTERM:\n" + log());
  }
}

void Broker::kill() {
  if (!running()) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = 0;
}

void Broker::freeze() {
  if (running()) ::kill(process_, SIGSTOP);
}

void Broker::resume() {
  if (running()) ::kill(process_, SIGCONT);
}

std::string Broker::url() const { return "mqtt://127.0.0.1:" + std::to_string(port_); }

std::string Broker::log() const {
  const std::ifstream file(directory_ / "log");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool Broker::log_shows(std::string_view text, std::size_t offset, milliseconds within) const {
  const auto deadline = steady_clock::now() + within;
  while (log().find(text, offset) == std::string::npos) {
    if (steady_clock::now() >= deadline) return false;
    short_wait();
  }
  return true;
}

}  // namespace storegate::support
