// A placed order's life at the POS, through real sockets: what happens to its ticket, and to a cancel of it, arrives at the
// broker as an event.
#include <doctest/doctest.h>

#include <chrono>
#include <optional>
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

class Store {
 public:
  explicit Store(const std::string& more_pos_keys = "watch_s = 1\n") {
    broker_.start();
    pos.emplace(std::vector<std::string>{}, folder.file("tickets.jsonl"));
    cloud_.emplace(broker_.port(), "follow-cloud", std::vector<std::string>{"stores/follow/out/#"});
    port_ = free_port();
    write_file(folder.file("push.token"), "p0s\n");
    write_file(folder.file("storegate.toml"),
               "[store]\nid = \"follow\"\n[storage]\npath = \"" + folder.file("orders.db") +
                   "\"\nmin_free_mib = 0\n[http]\nlisten = \"127.0.0.1:" + std::to_string(port_) +
                   "\"\nsocket = \"\"\n[mqtt]\nurl = \"" + broker_.url() + "\"\n[pos]\nurl = \"" +
                   pos->url() + "\"\ntimeout_ms = 2000\nmax_processing_ms = 1000\npush_token_file = \"" +
                   folder.file("push.token") + "\"\n" + more_pos_keys +
                   "[[partner]]\nname = \"kiosk\"\nrelease = \"immediate\"\n");
    gateway_.emplace(STOREGATE_PROGRAM,
                     std::vector<std::string>{"run", "--config", folder.file("storegate.toml")},
                     ProcessOptions{.stderr_path = folder.file("log")});
    api.emplace("127.0.0.1:" + std::to_string(port_));
    eventually("storegate is ready", 20s, [&] { return api->get("/readyz").is(200); });
  }

  /// An order at the POS; its ticket's reference.
  std::string place(const std::string& id) {
    REQUIRE(api->post("/v1/orders", canonical_order("kiosk", id), {{"Idempotency-Key", id}}).is(201));
    hears(id, "order.placed");
    for (const PosTicket& ticket : pos->tickets())
      if (ticket.partner_order_id == id) return ticket.pos_reference;
    FAIL("the order has no ticket");
    return {};
  }
  /// Until the event of that order has come; `with`: a text that its payload must have.
  void hears(const std::string& id, const std::string& event, const std::string& with = "") {
    const auto is_it = [&](const MqttLine& line) {
      return line.topic.ends_with("/" + event) && line.payload.find("\"" + id + "\"") != std::string::npos &&
             line.payload.find(with) != std::string::npos;
    };
    cloud_->wait_for(id + " comes to " + event, 30s, is_it);
  }
  [[nodiscard]] std::size_t heard(const std::string& id, const std::string& event) const {
    std::size_t count = 0;
    for (const MqttLine& line : cloud_->lines())
      if (line.topic.ends_with("/" + event) && line.payload.find("\"" + id + "\"") != std::string::npos)
        ++count;
    return count;
  }
  void cancel(const std::string& id) {
    MqttSender sender(broker_.port(), "stores/follow/in/cancel");
    REQUIRE(sender.send(cancel_command("kiosk", id)));
    REQUIRE(sender.finish());
  }

  TempDir folder;
  std::optional<PosDouble> pos;
  std::optional<HttpCaller> api;

 private:
  Broker broker_;
  std::optional<MqttWatcher> cloud_;
  std::uint16_t port_ = 0;
  std::optional<Process> gateway_;
};

}  // namespace

TEST_CASE("4.4 follow-up: ready, handed over and voided at the POS arrive at the broker") {
  Store store;
  const std::string made = store.place("K-made");
  const std::string voided = store.place("K-voided");
  store.pos->set_status(made, "preparing");
  store.pos->set_status(made, "ready");
  store.hears("K-made", "order.ready");
  store.pos->set_status(made, "completed");
  store.hears("K-made", "order.completed");
  store.pos->set_status(voided, "voided");
  store.hears("K-voided", "order.cancelled", "\"reason\":\"other\"");
  CHECK(store.heard("K-made", "order.ready") == 1);
  CHECK(store.pos->counts().bad_requests == 0);
}

TEST_CASE("4.4 push: what the POS tells by itself arrives at the broker without being asked for") {
  Store store("watch_s = 0\n");
  const std::string ticket = store.place("K-told");
  const auto tell = [&](std::string_view status) {
    return store.api->call(
        "POST", "/v1/pos/status", {{"Content-Type", "application/json"}, {"Authorization", "Bearer p0s"}},
        R"({"pos_reference":")" + ticket + R"(","status":")" + std::string(status) + "\"}");
  };
  CHECK(tell("ready").is(200));
  store.hears("K-told", "order.ready");
  CHECK(tell("ready").is(200));
  CHECK(tell("completed").is(200));
  store.hears("K-told", "order.completed");
  CHECK(store.heard("K-told", "order.ready") == 1);
}

TEST_CASE("4.3 cancel: a void that is refused, and one that finds the POS away, are told as they end") {
  Store store;
  const std::string ready = store.place("K-ready");
  store.pos->set_status(ready, "ready");
  store.cancel("K-ready");
  store.hears("K-ready", "order.cancel_refused", "\"reason\":\"too_late\"");
  store.hears("K-ready", "order.ready");

  store.place("K-away");
  store.pos->kill();
  store.cancel("K-away");
  store.api->get("/healthz");
  store.pos->start();
  store.hears("K-away", "order.cancelled");

  const std::string lost = store.place("K-lost");
  store.pos->set_faults(R"({"void/lost-reply":{"next":1}})");
  store.cancel("K-lost");
  store.hears("K-lost", "order.cancelled");
  for (const PosTicket& ticket : store.pos->tickets())
    if (ticket.pos_reference == lost) CHECK(ticket.status == "voided");
}
