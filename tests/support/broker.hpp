// Broker: a real mosquitto on 127.0.0.1 for tests; may be stopped, killed and started again on the same port.
// It must not know storegate.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace storegate::support {

/// What a test may want to be different; every line is mosquitto.conf(5)'s.
struct BrokerOptions {
  bool persistence =
      false;             // sessions and retained messages survive stop() and, saved on change, mostly kill()
  std::string acl = {};  // the access list, acl_file's lines; empty = everybody may do everything
  std::string more_lines = {};  // appended to the configuration, each with its newline
};

class Broker {
 public:
  /// Writes a configuration into a directory of its own under the system's temporary one; starts nothing.
  explicit Broker(BrokerOptions options = {});
  ~Broker();  // kill() and remove the directory
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  /// Starts mosquitto and waits until the port takes connections. The first start chooses a free port, later ones
  /// use it again. Throws std::runtime_error with mosquitto's log when it does not come up within 10 s.
  void start();

  /// SIGTERM until it ends. With persistence the state is saved. Throws std::runtime_error with mosquitto's log when it
  /// does not end in time; it runs on then.
  void stop(std::chrono::milliseconds within = std::chrono::seconds(10));

  /// SIGKILL, and waits for the end.
  void kill();

  /// SIGSTOP: it holds its connections and answers nothing. resume() undoes it; kill() works on a frozen one.
  void freeze();
  void resume();

  [[nodiscard]] bool running() const noexcept { return process_ > 0; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }  // 0 before the first start
  [[nodiscard]] std::string url() const;                               // mqtt://127.0.0.1:port
  [[nodiscard]] pid_t process() const noexcept { return process_; }    // 0 = not running
  [[nodiscard]] const std::filesystem::path& directory() const noexcept { return directory_; }

  /// mosquitto's own log so far: with its -v it names every packet ("Received PUBACK from …").
  [[nodiscard]] std::string log() const;

  /// Waits until the log from `offset` on contains `text`; false when `within` is over.
  [[nodiscard]] bool log_shows(std::string_view text, std::size_t offset = 0,
                               std::chrono::milliseconds within = std::chrono::seconds(5)) const;

 private:
  void write_configuration() const;
  void launch();
  [[nodiscard]] bool wait_until_open();

  BrokerOptions options_;
  std::filesystem::path directory_;
  std::uint16_t port_ = 0;
  pid_t process_ = 0;
};

}  // namespace storegate::support
