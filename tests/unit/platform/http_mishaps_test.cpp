// What is thrown while a connection is served: it ends that connection, is counted, and is told of once a kind.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>

#include "http_served.hpp"
#include "platform/http_client.hpp"
#include "platform/http_mishaps.hpp"
#include "platform/log.hpp"

namespace storegate::platform {
namespace {

using namespace std::chrono_literals;
using tests::get_ok;
using tests::Served;

/// The log goes into a pipe while this lives.
class Overheard {
 public:
  Overheard() {
    REQUIRE(::pipe2(ends_, O_NONBLOCK) == 0);
    log_to(ends_[1], LogFormat::json);
  }
  ~Overheard() {
    log_to(STDERR_FILENO, LogFormat::json);
    for (const int end : ends_) ::close(end);
  }
  Overheard(const Overheard&) = delete;
  Overheard& operator=(const Overheard&) = delete;

  /// How many lines hold this, of those written since the last look.
  int lines_with(const std::string& text) {
    char bytes[16 * 1024];
    const auto size = ::read(ends_[0], bytes, sizeof bytes);
    const std::string all(bytes, size > 0 ? static_cast<std::size_t>(size) : 0);
    int count = 0;
    for (auto at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) ++count;
    return count;
  }

 private:
  int ends_[2]{};
};

std::string get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n"; }

TEST_CASE("a handler that throws costs its caller 503 and the connection, and nobody else anything") {
  Overheard log;
  Served served;
  auto other = served.client();
  other.send(get_ok);
  CHECK(other.read_response().status == 200);
  for (int i = 0; i < 3; ++i) {
    auto client = served.client();
    client.send(get("/throw"));
    const auto response = client.read_response();
    CHECK(response.status == 503);  // some partners repeat at no other 5xx
    CHECK(response.has("Retry-After: "));
    CHECK(response.has("Connection: close\r\n"));
    CHECK(client.sees_end());
  }
  other.send(get_ok);
  CHECK(other.read_response().status == 200);
  CHECK(served.counters().exceptions == 3);
  CHECK(log.lines_with(R"("type":"std::out_of_range","while":"deciding")") == 1);
}

TEST_CASE("what is thrown in the middle of an answer closes the connection, and its writer is told") {
  Overheard log;
  Served served;
  auto client = served.client();
  client.send(get("/throw-later"));
  while (!client.receive().empty()) {
  }
  served.await_connections(0);
  CHECK_FALSE(served.is_stream_open());
  CHECK(served.counters().exceptions == 1);
  CHECK(log.lines_with(R"("while":"sending a stream")") == 1);
  auto next = served.client();
  next.send(get_ok);
  CHECK(next.read_response().status == 200);
}

TEST_CASE("each kind is told of once a minute, and never what it says") {
  Overheard log;
  HttpMishaps mishaps;
  const HttpMishaps::Clock::time_point begin{};
  const auto secret = std::make_exception_ptr(std::runtime_error("+1 555 0100"));
  mishaps.tell(secret, "deciding", begin);
  mishaps.tell(secret, "deciding", begin + 59s);
  CHECK(log.lines_with("std::runtime_error") == 1);
  mishaps.tell(secret, "answering", begin + 59s);
  mishaps.tell(std::make_exception_ptr(std::bad_alloc()), "deciding", begin + 59s);
  mishaps.tell(std::make_exception_ptr(7), "deciding", begin + 59s);
  CHECK(log.lines_with("an HTTP connection") == 3);
  mishaps.tell(secret, "deciding", begin + 60s);
  CHECK(log.lines_with("555") == 0);
  mishaps.tell(secret, "deciding", begin + 120s);
  CHECK(log.lines_with("std::runtime_error") == 1);
}

TEST_CASE("what a caller's own callback throws comes out of the loop and is not lost") {
  Loop loop;
  HttpClient client(loop, {});
  HttpCall call;
  call.origin = {.host = "127.0.0.1", .port = 1};
  client.request(std::move(call), [](const HttpOutcome&) { throw std::out_of_range("a bug"); });
  CHECK_THROWS_AS(loop.run(), std::out_of_range);
}

}  // namespace
}  // namespace storegate::platform
