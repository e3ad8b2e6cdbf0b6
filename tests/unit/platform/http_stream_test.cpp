// Answers without an end: sent bit by bit, bounded, ended by either side, and cut when nobody reads.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <thread>

#include "http_loop_thread.hpp"
#include "http_raw_peer.hpp"
#include "platform/http_server.hpp"
#include "platform/response_stream.hpp"

namespace storegate::platform {
namespace {

using std::chrono::milliseconds;
using tests::LoopThread;
using tests::RawSocket;

constexpr std::string_view get = "GET /events HTTP/1.1\r\nHost: a\r\n\r\n";

/// A server that answers everything with a stream, which the test holds.
class Streaming {
 public:
  explicit Streaming(HttpServerOptions options = {}) {
    thread_.on_loop([&] {
      server_ =
          std::make_unique<HttpServer>(thread_.loop(), options, [this](HttpRequest, Responder responder) {
            stream_ = std::make_shared<ResponseStream>();
            stream_->on_progress = [this] { ++progress_; };
            HttpResponse response;
            response.content_type = "text/event-stream";
            response.stream = stream_;
            responder.answer(std::move(response));
          });
      port_ = server_->bound_port(server_->listen(Endpoint::parse("127.0.0.1:0").value()).value());
    });
  }
  ~Streaming() {
    thread_.on_loop([this] { server_.reset(); });
  }

  [[nodiscard]] RawSocket client(int receive_buffer = 0) const {
    return RawSocket::to_port(port_, receive_buffer);
  }
  bool write(const std::string& bytes) {
    return thread_.on_loop([&] { return stream_ != nullptr && stream_->write(bytes); });
  }
  void end() {
    thread_.on_loop([this] { stream_->end(); });
  }
  void stop() {
    thread_.on_loop([this] { server_->stop(milliseconds(5'000), [] {}); });
  }
  bool is_open() {
    return thread_.on_loop([this] { return stream_ != nullptr && stream_->is_open(); });
  }
  std::size_t waiting() {
    return thread_.on_loop([this] { return stream_->waiting(); });
  }
  int progress() {
    return thread_.on_loop([this] { return progress_; });
  }
  void await_closed() {
    while (is_open()) std::this_thread::yield();
  }
  void await_open() {
    while (!is_open()) std::this_thread::yield();
  }

 private:
  LoopThread thread_;
  std::unique_ptr<HttpServer> server_;
  std::shared_ptr<ResponseStream> stream_;
  int progress_ = 0;
  std::uint16_t port_ = 0;
};

TEST_CASE("4.10 stream: the head has no length, and what is written is sent as it is written") {
  Streaming served;
  auto client = served.client();
  client.send(get);
  const auto head = client.read_response(true);
  CHECK(head.has("200"));
  CHECK(head.has("Content-Type: text/event-stream"));
  CHECK(head.has("Connection: close"));
  CHECK_FALSE(head.has("Content-Length"));
  CHECK(served.write("data: 1\n\n\r\n\r\n"));
  CHECK(client.read_response(true).head == "data: 1\n\n\r\n\r\n");
  CHECK(served.write("data: 2\n\n\r\n\r\n"));
  CHECK(client.read_response(true).head == "data: 2\n\n\r\n\r\n");
  CHECK(served.progress() > 0);
  served.end();
  CHECK(client.sees_end());
  served.await_closed();
  CHECK_FALSE(served.write("late"));
}

TEST_CASE("4.10 stream: a server that stops ends it") {
  Streaming served;
  auto client = served.client();
  client.send(get);
  CHECK(client.read_response(true).has("200"));
  served.stop();
  CHECK(client.sees_end());
  CHECK_FALSE(served.is_open());
}

TEST_CASE("4.10 stream: a reader that has gone is found out by the next writes") {
  Streaming served;
  auto client = served.client();
  client.send(get);
  CHECK(client.read_response(true).has("200"));
  client.reset();
  while (served.is_open()) served.write(":\n\n");
  CHECK_FALSE(served.write(":\n\n"));
}

TEST_CASE(
    "4.10 stream: a reader that does not read costs no more than the bound, and is cut at the deadline") {
  HttpServerOptions options;
  options.write = milliseconds(100);
  options.slowest_reader_bytes_per_s = 1024 * 1024 * 1024;
  Streaming served(options);
  auto client = served.client(4'096);
  client.send(get);
  served.await_open();
  const std::string chunk(64 * 1024, 'x');
  int refused = 0;
  while (served.is_open()) {
    if (!served.write(chunk)) ++refused;
    CHECK(served.waiting() <= 2 * ResponseStream::bytes_max);
  }
  CHECK(refused > 0);
}

TEST_CASE("4.10 stream: a HEAD gets the head alone") {
  Streaming served;
  auto client = served.client();
  client.send("HEAD /events HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(client.read_response(true).has("200"));
  CHECK(client.sees_end());
  CHECK_FALSE(served.is_open());
}

}  // namespace
}  // namespace storegate::platform
