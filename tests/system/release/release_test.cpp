// 4.1 through real sockets: a broker, a POS and storegate as programs. A release by token, by the partner's number, by
// a person over the API, by the fallback; tokens that are nobody's; and who and why in events, history and metrics.
#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <ctime>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json.hpp>

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

constexpr auto soon = 30s;

std::string value_at(std::string_view json, std::string_view pointer) {
  boost::system::error_code broken;
  const auto whole = boost::json::parse({json.data(), json.size()}, broken);
  if (broken) return {};
  boost::system::error_code absent;
  const auto* value = whole.find_pointer({pointer.data(), pointer.size()}, absent);
  if (value == nullptr) return {};
  return value->is_string() ? std::string(value->as_string()) : boost::json::serialize(*value);
}

/// A broker, a POS and a store between them.
class Store {
 public:
  Store() : caller("127.0.0.1:" + std::to_string(port)) {
    broker.start();
    events.emplace(broker.port(), "release-watcher", std::vector<std::string>{"stores/shop/out/+"});
    std::ofstream(folder.file("storegate.toml"))
        << "[store]\nid = \"shop\"\n[storage]\npath = \"" << folder.file("orders.db")
        << "\"\n[http]\nlisten = \"127.0.0.1:" << port << "\"\nsocket = \"" << folder.file("api.sock")
        << "\"\n[mqtt]\nurl = \"" << broker.url() << "\"\n[pos]\nurl = \"" << pos.url()
        << "\"\n[[partner]]\nname = \"kiosk\"\nrelease = \"on_event\"\nrate_per_minute = 0\n";
    program.emplace(STOREGATE_PROGRAM,
                    std::vector<std::string>{"run", "--config", folder.file("storegate.toml")},
                    ProcessOptions{.stderr_path = folder.file("log")});
    eventually("the store is up", soon, [this] { return caller.get("/readyz").is(200); });
    eventually("the uplink is up", soon,
               [this] { return value_at(caller.get("/readyz").body, "/checks/uplink") == "pass"; });
  }
  ~Store() {
    program->kill(SIGTERM);
    (void)program->wait(10s);
  }

  /// An order that is held; its short answer.
  std::string arrive(const std::string& id, const OrderShape& shape = {}) {
    const auto answer =
        caller.post("/v1/orders", canonical_order("kiosk", id, shape), {{"Idempotency-Key", id}});
    REQUIRE(answer.is(201));
    REQUIRE(value_at(answer.body, "/phase") == "held");
    return answer.body;
  }
  void publish(const std::string& level, const std::string& payload) {
    MqttSender sender(broker.port(), "stores/shop/in/" + level);
    sender.send(payload);
    REQUIRE(sender.finish());
  }
  /// The order's event of that name.
  std::string event(const std::string& name, const std::string& partner_order_id) const {
    const auto is_wanted = [&](const MqttLine& line) {
      return line.topic == "stores/shop/out/" + name &&
             value_at(line.payload, "/data/partner_order_id") == partner_order_id;
    };
    return events->wait_for(name + " of " + partner_order_id, soon, is_wanted).payload;
  }
  std::string shown(const std::string& short_answer) {
    return caller.get("/v1/orders/" + value_at(short_answer, "/id")).body;
  }
  void wait_until_placed(const std::string& short_answer) {
    eventually("placed", soon, [&] { return value_at(shown(short_answer), "/phase") == "placed"; });
  }
  std::string log() const {
    std::ifstream file(folder.file("log"));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// The figure of that name on /metrics.
  std::string figure(const std::string& name) {
    const std::string text = caller.get("/metrics").body;
    const auto at = text.find("\n" + name + " ");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 2;
    return text.substr(begin, text.find_first_of(" \n", begin) - begin);
  }

  TempDir folder;
  std::uint16_t port = free_port();
  Broker broker;
  PosDouble pos;
  std::optional<MqttWatcher> events;
  HttpCaller caller;
  std::optional<Process> program;
};

}  // namespace

