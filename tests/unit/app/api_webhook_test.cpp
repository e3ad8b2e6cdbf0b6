// Webhooks whose answer or order decides whether something is cooked once: an order that brings its release, and what an
// authentic sender hears and a person reads where nothing was stored.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "codec/partners/partner.hpp"
#include "platform/digest.hpp"
#include "platform/log.hpp"
#include "running_service.hpp"

using namespace storegate;
using namespace storegate::app_test;

namespace {

constexpr const char* just_eat = "/v1/partners/just_eat/webhook";

app::Config config_with(const support::TempDir& folder, const char* partner) {
  auto config = ordinary_config(folder);
  auto added = config.partners.back();
  added.name = partner;
  added.codec = codec::partner_codec(partner);
  config.partners.push_back(added);
  return config;
}

/// An order of Just Eat's with this much to drink in it.
std::string tea(const std::string& id, int pieces = 2) {
  return R"({"OrderId":")" + id + R"(","Items":[{"Name":"Tea","Reference":"T","Quantity":)" +
         std::to_string(pieces) + R"(,"UnitPrice":1.5}]})";
}

std::size_t orders_in(RunningService& gate, const std::string& phase) {
  return size_at(gate.get("/v1/orders?phase=" + phase).body, "/orders");
}

/// What is logged while it lives.
class LogLines {
 public:
  LogLines() {
    REQUIRE(::pipe2(ends_.data(), O_NONBLOCK | O_CLOEXEC) == 0);
    platform::log_to(ends_[1], platform::LogFormat::json);
    platform::log_set_level(platform::LogLevel::warn);
  }
  ~LogLines() {
    platform::log_to(STDERR_FILENO, platform::LogFormat::json);
    platform::log_set_level(platform::LogLevel::error);
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  LogLines(const LogLines&) = delete;
  LogLines& operator=(const LogLines&) = delete;

  [[nodiscard]] std::string take() {
    std::string text(64 * 1024, '\0');
    const auto count = ::read(ends_[0], text.data(), text.size());
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
  }

 private:
  std::array<int, 2> ends_{};
};

std::string hex_hmac(std::string_view secret, std::string_view bytes) {
  const std::span key(reinterpret_cast<const std::uint8_t*>(secret.data()), secret.size());
  return platform::to_hex(platform::KeyedDigest(key).full(bytes));
}

}  // namespace

TEST_CASE("an order that comes with its release and was never heard of is taken, and held by nobody") {
  support::TempDir folder;
  RunningService gate(config_with(folder, "just_eat"));
  CHECK(gate.webhook(std::string(just_eat) + "/release", tea("je-1")).is(200));
  CHECK(gate.orders_stored() == 1);
  CHECK(orders_in(gate, "held") == 0);
  CHECK(gate.webhook(std::string(just_eat) + "/release", tea("je-1")).is(200));
  CHECK(gate.webhook(just_eat, tea("je-1")).is(200));
  CHECK(gate.orders_stored() == 1);
}

TEST_CASE(
    "an order that is held is released by its repeat, in the same words or in others, and is one order") {
  for (const int pieces : {2, 3}) {
    CAPTURE(pieces);
    support::TempDir folder;
    RunningService gate(config_with(folder, "just_eat"));
    CHECK(gate.webhook(just_eat, tea("je-1")).is(200));
    REQUIRE(orders_in(gate, "held") == 1);
    CHECK(gate.webhook(std::string(just_eat) + "/release", tea("je-1", pieces)).is(200));
    CHECK(orders_in(gate, "held") == 0);
    CHECK(gate.orders_stored() == 1);
  }
}

TEST_CASE(
    "an order that is to be keyed in by a person waits for that person's answer, and the cloud hears of it") {
  support::TempDir folder;
  RunningService gate(config_with(folder, "just_eat"));
  CHECK(gate.webhook(just_eat, R"({"OrderId":"je-0"})").is(200));  // of an order that is not here
  CHECK(gate.webhook(just_eat, tea("je-1")).is(200));
  REQUIRE(orders_in(gate, "held") == 1);
  CHECK(gate.webhook(just_eat, R"({"OrderId":"je-1"})").is(200));
  const auto parked = gate.get("/v1/orders?phase=parked");
  REQUIRE(size_at(parked.body, "/orders") == 1);
  CHECK(value_at(parked.body, "/orders/0/reason") == "by_hand");
  CHECK(gate.webhook(std::string(just_eat) + "/release", tea("je-1")).is(400));
  CHECK(orders_in(gate, "parked") == 1);
  const std::string events = gate.get("/v1/events").body;
  CHECK(events.find("gateway.partner_untold") != std::string::npos);
  CHECK(events.find(R"("why":"by_hand")") != std::string::npos);
  const std::string id = value_at(parked.body, "/orders/0/id");
  CHECK(gate.post("/v1/orders/" + id + "/resolve", R"({"answer":"placed"})").is(200));
  CHECK(orders_in(gate, "placed") == 1);
  CHECK(gate.get("/metrics")
            .body.find(R"(storegate_partner_webhooks_total{partner="just_eat",kind="by_hand"} 2)") !=
        std::string::npos);
}

TEST_CASE("Just Eat hears of an order that is rejected here as of a failure, whenever and however it asks") {
  support::TempDir folder;
  RunningService gate(config_with(folder, "just_eat"));
  REQUIRE(gate.put("/v1/store", R"({"status":"paused"})").is(200));
  CHECK(gate.webhook(just_eat, tea("je-1")).is(400));
  CHECK(gate.webhook(just_eat, tea("je-1")).is(400));
  CHECK(gate.webhook(std::string(just_eat) + "/release", tea("je-1")).is(400));
  CHECK(gate.webhook(std::string(just_eat) + "/release", tea("je-1", 3)).is(400));
  REQUIRE(gate.put("/v1/store", R"({"status":"open"})").is(200));
  CHECK(gate.webhook(std::string(just_eat) + "/release", tea("je-1")).is(400));  // it stays rejected
  CHECK(gate.webhook(just_eat, tea("je-2")).is(200));
  const std::string id = value_at(gate.get("/v1/orders?phase=held").body, "/orders/0/id");
  CHECK(gate.post("/v1/orders/" + id + "/cancel").is(200));
  CHECK(gate.webhook(std::string(just_eat) + "/release", tea("je-2")).is(400));  // nobody will make it
}

TEST_CASE(
    "a promised time that drifts makes no other order of a partner's webhook, and the first one stands") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  const auto order = [](const std::string& time, const std::string& price) {
    return R"({"order":{"id":"dd-1","estimated_pickup_time":")" + time +
           R"(","categories":[{"items":[{"merchant_supplied_id":"a","price":)" + price +
           R"(,"quantity":1}]}]}})";
  };
  const char* path = "/v1/partners/doordash/webhook";
  const auto first = gate.webhook(path, order("2099-11-23T12:00:00Z", "1"));
  CHECK(first.is(202));
  CHECK(gate.webhook(path, order("2099-11-23T12:07:00Z", "1")).body == first.body);
  CHECK(gate.webhook(path, order("2099-11-23T12:07:00Z", "2")).is(409));
  CHECK(gate.orders_stored() == 1);
  const std::string id = value_at(first.body, "/id");
  CHECK(value_at(gate.get("/v1/orders/" + id).body, "/order/fulfilment/promised_at") ==
        "2099-11-23T12:00:00.000Z");
}

TEST_CASE("webhooks come by PUT as well") {
  support::TempDir folder;
  RunningService gate(ordinary_config(folder));
  const auto put = [&](const char* secret) {
    return gate.caller().call("PUT", "/v1/partners/doordash/webhook", {{"Authorization", secret}},
                              doordash_order("dd-1"));
  };
  CHECK(put("s3cret").is(202));
  CHECK(put("wrong").is(401));
  CHECK(gate.orders_stored() == 1);
}

TEST_CASE("an authentic webhook that is refused leaves a line without a value of it") {
  support::TempDir folder;
  RunningService gate(config_with(folder, "just_eat"));
  LogLines log;
  CHECK(gate.webhook(just_eat, R"({"OrderId":"je-1","Items":[{"Name":"Secret tea"}]})").is(400));
  const std::string line = log.take();
  for (const char* word :
       {"a partner's webhook was refused", R"("partner":"just_eat")", R"("status":400)", "/Items/0/Quantity"})
    CHECK(line.find(word) != std::string::npos);
  CHECK(line.find("Secret") == std::string::npos);
  CHECK(gate.webhook(just_eat, tea("je-1")).is(200));
  CHECK(log.take().find("was refused") == std::string::npos);
  CHECK(gate.webhook(just_eat, tea("je-1", 9)).is(409));
  CHECK(log.take().find(R"("status":409)") != std::string::npos);
}

TEST_CASE("a conflict that its partner hears as taken is no refusal, neither in the log nor in the counts") {
  support::TempDir folder;
  RunningService gate(config_with(folder, "jet_connect"));
  LogLines log;
  const auto order = [](const std::string& price) {
    return R"({"id":"jet-1","items":[{"plu":"a","price":)" + price + "}]}";
  };
  const char* path = "/v1/partners/jet_connect/webhook";
  CHECK(gate.webhook(path, order("1")).is(200));
  CHECK(gate.webhook(path, order("2")).is(200));
  CHECK(gate.orders_stored() == 1);
  CHECK(log.take().find("was refused") == std::string::npos);
  CHECK(gate.get("/metrics").body.find("storegate_webhooks_refused_total{partner=\"jet_connect\"") ==
        std::string::npos);
}

TEST_CASE("an order of another store is refused, stored nowhere, and a person can read why") {
  support::TempDir folder;
  auto config = config_with(folder, "just_eat");
  config.partners.back().store_id = "99";
  RunningService gate(std::move(config));
  const auto of_store = [](const std::string& order, const std::string& store) {
    return "{\"Restaurant\":{\"Id\":\"" + store + "\"}," + order.substr(1);
  };
  LogLines log;
  const auto refused = gate.webhook(just_eat, of_store(tea("je-1"), "98"));
  CHECK(refused.is(404));
  CHECK(refused.body.find("other-store") != std::string::npos);
  CHECK(gate.orders_stored() == 0);
  CHECK(log.take().find("is another store than this one") != std::string::npos);
  CHECK(gate.webhook(just_eat, of_store(tea("je-1"), "99")).is(200));
  CHECK(gate.webhook(just_eat, tea("je-2")).is(200));
  CHECK(gate.orders_stored() == 2);
}

TEST_CASE(
    "what proves nothing of its sender is counted by partner and status, and leaves one line in a minute") {
  support::TempDir folder;
  RunningService gate(config_with(folder, "just_eat"));
  LogLines log;
  for (int time = 0; time < 3; ++time) CHECK(gate.webhook(just_eat, "{", "an0ther").is(401));
  const std::string line = log.take();
  CHECK(line.find(R"("partner":"just_eat","status":401)") != std::string::npos);
  CHECK(line.find("was refused", line.find("was refused") + 1) == std::string::npos);
  CHECK(line.find("an0ther") == std::string::npos);
  CHECK(gate.webhook(just_eat, std::string(600 * 1024, ' ')).is(413));
  const std::string after = log.take();
  CHECK_MESSAGE(after.find("was refused") == std::string::npos, after);
  CHECK(gate.webhook("/v1/partners/nobody/webhook", "{").is(404));
  const std::string stranger = log.take();
  CHECK(stranger.find(R"("partner":"","status":404)") != std::string::npos);
  CHECK(stranger.find("nobody") == std::string::npos);
  CHECK(gate.webhook(std::string(just_eat) + "/nothing", "{").is(404));
  const std::string metrics = gate.get("/metrics").body;
  for (const char* count :
       {R"({partner="just_eat",status="401"} 3)", R"({partner="just_eat",status="413"} 1)",
        R"({partner="just_eat",status="404"} 1)", R"({partner="",status="404"} 1)"})
    CHECK(metrics.find("storegate_webhooks_refused_total" + std::string(count)) != std::string::npos);
}

TEST_CASE(
    "HubRise, which forgets whatever is answered below 500, hears 503 of what it sent and we cannot read") {
  support::TempDir folder;
  RunningService gate(config_with(folder, "hubrise"));
  const auto send = [&](const std::string& body, const std::string& signature) {
    return gate.post("/v1/partners/hubrise/webhook", body, {{"X-HubRise-Hmac-SHA256", signature}});
  };
  const std::string body = R"({"resource_type":"order","event_type":"create","new_state":{"status":"new"}})";
  CHECK(send(body, hex_hmac("s3cret", body)).is(503));
  CHECK(send("{", hex_hmac("s3cret", "{")).is(503));
  CHECK(send(body, hex_hmac("wrong", body)).is(401));
  CHECK(gate.orders_stored() == 0);
}

TEST_CASE("HubRise hears 503 of what the server itself refuses, and its webhook is counted as such") {
  support::TempDir folder;
  RunningService gate(config_with(folder, "hubrise"));
  const auto send_large = [&](const std::string& path) {
    return gate.post(path, std::string(600 * 1024, ' '), {});
  };
  CHECK(send_large("/v1/partners/hubrise/webhook").is(503));
  CHECK(send_large("/v1/partners/hubrise/webhook/order").is(503));
  CHECK(send_large("/v1/partners/doordash/webhook").is(413));
  CHECK(send_large("/v1/partners/nobody/webhook").is(413));
  CHECK(send_large("/v1/orders").is(413));
  CHECK(gate.get("/metrics")
            .body.find(R"(storegate_webhooks_refused_total{partner="hubrise",status="503"} 2)") !=
        std::string::npos);
}
