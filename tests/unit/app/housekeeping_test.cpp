// Housekeeping in the running service: customers' data leave the files, what is still wanted stays.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>

#include "platform/log.hpp"
#include "running_service.hpp"
#include "tests/support/eventually.hpp"

using namespace storegate;
using namespace storegate::app_test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Whether the text stands anywhere in the database or its WAL.
bool on_disk(const app::Config& config, const std::string& text) {
  const std::string& path = config.storage.path;
  return (bytes_of(path) + bytes_of(path + "-wal")).find(text) != std::string::npos;
}

constexpr app::HousekeepingPace quick{milliseconds(5), milliseconds(1)};

std::size_t times_in(const std::string& text, const std::string& wanted) {
  std::size_t times = 0;
  for (auto at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1)) ++times;
  return times;
}

/// Changes a letter of a text that lies in the database file, once there.
void spoil(const std::string& path, const std::string& text) {
  std::string bytes = bytes_of(path);
  const auto at = bytes.find(text);
  REQUIRE(at != std::string::npos);
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  std::ofstream(path, std::ios::binary) << bytes;
}

/// Where the log goes while it lives.
class LogFile {
 public:
  explicit LogFile(std::string path)
      : path_(std::move(path)), descriptor_(::open(path_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)) {
    platform::log_to(descriptor_, platform::LogFormat::json);
  }
  ~LogFile() {
    platform::log_to(STDERR_FILENO, platform::LogFormat::json);
    ::close(descriptor_);
  }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  [[nodiscard]] std::string text() const { return bytes_of(path_); }

 private:
  std::string path_;
  int descriptor_;
};

}  // namespace

TEST_CASE("an ended order's customer leaves the files, a live one's stays [I12]") {
  const support::TempDir folder;
  auto config = ordinary_config(folder);
  config.storage.customer_data_hours = 0;  // at once, once the order has ended
  RunningService gate(config, quick);
  const auto ended = gate.order(held_order("ENDED", "canary-of-the-ended"), "k1");
  const auto live = gate.order(held_order("LIVE", "canary-of-the-living"), "k2");
  REQUIRE(ended.is(201));
  REQUIRE(live.is(201));
  REQUIRE(on_disk(config, "canary-of-the-ended"));
  REQUIRE(gate.post("/v1/orders/" + value_at(ended.body, "/id") + "/cancel").is(200));
  support::eventually("the ended order's customer is gone", seconds(20),
                      [&] { return !on_disk(config, "canary-of-the-ended"); });
  CHECK(on_disk(config, "canary-of-the-living"));
  CHECK(gate.orders_stored() == 2);  // the order itself stays
  CHECK(gate.get("/v1/orders/" + value_at(live.body, "/id")).body.find("canary-of-the-living") !=
        std::string::npos);
  // The same order again is still known, its customer gone or not.
  CHECK(gate.order(held_order("ENDED", "canary-of-the-ended"), "k1").is(200));
}

TEST_CASE("a damaged row is named once in the log, however often housekeeping meets it [I10]") {
  const support::TempDir folder;
  const auto config = ordinary_config(folder);
  REQUIRE(RunningService(config).order(held_order("SPOILT", "canary-of-the-spoilt"), "k1").is(201));
  RunningService(config).stop();  // copies what the first one left in the WAL
  spoil(config.storage.path, "canary-of-the-spoilt");
  const LogFile log(folder.file("log"));
  RunningService gate(config, quick);
  support::eventually("it was met in several passes", seconds(20), [&] {
    const std::string metrics = gate.get("/metrics").body;
    const auto at = metrics.find("\nstoregate_damaged_rows");
    return at != std::string::npos && std::stod(metrics.substr(metrics.find(' ', at))) >= 5;
  });
  gate.stop();
  CHECK(times_in(log.text(), "damaged row found") == 1);
}

TEST_CASE("4.9 retention: a store without an uplink keeps its events for its days, and no longer") {
  const support::TempDir folder;
  auto config = ordinary_config(folder);
  REQUIRE_FALSE(config.mqtt);
  config.storage.retain_days = 0;  // whatever was written has had its days
  RunningService gate(config, quick);
  const auto held = gate.order(held_order("HELD", "somebody"), "k1");
  REQUIRE(held.is(201));
  support::eventually("the events are gone", seconds(20), [&] {
    return gate.get("/v1/events?since=0").body.find("order.accepted") == std::string::npos;
  });
  const std::string order = "/v1/orders/" + value_at(held.body, "/id");
  REQUIRE(gate.post(order + "/cancel").is(200));  // the order lives on
  CHECK(gate.get(order).body.find(R"("phase":"cancelled")") != std::string::npos);
}
