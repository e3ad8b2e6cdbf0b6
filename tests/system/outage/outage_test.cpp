// A POS that is away, refuses, or does not say, through real sockets: what is tried again and how often, what is told
// upstream, and what a person finds in the parked list.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
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
using Clock = std::chrono::steady_clock;

namespace {

class Store {
 public:
  explicit Store(const std::string& pos_keys, const std::vector<std::string>& pos_options = {})
      : pos(pos_options) {
    broker_.start();
    cloud_.emplace(broker_.port(), "outage-cloud", std::vector<std::string>{"stores/outage/out/#"});
    const std::uint16_t port = free_port();
    write_file(folder_.file("storegate.toml"),
               "[store]\nid = \"outage\"\n[storage]\npath = \"" + folder_.file("orders.db") +
                   "\"\nmin_free_mib = 0\n[http]\nlisten = \"127.0.0.1:" + std::to_string(port) +
                   "\"\nsocket = \"\"\n[mqtt]\nurl = \"" + broker_.url() + "\"\n[pos]\nurl = \"" + pos.url() +
                   "\"\ntimeout_ms = 500\nmax_processing_ms = 500\n" + pos_keys +
                   "[[partner]]\nname = \"kiosk\"\nrelease = \"immediate\"\n");
    gateway_.emplace(STOREGATE_PROGRAM,
                     std::vector<std::string>{"run", "--config", folder_.file("storegate.toml")},
                     ProcessOptions{.stderr_path = folder_.file("log")});
    api.emplace("127.0.0.1:" + std::to_string(port));
    eventually("storegate is ready", 20s, [&] { return api->get("/readyz").is(200); });
  }

  void order(const std::string& id) {
    REQUIRE(api->post("/v1/orders", canonical_order("kiosk", id), {{"Idempotency-Key", id}}).is(201));
  }
  /// Until the event of that order, or of the store with "", has come, with that text in it; its payload.
  std::string hears(const std::string& id, const std::string& event, const std::string& with = "") {
    std::string payload;
    cloud_->wait_for(id + " comes to " + event, 40s, [&](const MqttLine& line) {
      const bool is_it = line.topic.ends_with("/" + event) &&
                         (id.empty() || line.payload.find("\"" + id + "\"") != std::string::npos) &&
                         line.payload.find(with) != std::string::npos;
      if (is_it) payload = line.payload;
      return is_it;
    });
    return payload;
  }
  [[nodiscard]] std::uint64_t metric(const std::string& name) {
    const std::string text = api->get("/metrics").body;
    const auto at = text.find("\n" + name + " ");
    REQUIRE(at != std::string::npos);
    return static_cast<std::uint64_t>(std::stod(text.substr(at + name.size() + 2)));
  }
  /// The storegate id of an order, from one of its events.
  static std::string id_in(const std::string& payload) {
    constexpr std::string_view member = "\"subject\":\"";
    const auto at = payload.find(member);
    REQUIRE(at != std::string::npos);
    return payload.substr(at + member.size(), 36);
  }

  PosDouble pos;
  std::optional<HttpCaller> api;

 private:
  TempDir folder_;
  Broker broker_;
  std::optional<MqttWatcher> cloud_;
  std::optional<Process> gateway_;
};

}  // namespace

TEST_CASE("4.5 outage: a POS that is away costs one probe at a time, further and further apart") {
  Store store("requests_max = 4\n");
  store.pos.set_faults(R"({"error-503":1})");
  const auto begun = Clock::now();
  for (int i = 0; i < 12; ++i) store.order("K-" + std::to_string(i));
  eventually("six probes have found it away", 60s,
             [&] { return store.metric("storegate_pos_probes_total") >= 6; });
  const auto tried = store.pos.counts().faults_hit;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
  // Four at once find it away, then one at a time, a quarter of a second apart at least.
  CHECK(tried <= 4 + took.count() / 250 + 1);
  CHECK(store.metric("storegate_pos_up") == 0);
  CHECK(store.metric("storegate_pos_breaker_open") == 1);
  CHECK(store.pos.tickets().empty());

  store.pos.set_faults("{}");
  eventually("all that waited has its ticket", 40s, [&] { return store.pos.tickets().size() == 12; });
  for (int i = 0; i < 12; ++i) store.hears("K-" + std::to_string(i), "order.placed");
  CHECK(store.metric("storegate_pos_up") == 1);
  CHECK(store.pos.counts().most_per_reference == 1);
}

TEST_CASE("4.5 retry: a POS that takes the connection and says nothing is tried again under the same key") {
  Store store("deduplicates_s = 600\n", {"--deduplicates", "600"});
  store.pos.set_faults(R"({"lost-reply":{"next":2},"hang":{"next":1}})");
  store.order("K-lost");
  store.hears("K-lost", "order.placed");
  CHECK(store.pos.tickets().size() == 1);
  CHECK(store.pos.counts().orders >= 3);
}

TEST_CASE("4.5 retry: a refusal is final: the order is cancelled by the store and its partner told why") {
  Store store("can_query = true\n");
  store.pos.set_faults(R"({"refuse-409":{"next":1}})");
  store.order("K-refused");
  const std::string event = store.hears("K-refused", "order.cancelled");
  CHECK(event.find("\"reason\":\"item_unavailable\"") != std::string::npos);
  CHECK(event.find("\"by\":\"pos\"") != std::string::npos);
  CHECK(store.pos.counts().orders == 1);
}

TEST_CASE("4.5 parked: what nobody can know waits for a person, with its reason and what he can do") {
  Store store("can_query = false\ndeduplicates_s = 0\n");
  store.pos.set_faults(R"({"lost-reply":{"next":1}})");
  store.order("K-unknown");
  const std::string id = Store::id_in(store.hears("K-unknown", "order.parked"));
  const HttpAnswer list = store.api->get("/v1/orders?phase=parked");
  REQUIRE(list.is(200));
  CHECK(list.body.find("\"K-unknown\"") != std::string::npos);
  for (const char* what :
       {"\"reason\"", "\"since\"", "\"actions\"", "\"placed\"", "\"not_placed\"", "\"reprint\""})
    CHECK_MESSAGE(list.body.find(what) != std::string::npos, what);
  CHECK(store.pos.counts().orders == 1);  // never sent again by itself

  REQUIRE(store.api->post("/v1/orders/" + id + "/resolve", R"({"answer":"placed"})").is(200));
  store.hears("K-unknown", "order.resolved");
  CHECK(store.api->get("/v1/orders?phase=parked").body.find("K-unknown") == std::string::npos);
  CHECK(store.pos.tickets().size() == 1);
}
