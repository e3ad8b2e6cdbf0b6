// storegate as the device runs it: under a supervisor that listens (systemd's protocol), on a disk that fails or hangs.
// The program is the real one; only its syncs are made to fail (disk_trouble.cpp).
#include <doctest/doctest.h>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/eventually.hpp"
#include "tests/support/http_caller.hpp"
#include "tests/support/orders.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sockets.hpp"
#include "tests/support/temp_dir.hpp"

using namespace storegate::support;
using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

/// The supervisor's end of the notify socket.
class Supervisor {
 public:
  explicit Supervisor(std::string path)
      : path_(std::move(path)), socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  ~Supervisor() { ::close(socket_); }
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  /// The next message, or nothing within the time.
  std::optional<std::string> next(milliseconds within) const {
    pollfd state{socket_, POLLIN, 0};
    if (::poll(&state, 1, static_cast<int>(within.count())) != 1) return std::nullopt;
    char text[4096];
    const ssize_t size = ::recv(socket_, text, sizeof text, 0);
    return std::string(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  }
  /// Whether a message with this word in it comes within the time; others are passed over.
  bool hears(const std::string& word, milliseconds within) const {
    const auto end = steady_clock::now() + within;
    for (auto left = within; left > 0ms;
         left = std::chrono::duration_cast<milliseconds>(end - steady_clock::now())) {
      const auto message = next(left);
      if (message && message->find(word) != std::string::npos) return true;
    }
    return false;
  }
  void forget_what_was_said() const {
    while (next(0ms)) {
    }
  }

 private:
  std::string path_;
  int socket_;
};

class Device {
 public:
  Device() : caller("127.0.0.1:" + std::to_string(port)) {
    std::ofstream(folder.file("storegate.toml"))
        << "[store]\nid = \"device\"\n[storage]\npath = \"" << folder.file("orders.db")
        << "\"\n[http]\nlisten = \"127.0.0.1:" << port << "\"\nsocket = \"" << folder.file("api.sock")
        << "\"\n[pos]\nurl = \"http://127.0.0.1:9\"\n[[partner]]\nname = \"kiosk\"\nrelease = "
           "\"on_event\"\nrate_per_minute = 0\n";
  }
  void start() {
    program.emplace(STOREGATE_PROGRAM,
                    std::vector<std::string>{"run", "--config", folder.file("storegate.toml")},
                    ProcessOptions{.environment = {{"LD_PRELOAD", STOREGATE_DISK_TROUBLE_LIBRARY},
                                                   {"STOREGATE_DISK_TROUBLE", folder.file("trouble")},
                                                   {"NOTIFY_SOCKET", supervisor.path()},
                                                   {"WATCHDOG_USEC", "1000000"}},
                                   .stderr_path = folder.file("log")});
    caller = HttpCaller("127.0.0.1:" + std::to_string(port));
    REQUIRE(supervisor.hears("READY=1", 20s));
  }
  void trouble(const char* word) const {
    const std::string next = folder.file("trouble.next");
    std::ofstream(next) << word;
    std::filesystem::rename(next, folder.file("trouble"));
  }
  /// The same id gives the same bytes again, whatever the time.
  HttpAnswer order(const std::string& id) {
    const auto body = bodies.try_emplace(id, canonical_order("kiosk", id, {})).first->second;
    return caller.post("/v1/orders", body, {{"Idempotency-Key", id}});
  }

  std::string log() const {
    std::ifstream file(folder.file("log"));
    return {std::istreambuf_iterator<char>(file), {}};
  }

  TempDir folder;
  std::uint16_t port = free_port();
  Supervisor supervisor{folder.file("notify")};
  HttpCaller caller;
  std::map<std::string, std::string> bodies;
  std::optional<Process> program;
};

}  // namespace

TEST_CASE("the supervisor hears ready, alive more often than it asks for, and stopping") {
  Device device;
  device.start();
  for (int look = 0; look < 3; ++look) CHECK(device.supervisor.hears("WATCHDOG=1", 1000ms));
  device.program->kill(SIGTERM);
  CHECK(device.supervisor.hears("STOPPING=1", 5s));
  const auto ended = device.program->wait(5s);
  REQUIRE(ended.has_value());
  CHECK(ended->clean());
}

