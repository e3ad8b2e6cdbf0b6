// The POS is gone for longer than anybody waits: what becomes of an order that it never had, of one that it may have, of a
// void, and of an order that is not due. A minute is the shortest expire_minutes, so this test takes one.
#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "tests/support/eventually.hpp"
#include "tests/support/orders.hpp"
#include "tests/system/whole/whole_store.hpp"

using namespace storegate::system;
using namespace storegate::support;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// An order that the POS has cooked without a word; it is killed then, before it can be asked.
std::string in_doubt(WholeStore& store, const std::string& id) {
  store.pos.set_faults(R"({"lost-reply":{"next":1},"query/hang":1})");
  std::string uuid = store.kiosk_order(id);
  eventually("the POS has the order", 20s, [&] { return store.tickets(id) == "open"; });
  store.pos.kill();
  return uuid;
}

}  // namespace

TEST_CASE(
    "4.5 expiry: a POS that stays away: what it never had expires, what it may have is parked, a void is "
    "given up") {
  WholeStore store(
      {.pos_keys = "expire_minutes = 1\ntimeout_ms = 1000\nmax_processing_ms = 500\nask_interval_ms = 50\n"});
  const std::string placed = store.kiosk_order("K-placed");
  store.hears("K-placed", "order.placed");
  const auto begun = Clock::now();
  const std::string doubted = in_doubt(store, "K-doubt");
  const std::string waiting = store.kiosk_order("K-waiting");
  const std::string held = store.doordash_order("D-held");
  store.publish("cancel", cancel_command("kiosk", "K-placed"));
  store.wait_for_phase(placed, "voiding");
  CHECK(store.command({"parked"}).out == "Nothing waits for a decision.\n");

  const Heard parked = store.hears("K-doubt", "order.parked", 0, 90s);
  CHECK(parked.data("reason") == "in_doubt");
  const Heard expired = store.hears("K-waiting", "order.expired");
  CHECK(expired.data("phase") == "expired");
  CHECK(expired.data("previous_phase") == "queued");
  const Heard refused = store.hears("K-placed", "order.cancel_refused");
  CHECK(refused.data("reason") == "pos_offline");
  CHECK(refused.data("phase") == "placed");
  for (const Heard& event : {parked, expired, refused}) CHECK(event.arrived - begun >= 60s);
  CHECK(store.phase(held) == "held");  // counted from the release, and nobody has released it

  const std::string list = store.api.get("/v1/orders?phase=parked").body;
  CHECK(value_at(list, "/orders/0/partner_order_id") == "K-doubt");
  CHECK(value_at(list, "/orders/0/reason") == "in_doubt");
  CHECK(value_at(list, "/orders/0/since") == parked.data("at"));
  CHECK(value_at(list, "/orders/0/actions") == R"(["placed","not_placed","reprint","cancel"])");
  CHECK(value_at(list, "/orders/1").empty());
  const Said said = store.command({"parked"});
  for (const char* part : {"kiosk K-doubt: the POS may or may not have it", "parked since ", " (",
                           "--answer placed", "--answer not-placed", "--answer reprint"})
    CHECK_MESSAGE(has(said.out, part), said.out);

  store.pos.start();
  CHECK(store.command({"orders", "resolve", doubted, "--answer", "placed"}).status == 0);
  store.hears("K-doubt", "order.resolved");
  store.something_else_is_placed();
  CHECK(store.tickets("K-doubt") == "open");
  CHECK(store.tickets("K-waiting").empty());
  CHECK(store.tickets("K-placed") == "open");
  CHECK(store.phase(waiting) == "expired");
  CHECK(store.pos.counts().most_per_reference == 1);
}
