// The HTTP client against plain sockets that answer with exactly these bytes, or break off.
// What must be right above all: how far the bytes of a request went (design: placing once).
#include "platform/http_client.hpp"

#include <doctest/doctest.h>

#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "http_loop_caller.hpp"
#include "http_loop_thread.hpp"
#include "http_raw_peer.hpp"
#include "platform/http_server.hpp"

namespace storegate::platform {
namespace {

using std::chrono::milliseconds;
using tests::Caller;
using tests::RawListener;

constexpr std::string_view ok_answer =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";

HttpCall call_to(std::uint16_t port, milliseconds timeout = milliseconds(20'000)) {
  HttpCall call;
  call.method = "POST";
  call.origin = Origin{"127.0.0.1", port};
  call.target = "/orders?x=1";
  call.headers.add("Idempotency-Key", "k1");
  call.body = "{}";
  call.timeout = timeout;
  return call;
}

TEST_CASE("a call sends what it says and gets the whole response") {
  Caller caller;
  RawListener listener;
  auto outcome = caller.begin(call_to(listener.port()));
  auto peer = listener.accept();
  CHECK(peer.read_request() ==
        "POST /orders?x=1 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(listener.port()) +
            "\r\nIdempotency-Key: k1\r\nContent-Length: 2\r\n\r\n{}");
  peer.send(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (const char byte : std::string("3\r\nyes\r\n0\r\n\r\n")) peer.send({&byte, 1});
  const auto ended = outcome.get();
  REQUIRE(ended.ok());
  CHECK(ended.response->status == 201);
  CHECK(ended.response->headers.get("x-a") == "b");
  CHECK(ended.response->body == "yes");
  CHECK(ended.request_bytes_written);
}

TEST_CASE("refused: not written") {
  Caller caller;
  RawListener listener;
  listener.close();
  const auto ended = caller.begin(call_to(listener.port())).get();
  CHECK_FALSE(ended.ok());
  CHECK_FALSE(ended.request_bytes_written);
  CHECK(ended.failure.code == core::ErrorCode::unavailable);
  CHECK(ended.failure.context.find("connecting") != std::string::npos);
}

TEST_CASE("broken off after the request was sent: written, with the reason") {
  struct Row {
    std::string_view what;
    std::string_view answer;
    bool resets = false;
    core::ErrorCode code = core::ErrorCode::unavailable;
  };
  const std::string long_body = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n";
  const Row rows[] = {
      {"closed without a word", ""},
      {"reset", "", true},
      {"half a header", "HTTP/1.1 200 OK\r\nContent-Le"},
      {"half a body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok"},
      {"chunks without end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"},
      {"half an old-style body, reset", "HTTP/1.0 200 OK\r\n\r\nok", true},
      {"no HTTP", "SSH-2.0-OpenSSH\r\n\r\n", false, core::ErrorCode::invalid},
      {"both lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", false,
       core::ErrorCode::invalid},
      {"a body beyond the limit", long_body, false, core::ErrorCode::invalid},
      {"only an interim response", "HTTP/1.1 103 Early Hints\r\n\r\n"},
      {"another protocol", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", false,
       core::ErrorCode::invalid},
  };
  HttpClientOptions options;
  options.body_bytes_max = 1'000;
  Caller caller(options);
  for (const auto& row : rows) {
    CAPTURE(row.what);
    RawListener listener;
    auto outcome = caller.begin(call_to(listener.port()));
    auto peer = listener.accept();
    CHECK(peer.read_request().ends_with("{}"));
    peer.send(row.answer);
    row.resets ? peer.reset() : peer.close();
    const auto ended = outcome.get();
    CHECK_FALSE(ended.ok());
    CHECK(ended.request_bytes_written);
    CHECK(ended.failure.code == row.code);
    CHECK(ended.failure.context.find("127.0.0.1") != std::string::npos);
  }
  CHECK(caller.counters().failures == std::size(rows));
  CHECK(caller.counters().connections_now == 0);
}

TEST_CASE("no answer in time: written, and the connection is closed before the caller hears of it") {
  Caller caller;
  RawListener listener;
  auto outcome = caller.begin(call_to(listener.port(), milliseconds(50)));
  auto peer = listener.accept();
  peer.read_request();
  const auto ended = outcome.get();
  CHECK(peer.has_ended());
  CHECK(ended.request_bytes_written);
  CHECK(ended.failure.code == core::ErrorCode::timed_out);
  CHECK(ended.failure.context.find("waiting for the answer") != std::string::npos);
}

TEST_CASE("a peer that takes only a part of the request in time: written") {
  Caller caller;
  RawListener listener;
  auto call = call_to(listener.port(), milliseconds(100));
  call.body = std::string(32 * 1024 * 1024, 'x');
  auto outcome = caller.begin(std::move(call));
  auto peer = listener.accept();
  const auto ended = outcome.get();
  CHECK(ended.request_bytes_written);
  CHECK(ended.failure.context.find("sending the request") != std::string::npos);
}

TEST_CASE("a large request is sent whole to a peer that reads it") {
  Caller caller;
  RawListener listener;
  auto call = call_to(listener.port());
  call.body = std::string(4 * 1024 * 1024, 'x');
  auto outcome = caller.begin(call);
  auto peer = listener.accept();
  CHECK(peer.read_request().size() > call.body.size());
  peer.send(ok_answer);
  CHECK(outcome.get().ok());
}

TEST_CASE("a connection is used again, and one that its server closed meanwhile is replaced before sending") {
  Caller caller;
  RawListener listener;
  auto first = caller.begin(call_to(listener.port()));
  auto peer = listener.accept();
  const auto answer = [&](std::future<HttpOutcome>& outcome) {
    CHECK(peer.read_request().ends_with("{}"));
    peer.send(ok_answer);
    CHECK(outcome.get().ok());
  };
  answer(first);
  auto second = caller.begin(call_to(listener.port()));
  answer(second);
  CHECK(caller.counters().connects == 1);
  CHECK(caller.counters().connections_now == 1);

  SUBCASE("closed") { peer.close(); }
  SUBCASE("reset") { peer.reset(); }
  SUBCASE("something unasked was said on it") { peer.send("HTTP/1.1 408 Request Timeout\r\n\r\n"); }
  auto third = caller.begin(call_to(listener.port()));
  peer = listener.accept();
  answer(third);
  CHECK(caller.counters().connects == 2);
  CHECK(caller.counters().connections_now == 1);
}

TEST_CASE("a used connection that breaks after the request was sent is a failure, never a second sending") {
  Caller caller;
  RawListener listener;
  auto first = caller.begin(call_to(listener.port()));
  auto peer = listener.accept();
  peer.read_request();
  peer.send(ok_answer);
  CHECK(first.get().ok());
  auto second = caller.begin(call_to(listener.port()));
  CHECK(peer.read_request().ends_with("{}"));
  peer.close();
  const auto ended = second.get();
  CHECK_FALSE(ended.ok());
  CHECK(ended.request_bytes_written);
  CHECK(caller.counters().connects == 1);
}

TEST_CASE("a connection is not kept when the answer says so, or when more came than was asked for") {
  Caller caller;
  for (const std::string answer :
       {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.0 200 OK\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok HTTP/1.1 200 OK\r\n\r\n"}) {
    RawListener listener;
    auto outcome = caller.begin(call_to(listener.port()));
    auto peer = listener.accept();
    peer.read_request();
    peer.send(answer);
    peer.finish_sending();
    const auto ended = outcome.get();
    REQUIRE(ended.ok());
    CHECK(ended.response->body == "ok");
    CHECK(peer.sees_end());
  }
  CHECK(caller.counters().connections_now == 0);
}

TEST_CASE("an unused connection is closed after its time") {
  HttpClientOptions options;
  options.idle = milliseconds(30);
  Caller caller(options);
  RawListener listener;
  auto outcome = caller.begin(call_to(listener.port()));
  auto peer = listener.accept();
  peer.read_request();
  peer.send(ok_answer);
  CHECK(outcome.get().ok());
  CHECK(peer.sees_end());
  CHECK(caller.counters().connections_now == 0);
}

TEST_CASE("connections and the queue for them are bounded, and waiting counts against the time") {
  HttpClientOptions options;
  options.connections_max = 1;
  options.queue_max = 2;
  Caller caller(options);
  RawListener listener;
  auto first = caller.begin(call_to(listener.port()));
  auto peer = listener.accept();
  peer.read_request();
  auto second = caller.begin(call_to(listener.port()));
  auto third = caller.begin(call_to(listener.port(), milliseconds(50)));
  const auto fourth = caller.begin(call_to(listener.port())).get();
  CHECK_FALSE(fourth.request_bytes_written);
  CHECK(fourth.failure.code == core::ErrorCode::unavailable);
  const auto late = third.get();
  CHECK_FALSE(late.request_bytes_written);
  CHECK(late.failure.code == core::ErrorCode::timed_out);
  CHECK(late.failure.context.find("waiting for a free connection") != std::string::npos);
  CHECK(caller.counters().waiting_now == 1);

  peer.send(ok_answer);
  CHECK(first.get().ok());
  CHECK(peer.read_request().ends_with("{}"));  // on the same connection
  peer.send(ok_answer);
  CHECK(second.get().ok());
  CHECK(caller.counters().waiting_now == 0);
  CHECK(caller.counters().connects == 1);
}

TEST_CASE("a failure gives its place to the next in the queue") {
  HttpClientOptions options;
  options.connections_max = 1;
  Caller caller(options);
  RawListener listener;
  auto first = caller.begin(call_to(listener.port()));
  auto peer = listener.accept();
  auto second = caller.begin(call_to(listener.port()));
  peer.close();
  CHECK_FALSE(first.get().ok());
  peer = listener.accept();
  peer.read_request();
  peer.send(ok_answer);
  CHECK(second.get().ok());
}

TEST_CASE("the answer to HEAD has no body whatever its length says") {
  Caller caller;
  RawListener listener;
  auto call = call_to(listener.port());
  call.method = "HEAD";
  call.body.clear();
  auto outcome = caller.begin(call);
  auto peer = listener.accept();
  CHECK_FALSE(peer.read_request().find("Content-Length") != std::string::npos);
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n");
  const auto ended = outcome.get();
  REQUIRE(ended.ok());
  CHECK(ended.response->body.empty());
}

TEST_CASE("a call that cannot be sent as it stands is refused, not written") {
  Caller caller;
  const auto refused = [&](auto change) {
    auto call = call_to(1);
    change(call);
    const auto ended = caller.begin(std::move(call)).get();
    CHECK_FALSE(ended.ok());
    CHECK_FALSE(ended.request_bytes_written);
    return ended.failure.code == core::ErrorCode::invalid;
  };
  CHECK(refused([](HttpCall& call) { call.method = "GET /x"; }));
  CHECK(refused([](HttpCall& call) { call.target = "/a b"; }));
  CHECK(refused([](HttpCall& call) { call.target = "/a\r\nX: y"; }));
  CHECK(refused([](HttpCall& call) { call.target = "http://other/"; }));
  CHECK(refused([](HttpCall& call) { call.origin.host.clear(); }));
  CHECK(refused([](HttpCall& call) { call.headers.add("Content-Length", "3"); }));
  CHECK(refused([](HttpCall& call) { call.headers.add("X Y", "3"); }));
}

TEST_CASE("a name is looked up; one that does not exist: not written") {
  Caller caller;
  RawListener listener;
  auto call = call_to(listener.port());
  call.origin.host = "localhost";
  auto outcome = caller.begin(call);
  auto peer = listener.accept();
  peer.read_request();
  peer.send(ok_answer);
  CHECK(outcome.get().ok());
  call.origin.host = "no-such-host.invalid";
  call.timeout = milliseconds(2'000);
  const auto ended = caller.begin(call).get();
  CHECK_FALSE(ended.ok());
  CHECK_FALSE(ended.request_bytes_written);
}

TEST_CASE("the client may go while calls are under way; their callbacks are not called") {
  Caller caller;
  RawListener listener;
  auto outcome = caller.begin(call_to(listener.port()));
  auto peer = listener.accept();
  peer.read_request();
  caller.forget();
  CHECK(peer.sees_end());
  CHECK_THROWS_AS(outcome.get(), std::future_error);  // the promise went with the callback
}

TEST_CASE("a loop may end with a call that has not wound down") {
  const RawListener listener;
  Loop loop;
  bool called = false;
  {
    HttpClient client(loop);
    client.request(call_to(listener.port()), [&](const HttpOutcome&) { called = true; });
    loop.run_ready();
    CHECK(client.counters().connections_now == 1);
  }
  CHECK_FALSE(called);  // and the sanitizers find nothing after this line
}

TEST_CASE("a callback may begin the next call or end the client") {
  tests::LoopThread thread;
  RawListener listener;
  listener.close();
  std::promise<void> ended;
  std::unique_ptr<HttpClient> client;
  thread.on_loop([&] {
    client = std::make_unique<HttpClient>(thread.loop());
    client->request(call_to(listener.port()), [&](const HttpOutcome& first) {
      CHECK_FALSE(first.ok());
      client->request(call_to(listener.port()), [&](const HttpOutcome& second) {
        CHECK_FALSE(second.ok());
        client.reset();
        ended.set_value();
      });
    });
  });
  ended.get_future().get();
  CHECK(client == nullptr);
}

TEST_CASE("the blocking form talks to a server over a Unix socket, and fails like the other") {
  const std::string path = "/tmp/storegate-call-once-" + std::to_string(getpid()) + ".sock";
  tests::LoopThread thread;
  std::unique_ptr<HttpServer> server;
  thread.on_loop([&] {
    server = std::make_unique<HttpServer>(
        thread.loop(), HttpServerOptions{}, [](HttpRequest request, Responder respond) {
          respond.answer({200, {}, request.peer_is_unix ? "unix " + request.body : "", "text/plain", {}});
        });
    REQUIRE(server->listen(Endpoint::parse("unix:" + path).value()).ok());
  });
  auto call = call_to(0);
  call.origin = Url::parse("unix:" + path).value().origin;
  const auto reached = call_once(call);
  REQUIRE(reached.ok());
  CHECK(reached.response->body == "unix {}");
  CHECK(reached.response->content_type == "text/plain");
  thread.on_loop([&] { server.reset(); });
  const auto gone = call_once(call);
  CHECK_FALSE(gone.ok());
  CHECK_FALSE(gone.request_bytes_written);
}

}  // namespace
}  // namespace storegate::platform
