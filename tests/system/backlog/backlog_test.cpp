// The broker is away while orders come, are cancelled and are cooked; when it is back, whoever listens hears of the orders
// that still matter first, of each order in its order, and of everything. Real processes and sockets.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/broker.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/http_caller.hpp"
#include "tests/support/mqtt_tools.hpp"
#include "tests/support/orders.hpp"
#include "tests/support/pos_double_process.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sockets.hpp"
#include "tests/support/temp_dir.hpp"

using namespace storegate::support;
using namespace std::chrono_literals;

namespace {

constexpr int cooked = 200, cancelled = 20, held = 30;
constexpr std::int64_t window = 20;

std::string text_of(std::string_view json, std::string_view name) {
  const std::string wanted = "\"" + std::string(name) + "\":\"";
  const auto at = json.find(wanted);
  if (at == std::string_view::npos) return {};
  json.remove_prefix(at + wanted.size());
  return std::string(json.substr(0, json.find('"')));
}

class Store {
 public:
  Store() : broker(BrokerOptions{.persistence = true, .more_lines = "max_queued_messages 0\n"}) {
    broker.start();
    std::ofstream(folder.file("storegate.toml"))
        << "[store]\nid = \"sys\"\n[storage]\npath = \"" << folder.file("orders.db")
        << "\"\n[http]\nlisten = \"127.0.0.1:" << port << "\"\nsocket = \"" << folder.file("api.sock")
        << "\"\n[mqtt]\nurl = \"" << broker.url() << "\"\nwindow = " << window << "\n[pos]\nurl = \""
        << pos.url()
        << "\"\nrate_per_s = 0\n[alarm]\nbacklog_events = 100\n[[partner]]\nname = \"kiosk\"\nrelease = "
           "\"on_event\"\nrate_per_minute = 0\n";
  }
  void start() {
    program.emplace(STOREGATE_PROGRAM,
                    std::vector<std::string>{"run", "--config", folder.file("storegate.toml")},
                    ProcessOptions{.stderr_path = folder.file("log")});
    caller = HttpCaller("127.0.0.1:" + std::to_string(port));
    eventually("storegate is up", 20s, [&] { return caller.get("/readyz").is(200); });
  }
  std::string order(const std::string& id) {
    const auto answer = caller.post("/v1/orders", canonical_order("kiosk", id), {{"Idempotency-Key", id}});
    REQUIRE(answer.is(201));
    return text_of(answer.body, "id");
  }
  void command(const std::string& uuid, const std::string& what) {
    REQUIRE(caller.post("/v1/orders/" + uuid + "/" + what, "{}").is(200));
  }

  TempDir folder;
  Broker broker;
  PosDouble pos;
  std::uint16_t port = free_port();
  HttpCaller caller{"127.0.0.1:1"};
  std::optional<Process> program;
};

struct Heard {
  std::int64_t sequence = 0;
  std::string order, name;
};

std::vector<Heard> heard_by(const MqttWatcher& watcher, std::size_t from) {
  std::vector<Heard> heard;
  std::set<std::int64_t> known;
  for (const MqttLine& line : watcher.lines(from)) {
    const std::string sequence = text_of(line.payload, "sequence");
    if (sequence.empty() || !known.insert(std::stoll(sequence)).second) continue;
    heard.push_back({std::stoll(sequence), text_of(line.payload, "partner_order_id"),
                     line.topic.substr(line.topic.rfind('/') + 1)});
  }
  return heard;
}

bool in_order_per_order(const std::vector<Heard>& heard) {
  std::map<std::string, std::int64_t> newest;
  return std::all_of(heard.begin(), heard.end(), [&](const Heard& event) {
    std::int64_t& before = newest[event.order];
    const bool later = event.sequence > before;
    before = event.sequence;
    return later;
  });
}

}  // namespace

TEST_CASE(
    "4.8 backlog: after an outage live and cancelled orders are heard of first, and nothing is missing "
    "[I3]") {
  Store store;
  MqttWatcher watcher(store.broker.port(), "cloud", {"stores/sys/out/#"});
  store.start();  // whoever listens is there first
  watcher.wait_for("gateway.started", 20s,
                   [](const MqttLine& line) { return line.topic.ends_with("gateway.started"); });
  eventually("everything so far is acknowledged", 10s, [&] {
    return store.caller.get("/metrics").body.find("\nstoregate_events_waiting 0\n") != std::string::npos;
  });
  const std::size_t before = watcher.count();
  store.broker.stop();

  for (int i = 0; i < cooked; ++i) store.command(store.order("C-" + std::to_string(i)), "release");
  for (int i = 0; i < cancelled; ++i) store.command(store.order("X-" + std::to_string(i)), "cancel");
  eventually("the POS has them", 60s, [&] { return store.pos.counts().tickets == cooked; });
  for (int i = 0; i < held; ++i) store.order("H-" + std::to_string(i));

  SUBCASE("the process stays") {}
  SUBCASE("the process is killed meanwhile") {
    store.program->kill();
    REQUIRE(store.program->wait(10s));
    store.start();
  }
  store.broker.start();
  constexpr std::size_t of_orders = 3 * cooked + 2 * cancelled + held;
  const auto of_order_events = [&] {
    const auto heard = heard_by(watcher, before);
    return static_cast<std::size_t>(
        std::count_if(heard.begin(), heard.end(), [](const Heard& event) { return !event.order.empty(); }));
  };
  eventually(
      "every event is heard of", 60s, [&] { return of_order_events() >= of_orders; }, 50ms);
  const auto heard = heard_by(watcher, before);
  CHECK(of_order_events() == of_orders);
  CHECK(in_order_per_order(heard));
  std::set<std::int64_t> sequences;
  for (const Heard& event : heard) sequences.insert(event.sequence);
  CHECK(*sequences.rbegin() - *sequences.begin() + 1 == static_cast<std::int64_t>(sequences.size()));

  // At most every fourth event before the last urgent one is another's.
  std::size_t urgent = 0, others = 0, others_before = 0;
  for (const Heard& event : heard) {
    if (event.order.empty()) continue;  // of no order, such as an alarm that ends behind all of it
    const bool first = event.order[0] == 'H' || event.order[0] == 'X';
    if (!first) {
      ++others;
      continue;
    }
    ++urgent;
    others_before = others;
  }
  CHECK(urgent >= 2 * cancelled + held);
  CHECK(others_before <= urgent / 3 + 2);
}
