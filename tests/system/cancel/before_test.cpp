// Cancels before an order is there, before it is placed and while it is, through real sockets.
#include <doctest/doctest.h>

#include <map>
#include <string>

#include "tests/support/eventually.hpp"
#include "tests/support/orders.hpp"
#include "tests/system/cancel/ways.hpp"

using namespace storegate::system;
using namespace storegate::support;

namespace {

/// An order of DoorDash whose driver is near, at a POS that says nothing: it is on its way there.
std::string on_its_way(WholeStore& store, const std::string& id) {
  const std::string uuid = store.doordash_order(id);
  REQUIRE(store.webhook(doordash_release(id)).is(200));
  store.wait_for_phase(uuid, "sending");
  return uuid;
}

/// Placing meets that fault of the POS, and is cancelled meanwhile.
std::string cancelled_on_its_way(WholeStore& store, const std::string& id, const std::string& fault) {
  store.pos.set_faults("{\"" + fault + R"(":{"next":1}})");
  const FrozenPos frozen(store);
  std::string uuid = on_its_way(store, id);
  const auto marks = store.metric("storegate_early_marks");
  cancel(store, Way::mqtt, id, uuid);
  // By the same way in, so this comes behind the cancel.
  store.publish("release", release_command("doordash", id + "-nobody's"));
  eventually("the cancel has been taken", std::chrono::seconds(20),
             [&] { return store.metric("storegate_early_marks") > marks; });
  CHECK(store.phase(uuid) == "sending");
  return uuid;
}

}  // namespace

TEST_CASE("4.3 cancel: before its release an order ends without a ticket, told with who and why") {
  WholeStore store;
  for (const Way way : every_way) {
    const std::string id = id_for("D", way);
    const std::string uuid = store.doordash_order(id);
    cancel(store, way, id, uuid);
    hears_cancelled(store, way, id);
    CHECK(store.webhook(doordash_release(id)).answered());  // the driver comes all the same
    CHECK(store.phase(uuid) == "cancelled");
  }
  store.something_else_is_placed();
  for (const Way way : every_way) {
    CHECK(store.story(id_for("D", way)) == "accepted cancelled");
    CHECK(store.tickets(id_for("D", way)).empty());
  }
}

TEST_CASE("4.3 cancel: an order that waits for the POS behind another ends without a ticket") {
  WholeStore store({.pos_keys = "requests_max = 1\ntimeout_ms = 20000\n"});
  std::map<Way, std::string> waiting;
  {
    const FrozenPos frozen(store);
    on_its_way(store, "D-first");
    for (const Way way : every_way) {
      const std::string id = id_for("D", way);
      waiting[way] = store.doordash_order(id);
      REQUIRE(store.webhook(doordash_release(id)).is(200));
      REQUIRE(store.phase(waiting[way]) == "queued");
      cancel(store, way, id, waiting[way]);
      hears_cancelled(store, way, id);
    }
  }
  store.hears("D-first", "order.placed");
  store.something_else_is_placed();
  for (const Way way : every_way) {
    CHECK(store.story(id_for("D", way)) == "accepted released cancelled");
    CHECK(store.tickets(id_for("D", way)).empty());
  }
}

TEST_CASE("4.3 cancel: one that comes before its order waits for it, by the partner and by the cloud alone") {
  WholeStore store;
  for (const Way way : {Way::webhook, Way::mqtt}) {
    const std::string id = id_for("D", way);
    cancel(store, way, id, "");
    eventually("the cancel is kept", std::chrono::seconds(20),
               [&] { return store.metric("storegate_early_marks") == 1; });
    const std::string uuid = store.doordash_order(id);
    CHECK(store.phase(uuid) == "cancelled");
    hears_cancelled(store, way, id);
    CHECK(store.webhook(doordash_release(id)).answered());
    CHECK(store.metric("storegate_early_marks") == 0);  // its order has come
  }
  const std::string unknown = "01900000-0000-7000-8000-000000000000";
  CHECK(store.api.post("/v1/orders/" + unknown + "/cancel", "{}").is(404));
  const Said said = store.command({"orders", "cancel", unknown});
  CHECK(said.status == 1);
  CHECK_MESSAGE(said.out.find("no such order") != std::string::npos, said.out);
  store.something_else_is_placed();
  for (const Way way : {Way::webhook, Way::mqtt}) CHECK(store.tickets(id_for("D", way)).empty());
}

TEST_CASE(
    "4.3 cancel: while an order is placed a cancel waits for the POS's word, then its ticket is voided") {
  WholeStore store({.pos_keys = "timeout_ms = 20000\n"});
  {
    const FrozenPos frozen(store);
    std::map<Way, std::string> orders;
    for (const Way way : every_way) orders[way] = on_its_way(store, id_for("D", way));
    for (const Way way : every_way) cancel(store, way, id_for("D", way), orders[way]);
    for (const Way way : every_way) CHECK(store.phase(orders[way]) == "sending");
  }
  for (const Way way : every_way) {
    const std::string id = id_for("D", way);
    hears_cancelled(store, way, id);
    CHECK(store.tickets(id) == "voided");
    CHECK(store.story(id).ends_with(" cancelled"));
    CHECK(store.story(id).find("cancel_refused") == std::string::npos);
  }
}

TEST_CASE("4.3 cancel: while an order is placed, and the POS does not take it or does not say") {
  WholeStore store(
      {.pos_keys = "timeout_ms = 20000\nmax_processing_ms = 500\nask_interval_ms = 50\ncan_query = true\n"});
  struct Row {
    const char* fault;
    const char* tickets;
  };
  for (const Row& row :
       {Row{"refuse-409", ""}, Row{"error-503", ""}, Row{"reset", ""}, Row{"lost-reply", "voided"}}) {
    CAPTURE(row.fault);
    const std::string id = std::string("D-") + row.fault;
    cancelled_on_its_way(store, id, row.fault);
    hears_cancelled(store, Way::mqtt, id);
    CHECK(store.tickets(id) == row.tickets);
  }
  const auto sent = store.pos.counts().orders;
  store.something_else_is_placed();
  CHECK(store.pos.counts().orders == sent + 1);  // none was sent again
}

TEST_CASE("4.3 cancel: what nobody can know is parked with its cancel, and a person's answer decides it") {
  WholeStore store(
      {.pos_keys = "timeout_ms = 20000\nmax_processing_ms = 500\ncan_query = false\ndeduplicates_s = 0\n"});
  const std::string cooked = cancelled_on_its_way(store, "D-cooked", "lost-reply");
  store.hears("D-cooked", "order.parked");
  CHECK(store.command({"orders", "resolve", cooked, "--answer", "placed"}).status == 0);
  const Heard refused = store.hears("D-cooked", "order.cancel_refused");
  CHECK(refused.data("reason") == "too_late");  // nobody knows its ticket, so it cannot be voided
  CHECK(refused.data("phase") == "placed");

  const std::string missing = cancelled_on_its_way(store, "D-missing", "reset");
  store.hears("D-missing", "order.parked");
  // Refused until the POS's processing time is over.
  eventually("the answer is taken", std::chrono::seconds(10), [&] {
    return store.command({"orders", "resolve", missing, "--answer", "not-placed"}).status == 0;
  });
  hears_cancelled(store, Way::mqtt, "D-missing");
  store.something_else_is_placed();
  CHECK(store.tickets("D-missing").empty());
}
