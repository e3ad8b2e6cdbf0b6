// The HTTP client behind TLS. What must be right above all: a handshake that fails has delivered nothing (design:
// placing once), and an answer that was cut off is no answer.
#include <doctest/doctest.h>

#include "http_loop_caller.hpp"
#include "http_served.hpp"
#include "tls_raw_peer.hpp"

namespace storegate::tests {
namespace {

using std::chrono::milliseconds;

struct Common {
  TlsFolder folder;
  Context server = folder.server();
};
const Common& common() {
  static const Common made;
  return made;
}

HttpClientOptions trusting(const Context& context = common().folder.client()) {
  HttpClientOptions options;
  options.tls = context;
  options.body_bytes_max = 16U * 1024 * 1024;
  return options;
}

HttpCall call_to(std::uint16_t port, milliseconds timeout = milliseconds(20'000)) {
  HttpCall call;
  call.method = "POST";
  call.origin = {.host = "localhost", .port = port, .tls = true};
  call.target = "/echo";
  call.body = "{}";
  call.timeout = timeout;
  return call;
}

constexpr std::string_view ok_answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A failure that certainly delivered nothing.
bool was_not_delivered(const HttpOutcome& outcome, core::ErrorCode code, std::string_view words) {
  CAPTURE(outcome.failure.context);
  CHECK(outcome.failure.context.find(words) != std::string::npos);
  return !outcome.ok() && !outcome.request_bytes_written && outcome.failure.code == code;
}

TEST_CASE("https calls go over one kept connection, and a new one is a short handshake") {
  Served served({}, "127.0.0.1:0", common().server);
  Caller caller(trusting());
  for (int i = 0; i < 3; ++i) {
    const auto outcome = caller.begin(call_to(served.port())).get();
    REQUIRE_MESSAGE(outcome.ok(), outcome.failure.context);
    CHECK(outcome.response->body == "/echo|{}");
    CHECK(outcome.request_bytes_written);
  }
  CHECK(caller.counters().connects == 1);
  auto large = call_to(served.port());
  large.body = std::string(400'000, 'x');
  CHECK(caller.begin(large).get().response->body.size() == 400'006);
  large.target = "/big";
  CHECK(caller.begin(large).get().response->body.size() == 8U * 1024 * 1024);
  auto by_address = call_to(served.port());
  by_address.origin.host = "127.0.0.1";
  CHECK(caller.begin(by_address).get().ok());
}

TEST_CASE("the same port with and without TLS are two origins") {
  Served served({}, "127.0.0.1:0", common().server);
  Caller caller(trusting());
  CHECK(caller.begin(call_to(served.port())).get().ok());
  auto plain = call_to(served.port());
  plain.origin.tls = false;
  const auto outcome = caller.begin(plain).get();
  REQUIRE(outcome.ok());
  CHECK(outcome.response->status == 400);
  CHECK(caller.counters().connects == 2);
}

TEST_CASE("a server that does not prove itself gets no byte of the request") {
  Served served({}, "127.0.0.1:0", common().server);
  const auto unavailable = core::ErrorCode::unavailable;
  SUBCASE("signed by nobody we know") {
    const TlsFolder stranger({.subject = "CN=stranger"});
    Caller caller(trusting(stranger.client()));
    const auto outcome = caller.begin(call_to(served.port())).get();
    const auto at = "localhost:" + std::to_string(served.port());
    CHECK(outcome.failure.context == "https://" + at + ": the TLS handshake: the certificate of " + at +
                                         " is signed by nobody in our CA bundle");
    CHECK(was_not_delivered(outcome, unavailable, "signed by nobody"));
  }
  SUBCASE("another name") {
    served.thread().on_loop([&] {
      served.server().replace_tls(0, common().folder.server({.names = {"other"}, .addresses = {}}));
    });
    Caller caller(trusting());
    CHECK(was_not_delivered(caller.begin(call_to(served.port())).get(), unavailable, "it is for other"));
  }
  SUBCASE("no context at all") {
    Caller caller;
    CHECK(
        was_not_delivered(caller.begin(call_to(served.port())).get(), core::ErrorCode::invalid, "https://"));
  }
  CHECK(served.counters().requests == 0);
}

TEST_CASE("a handshake that does not end within the call's time: nothing delivered") {
  Caller caller(trusting());
  RawListener listener;
  auto outcome = caller.begin(call_to(listener.port(), milliseconds(80)));
  auto peer = listener.accept();
  CHECK(was_not_delivered(outcome.get(), core::ErrorCode::timed_out,
                          "the TLS handshake: not done within 80 ms"));
}

TEST_CASE("a peer that speaks plain HTTP, or something else: nothing delivered") {
  Caller caller(trusting());
  for (const std::string_view said : {"HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH\r\n"}) {
    RawListener listener;
    auto outcome = caller.begin(call_to(listener.port()));
    auto peer = listener.accept();
    peer.send(said);
    CHECK(was_not_delivered(outcome.get(), core::ErrorCode::unavailable, "is not TLS"));
  }
}

/// A server's end that lets out so many bytes of its own, then closes. False: the whole handshake needs no more.
bool breaks_off_after(std::size_t bytes, RawSocket socket) {
  const auto engine = made(TlsEngine::serve(common().server));
  while (true) {
    const auto over = engine->handshake();
    REQUIRE(over.ok());
    const std::string waiting(engine->to_send());
    engine->sent(waiting.size());
    socket.send(waiting.substr(0, bytes));
    if (waiting.size() > bytes) return true;
    if (*over) return false;
    bytes -= waiting.size();
    engine->take_in(socket.receive());
  }
}

TEST_CASE("a handshake that is broken off at any point: nothing delivered") {
  Caller caller(trusting());
  std::size_t bytes = 0;
  for (;; bytes += 29) {
    CAPTURE(bytes);
    RawListener listener;
    auto outcome = caller.begin(call_to(listener.port()));
    if (!breaks_off_after(bytes, listener.accept())) break;
    const auto ended = outcome.get();
    CHECK_FALSE(ended.ok());
    CHECK_FALSE(ended.request_bytes_written);
    CHECK(ended.failure.code == core::ErrorCode::unavailable);
  }
  CHECK(bytes > 700);
}

TEST_CASE("broken off behind the handshake: the request was written") {
  Caller caller(trusting());
  struct Row {
    std::string_view answer;
    bool farewell;
    std::string_view words;
  };
  const Row rows[] = {
      {"", false, "without TLS's farewell"},
      {"", true, "closed without a whole answer"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", true, "in the middle of the answer"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", false, "without TLS's farewell"},
      {"HTTP/1.0 200 OK\r\n\r\nperhaps all of it", false, "without TLS's farewell"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.words);
    RawListener listener;
    auto outcome = caller.begin(call_to(listener.port()));
    auto peer = TlsRawPeer::server(listener.accept(), common().server);
    REQUIRE(peer.shake_hands());
    CHECK(peer.hear_until("{}").ends_with("{}"));
    peer.say(row.answer);
    if (row.farewell) peer.say_farewell();
    peer.socket().close();
    const auto ended = outcome.get();
    CHECK_FALSE(ended.ok());
    CHECK(ended.request_bytes_written);
    CHECK(ended.failure.context.find(row.words) != std::string::npos);
  }
}

TEST_CASE("an answer that ends with the connection is whole only with a farewell") {
  Caller caller(trusting());
  RawListener listener;
  auto outcome = caller.begin(call_to(listener.port()));
  auto peer = TlsRawPeer::server(listener.accept(), common().server);
  REQUIRE(peer.shake_hands());
  peer.hear_until("{}");
  peer.say("HTTP/1.0 200 OK\r\n\r\nall of it");
  peer.say_farewell();
  const auto ended = outcome.get();
  REQUIRE(ended.ok());
  CHECK(ended.response->body == "all of it");
}

TEST_CASE("a kept connection whose server said farewell is not used again") {
  Caller caller(trusting());
  RawListener listener;
  const auto serve = [&] {
    auto outcome = caller.begin(call_to(listener.port()));
    auto peer = TlsRawPeer::server(listener.accept(), common().server);
    REQUIRE(peer.shake_hands());
    CHECK(peer.hear_until("{}").ends_with("{}"));
    peer.say(ok_answer);
    CHECK(outcome.get().ok());
    return peer;
  };
  auto first = serve();
  first.say_farewell();
  auto second = serve();
  CHECK(caller.counters().connects == 2);
  CHECK(caller.counters().connections_now == 1);
}

TEST_CASE("an unused connection is closed with a farewell") {
  auto options = trusting();
  options.idle = milliseconds(30);
  Caller caller(options);
  RawListener listener;
  auto outcome = caller.begin(call_to(listener.port()));
  auto peer = TlsRawPeer::server(listener.accept(), common().server);
  REQUIRE(peer.shake_hands());
  peer.hear_until("{}");
  peer.say(ok_answer);
  CHECK(outcome.get().ok());
  CHECK(peer.sees_farewell());
}

TEST_CASE("behind a reload nothing goes over a connection that the old context let in") {
  const TlsFolder stranger({.subject = "CN=stranger"});
  Served served({}, "127.0.0.1:0", common().server);
  Caller caller(trusting());
  CHECK(caller.begin(call_to(served.port())).get().ok());
  CHECK(caller.counters().connections_now == 1);
  caller.replace_tls(stranger.client());
  CHECK(caller.counters().connections_now == 0);
  CHECK(was_not_delivered(caller.begin(call_to(served.port())).get(), core::ErrorCode::unavailable,
                          "signed by nobody"));
}

TEST_CASE("a call that a reload finds under way ends as it began, and its connection with it") {
  Caller caller(trusting());
  RawListener listener;
  auto outcome = caller.begin(call_to(listener.port()));
  auto peer = TlsRawPeer::server(listener.accept(), common().server);
  REQUIRE(peer.shake_hands());
  CHECK(peer.hear_until("{}").ends_with("{}"));
  caller.replace_tls(common().folder.client());
  peer.say(ok_answer);
  CHECK(outcome.get().ok());
  CHECK(caller.counters().connections_now == 0);
  CHECK(peer.sees_farewell());
}

TEST_CASE("a reload leaves connections without TLS as they are") {
  Served served;
  Caller caller(trusting());
  auto call = call_to(served.port());
  call.origin.tls = false;
  CHECK(caller.begin(call).get().ok());
  caller.replace_tls(common().folder.client());
  CHECK(caller.begin(call).get().ok());
  CHECK(caller.counters().connects == 1);
}

TEST_CASE("the client may go while a handshake is under way") {
  Caller caller(trusting());
  RawListener listener;
  auto outcome = caller.begin(call_to(listener.port()));
  auto peer = listener.accept();
  CHECK_FALSE(peer.receive().empty());
  caller.forget();
  CHECK_THROWS_AS(outcome.get(), std::future_error);
}

}  // namespace
}  // namespace storegate::tests
