// A partner that only announces its orders, at the whole process: webhooks signed by openssl, its API behind TLS, kill -9
// between the announcement and the order, and what the store itself tells the partner.
#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/eventually.hpp"
#include "tests/support/http_caller.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sockets.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/system/thin/partner_api.hpp"
#include "tests/unit/platform/tls_certificates.hpp"

using namespace storegate;
using namespace storegate::support;

namespace {

constexpr std::chrono::seconds soon{30};
constexpr const char* secret = "the-secret-of-the-test";
constexpr const char* store_id = "e2c1d7b8-0b64-4a77-9a0c-6f1f1f0b7d11";  // of the fixtures, and the order's
constexpr const char* order_id = "7b1f6c0a-52d4-4a5e-9c1b-0f3e2d4c5a61";  // of the fixtures

std::string fixture(const std::string& name) {
  return std::string(STOREGATE_FIXTURES) + "/partners/uber_eats/" + name;
}

/// The order without the time that it was promised for, which is over by now.
std::string order_text() {
  std::string order = read_file(fixture("order.json"));
  const std::string promise = "estimated_ready_for_pickup_at";
  order.replace(order.find(promise), promise.size(), "a_member_that_nobody_knows");
  return order;
}

class ThinStore {
 public:
  ThinStore() {
    const auto own = root_.issue();
    write("ca.pem", root_.certificate());
    write("api.crt", own.certificate);
    write("api.key", own.key);
    write("secret", std::string(secret) + "\n");
    api.emplace(folder_.file("api.crt"), folder_.file("api.key"));
    write("storegate.toml",
          "[store]\nid = \"thin\"\n[storage]\npath = \"" + folder_.file("orders.db") +
              "\"\nmin_free_mib = 0\n[http]\nlisten = \"127.0.0.1:" + std::to_string(port_) +
              "\"\nsocket = \"\"\n[pos]\nurl = \"http://127.0.0.1:9\"\n"
              "[[partner]]\nname = \"uber_eats\"\nrelease = \"on_event\"\nsecret_files = [\"" +
              folder_.file("secret") + "\"]\nanswer = \"direct\"\n[partner.api]\nurl = \"" + api->url() +
              "\"\ntoken_url = \"" + api->url() +
              "/oauth/token\"\nclient_id = \"store\"\nclient_secret_file = \"" + folder_.file("secret") +
              "\"\nstore_id = \"" + std::string(store_id) + "\"\nca = \"" + folder_.file("ca.pem") + "\"\n");
    start();
  }

  void start() {
    gateway_.emplace(STOREGATE_PROGRAM,
                     std::vector<std::string>{"run", "--config", folder_.file("storegate.toml")},
                     ProcessOptions{.stderr_path = folder_.file("log")});
    eventually("storegate is ready", soon, [&] { return admin.get("/readyz").is(200); });
  }
  void kill() {
    ::kill(gateway_->pid(), SIGKILL);
    REQUIRE(gateway_->wait(soon));
    admin.close();
  }

  /// The status of a webhook that openssl signed.
  int webhook(const std::string& name) {
    const std::string output = folder_.file("signature");
    write("signature", "");
    Process sign("bash",
                 {"-c", "openssl dgst -sha256 -hmac \"$SECRET\" -r \"$1\" | cut -d' ' -f1 | tr -d '\\n'",
                  "bash", fixture(name)},
                 ProcessOptions{.environment = {{"SECRET", secret}}, .stdout_path = output});
    const auto ended = sign.wait(soon);
    REQUIRE(ended);
    REQUIRE(ended->clean());
    return admin
        .post("/v1/partners/uber_eats/webhook", read_file(fixture(name)),
              {{"X-Uber-Signature", read_file(output)}})
        .status;
  }

  /// The only order's phase, "" = there is none.
  std::string phase() {
    const std::string body = admin.get("/v1/orders?partner=uber_eats").body;
    constexpr std::string_view member = R"("phase":")";
    const auto at = body.find(member);
    if (at == std::string::npos) return {};
    CHECK(body.find(member, at + 1) == std::string::npos);
    const auto from = at + member.size();
    return body.substr(from, body.find('"', from) - from);
  }
  void until(const std::string& wanted) {
    std::string last;
    try {
      eventually("the order is " + wanted, soon, [&] { return (last = phase()) == wanted; });
    } catch (const std::exception&) {
      FAIL("the order is '" << last << "', and was to be " << wanted << ": "
                            << admin.get("/v1/orders?partner=uber_eats").body << log());
    }
  }
  [[nodiscard]] std::size_t told(const std::string& what) const {
    return api->asked("POST", "/v1/eats/orders/" + std::string(order_id) + "/" + what).size();
  }
  [[nodiscard]] std::string log() const { return read_file(folder_.file("log")); }

