// 5.6: a thousand slow connections, and a partner whose orders are answered all the while: with places for everybody, so
// that the deadlines end the slow ones, and with a quarter of the places, so that they give way. And a flood of silent
// connects beside partners that are far away.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <future>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "platform/digest.hpp"
#include "silent_flood.hpp"
#include "slow_crowd.hpp"
#include "tests/support/delay_line.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/http_caller.hpp"
#include "tests/support/process.hpp"
#include "tests/support/sockets.hpp"
#include "tests/support/temp_dir.hpp"

using namespace storegate;
using namespace storegate::support;
using namespace std::chrono_literals;
using tests::SilentFlood;
using tests::SlowCrowd;
using tests::TlsRawPeer;

namespace {

constexpr std::size_t crowd_size = 1'000;
constexpr std::string_view secret = "the-secret-of-the-test";

/// Both this program and its child hold more than the usual 1,024 descriptors.
void raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::max<rlim_t>(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, 8'192));
  REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  REQUIRE(limit.rlim_cur >= 4'096);
}

/// A store whose partners' port speaks TLS; its administration is plain, on loopback.
class SlowStore {
 public:
  explicit SlowStore(int places) {
    folder_.issue("server");
    write_file(folder_.file("secret"), std::string(secret));
    const std::string text =
        "[store]\nid = \"slow\"\n[storage]\npath = \"" + folder_.file("orders.db") +
        "\"\nmin_free_mib = 0\n[http]\nlisten = \"127.0.0.1:" + std::to_string(port_) +
        "\"\nadmin_listen = \"127.0.0.1:" + std::to_string(admin_port_) +
        "\"\nconnections_max = " + std::to_string(places) + "\nsocket = \"\"\ntls = { certificate = \"" +
        folder_.file("server.pem") + "\", key = \"" + folder_.file("server.key") +
        "\" }\n[pos]\nurl = \"http://127.0.0.1:9\"\n[[partner]]\nname = \"acme\"\ncodec = \"generic\"\n"
        "webhook = { header = \"X-Acme\" }\nrelease = \"on_event\"\nrate_per_minute = 0\nsecret_files = [\"" +
        folder_.file("secret") + "\"]\n";
    write_file(folder_.file("storegate.toml"), text);
    gateway_.emplace(STOREGATE_PROGRAM,
                     std::vector<std::string>{"run", "--config", folder_.file("storegate.toml")},
                     ProcessOptions{.stderr_path = folder_.file("log")});
    eventually("storegate is ready", 20s, [&] { return admin.get("/readyz").is(200); });
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] pid_t pid() const { return gateway_->pid(); }
  [[nodiscard]] std::string ca_file() const { return folder_.file("ca.pem"); }
  [[nodiscard]] tests::Context client() const { return folder_.client(); }
  /// Orders that are held, as the administration counts them.
  std::size_t held() {
    const std::string body = admin.get("/v1/orders?phase=held&limit=1000").body;
    std::size_t count = 0;
    for (auto at = body.find("\"phase\":\"held\""); at != std::string::npos;
         at = body.find("\"phase\":\"held\"", at + 1))
      ++count;
    return count;
  }
  double metric(const std::string& name) {
    const std::string text = "\n" + admin.get("/metrics").body;
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
  }

 private:
  tests::TlsFolder folder_;
  std::uint16_t port_ = free_port(), admin_port_ = free_port();
  std::optional<Process> gateway_;

 public:
  HttpCaller admin{"127.0.0.1:" + std::to_string(admin_port_)};
};

/// The webhook of one order, signed.
std::string order_request(std::size_t number) {
  const std::string body =
      R"({"partner":"acme","partner_order_id":"A-)" + std::to_string(number) +
      R"(","fulfilment":{"type":"pickup"},"items":[{"id":"taco","quantity":1,"unit_price":199}]})";
  const std::span key(reinterpret_cast<const std::uint8_t*>(secret.data()), secret.size());
  return "POST /v1/partners/acme/webhook HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
         "application/json\r\nX-Acme: " +
         platform::to_hex(platform::KeyedDigest(key).full(body)) +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// Sends one order and waits for its answer's last byte.
bool is_taken(TlsRawPeer& partner, std::size_t number) {
  partner.say(order_request(number));
  return partner.hear_answer().starts_with("HTTP/1.1 200 ");
}

/// A new connection for this order alone. Its handshake may lose its place to a crowd of them: then it comes again.
bool is_taken_anew(SlowStore& store, const tests::Context& context, std::size_t number) {
  for (int tries = 0; tries < 20; ++tries) {
    auto partner = TlsRawPeer::client(store.port(), context);
    if (partner.shake_hands() && is_taken(partner, number)) return true;
  }
  return false;
}

/// The most that the process has ever held, as the kernel counts it.
std::size_t peak_kib(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stoul(line.substr(6));
  return 0;
}

/// Strangers ask and never read what they are answered, or send bodies that do not end: each holds what it is let.
class Hoarders {
 public:
  Hoarders(std::uint16_t port, const tests::Context& context) : port_(port), context_(context) {}

