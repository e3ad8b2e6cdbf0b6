// Station: an application on one side of an MqttClient, for tests: runs the client's loop on a thread of its own,
// records what it calls back and waits for that with deadlines. It must not know the broker's side.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "platform/mqtt_client.hpp"
#include "tests/support/broker.hpp"

namespace storegate::test {

using platform::MqttClient;
using platform::MqttConnected;
using platform::MqttMessage;
using platform::MqttOptions;
using platform::MqttReceipt;
using support::Broker;

struct Published {
  std::uint64_t id;
  bool ok;
  core::ErrorCode code;  // if not ok
  std::string context;
};

/// The client, called from the test's thread: each call runs on the loop and is waited for.
class ClientOnLoop {
 public:
  ClientOnLoop(platform::Loop& loop, MqttOptions options, platform::MqttCallbacks callbacks) : loop_(loop) {
    run([&] {
      auto started = MqttClient::start(loop_, std::move(options), std::move(callbacks));
      if (started) client_ = std::move(started).value();
    });
    if (!client_) throw std::runtime_error("the client did not start");
  }
  ~ClientOnLoop() {
    run([this] { client_.reset(); });
  }
  ClientOnLoop(const ClientOnLoop&) = delete;
  ClientOnLoop& operator=(const ClientOnLoop&) = delete;

  void run(const std::function<void()>& call) {
    std::promise<void> done;
    loop_.post([&] {
      call();
      done.set_value();
    });
    done.get_future().get();
  }
  /// The client itself, for use within run().
  [[nodiscard]] MqttClient& here() { return *client_; }
  bool publish(std::uint64_t id, const std::string& topic, const std::string& payload) {
    bool taken = false;
    run([&] { taken = client_->publish(id, topic, payload); });
    return taken;
  }
  bool stop(std::chrono::milliseconds within = std::chrono::milliseconds(2'000)) {
    std::promise<bool> ended;
    run([&] { client_->stop(within, [&](bool in_order) { ended.set_value(in_order); }); });
    return ended.get_future().get();
  }
  platform::MqttCounters counters() {
    platform::MqttCounters counters;
    run([&] { counters = client_->counters(); });
    return counters;
  }

 private:
  platform::Loop& loop_;
  std::unique_ptr<MqttClient> client_;
};

class Station {
 public:
  Station() : thread_([this] { loop_.run(); }) {}
  ~Station() {
    client.reset();
    loop_.stop();
    thread_.join();
  }
  Station(const Station&) = delete;
  Station& operator=(const Station&) = delete;

  /// What to do with each message, on the loop's thread. The default accepts at once.
  std::function<void(MqttReceipt)> settle = [](MqttReceipt receipt) { receipt.accept(); };
  std::string presence;          // online payload; empty = none
  std::string offline_presence;  // empty = the will's

  void start(MqttOptions options) {
    platform::MqttCallbacks callbacks;
    callbacks.on_message = [this](MqttMessage message, MqttReceipt receipt) {
      note([&] { messages.push_back(std::move(message)); });
      settle(std::move(receipt));
    };
    callbacks.on_connected = [this](MqttConnected with) { note([&] { connections.push_back(with); }); };
    callbacks.on_disconnected = [this](const core::Error& why, bool was_connected) {
      note([&] { ends.emplace_back(why.context, was_connected); });
    };
    callbacks.on_published = [this](std::uint64_t id, core::Result<void> result) {
      note([&] {
        published.push_back({id, result.ok(), result ? core::ErrorCode::failed : result.error().code,
                             result ? std::string() : result.error().context});
      });
    };
    callbacks.presence_online = [this] { return presence; };
    callbacks.presence_offline = [this] { return offline_presence; };
    client = std::make_unique<ClientOnLoop>(loop_, std::move(options), std::move(callbacks));
  }
  /// Settles a receipt where receipts are settled.
  void accept_on_loop(MqttReceipt receipt) {
    client->run([&] { receipt.accept(); });
  }

  /// Waits until `condition` holds of what was recorded; false after 15 s. It must not call the client.
  bool wait(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(15), condition);
  }
  bool wait_connections(std::size_t count) {
    return wait([&] { return connections.size() >= count; });
  }
  bool wait_messages(std::size_t count) {
    return wait([&] { return messages.size() >= count; });
  }
  bool wait_published(std::size_t count) {
    return wait([&] { return published.size() >= count; });
  }

  template <typename Look>
  auto look(const Look& look) {
    const std::lock_guard lock(mutex);
    return look();
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<MqttMessage> messages;
  std::vector<MqttConnected> connections;
  std::vector<std::pair<std::string, bool>> ends;  // why, was connected
  std::vector<Published> published;
  [[nodiscard]] std::size_t acknowledged() const {
    return static_cast<std::size_t>(
        std::count_if(published.begin(), published.end(), [](const Published& each) { return each.ok; }));
  }
  std::unique_ptr<ClientOnLoop> client;

 private:
  template <typename Change>
  void note(const Change& change) {
    const std::lock_guard lock(mutex);
    change();
    changed.notify_all();
  }

  platform::Loop loop_;
  std::thread thread_;
};

inline MqttOptions options_for(const Broker& broker, const std::string& version = "5") {
  MqttOptions options;
  options.url = broker.url();
  options.version = version;
  options.client_id = "store-1";
  options.subscription = "stores/s1/in/+";
  options.will = {.topic = "stores/s1/presence", .payload = "offline by will", .retained = true};
  options.retry_min = std::chrono::milliseconds(20);
  options.retry_max = std::chrono::milliseconds(200);
  return options;
}

/// mosquitto_pub, QoS 1, from outside.
inline bool publish_from_outside(const Broker& broker, const std::string& topic, const std::string& payload) {
  const std::string command = "mosquitto_pub -V 5 -q 1 -h 127.0.0.1 -p " + std::to_string(broker.port()) +
                              " -t '" + topic + "' -m '" + payload +
                              "' -D PUBLISH content-type application/json";
  return std::system(command.c_str()) == 0;
}

/// mosquitto_sub until `count` messages came or 10 s passed; the lines it printed. Begin it before what it shall see.
class OutsideSubscriber {
 public:
  OutsideSubscriber(const Broker& broker, const std::string& topic, int count) {
    const std::size_t seen = broker.log().size();
    const std::string command = "mosquitto_sub -q 1 -W 10 -h 127.0.0.1 -p " + std::to_string(broker.port()) +
                                " -t '" + topic + "' -C " + std::to_string(count);
    pipe_ = ::popen(command.c_str(), "re");
    ready_ = pipe_ != nullptr && broker.log_shows("Sending SUBACK", seen);
  }
  ~OutsideSubscriber() { end(); }
  OutsideSubscriber(const OutsideSubscriber&) = delete;
  OutsideSubscriber& operator=(const OutsideSubscriber&) = delete;

  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] std::vector<std::string> lines() {
    std::vector<std::string> all;
    char line[4096];
    while (pipe_ != nullptr && std::fgets(line, sizeof line, pipe_) != nullptr) {
      all.emplace_back(line);
      if (all.back().ends_with('\n')) all.back().pop_back();
    }
    end();
    return all;
  }

 private:
  void end() {
    if (pipe_ != nullptr) ::pclose(pipe_);
    pipe_ = nullptr;
  }
  FILE* pipe_ = nullptr;
  bool ready_ = false;
};

}  // namespace storegate::test