TEST_CASE(
    "4.1 release through real sockets: by token, by number, by a person, by the fallback, and by nobody") {
  Store store;
  const std::string by_token = store.arrive("K-token");
  const std::string by_number = store.arrive("K-number");
  const std::string by_person = store.arrive("K-person");
  OrderShape shape;
  shape.release_mode = "at_time";
  shape.release_at_minutes = -1;  // by the order's own word; that is past, so at once
  const auto timed = store.caller.post("/v1/orders", canonical_order("kiosk", "K-timed", shape),
                                       {{"Idempotency-Key", "K-timed"}});
  REQUIRE(timed.is(201));

  // Wrong ones first: another secret, and another store's token.
  const std::string token = value_at(by_token, "/release_token");
  std::string stolen = token;
  stolen.back() = stolen.back() == '0' ? '1' : '0';
  store.publish("release", R"({"release_token":")" + stolen + "\"}");
  store.publish("release", R"({"release_token":"00000fffff-)" + std::string(32, 'a') + "\"}");
  store.events->wait_for("a refused message", soon, [](const MqttLine& line) {
    return line.topic == "stores/shop/out/gateway.message_refused";
  });
  eventually("the stolen token is counted", soon,
             [&] { return store.figure("storegate_wrong_tokens_total").starts_with("1"); });
  CHECK(value_at(store.shown(by_token), "/phase") == "held");
  CHECK(store.log().find("a token that is not this order's") != std::string::npos);
  CHECK(store.log().find(stolen.substr(11, 16)) == std::string::npos);

  store.publish("release", R"({"release_token":")" + token + "\"}");
  store.publish("release", release_command("kiosk", "K-number"));
  CHECK(store.caller.post("/v1/orders/" + value_at(by_person, "/id") + "/release", "").is(200));
  for (const std::string& order : {by_token, by_number, by_person, timed.body})
    store.wait_until_placed(order);

  CHECK(value_at(store.event("order.released", "K-token"), "/data/by") == "cloud");
  CHECK(value_at(store.event("order.released", "K-number"), "/data/by") == "cloud");
  CHECK(value_at(store.event("order.released", "K-person"), "/data/by") == "person");
  CHECK(value_at(store.event("order.released", "K-timed"), "/data/by") == "clock");
  CHECK(value_at(store.event("order.released", "K-timed"), "/data/why") == "at_time");
  const std::string shown = store.shown(by_person);
  CHECK(value_at(shown, "/release/mode") == "on_event");
  CHECK(value_at(shown, "/release/by") == "person");
  CHECK(value_at(shown, "/history/0/event") == "order.accepted");
  CHECK(value_at(shown, "/history/1/by") == "person");
  CHECK(store.pos.counts().most_per_reference == 1);

  // Again, and late: nothing more happens.
  store.publish("release", R"({"release_token":")" + token + "\"}");
  CHECK(store.caller.post("/v1/orders/" + value_at(by_person, "/id") + "/release", "").is(200));
  CHECK(store.pos.tickets().size() == 4);
}

TEST_CASE(
    "4.1 release through real sockets: an early release waits for its order, and a fallback acts by itself") {
  Store store;
  store.publish("release", release_command("kiosk", "K-early"));
  eventually("the early release is kept", soon,
             [&] { return store.figure("storegate_early_marks").starts_with("1"); });
  const auto early =
      store.caller.post("/v1/orders", canonical_order("kiosk", "K-early"), {{"Idempotency-Key", "K-early"}});
  REQUIRE(early.is(201));
  CHECK(value_at(store.event("order.released", "K-early"), "/data/why") == "early");

  // The fallback's instant is the order's own word: two seconds from now.
  const auto in_two_seconds = std::chrono::system_clock::now() + 2s;
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(in_two_seconds.time_since_epoch()).count();
  const std::time_t at = static_cast<std::time_t>(seconds);
  char text[32];
  std::tm utc{};
  gmtime_r(&at, &utc);
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  std::string body = canonical_order("kiosk", "K-fallback");
  body.insert(1, std::string(R"("release":{"mode":"on_event","fallback_at":")") + text +
                     R"(","fallback":"release"},)");
  REQUIRE(store.caller.post("/v1/orders", body, {{"Idempotency-Key", "K-fallback"}}).is(201));
  const std::string released = store.event("order.released", "K-fallback");
  CHECK(value_at(released, "/data/by") == "clock");
  CHECK(value_at(released, "/data/why") == "fallback");
}

TEST_CASE(
    "4.10 the stream through real sockets: what happens is sent as it happens, and goes on where one was") {
  Store store;
  HttpCaller reader("127.0.0.1:" + std::to_string(store.port), 2s);
  const std::string order = store.arrive("K-1");
  const auto all = reader.get("/v1/events/stream?since=0");  // it has no end: what came within two seconds
  CHECK(all.status == 200);
  CHECK(all.header("Content-Type") == "text/event-stream");
  CHECK(all.body.find("\ndata: {\"specversion\":\"1.0\"") != std::string::npos);
  const auto id_at = all.body.rfind("\nid: ");
  REQUIRE(id_at != std::string::npos);
  const std::string last = all.body.substr(id_at + 5, all.body.find('\n', id_at + 5) - id_at - 5);
  REQUIRE(store.caller.post("/v1/orders/" + value_at(order, "/id") + "/cancel", "").is(200));
  HttpCaller again("127.0.0.1:" + std::to_string(store.port), 2s);
  const auto rest = again.call("GET", "/v1/events/stream", {{"Last-Event-ID", last}});
  CHECK(rest.status == 200);
  CHECK(rest.body.find("order.cancelled.v1") != std::string::npos);
  CHECK(rest.body.find("order.accepted.v1") == std::string::npos);
}
