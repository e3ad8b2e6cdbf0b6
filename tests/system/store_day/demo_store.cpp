// The demo store's processes and its configuration.
#include "demo_store.hpp"

#include <csignal>
#include <stdexcept>

#include "tests/support/eventually.hpp"
#include "tests/support/sockets.hpp"
#include "tests/support/temp_dir.hpp"

namespace storegate::day {

using namespace std::chrono_literals;

namespace {

bool taken(std::uint16_t port) {
  try {
    const auto socket = support::listen_on(support::Address{"127.0.0.1", port, {}});
    return false;
  } catch (const std::exception&) {
    return true;
  }
}

bool accepts(std::uint16_t port) {
  const auto socket = support::begin_connect(support::Address{"127.0.0.1", port, {}});
  return socket.open() &&
         support::wait_for(socket, 4 /* POLLOUT */, std::chrono::steady_clock::now() + 200ms) &&
         support::connect_error(socket) == 0;
}

}  // namespace

DemoStore::DemoStore(std::filesystem::path folder, std::filesystem::path programs)
    : folder_(std::move(folder)),
      programs_(std::move(programs)),
      api_(support::Address{"127.0.0.1", gateway_port, {}}, 10s) {
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directories(folder_ / "broker");
  write_configuration();
}

std::optional<std::uint16_t> DemoStore::port_in_use() {
  for (const std::uint16_t port : {broker_port, pos_port, gateway_port}) {
    if (taken(port)) return port;
  }
  return {};
}

void DemoStore::write_configuration() const {
  const auto path = [&](const char* name) { return (folder_ / name).string(); };
  support::write_file(folder_ / "mosquitto.conf",
                      "listener " + std::to_string(broker_port) +
                          " 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n"
                          "user root\nlog_type error\nlog_type warning\n"
                          "persistence true\npersistence_location " +
                          path("broker/") + "\n");
  support::write_file(folder_ / "doordash.secret", "demo-secret\n");
  support::write_file(
      folder_ / "storegate.toml",
      "# The demo store. Every key is explained in the README of firmware/app.\n"
      "[store]\nid = \"demo\"\ntimezone = \"America/Chicago\"\n\n"
      "[storage]\npath = \"" +
          path("orders.db") +
          "\"\n\n"
          "[http]\nlisten = \"127.0.0.1:" +
          std::to_string(gateway_port) + "\"\nsocket = \"" + path("api.sock") +
          "\"\n\n"
          "[mqtt]\nurl = \"mqtt://127.0.0.1:" +
          std::to_string(broker_port) +
          "\"\n\n"
          "[pos]\nurl = \"http://127.0.0.1:" +
          std::to_string(pos_port) +
          "\"\ntimeout_ms = 3000\nmax_processing_ms = 4000\ncan_query = true\nrate_per_s = 20\n\n"
          "[[partner]]\nname = \"doordash\"\nsecret_files = [\"" +
          path("doordash.secret") +
          "\"]\nrelease = \"on_event\"\n\n"
          "[[partner]]\nname = \"kiosk\"\nrelease = \"immediate\"\n");
}

void DemoStore::start_broker() {
  broker_.emplace("mosquitto", std::vector<std::string>{"-c", (folder_ / "mosquitto.conf").string()},
                  support::ProcessOptions{.stdout_path = (folder_ / "mosquitto.log").string(),
                                          .stderr_path = (folder_ / "mosquitto.log").string()});
  support::eventually("mosquitto takes connections", 10s, [] { return accepts(broker_port); });
  if (!watcher_) {
    watcher_ = std::make_unique<support::MqttWatcher>(
        broker_port, "demo-cloud", std::vector<std::string>{"stores/demo/out/#", "stores/demo/presence"});
  }
}

void DemoStore::stop_broker() {
  if (broker_) broker_->stop();
}

void DemoStore::start_gateway() {
  gateway_.emplace((programs_ / "storegate").string(),
                   std::vector<std::string>{"run", "--config", (folder_ / "storegate.toml").string()},
                   support::ProcessOptions{.stderr_path = (folder_ / "storegate.log").string()});
  api_.close();
  support::eventually("storegate is ready (see " + (folder_ / "storegate.log").string() + ")", 15s, [&] {
    if (!gateway_->running())
      throw std::runtime_error("storegate ended at once: see storegate.log in " + folder_.string());
    return api_.get("/readyz").is(200);
  });
}

void DemoStore::kill_gateway() {
  gateway_->kill(SIGKILL);
  gateway_->wait(5s);
  api_.close();
}

int DemoStore::stop_gateway() {
  const auto status = gateway_->stop(5s);
  api_.close();
  return status.signal != 0 ? 128 + status.signal : status.code;
}

void DemoStore::start_pos() {
  pos_ = std::make_unique<support::PosDouble>(std::vector<std::string>{},
                                              (folder_ / "tickets.jsonl").string(), pos_port);
}

void DemoStore::publish(const std::string& topic, const std::string& payload) {
  support::Process sender("mosquitto_pub",
                          {"-p", std::to_string(broker_port), "-q", "1", "-t", topic, "-m", payload});
  const auto status = sender.wait(10s);
  if (!status || !status->clean()) throw std::runtime_error("mosquitto_pub could not publish on " + topic);
}

int DemoStore::command(const std::vector<std::string>& arguments, const std::string& output_file) {
  std::vector<std::string> all = arguments;
  all.push_back("--socket");
  all.push_back((folder_ / "api.sock").string());
  support::Process run((programs_ / "storegate").string(), all,
                       support::ProcessOptions{.stdout_path = output_file, .stderr_path = output_file});
  const auto status = run.wait(10s);
  return status ? status->code : -1;
}

}  // namespace storegate::day
