// The HTTP server's limits and deadlines: what a client sees at each, over real loopback sockets.
#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "http_served.hpp"

namespace storegate::platform {
namespace {

using std::chrono::milliseconds;
using tests::get_ok;
using tests::post;
using tests::RawSocket;
using tests::Served;

TEST_CASE("headers beyond the limit get 431") {
  Served served;
  auto client = served.client();
  client.send("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(17'000, 'x'));
  CHECK(client.read_response().status == 431);
  CHECK(client.sees_end());
}

TEST_CASE("a body beyond the limit gets 413 before it is read, and the connection stays usable") {
  HttpServerOptions options;
  options.body_bytes_max = 1'000;
  options.discard_bytes_max = 100'000;
  Served served(options);
  auto client = served.client();

  SUBCASE("announced by its length") {
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    CHECK(client.read_response().status == 413);
    client.send(std::string(100'000, 'x'));
  }
  SUBCASE("found out while chunks arrive") {
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n320\r\n" +
                std::string(800, 'x') + "\r\n320\r\n");
    client.send(std::string(800, 'x') + "\r\n");
    CHECK(client.read_response().status == 413);
    client.send("0\r\n\r\n");
  }
  SUBCASE("all of it there at once") {
    client.send(post("/echo", std::string(1'001, 'x')));
    CHECK(client.read_response().status == 413);
  }
  client.send(get_ok);
  CHECK(client.read_response().status == 200);
  CHECK(served.counters().requests == 1);
}

TEST_CASE("a body too long to read past gets 413 and the connection ends") {
  HttpServerOptions options;
  options.body_bytes_max = 1'000;
  options.discard_bytes_max = 100'000;
  Served served(options);
  auto client = served.client();
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n" + std::string(5'000, 'x'));
  const auto response = client.read_response();
  CHECK(response.status == 413);
  CHECK(response.has("Connection: close\r\n"));
  CHECK(client.sees_end());
}

TEST_CASE("who asks before sending a body is told to go on, or 413 and closed") {
  HttpServerOptions options;
  options.body_bytes_max = 1'000;
  Served served(options);
  auto client = served.client();
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  CHECK(client.read_response().status == 100);
  client.send("body");
  CHECK(client.read_response().body == "/echo|body");
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n");
  CHECK(client.read_response().status == 413);
  CHECK(client.sees_end());
}

TEST_CASE("bodies being received share a bounded memory") {
  HttpServerOptions options;
  options.bodies_bytes_max = 10'000;
  Served served(options);
  auto first = served.client();
  first.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n" + std::string(8'000, 'x'));
  while (served.counters().bytes_in < 8'000) std::this_thread::yield();
  auto second = served.client();
  second.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n" + std::string(8'000, 'x'));
  const auto refused = second.read_response();
  CHECK(refused.status == 503);
  CHECK(refused.has("Retry-After: "));
  first.send(std::string(1'000, 'x'));
  CHECK(first.read_response().status == 200);
  auto third = served.client();
  third.send(post("/echo", std::string(9'000, 'x')));
  CHECK(third.read_response().status == 200);
}

TEST_CASE("each wait has its deadline") {
  HttpServerOptions options;
  options.header = options.body = options.write = milliseconds(60);
  options.idle = milliseconds(200);
  options.answer = milliseconds(500);  // the second answer in that case must be in time on a busy machine
  options.slowest_reader_bytes_per_s = 1U << 30U;
  Served served(options);
  auto client = served.client();

  SUBCASE("a header that does not end: 408") {
    client.send("GET / HTTP/1.1\r\nHo");
    CHECK(client.read_response().status == 408);
    CHECK(client.sees_end());
    CHECK(served.counters().timeouts == 1);
  }
  SUBCASE("a body that does not end: 408") {
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    CHECK(client.read_response().status == 408);
    CHECK(client.sees_end());
  }
  SUBCASE("a header that comes byte by byte: 408 all the same") {
    const auto counters = [&] { return served.counters(); };
    client.send("GET /echo HTTP/1.1\r\nX: ");
    while (counters().bad_requests == 0) {
      const auto before = counters().bytes_in;
      client.send("x");
      while (counters().bytes_in == before && counters().bad_requests == 0) std::this_thread::yield();
    }
    CHECK(client.read_response().status == 408);
    CHECK(client.sees_end());
  }
  SUBCASE("a connection that says nothing: closed without a word") {
    client.send(get_ok);
    CHECK(client.read_response().status == 200);
    CHECK(client.sees_end());
    CHECK(served.counters().timeouts == 0);
  }
  SUBCASE("a handler that does not answer: 503, and its late answer goes nowhere") {
    client.send("GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto response = client.read_response();
    CHECK(response.status == 503);
    CHECK(response.has("Retry-After: "));
    client.send("GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
    served.await_requests(2);
    CHECK(served.answer_kept("late, for the first"));
    CHECK(served.answer_kept("for the second"));
    CHECK(client.read_response().body == "for the second");
  }
  SUBCASE("a reader that does not read: closed") {
    auto lazy = RawSocket::to_port(served.port(), 4096);
    lazy.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
    served.await_requests(1);
    client.close();
    served.await_connections(0);
    CHECK(served.counters().timeouts == 1);
  }
}

TEST_CASE("a refusal of the server's own is told of, and answered as the one who is told says") {
  std::vector<std::pair<int, std::string>>
      told;  // by the server's thread, before the answer that is waited for
  HttpServerOptions options;
  options.body = milliseconds(60);
  options.body_bytes_max = 1'000;
  options.on_refusal = [&](int status, std::string_view target) {
    told.emplace_back(status, target);
    return status == 408 ? 503 : status;
  };
  Served served(options);
  auto client = served.client();
  client.send("POST /late?x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  const auto late = client.read_response();
  CHECK(late.status == 503);
  CHECK(late.has("Retry-After: "));
  CHECK(client.sees_end());
  auto other = served.client();
  other.send("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n");
  CHECK(other.read_response().status == 413);
  auto malformed = served.client();
  malformed.send("nonsense\r\n\r\n");
  CHECK(malformed.read_response().status == 400);
  CHECK(told == decltype(told){{408, "/late?x"}, {413, "/large"}, {400, ""}});
}

TEST_CASE("what bodies hold counts, and not only what has come of them") {
  HttpServerOptions options;
  options.bodies_bytes_max = 100'000;
  Served served(options);
  auto first = served.client();
  const std::string begun = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\nx";
  first.send(begun);
  while (served.counters().bytes_in < begun.size()) std::this_thread::yield();
  auto second = served.client();
  second.send(begun);
  CHECK(second.read_response().status == 503);
}

TEST_CASE("a body must come at the rate that its length permits, however far away the deadline is") {
  HttpServerOptions options;
  options.body = milliseconds(600'000);
  options.body_start = milliseconds(60);
  options.slowest_sender_bytes_per_s = 1'000;
  Served served(options);
  auto client = served.client();
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 999\r\n\r\n");
  for (int bytes = 0; bytes < 500 && served.counters().bad_requests == 0; ++bytes) client.send("x");
  CHECK(client.read_response().status == 408);
  CHECK(client.sees_end());
  CHECK(served.counters().requests == 0);
  auto longer = served.client();
  longer.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + std::string(200'000, 'x'));
  while (served.counters().bytes_in < 200'000) std::this_thread::yield();
  longer.send(std::string(100'000, 'x'));
  CHECK(longer.read_response().status == 200);
}

TEST_CASE("a reader that reads gets a large answer whole") {
  Served served;
  auto client = served.client();
  client.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n" + std::string(get_ok));
  CHECK(client.read_response().body == std::string(8 * 1024 * 1024, 'b'));
  CHECK(client.read_response().status == 200);
}

}  // namespace
}  // namespace storegate::platform
