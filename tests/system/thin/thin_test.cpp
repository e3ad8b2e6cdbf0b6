// Partners that only announce their orders, at the whole process: kill -9 between the announcement and the order, and what the
// store itself tells the partner.
#include "tests/system/thin/thin_store.hpp"

using namespace storegate;
using namespace storegate::thin_test;

namespace {
const std::string accept_path = "/v1/eats/orders/" + uber_eats.order_id + "/accept_pos_order";
}  // namespace

TEST_CASE(
    "5.2 an announcement that was answered is fetched after kill -9, once, with the token of before, and its "
    "partner is told [I1]") {
  ThinStore store;
  store.start();
  store.api->set_busy(true);
  store.api->answer("GET", store.order_path(), 200, store.order_text());
  store.api->answer("POST", accept_path, 204, "");
  CHECK(store.webhook("notification.json") == 200);
  CHECK(store.phase() == "fetching");
  eventually("a token was asked for", soon, [&] { return store.api->tokens_given() == 1; });
  store.kill();
  store.api->set_busy(false);
  store.start();
  store.until("held");
  eventually("its partner is told", soon, [&] { return store.api->asked("POST", accept_path).size() == 1; });
  CHECK(store.webhook("notification.json") == 200);  // again: it is looked at, and nothing comes of it
  eventually("it is looked at", soon,
             [&] { return store.api->asked("GET", store.order_path()).size() == 2; });
  CHECK(store.phase() == "held");
  CHECK(store.api->asked("POST", accept_path).size() == 1);
  CHECK(store.api->tokens_given() == 1);
  for (const char* hidden : {"canary-of-a-customer", secret, "token-1"}) {
    CAPTURE(hidden);
    CHECK(store.log().find(hidden) == std::string::npos);
  }
}

TEST_CASE(
    "5.2 an order that seems to be another store's is asked for again, and its partner hears nothing of it") {
  ThinStore store;
  store.start();
  store.api->answer("GET", store.order_path(), 200,
                    replaced(store.order_text(), "e2c1d7b8-0b64", "00000000-0b64"));
  CHECK(store.webhook("notification.json") == 200);
  eventually("somebody who looks hears of it", soon,
             [&] { return store.log().find("is of another store") != std::string::npos; });
  CHECK(store.phase() == "fetching");  // one word is not believed
  CHECK(store.api->asked("POST", accept_path).empty());
  CHECK(store.api->asked("POST", "/v1/eats/orders/" + uber_eats.order_id + "/deny_pos_order").empty());
  store.api->answer("GET", store.order_path(), 200, store.order_text());
  store.until("held");
}

TEST_CASE("5.2 a release and a cancel that come while it is fetched are kept over kill -9 [I4]") {
  ThinStore store;
  store.start();
  SUBCASE("released") {
    store.api->answer("POST", accept_path, 204, "");
    CHECK(store.webhook("notification.json") == 200);
    CHECK(store.webhook("release.json") == 200);
    store.kill();
    store.api->answer("GET", store.order_path(), 200, store.order_text());
    store.start();
    store.until("sending");  // to a POS that nobody listens for
  }
  SUBCASE("cancelled") {
    store.api->set_busy(true);
    CHECK(store.webhook("notification.json") == 200);
    CHECK(store.webhook("cancel.json") == 200);
    CHECK(store.phase() == "cancelled");
    store.kill();
    store.api->set_busy(false);
    store.start();
    CHECK(store.webhook("notification.json") == 200);
    CHECK(store.phase() == "cancelled");
    CHECK(store.api->asked("GET", store.order_path()).empty());
  }
}

TEST_CASE(
    "5.3 a partner that has decided is believed: its truth is fetched, and a cancel there is one here") {
  ThinStore store;
  store.start();
  std::string order = store.order_text();
  store.api->answer("GET", store.order_path(), 200, order);
  store.api->answer("POST", accept_path, 409, R"({"code":"already_decided"})");
  SUBCASE("it was accepted by somebody else") {}
  SUBCASE("it was cancelled meanwhile, and no token counts any more") {
    CHECK(store.webhook("notification.json") == 200);
    store.until("held");
    eventually("its partner was told", soon,
               [&] { return store.api->asked("POST", accept_path).size() == 1; });
    store.api->forget_tokens();
    order.replace(order.find("CREATED"), 7, "CANCELED");
    store.api->answer("GET", store.order_path(), 200, order);
    CHECK(store.webhook("notification.json") == 200);
    store.until("cancelled");
    CHECK(store.api->tokens_given() == 2);
    return;
  }
  CHECK(store.webhook("notification.json") == 200);
  eventually("its truth was fetched", soon,
             [&] { return store.api->asked("GET", store.order_path()).size() == 2; });
  CHECK(store.phase() == "held");
  CHECK(store.api->asked("POST", accept_path).size() == 1);
}
