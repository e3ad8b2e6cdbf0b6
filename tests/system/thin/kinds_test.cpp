// The other partners that only announce their orders; what was missed is asked for; and a reload that brings such a partner.
#include <csignal>

#include "tests/support/broker.hpp"
#include "tests/system/thin/thin_store.hpp"

using namespace storegate;
using namespace storegate::thin_test;

namespace {
const std::string polling = "/v1/events:polling";

/// An announcement as a poll gives it.
std::string polled(const ThinStore& store) {
  return "[" + read_file(fixture(store.partner, store.partner.announcement)) + "]";
}
}  // namespace

TEST_CASE("5.2 RBI: an announced order is fetched over TLS, and its news release or cancel it") {
  ThinStore store(rbi);
  store.start();
  store.api->answer("GET", store.order_path(), 200, store.order_text());
  CHECK(store.webhook(rbi.announcement) == 200);
  store.until("held");  // it has no time to be fired at
  std::string order = store.order_text();
  SUBCASE("fired") {
    order = replaced(order, "\"fireOrderInSeconds\": null", "\"fireOrderInSeconds\": 0");
    store.api->answer("GET", store.order_path(), 200, order);
    CHECK(store.webhook(rbi.announcement) == 200);
    store.until("sending");  // to a POS that nobody listens for
  }
  SUBCASE("cancelled, and kept over kill -9") {
    order = replaced(order, "COMMITTED", "CANCELED");
    store.api->set_busy(true);
    CHECK(store.webhook(rbi.announcement) == 200);
    store.kill();
    store.api->set_busy(false);
    store.api->answer("GET", store.order_path(), 200, order);
    store.start();
    store.until("cancelled");
  }
  CHECK(store.log().find("canary-of-a-customer") == std::string::npos);
}

TEST_CASE(
    "5.2 Open Delivery: an announced order is fetched over TLS after kill -9, its application is told, and "
    "its cancel is one") {
  ThinStore store(open_delivery);
  store.start();
  store.api->set_busy(true);
  store.api->answer("GET", store.order_path(), 200, store.order_text());
  store.api->answer("POST", store.order_path("/confirm"), 204, "");
  store.api->answer("POST", store.order_path("/acceptCancellation"), 204, "");
  CHECK(store.webhook(open_delivery.announcement) == 200);
  CHECK(store.phase() == "fetching");
  store.kill();
  store.api->set_busy(false);
  store.start();
  store.until("held");
  eventually("the application is told", soon,
             [&] { return store.api->asked("POST", store.order_path("/confirm")).size() == 1; });
  CHECK(store.webhook("cancelled.json") == 200);
  store.until("cancelled");
  CHECK(store.log().find("canary-of-a-customer") == std::string::npos);
}

TEST_CASE("5.4 missed orders: asked for at the start, fetched, and acknowledged when they are stored") {
  ThinStore store(open_delivery);
  store.api->answer("GET", store.order_path(), 200, store.order_text());
  store.api->answer("GET", polling, 200, polled(store));
  store.start();
  store.until("held");
  eventually("the event is acknowledged", soon,
             [&] { return store.api->asked("POST", "/v1/events/acknowledgment").size() == 1; });
}

TEST_CASE("5.4 missed orders: asked for when the broker is back after more than a minute, and not before") {
  Broker broker;
  broker.start();
  ThinStore store(open_delivery, "[mqtt]\nurl = \"" + broker.url() + "\"\n");
  store.api->answer("GET", store.order_path(), 200, store.order_text());
  store.api->answer("GET", polling, 200, "[]");
  const std::string ahead = store.file("ahead");
  store.start({.environment = {{"LD_PRELOAD", STOREGATE_CLOCK_AHEAD_LIBRARY},
                               {"STOREGATE_CLOCK_AHEAD_FILE", ahead}}});
  const auto uplink_is = [&](bool up) {
    eventually(up ? "the broker is reached" : "the broker is away", soon, [&] {
      const bool is_up =
          store.admin.get("/metrics").body.find("storegate_uplink_up 1\n") != std::string::npos;
      return is_up == up;
    });
  };
  const auto asked = [&] { return store.api->asked("GET", polling).size(); };
  uplink_is(true);
  eventually("asked at the start", soon, [&] { return asked() == 1; });
  store.api->answer("GET", polling, 200, polled(store));
  broker.kill();
  uplink_is(false);
  broker.start();
  uplink_is(true);
  CHECK(asked() == 1);  // it was away for a moment
  broker.kill();
  uplink_is(false);
  write_file(ahead, "61");
  broker.start();
  store.until("held");
  CHECK(asked() == 2);
}

TEST_CASE("5.5 a partner that a reload brings is spoken to over TLS, whatever else of it stays as it was") {
  ThinStore store;
  store.api->answer("GET", store.order_path(), 200, store.order_text());
  store.configure("", "[[partner]]\nname = \"kiosk\"\nrelease = \"on_event\"\n");
  store.start();
  // TLS on the listener is not turned on by a reload; the partner comes all the same.
  store.configure(
      "tls = { certificate = \"" + store.file("api.crt") + "\", key = \"" + store.file("api.key") + "\" }\n",
      store.section());
  ::kill(store.pid(), SIGHUP);
  eventually("the partner is there", soon, [&] { return store.webhook(uber_eats.announcement) == 200; });
  store.until("held");
  CHECK(store.admin.get("/readyz").is(200));
  CHECK(store.log().find("turned on and off at a start only") != std::string::npos);
}
