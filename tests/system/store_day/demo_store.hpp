// DemoStore: mosquitto, the POS double and storegate as one store on fixed ports, each of which can be stopped,
// killed and brought back. Plays nothing and judges nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "tests/support/http_caller.hpp"
#include "tests/support/mqtt_tools.hpp"
#include "tests/support/pos_double_process.hpp"
#include "tests/support/process.hpp"

namespace storegate::day {

// The demo's ports, as the interface page names them.
inline constexpr std::uint16_t broker_port = 18830;
inline constexpr std::uint16_t pos_port = 18081;
inline constexpr std::uint16_t gateway_port = 18080;

class DemoStore {
 public:
  /// Empties `folder` and writes the demo's configuration into it. `programs`: where storegate lies.
  DemoStore(std::filesystem::path folder, std::filesystem::path programs);

  /// A port that something else listens on already; nothing = all are free.
  [[nodiscard]] static std::optional<std::uint16_t> port_in_use();

  void start_broker();
  void stop_broker();
  void start_gateway();              // returns once it is ready
  void kill_gateway();               // SIGKILL
  [[nodiscard]] int stop_gateway();  // SIGTERM; its exit status
  void start_pos();
  void kill_pos() { pos_->kill(); }
  void restart_pos() { pos_->start(); }

  [[nodiscard]] support::PosDouble& pos() { return *pos_; }
  [[nodiscard]] support::HttpCaller& api() { return api_; }
  [[nodiscard]] support::MqttWatcher& cloud() { return *watcher_; }
  /// Publishes one message with mosquitto_pub at QoS 1; throws if it fails.
  void publish(const std::string& topic, const std::string& payload);
  /// Runs a storegate command against the running service; its exit status.
  int command(const std::vector<std::string>& arguments, const std::string& output_file);

  [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }

 private:
  void write_configuration() const;

  std::filesystem::path folder_;
  std::filesystem::path programs_;
  std::optional<support::Process> broker_;
  std::optional<support::Process> gateway_;
  std::unique_ptr<support::PosDouble> pos_;
  std::unique_ptr<support::MqttWatcher> watcher_;
  support::HttpCaller api_;
};

}  // namespace storegate::day
