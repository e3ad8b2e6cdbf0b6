// An HTTP server on a loop thread of its own, with a handler that tests tell what to do by the path they ask for.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "http_loop_thread.hpp"
#include "http_raw_peer.hpp"
#include "platform/http_server.hpp"
#include "platform/response_stream.hpp"

namespace storegate::tests {

using namespace platform;

inline constexpr std::string_view get_ok = "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n";

inline std::string post(std::string_view target, std::string_view body, std::string_view more = "") {
  return "POST " + std::string(target) +
         " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(more) + "\r\n" + std::string(body);
}

/// Echoes at /echo; /later answers in a later turn; /keep is kept for the test; /drop is forgotten;
/// /throw throws, /throw-later answers with a stream that throws while it is sent;
/// /big answers with 8 MiB, /page with 15 KiB; /empty with 204; /known vouches for who asks.
class Served {
 public:
  explicit Served(HttpServerOptions options = {}, const std::string& address = "127.0.0.1:0",
                  const std::shared_ptr<const TlsContext>& tls = nullptr) {
    thread_.on_loop([&] {
      server_ = std::make_unique<HttpServer>(
          thread_.loop(), options,
          [this](HttpRequest request, Responder responder) { handle(request, responder); });
      const auto listened = server_->listen(Endpoint::parse(address).value(), tls);
      REQUIRE(listened.ok());
      port_ = server_->bound_port(listened.value());
    });
  }
  ~Served() {
    thread_.on_loop([this] {
      server_.reset();
      kept_.clear();
    });
  }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

  [[nodiscard]] RawSocket client() const { return RawSocket::to_port(port_); }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  HttpServer& server() { return *server_; }
  LoopThread& thread() { return thread_; }
  HttpServerCounters counters() {
    return thread_.on_loop([this] { return server_->counters(); });
  }
  /// Answers what /keep has kept; false if there is nothing.
  bool answer_kept(const std::string& body) {
    return thread_.on_loop([&] {
      if (kept_.empty()) return false;
      kept_.front().answer({200, {}, body, "text/plain", {}});
      kept_.erase(kept_.begin());
      return true;
    });
  }
  /// Waits until the server has seen so many requests, by turning its loop.
  void await_requests(std::uint64_t count) {
    while (counters().requests < count) std::this_thread::yield();
  }
  /// Whether the stream of /throw-later would still be sent.
  bool is_stream_open() {
    return thread_.on_loop([this] { return stream_->is_open(); });
  }
  void await_accepted(std::uint64_t count) {
    while (counters().accepted < count) std::this_thread::yield();
  }
  void await_connections(std::uint64_t count) {
    while (counters().connections_now != count) std::this_thread::yield();
  }

 private:
  void handle(HttpRequest& request, Responder& responder) {
    const auto path = request.path();
    HttpResponse echo{
        200, {{"X-Method", request.method}}, request.target + "|" + request.body, "text/plain", {}};
    if (path == "/keep") return kept_.push_back(std::move(responder));
    if (path == "/drop") return;
    if (path == "/throw") throw std::out_of_range("thrown by the handler");
    if (path == "/throw-later") return responder.answer(throwing_stream());
    if (path == "/big")
      return responder.answer({200, {}, std::string(8 * 1024 * 1024, 'b'), "text/plain", {}});
    if (path == "/page") return responder.answer({200, {}, std::string(15 * 1024, 'p'), "text/plain", {}});
    if (path == "/known") responder.vouch();
    if (path == "/empty") return responder.answer({204, {}, "", "", {}});
    if (path != "/later") return responder.answer(std::move(echo));
    auto shared = std::make_shared<Responder>(std::move(responder));
    thread_.loop().post([shared, echo] { shared->answer(echo); });
  }

  HttpResponse throwing_stream() {
    HttpResponse response;
    response.stream = stream_ = std::make_shared<ResponseStream>();
    stream_->on_progress = [] { throw std::out_of_range("thrown by the stream's writer"); };
    return response;
  }

  LoopThread thread_;
  std::shared_ptr<ResponseStream> stream_;
  std::unique_ptr<HttpServer> server_;
  std::vector<Responder> kept_;
  std::uint16_t port_ = 0;
};

}  // namespace storegate::tests
