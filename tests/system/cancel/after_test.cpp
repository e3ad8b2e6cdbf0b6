// Cancels of orders that the POS has, through real sockets: voids that are taken, refused, not reached, answered late.
#include <doctest/doctest.h>

#include <map>
#include <string>

#include "tests/support/eventually.hpp"
#include "tests/support/orders.hpp"
#include "tests/system/cancel/ways.hpp"

using namespace storegate::system;
using namespace storegate::support;
using namespace std::chrono_literals;

namespace {

std::string placed(WholeStore& store, const std::string& id) {
  std::string uuid = store.doordash_order(id);
  REQUIRE(store.webhook(doordash_release(id)).is(200));
  store.hears(id, "order.placed");
  return uuid;
}

}  // namespace

TEST_CASE("4.3 cancel: a placed order is voided, whoever asks, and told once") {
  WholeStore store;
  for (const Way way : every_way) {
    const std::string id = id_for("D", way);
    cancel(store, way, id, placed(store, id));
    hears_cancelled(store, way, id);
    CHECK(store.tickets(id) == "voided");
    CHECK(store.story(id) == "accepted released placed cancelled");
  }
  CHECK(store.pos.counts().voids == 4);
}

TEST_CASE("4.3 cancel: a void that the POS refuses is told with why, whoever asks, and may be asked again") {
  WholeStore store;
  std::map<Way, std::string> orders;
  for (const Way way : every_way) orders[way] = placed(store, id_for("D", way));
  store.pos.set_faults(R"({"void/409":1})");
  for (const Way way : every_way) {
    const std::string id = id_for("D", way);
    cancel(store, way, id, orders[way]);
    const Heard refused = store.hears(id, "order.cancel_refused");
    CHECK(refused.data("reason") == "too_late");
    CHECK(refused.data("by") == "pos");
    CHECK(refused.data("phase") == "placed");
    CHECK(store.tickets(id) == "open");
  }
  store.pos.set_faults("{}");
  cancel(store, Way::api, id_for("D", Way::webhook), orders[Way::webhook]);
  hears_cancelled(store, Way::api, id_for("D", Way::webhook));
}

TEST_CASE("4.3 cancel: a void waits for a POS that is away, and of two cancels the first one's word stays") {
  WholeStore store;
  std::map<Way, std::string> orders;
  for (const Way way : every_way) orders[way] = placed(store, id_for("D", way));
  store.pos.kill();
  for (const Way way : every_way) {
    const std::string id = id_for("D", way);
    cancel(store, way, id, orders[way]);
    store.wait_for_phase(orders[way], "voiding");
    cancel(store, way == Way::webhook ? Way::api : Way::webhook, id, orders[way]);  // again, by another
    CHECK(store.story(id) == "accepted released placed");
  }
  store.pos.start();
  for (const Way way : every_way) {
    const std::string id = id_for("D", way);
    hears_cancelled(store, way, id);
    CHECK(store.tickets(id) == "voided");
    CHECK(store.story(id) == "accepted released placed cancelled");
  }
}

TEST_CASE("4.3 cancel: a void whose answer comes too late to be heard is looked at, and told once") {
  WholeStore store({.pos_keys = "timeout_ms = 300\nmax_processing_ms = 300\nwatch_s = 1\n"});
  const std::string uuid = placed(store, "D-late");
  store.pos.set_delay(1500ms);
  cancel(store, Way::command_line, "D-late", uuid);
  hears_cancelled(store, Way::command_line, "D-late");
  CHECK(store.tickets("D-late") == "voided");
  CHECK(store.pos.counts().voids > 1);  // asked again for want of an answer
  store.pos.set_delay(0ms);
  store.something_else_is_placed();
  CHECK(store.story("D-late") == "accepted released placed cancelled");
}

TEST_CASE(
    "4.3 cancel: of an order that is over a cancel is refused where somebody hears it, and told otherwise") {
  WholeStore store({.pos_keys = "watch_s = 1\n"});
  const std::string uuid = placed(store, "D-eaten");
  store.pos.set_status(store.ticket("D-eaten"), "completed");
  store.hears("D-eaten", "order.completed");
  CHECK(store.api.post("/v1/orders/" + uuid + "/cancel", "{}").is(409));
  const Said said = store.command({"orders", "cancel", uuid});
  CHECK(said.status == 1);
  CHECK_MESSAGE(said.out.find("completed already") != std::string::npos, said.out);
  store.publish("cancel", cancel_command("doordash", "D-eaten"));
  const Heard refused = store.hears("", "gateway.message_refused");
  CHECK(refused.data("why") == "the order is completed already");
  const std::size_t before = store.cloud->count();
  CHECK(store.webhook(doordash_cancel("D-eaten")).is(200));  // the only answer that this partner takes
  const Heard told = store.hears("", "gateway.message_refused", before);
  CHECK(told.data("why") == "the order is completed already");
  CHECK(told.data("topic") == "webhook/doordash");
  CHECK(told.data("partner_order_id") == "D-eaten");
  CHECK(store.tickets("D-eaten") == "completed");
}
