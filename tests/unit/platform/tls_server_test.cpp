// The HTTP server behind TLS, over real loopback sockets: our own engine, curl and openssl as its clients.
#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

#include "http_loop_caller.hpp"
#include "http_served.hpp"
#include "tls_bare_end.hpp"
#include "tls_raw_peer.hpp"

namespace storegate::tests {
namespace {

using std::chrono::milliseconds;

struct Common {
  TlsFolder folder;
  Context server = folder.server();
  Context client = folder.client();
};
const Common& common() {
  static const Common made;
  return made;
}

constexpr auto any_port = "127.0.0.1:0";

/// What a command prints, both of its outputs.
std::string output_of(const std::string& command) {
  std::string all;
  FILE* const pipe = ::popen(("exec 2>&1; " + command).c_str(), "re");
  if (pipe == nullptr) return all;
  std::array<char, 4096> part{};
  while (const auto count = std::fread(part.data(), 1, part.size(), pipe)) all.append(part.data(), count);
  ::pclose(pipe);
  return all;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_CASE("requests are served over TLS as without it, one after the other and joined") {
  Served served({}, any_port, common().server);
  auto client = TlsRawPeer::client(served.port(), common().client);
  REQUIRE(client.shake_hands());
  client.say(post("/echo", "one"));
  CHECK(client.hear_until("one").ends_with("/echo|one"));
  client.say(post("/later", "two") + post("/echo", "three"));
  CHECK(client.hear_until("three").ends_with("/echo|three"));
  client.say("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.hear_body().size() == 8U * 1024 * 1024);
  CHECK(served.counters().requests == 4);
  CHECK(served.counters().handshakes_now == 0);
  CHECK(served.counters().handshakes_failed == 0);
  client.say("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(has(client.hear_until("/echo|"), "200 OK"));
  CHECK(client.sees_farewell());
}

TEST_CASE("curl talks to it, and refuses it without its CA") {
  Served served({}, any_port, common().server);
  const std::string url = "https://localhost:" + std::to_string(served.port()) + "/echo";
  const std::string curl = "curl --silent --show-error --noproxy '*' ";
  CHECK(output_of(curl + "--cacert " + common().folder.file("ca.pem") + " -d hello " + url) == "/echo|hello");
  CHECK(has(output_of(curl + url), "SSL certificate problem"));
  CHECK(served.counters().requests == 1);
}

std::string s_client(std::uint16_t port, const std::string& more, const std::string& input = "") {
  return output_of("printf '" + input +
                   "' | timeout 20 openssl s_client -connect 127.0.0.1:" + std::to_string(port) +
                   " -servername localhost -CAfile " + common().folder.file("ca.pem") + " " + more);
}

TEST_CASE("openssl finds what we say we offer, and nothing else") {
  Served served({}, any_port, common().server);
  const auto port = served.port();
  const std::string get = R"(GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n)";
  const auto session = common().folder.file("session");
  const auto first =
      s_client(port, "-ign_eof -alpn h2,http/1.1 -verify_return_error -sess_out " + session, get);
  CHECK(has(first, "200 OK"));
  CHECK(has(first, "New, TLSv1.2, Cipher is ECDHE-ECDSA-CHACHA20-POLY1305"));
  CHECK(has(first, "ALPN protocol: http/1.1"));
  CHECK(has(first, "Server Temp Key: X25519"));
  CHECK(has(first, "Verify return code: 0 (ok)"));
  CHECK(has(s_client(port, "-ign_eof -sess_in " + session, get), "Reused, TLSv1.2"));
  CHECK(has(s_client(port, "-groups P-256"), "Server Temp Key: ECDH, prime256v1"));
  CHECK(has(s_client(port, "-cipher ECDHE-ECDSA-AES128-GCM-SHA256"), "ECDHE-ECDSA-AES128-GCM-SHA256"));
  const auto failed_before = served.counters().handshakes_failed;
  for (const std::string refused : {"-tls1 -cipher DEFAULT@SECLEVEL=0", "-tls1_1 -cipher DEFAULT@SECLEVEL=0",
                                    "-tls1_3", "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA256",
                                    "-tls1_2 -cipher AES128-GCM-SHA256", "-groups P-384 -tls1_2"}) {
    CAPTURE(refused);
    CHECK(has(s_client(port, refused), "Cipher is (NONE)"));
  }
  CHECK(served.counters().handshakes_failed == failed_before + 6);
}

TEST_CASE(
    "a server's key on P-384 serves who knows that curve, and the key exchange stays on X25519 and P-256") {
  const TlsFolder folder;
  Served served({}, any_port, folder.server({.p384 = true}));
  const std::string trusting = "-CAfile " + folder.file("ca.pem") + " -verify_return_error ";
  const auto said = s_client(served.port(), trusting);
  CHECK(has(said, "Verify return code: 0 (ok)"));
  CHECK(has(said, "Server Temp Key: X25519"));
  CHECK(has(s_client(served.port(), trusting + "-groups P-384:P-256"), "Server Temp Key: ECDH, prime256v1"));
  CHECK(has(s_client(served.port(), trusting + "-groups P-384"), "Cipher is (NONE)"));
  CHECK(has(s_client(served.port(), trusting + "-groups X25519:P-256"), "Cipher is (NONE)"));
}

TEST_CASE("a renegotiation is refused, and the server goes on") {
  Served served({}, any_port, common().server);
  const auto said = s_client(served.port(), "-tls1_2", R"(R\n)");
  CHECK(has(said, "no renegotiation"));
  auto client = TlsRawPeer::client(served.port(), common().client);
  CHECK(client.shake_hands());
}

TEST_CASE("who speaks plain HTTP to it is told so, in plain HTTP") {
  Served served({}, any_port, common().server);
  auto client = served.client();
  client.send(get_ok);
  const auto response = client.read_response();
  CHECK(response.status == 400);
  CHECK(has(response.body, "this port speaks HTTPS"));
  CHECK(client.sees_end());
  CHECK(served.counters().handshakes_failed == 1);
  CHECK(served.counters().requests == 0);
}

TEST_CASE("what is neither is closed in order, behind the alert") {
  Served served({}, any_port, common().server);
  auto client = served.client();
  client.send("\x16\x03\x01\xff\xff this is no ClientHello");
  std::string alert;
  for (auto bytes = client.receive(); !bytes.empty(); bytes = client.receive()) alert += bytes;
  CHECK(alert.size() <= 7);
  served.await_connections(0);
  CHECK(served.counters().handshakes_failed == 1);
}

TEST_CASE("a client that stalls in the handshake is cut at its deadline, also one that drips") {
  HttpServerOptions options;
  options.handshake = milliseconds(60);
  Served served(options, any_port, common().server);
  const auto hello = [] {
    const auto engine = made(TlsEngine::connect(common().folder.client(), "localhost", 443));
    CHECK(engine->handshake().ok());
    return std::string(engine->to_send());
  }();
  auto client = served.client();
  SUBCASE("nothing said") { CHECK(client.sees_end()); }
  SUBCASE("half a ClientHello") {
    client.send(hello.substr(0, hello.size() / 2));
    CHECK(client.sees_end());
  }
  SUBCASE("no answer to the server's flight") {
    client.send(hello);
    while (!client.receive().empty()) {
    }
  }
  SUBCASE("a byte now and then") {
    for (const char byte : hello.substr(0, hello.size() - 1)) {
      if (!client.send({&byte, 1})) break;
      while (served.counters().handshakes_failed == 0 && client.has_ended()) std::this_thread::yield();
    }
    while (!client.receive().empty()) {
    }
  }
  served.await_connections(0);
  CHECK(served.counters().timeouts == 1);
  CHECK(served.counters().handshakes_failed == 1);
  CHECK(served.counters().handshakes_now == 0);
}

/// Says hello, then warnings for as long as it is let; a server that hears it all is not let go before the limit.
class Flood {
 public:
  explicit Flood(std::uint16_t port) : socket_(RawSocket::to_port(port)) {
    const auto engine = made(TlsEngine::connect(common().folder.client(), "localhost", 443));
    REQUIRE(engine->handshake().ok());
    socket_.send(engine->to_send());
    sender_ = std::thread([this] { send(); });
  }
  ~Flood() { sender_.join(); }
  [[nodiscard]] bool is_on() const { return !over_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] bool was_cut() const { return was_cut_; }

 private:
  static constexpr std::size_t bytes_max = 64U * 1024 * 1024;

  void send() {
    std::string warnings;
    while (warnings.size() < 256 * 1024) warnings += plain_warning;
    while (bytes_ < bytes_max && socket_.send(warnings)) bytes_ += warnings.size();
    was_cut_ = bytes_ < bytes_max;
    over_ = true;
  }

  RawSocket socket_;
  std::atomic<std::size_t> bytes_ = 0;
  std::atomic<bool> was_cut_ = false;
  std::atomic<bool> over_ = false;
  std::thread sender_;
};

TEST_CASE("who floods in the handshake is cut at its deadline, and others are served meanwhile") {
  HttpServerOptions options;
  options.handshake = milliseconds(500);
  Served served(options, any_port, common().server);
  const auto plain_port = served.thread().on_loop([&] {
    return served.server().bound_port(served.server().listen(Endpoint::parse(any_port).value()).value());
  });
  auto other = RawSocket::to_port(plain_port);
  {
    Flood flood(served.port());
    while (flood.bytes() == 0 && flood.is_on()) std::this_thread::yield();
    other.send(get_ok);
    CHECK(other.read_response().status == 200);
    CHECK(flood.is_on());
    while (flood.is_on()) std::this_thread::yield();
    CHECK(flood.was_cut());
  }
  served.await_connections(1);
  CHECK(served.counters().timeouts == 1);
  CHECK(served.counters().handshakes_failed == 1);
}

TEST_CASE("so many handshakes at a time and no more: the oldest makes room for who comes") {
  HttpServerOptions options;
  options.handshakes_max = 2;
  Served served(options, any_port, common().server);
  auto first = served.client();
  while (served.counters().handshakes_now < 1) std::this_thread::yield();
  auto second = served.client();
  while (served.counters().handshakes_now < 2) std::this_thread::yield();
  auto third = TlsRawPeer::client(served.port(), common().client);
  CHECK(first.sees_end());
  CHECK(third.shake_hands());
  CHECK(served.counters().refused == 1);
  CHECK_FALSE(second.has_ended());
  while (served.counters().handshakes_now > 1) std::this_thread::yield();
  auto fourth = TlsRawPeer::client(served.port(), common().client);  // an open connection holds no place
  CHECK(fourth.shake_hands());
  CHECK(served.counters().refused == 1);
  CHECK(served.counters().handshakes_failed == 0);
}

TEST_CASE("silent connections, however many, do not shut the door for those who talk") {
  HttpServerOptions options;
  options.handshakes_max = 4;
  Served served(options, any_port, common().server);
  std::vector<RawSocket> silent;
  for (int i = 0; i < 40; ++i) silent.push_back(served.client());
  while (served.counters().accepted < 40) std::this_thread::yield();
  CHECK(served.counters().handshakes_now == 4);
  auto client = TlsRawPeer::client(served.port(), common().client);
  CHECK(client.shake_hands());
  client.say(post("/echo", "here"));
  CHECK(client.hear_until("here").ends_with("/echo|here"));
}

/// A client far away: it has been answered, and what it says to that is still on its way.
class Faraway {
 public:
  explicit Faraway(Served& served) : peer(TlsRawPeer::client(served.port(), common().client)) {
    CHECK(peer.engine().handshake().ok());
    peer.socket().send(peer.engine().to_send());
    peer.engine().sent(peer.engine().to_send().size());
    flight_ = peer.socket().receive();
    CHECK_FALSE(flight_.empty());
  }
  /// What it says arrives.
  bool gets_in() {
    peer.engine().take_in(flight_);
    return peer.shake_hands();
  }

  TlsRawPeer peer;

 private:
  std::string flight_;
};

TEST_CASE("who is far away and has been answered outlasts any number of those that say no whole hello") {
  HttpServerOptions options;
  std::string said;
  SUBCASE("at the limit of handshakes") { options.handshakes_max = 4; }
  SUBCASE("at the limit of connections") { options.connections_max = 4; }
  SUBCASE("they begin to speak") {
    options.handshakes_max = 4;
    said = "\x16\x03\x01";
  }
  Served served(options, any_port, common().server);
  Faraway far(served);
  std::vector<RawSocket> crowd;
  for (int i = 0; i < 40; ++i) {
    crowd.push_back(served.client());
    crowd.back().send(said);
  }
  served.await_accepted(41);
  CHECK(far.gets_in());
  far.peer.say(post("/echo", "here"));
  CHECK(far.peer.hear_until("here").ends_with("/echo|here"));
  CHECK(served.counters().refused == 37);
}

TEST_CASE("where fewer than half are silent the slowest goes, so that a newcomer has time for its hello") {
  HttpServerOptions options;
  options.handshakes_max = 4;
  Served served(options, any_port, common().server);
  std::vector<std::unique_ptr<Faraway>> far;
  for (int i = 0; i < 4; ++i) far.push_back(std::make_unique<Faraway>(served));
  std::vector<TlsRawPeer> newcomers;
  for (std::uint64_t i = 0; i < 3; ++i) {
    newcomers.push_back(TlsRawPeer::client(served.port(), common().client));
    served.await_accepted(5 + i);
  }
  for (std::size_t i = 0; i < 2; ++i) CHECK(far[i]->peer.socket().sees_end());
  CHECK(newcomers[0].socket().sees_end());  // half were silent when the third came
  for (std::size_t i = 2; i < 4; ++i) CHECK(far[i]->gets_in());
  for (std::size_t i = 1; i < 3; ++i) CHECK(newcomers[i].shake_hands());
  CHECK(served.counters().refused == 3);
}

TEST_CASE("where nobody gives way, one more is closed without a word") {
  HttpServerOptions options;
  options.connections_max = 1;
  Served served(options, any_port, common().server);
  auto first = TlsRawPeer::client(served.port(), common().client);
  REQUIRE(first.shake_hands());
  first.say("GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
  served.await_requests(1);
  auto second = served.client();
  CHECK(second.sees_end());
  CHECK(served.counters().refused == 1);
  CHECK(served.answer_kept("decided"));
  CHECK(has(first.hear_until("decided"), "200 OK"));
}

TEST_CASE("a crowd that shakes hands or does not, and asks for nothing, locks nobody out") {
  HttpServerOptions options;
  options.connections_max = 8;
  Served served(options, any_port, common().server);
  auto known = TlsRawPeer::client(served.port(), common().client);
  REQUIRE(known.shake_hands());
  known.say("GET /known HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(has(known.hear_until("/known|"), "200 OK"));
  std::vector<TlsRawPeer> crowd;
  for (int i = 0; i < 20; ++i) {
    crowd.push_back(TlsRawPeer::client(served.port(), common().client));
    if (i % 2 == 0) REQUIRE(crowd.back().shake_hands());
  }
  served.await_accepted(21);
  CHECK(served.counters().connections_now == 8);
  auto honest = TlsRawPeer::client(served.port(), common().client);
  REQUIRE(honest.shake_hands());
  for (auto* client : {&honest, &known}) {
    client->say(post("/echo", "here"));
    CHECK(client->hear_until("here").ends_with("/echo|here"));
  }
}

TEST_CASE("a reload is for new connections; those there keep talking") {
  Served served({}, any_port, common().server);
  auto old = TlsRawPeer::client(served.port(), common().client);
  REQUIRE(old.shake_hands());
  auto early = TlsRawPeer::client(served.port(), common().client, "renewed.local");
  CHECK_FALSE(early.shake_hands());
  CHECK(has(early.error(), "for another name"));
  const Context renewed = common().folder.server({.names = {"localhost", "renewed.local"}});
  served.thread().on_loop([&] { served.server().replace_tls(0, renewed); });
  auto late = TlsRawPeer::client(served.port(), common().client, "renewed.local");
  CHECK(late.shake_hands());
  for (auto* client : {&old, &late}) {
    client->say(post("/echo", "still here"));
    CHECK(has(client->hear_until("still here"), "200 OK"));
  }
}

TEST_CASE("a reload in the middle of a handshake does not disturb it") {
  Served served({}, any_port, common().server);
  auto raw = served.client();
  while (served.counters().handshakes_now < 1) std::this_thread::yield();
  served.thread().on_loop([&] { served.server().replace_tls(0, common().folder.server()); });
  TlsRawPeer client(std::move(raw), made(TlsEngine::connect(common().folder.client(), "localhost", 443)));
  CHECK(client.shake_hands());
}

TEST_CASE("an unused connection is closed with a farewell, and so is one at the server's end") {
  HttpServerOptions options;
  options.idle = milliseconds(60);
  Served served(options, any_port, common().server);
  auto idle = TlsRawPeer::client(served.port(), common().client);
  REQUIRE(idle.shake_hands());
  CHECK(idle.sees_farewell());

  Served ending({}, any_port, common().server);
  auto client = TlsRawPeer::client(ending.port(), common().client);
  REQUIRE(client.shake_hands());
  client.say(post("/echo", "x"));
  CHECK(has(client.hear_until("x"), "200 OK"));
  ending.thread().on_loop([&] { ending.server().stop(milliseconds(20'000), [] {}); });
  CHECK(client.sees_farewell());
}

TEST_CASE("a reader that does not read its long answer is cut, over TLS too") {
  HttpServerOptions options;
  options.write = milliseconds(60);
  options.slowest_reader_bytes_per_s = 1U << 30U;
  Served served(options, any_port, common().server);
  TlsRawPeer lazy(RawSocket::to_port(served.port(), 4096),
                  made(TlsEngine::connect(common().client, "localhost", 443)));
  REQUIRE(lazy.shake_hands());
  lazy.say("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
  served.await_requests(1);
  served.await_connections(0);
  CHECK(served.counters().timeouts == 1);
}

TEST_CASE("a server that asks for certificates serves who has one") {
  common().folder.issue("asking");
  auto options = common().folder.server_options("asking");
  options.client_ca_file = common().folder.file("ca.pem");
  Served served({}, any_port, TlsFolder::made(TlsContext::server(options)));
  const std::string curl =
      "curl --silent --show-error --noproxy '*' --cacert " + common().folder.file("ca.pem");
  const std::string url = " https://localhost:" + std::to_string(served.port()) + "/echo";
  CHECK(has(output_of(curl + url), "alert"));
  CHECK(served.counters().handshakes_failed == 1);
  const std::string ours =
      " --cert " + common().folder.file("asking.pem") + " --key " + common().folder.file("asking.key");
  CHECK(output_of(curl + ours + url) == "/echo|");
}

TEST_CASE("the server may go with connections in every state") {
  auto served = std::make_unique<Served>(HttpServerOptions{}, any_port, common().server);
  auto silent = served->client();
  auto open = TlsRawPeer::client(served->port(), common().client);
  REQUIRE(open.shake_hands());
  auto asking = TlsRawPeer::client(served->port(), common().client);
  REQUIRE(asking.shake_hands());
  asking.say("GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
  served->await_requests(1);
  served.reset();
  CHECK(silent.sees_end());
  CHECK(open.sees_farewell());
}

}  // namespace
}  // namespace storegate::tests