 private:
  void write(const std::string& name, const std::string& content) {
    write_file(folder_.path() / name, content);
  }
  TempDir folder_;
  tests::TestCa root_;
  std::uint16_t port_ = free_port();
  std::optional<Process> gateway_;

 public:
  std::optional<tests::PartnerApi> api;
  HttpCaller admin{"127.0.0.1:" + std::to_string(port_)};
};

const std::string order_path = "/v2/eats/order/" + std::string(order_id);
const std::string accept_path = "/v1/eats/orders/" + std::string(order_id) + "/accept_pos_order";

}  // namespace

TEST_CASE(
    "5.2 an announcement that was answered is fetched after kill -9, once, with the token of before, and its "
    "partner is told [I1]") {
  ThinStore store;
  store.api->set_busy(true);
  store.api->answer("GET", order_path, 200, order_text());
  store.api->answer("POST", accept_path, 204, "");
  CHECK(store.webhook("notification.json") == 200);
  CHECK(store.phase() == "fetching");
  eventually("a token was asked for", soon, [&] { return store.api->tokens_given() == 1; });
  store.kill();
  store.api->set_busy(false);
  store.start();
  store.until("held");
  eventually("its partner is told", soon, [&] { return store.told("accept_pos_order") == 1; });
  CHECK(store.webhook("notification.json") == 200);  // again: it is looked at, and nothing comes of it
  eventually("it is looked at", soon, [&] { return store.api->asked("GET", order_path).size() == 2; });
  CHECK(store.phase() == "held");
  CHECK(store.told("accept_pos_order") == 1);
  CHECK(store.api->tokens_given() == 1);
  for (const char* hidden : {"canary-of-a-customer", secret, "token-1"}) {
    CAPTURE(hidden);
    CHECK(store.log().find(hidden) == std::string::npos);
  }
}

TEST_CASE(
    "5.2 an order that turns out to be another store's is rejected, and its partner hears nothing of it") {
  ThinStore store;
  std::string order = order_text();
  const auto at = order.find(store_id);
  REQUIRE(at != std::string::npos);
  store.api->answer("GET", order_path, 200, order.replace(at, 8, "00000000"));
  CHECK(store.webhook("notification.json") == 200);
  store.until("rejected");
  CHECK(store.admin.get("/v1/orders?partner=uber_eats").body.find("other_store") != std::string::npos);
  CHECK(store.log().find("is of another store") != std::string::npos);
  CHECK(store.told("accept_pos_order") == 0);
  CHECK(store.told("deny_pos_order") == 0);
}

TEST_CASE("5.2 a release and a cancel that come while it is fetched are kept over kill -9 [I4]") {
  ThinStore store;
  SUBCASE("released") {
    store.api->answer("POST", accept_path, 204, "");
    CHECK(store.webhook("notification.json") == 200);
    CHECK(store.webhook("release.json") == 200);
    store.kill();
    store.api->answer("GET", order_path, 200, order_text());
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
    CHECK(store.api->asked("GET", order_path).empty());
  }
}

TEST_CASE(
    "5.3 a partner that has decided is believed: its truth is fetched, and a cancel there is one here") {
  ThinStore store;
  std::string order = order_text();
  store.api->answer("GET", order_path, 200, order);
  store.api->answer("POST", accept_path, 409, R"({"code":"already_decided"})");
  SUBCASE("it was accepted by somebody else") {}
  SUBCASE("it was cancelled meanwhile, and no token counts any more") {
    CHECK(store.webhook("notification.json") == 200);
    store.until("held");
    eventually("its partner was told", soon, [&] { return store.told("accept_pos_order") == 1; });
    store.api->forget_tokens();
    order.replace(order.find("CREATED"), 7, "CANCELED");
    store.api->answer("GET", order_path, 200, order);
    CHECK(store.webhook("notification.json") == 200);
    store.until("cancelled");
    CHECK(store.api->tokens_given() == 2);
    return;
  }
  CHECK(store.webhook("notification.json") == 200);
  eventually("its truth was fetched", soon, [&] { return store.api->asked("GET", order_path).size() == 2; });
  CHECK(store.phase() == "held");
  CHECK(store.told("accept_pos_order") == 1);
}
