// What is sold out, through real sockets: the POS's own list and prices, a person's word, and a refusal at placing.
// storegate and the POS double are the real programs.
#include <doctest/doctest.h>

#include <chrono>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/eventually.hpp"
#include "tests/support/http_caller.hpp"
#include "tests/support/orders.hpp"
#include "tests/support/pos_double_process.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sockets.hpp"
#include "tests/support/temp_dir.hpp"

using namespace storegate::support;
using namespace std::chrono_literals;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

class Store {
 public:
  Store() : caller("127.0.0.1:" + std::to_string(port)) {
    std::ofstream(folder.file("storegate.toml"))
        << "[store]\nid = \"stock\"\n[storage]\npath = \"" << folder.file("orders.db")
        << "\"\n[http]\nlisten = \"127.0.0.1:" << port << "\"\nsocket = \"" << folder.file("api.sock")
        << "\"\n[pos]\nurl = \"" << pos.url()
        << "\"\navailability_poll_s = 1\nmenu_poll_s = 1\nprice_check = \"reject\"\n"
           "[[partner]]\nname = \"kiosk\"\nrelease = \"immediate\"\nrate_per_minute = 0\n";
    program.emplace(STOREGATE_PROGRAM,
                    std::vector<std::string>{"run", "--config", folder.file("storegate.toml")},
                    ProcessOptions{.stderr_path = folder.file("log")});
    eventually("storegate is up", 30s, [&] { return caller.get("/healthz").is(200); });
  }
  /// The answer's body, phase and all.
  std::string order(const std::string& first_item = "taco-01") {
    const std::string id = unique_id("K");
    OrderShape shape;
    shape.first_item_id = first_item;
    const auto answer =
        caller.post("/v1/orders", canonical_order("kiosk", id, shape), {{"Idempotency-Key", id}});
    CHECK(answer.is(201));
    return answer.body;
  }
  void wait_for(const std::string& what, const std::string& target, const std::string& part) {
    eventually(what, 20s, [&] { return has(caller.get(target).body, part); });
  }

  TempDir folder;
  std::uint16_t port = free_port();
  PosDouble pos;
  HttpCaller caller;
  std::optional<Process> program;
};

}  // namespace

TEST_CASE("4.2 availability: what the POS lists as off is rejected by name, and taken when it is on again") {
  Store store;
  CHECK_FALSE(has(store.order("nachos-99"), "rejected"));
  store.pos.set_availability(R"({"items":[{"id":"nachos-99","available":false}]})");
  store.wait_for("the list is known", "/v1/availability",
                 R"({"id":"nachos-99","available":false,"until":null,"pos_off":true})");
  const std::string rejected = store.order("nachos-99");
  CHECK(has(rejected, R"("phase":"rejected","release_token")"));
  CHECK(has(rejected, R"({"reason":"item_unavailable","item":"nachos-99"})"));
  // A person's word does not outweigh the POS; a list that fails changes nothing.
  CHECK(
      has(store.caller.put("/v1/availability/nachos-99", R"({"available":true})").body, R"("pos_off":true)"));
  store.pos.set_faults(R"({"availability/nonsense":1})");
  store.pos.set_availability(R"({"items":[]})");
  CHECK(has(store.order("nachos-99"), "rejected"));
  store.pos.set_faults("{}");
  store.wait_for("it is on again", "/v1/availability", R"({"id":"nachos-99","available":true,"until":null})");
  CHECK_FALSE(has(store.order("nachos-99"), "rejected"));
  const std::string events = store.caller.get("/v1/events?limit=1000").body;
  CHECK(has(events, R"("item":"nachos-99","available":false,"until_ms":null,"by":"pos")"));
  CHECK(has(events, R"("item":"nachos-99","available":true,"until_ms":null,"by":"pos")"));
  CHECK(has(store.caller.get("/metrics").body, "storegate_items_off 0"));
}

TEST_CASE(
    "4.2 availability: an order that the POS refuses is cancelled by the store, and its list is looked at "
    "anew") {
  Store store;
  store.pos.set_faults(R"({"refuse-409":{"next":1}})");
  const std::string body = store.order();
  const std::string id = body.substr(body.find(R"("id":")") + 6, 36);
  store.wait_for("it is cancelled", "/v1/orders/" + id, R"("phase":"cancelled")");
  CHECK(has(store.caller.get("/v1/orders/" + id).body, R"("reason":"item_unavailable")"));
  store.wait_for("it is told by whom", "/v1/orders/" + id, R"("by":"pos")");
}

TEST_CASE("4.2 price: what the POS's menu has at another price is rejected by name") {
  Store store;
  store.pos.set_menu(R"({"items":[{"id":"nachos-99","unit_price":1}]})");
  eventually("the menu is known", 20s, [&] {
    return has(store.order("nachos-99"), R"({"reason":"price_mismatch","item":"nachos-99"})");
  });
  CHECK_FALSE(has(store.order("taco-01"), "rejected"));
}
