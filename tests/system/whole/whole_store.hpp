// WholeStore: broker, POS double and storegate as programs of one store, and whoever listens at the broker. What the
// tests of this folder say to it, they say through its doors: webhook, API, MQTT, command line.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/broker.hpp"
#include "tests/support/http_caller.hpp"
#include "tests/support/mqtt_tools.hpp"
#include "tests/support/pos_double_process.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace storegate::system {

struct WholeStoreOptions {
  std::string pos_keys = {};   // lines of [pos], beside its address
  std::string mqtt_keys = {};  // lines of [mqtt]
  std::vector<std::string> pos_options = {};
  support::BrokerOptions broker = {};
};

/// What a storegate command printed, and its exit status.
struct Said {
  int status = -1;
  std::string out;
};

/// What is known of one event at the broker.
struct Heard {
  std::string name;   // order.accepted
  std::string order;  // partner_order_id; "" = the store's own
  std::string payload;
  std::chrono::steady_clock::time_point arrived = {};
  /// The text of a member of `data`; anything but a text as JSON, "" if absent.
  [[nodiscard]] std::string data(std::string_view member) const;
};

/// Partners: doordash (webhooks, held until released) and kiosk (cooked at once).
class WholeStore {
 public:
  explicit WholeStore(const WholeStoreOptions& options = {});
  ~WholeStore();
  WholeStore(const WholeStore&) = delete;
  WholeStore& operator=(const WholeStore&) = delete;

  /// storegate itself; the constructor has started it. `environment`: beside the test's own.
  void start(const std::vector<std::pair<std::string, std::string>>& environment = {});
  void kill();

  /// A kiosk's order, and one of DoorDash; the storegate id.
  std::string kiosk_order(const std::string& id);
  std::string doordash_order(const std::string& id);
  support::HttpAnswer webhook(const std::string& body);
  /// Publishes on in/LEVEL, and returns when the broker has it.
  void publish(const std::string& level, const std::string& payload);
  Said command(std::vector<std::string> words);

  /// An order's phase as the API shows it, by its storegate id.
  [[nodiscard]] std::string phase(const std::string& uuid);
  void wait_for_phase(const std::string& uuid, const std::string& phase);
  /// The value of a metric that has no label.
  [[nodiscard]] std::uint64_t metric(const std::string& name);

  /// Waits for the event of that order, or of the store with "".
  Heard hears(const std::string& id, const std::string& event, std::size_t from = 0,
              std::chrono::milliseconds within = std::chrono::seconds(40)) const;
  /// What has been heard of that order so far: the events' names in their order, with blanks between, each once.
  [[nodiscard]] std::string story(const std::string& id) const;
  /// Every event so far, each once, as they came.
  [[nodiscard]] std::vector<Heard> heard(std::size_t from = 0) const;

  /// The order's tickets at the POS: how each stands, with blanks between.
  [[nodiscard]] std::string tickets(const std::string& id);
  /// Its only ticket's reference.
  [[nodiscard]] std::string ticket(const std::string& id);
  /// An order of the kiosk goes all the way: whatever storegate had to do before it has been done.
  void something_else_is_placed();

  support::TempDir folder;
  support::Broker broker;
  support::PosDouble pos;
  std::optional<support::MqttWatcher> cloud;
  support::HttpCaller api;

 private:
  void write_configuration(const WholeStoreOptions& options) const;
  std::uint16_t port_;
  std::optional<support::Process> gateway_;
};

/// The value at a JSON pointer: a text as it is, anything else as JSON, "" if there is none.
[[nodiscard]] std::string value_at(std::string_view json, std::string_view pointer);

}  // namespace storegate::system