TEST_CASE("the supervisor hears of a reload when it begins, and that it has ended when it is in force") {
  Device device;
  device.start();
  device.program->kill(SIGHUP);
  CHECK(device.supervisor.hears("RELOADING=1", 5s));
  CHECK(device.supervisor.hears("READY=1", 5s));
  // While a turn waits for the disk nothing new is in force.
  device.trouble("h");
  HttpCaller waiting("127.0.0.1:" + std::to_string(device.port), 500ms);
  CHECK_FALSE(waiting.post("/v1/orders", canonical_order("kiosk", "waiting", {}), {{"Idempotency-Key", "w"}})
                  .answered());
  device.program->kill(SIGHUP);
  CHECK(device.supervisor.hears("RELOADING=1", 5s));
  CHECK_FALSE(device.supervisor.hears("READY=1", 500ms));
  device.trouble("-");
  CHECK(device.supervisor.hears("READY=1", 5s));
}

TEST_CASE(
    "a disk that hangs: the process answers, says nothing good to the supervisor, and goes on when it is "
    "back") {
  Device device;
  device.start();
  REQUIRE(device.order("before").is(201));
  device.trouble("h");
  // An order that cannot be stored yet gets no answer; whoever asks for health gets one.
  const std::string body = canonical_order("kiosk", "waiting", {});
  HttpCaller waiting("127.0.0.1:" + std::to_string(device.port), 500ms);
  CHECK_FALSE(waiting.post("/v1/orders", body, {{"Idempotency-Key", "waiting"}}).answered());
  CHECK(device.caller.get("/healthz").answered());
  device.supervisor.forget_what_was_said();
  CHECK_FALSE(device.supervisor.hears("WATCHDOG=1", 1500ms));
  device.trouble("-");
  CHECK(device.supervisor.hears("WATCHDOG=1", 5s));
  // What hung has been stored: the repeat is told so.
  CHECK(device.caller.post("/v1/orders", body, {{"Idempotency-Key", "waiting"}}).is(200));
}

TEST_CASE(
    "a failed sync: nothing is acknowledged, the process ends for its supervisor, and the next one has it "
    "all [I1]") {
  Device device;
  device.start();
  for (int number = 0; number < 20; ++number)
    REQUIRE(device.order("before-" + std::to_string(number)).is(201));
  device.trouble("f");
  CHECK(device.order("unlucky").is(503));
  CHECK(device.order("later").is(503));
  CHECK(device.caller.get("/readyz").is(503));
  device.trouble("-");
  CHECK(device.order("still not").is(503));  // a disk that failed once is not believed again by this process
  CHECK(device.supervisor.hears("STOPPING=1", 30s));  // a supervisor that does not listen would hold it up
  const auto ended = device.program->wait(5s);
  INFO(device.log());
  REQUIRE(ended.has_value());
  CHECK(ended->signal == 0);
  CHECK(ended->code != 0);  // so that the supervisor starts it again

  device.start();
  for (int number = 0; number < 20; ++number) CHECK(device.order("before-" + std::to_string(number)).is(200));
  CHECK(device.order("unlucky").answered());
  CHECK(device.order("new").is(201));
  CHECK(device.caller.get("/readyz").status != 0);
}

TEST_CASE(
    "a sync that fails in a checkpoint ends the process like one in a commit, and no order is lost [I1]") {
  Device device;
  device.start();
  device.trouble("d");
  int acknowledged = 0;
  while (acknowledged < 2'000 && device.order("K-" + std::to_string(acknowledged)).is(201)) ++acknowledged;
  REQUIRE(acknowledged > 10);
  REQUIRE(acknowledged < 2'000);
  device.trouble("-");
  CHECK(device.caller.get("/readyz").is(503));
  CHECK(device.supervisor.hears("STOPPING=1", 30s));
  const auto ended = device.program->wait(5s);
  INFO(device.log().substr(0, 2'000));
  REQUIRE(ended.has_value());
  CHECK_FALSE(ended->clean());
  device.start();
  for (int number = 0; number < acknowledged; ++number)
    REQUIRE(device.order("K-" + std::to_string(number)).is(200));
}