  void ask_and_not_read(std::size_t count) {
    std::string requests;
    while (requests.size() < 15'000) requests += "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
    const auto first = peers_.size();
    add(count, requests);
    for (auto at = first; at < peers_.size(); ++at) peers_[at].say(requests);
  }
  void send_without_end(std::size_t count) {
    const auto first = peers_.size();
    add(count, "POST /v1/partners/acme/webhook HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "4000\r\n" + std::string(0x4000, 'x') + "\r\n";
    for (int turn = 0; turn < 30; ++turn)
      for (auto at = first; at < peers_.size(); ++at) peers_[at].say(chunk);
  }

 private:
  void add(std::size_t count, std::string_view words) {
    for (std::size_t n = 0; n < count; ++n) {
      auto peer = TlsRawPeer(tests::RawSocket::to_port(port_, 4096),
                             tests::made(platform::TlsEngine::connect(context_, "localhost", port_)));
      if (!peer.shake_hands()) continue;
      peer.say(words);
      peers_.push_back(std::move(peer));
    }
  }

  std::uint16_t port_;
  tests::Context context_;
  std::vector<TlsRawPeer> peers_;
};

}  // namespace

TEST_CASE(
    "5.6 strangers who hold all they can: the process stays below 64 MiB, and orders are answered [I7]") {
  raise_descriptor_limit();
  SlowStore store(256);
  const auto context = store.client();
  auto kept = TlsRawPeer::client(store.port(), context);
  REQUIRE(kept.shake_hands());
  std::size_t orders = 0;
  for (int round = 0; round < 3; ++round) {
    Hoarders hoarders(store.port(), context);
    hoarders.ask_and_not_read(120);
    REQUIRE(is_taken(kept, orders++));
    hoarders.send_without_end(130);
    REQUIRE(is_taken(kept, orders++));
  }
  CHECK(store.held() == orders);
  const auto peak = peak_kib(store.pid());
  MESSAGE("the process has held at most " << peak << " KiB");
  CHECK(peak > 0);
  CHECK(peak < 64 * 1024);
}

TEST_CASE("5.6 a webhook whose body is late is told to come again, not that it has been heard") {
  SlowStore store(256);
  const auto failed_before = store.metric("storegate_http_responses_total{class=\"5xx\"}");
  const auto refused_before = store.metric("storegate_http_responses_total{class=\"4xx\"}");
  auto late = TlsRawPeer::client(store.port(), store.client());
  REQUIRE(late.shake_hands());
  const auto order = order_request(1);
  late.say(order.substr(0, order.size() - 1));
  const auto answer = late.hear_answer();
  CHECK(answer.starts_with("HTTP/1.1 503 "));
  CHECK(answer.find("Retry-After: ") != std::string::npos);
  CHECK(store.metric("storegate_webhooks_refused_total{partner=\"acme\",status=\"503\"}") == 1);
  // Counted is what was answered.
  CHECK(store.metric("storegate_http_responses_total{class=\"5xx\"}") == failed_before + 1);
  CHECK(store.metric("storegate_http_responses_total{class=\"4xx\"}") == refused_before);
  auto again = TlsRawPeer::client(store.port(), store.client());
  REQUIRE(again.shake_hands());
  CHECK(is_taken(again, 1));
}

TEST_CASE("5.6 a thousand slow connections: every order is answered, and each of the slow ones is ended") {
  int places = 0;
  SUBCASE("places for all of them: the deadlines end them") { places = 1'500; }
  SUBCASE("places for a quarter of them: they give way") { places = 256; }
  raise_descriptor_limit();
  SlowStore store(places);
  const auto context = store.client();
  auto kept = TlsRawPeer::client(store.port(), context);
  REQUIRE(kept.shake_hands());
  REQUIRE(is_taken(kept, 0));
  std::size_t orders = 1;
  const auto begin = std::chrono::steady_clock::now();
  {
    const SlowCrowd crowd(store.port(), store.ca_file(), crowd_size);
    while (!crowd.is_over(50ms) && std::chrono::steady_clock::now() < begin + 30s) {
      REQUIRE(is_taken(kept, orders++));  // over the one connection from before the crowd
      if (orders % 10 == 0) REQUIRE(is_taken_anew(store, context, orders++));
    }
    CHECK(crowd.all_came());
    CHECK(crowd.cut() == crowd_size);
  }
  CHECK(orders >= 50);
  CHECK(store.held() == orders);
  if (places == 1'500) CHECK(store.metric("storegate_http_timeouts_total") >= 2 * crowd_size / 3);
  CHECK(store.metric("storegate_http_requests_total") >= static_cast<double>(orders));
}

TEST_CASE("5.6 a flood of silent connects: partners 80 ms away still get in, each at its first try") {
  raise_descriptor_limit();
  SlowStore store(256);
  const DelayLine line({.host = "127.0.0.1", .port = store.port(), .unix_path = {}}, 80ms);
  const SilentFlood flood(store.port(), 500);
  eventually("all places for handshakes are taken", 20s,
             [&] { return store.metric("storegate_http_connections_refused_total") > 0; });
  std::atomic<std::size_t> orders = 0;
  const auto partner = [&] {
    while (flood.came() < 1'500) {
      auto far = TlsRawPeer::client(line.port(), store.client());
      const bool got_in = far.shake_hands();
      if (!got_in || !is_taken(far, orders++)) return std::string("not taken: ") + far.error();
    }
    return std::string();
  };
  std::vector<std::future<std::string>> partners;
  for (int i = 0; i < 4; ++i) partners.push_back(std::async(std::launch::async, partner));
  for (auto& one : partners) CHECK(one.get() == "");
  CHECK(orders >= 8);
  CHECK(store.held() == orders);
}
