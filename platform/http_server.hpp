// HttpServer: HTTP/1.1 over TCP and Unix sockets on the loop: limits, deadlines, order of answers.
// Gives whole requests to one handler. Knows no path, no order, no authentication.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "core/result.hpp"
#include "platform/endpoint.hpp"
#include "platform/http_types.hpp"
#include "platform/loop.hpp"

namespace storegate::platform {

class TlsContext;

/// Limits and deadlines, each with what a client sees at it.
struct HttpServerOptions {
  std::size_t header_bytes_max = 16 * 1024;  // request line and headers; 431 and closed
  std::size_t body_bytes_max = 512 * 1024;   // 413; the connection stays if the rest can be read past
  std::size_t discard_bytes_max =
      16 * 1024 * 1024;  // of a refused body that is read past; a longer one closes
  std::size_t bodies_bytes_max =
      12 * 1024 *
      1024;  // held for bodies being received, all together; strangers' go first, then 503 and closed
  std::size_t connections_max =
      256;  // beyond it who has shown the least goes; nobody left: 503 with Retry-After
  std::chrono::milliseconds header{10'000};      // first byte of a request to the end of its headers; 408
  std::chrono::milliseconds body{30'000};        // end of the headers to the end of the body; 408
  std::chrono::milliseconds body_start{10'000};  //   and of an announced body no more than this, and
  std::size_t slowest_sender_bytes_per_s = 4 * 1024;  //   one second for each so many bytes
  std::chrono::milliseconds idle{60'000};             // between requests; closed without a word
  std::chrono::milliseconds write{10'000};            // to hand an answer to the kernel, and beyond it
  std::size_t slowest_reader_bytes_per_s = 8 * 1024;  //   one second for each so many bytes; closed
  std::chrono::milliseconds answer{30'000};           // the handler's own time; 503 with Retry-After
  std::size_t handshakes_max = 64;  // of TLS under way, all listeners; the silent are closed first
  std::chrono::milliseconds handshake{10'000};  // from TCP to the end of TLS's; closed
  std::size_t send_buffer_bytes = 128 * 1024;   // the kernel's for each connection, as SO_SNDBUF has it
  /// Told of each request that the server refuses by itself: the status, and the target as far as it came ("" = not yet).
  /// Its value is the status that is answered, 503 with Retry-After: what a sender makes of a status is the handler's
  /// knowledge. Absent: the status as it is.
  std::function<int(int status, std::string_view target)> on_refusal;
};

/// The way back to one caller. Answer it once, on the loop thread, now or later; a second answer is our bug (abort).
/// Dropped unanswered it sends 503. When the connection or the server is gone, answering does nothing.
class Responder {
 public:
  class Sink {
   public:
    virtual void answer(std::uint64_t request, HttpResponse&& response) = 0;
    virtual void vouch(std::uint64_t request) = 0;

   protected:
    ~Sink() = default;
  };

  Responder() = default;
  Responder(std::weak_ptr<Sink> sink, std::uint64_t request) noexcept;
  Responder(Responder&&) noexcept;
  Responder& operator=(Responder&&) noexcept;
  ~Responder();

  void answer(HttpResponse response);
  /// The handler knows who sends this: from now on the connection gives its place away after all strangers. To be said
  /// before answering; otherwise nothing comes of it.
  void vouch();
  /// False once answered or moved from.
  [[nodiscard]] bool waiting() const noexcept { return waiting_; }

 private:
  void drop() noexcept;
  std::weak_ptr<Sink> sink_;
  std::uint64_t request_ = 0;
  bool waiting_ = false;
};

using HttpHandler = std::function<void(HttpRequest, Responder)>;

/// Serves on the addresses it was told to listen on. Loop thread only (or before the loop runs).
/// Requests of one connection are handled one after the other (RFC 9112 9.3.2 allows no more for unsafe methods).
class HttpServer {
 public:
  HttpServer(Loop& loop, HttpServerOptions options, HttpHandler handler);
  /// Closes everything at once and removes the Unix sockets; callers in flight see a closed connection.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Starts listening there; the value is the listener's number, as it stands in HttpRequest::listener.
  /// A Unix socket gets mode 0660; a file left by a dead server is replaced.
  /// With a server's TLS context it speaks HTTPS there; who speaks plain HTTP to it gets a plain 400. Where nobody gives
  /// way, a newcomer is closed without a word, since a word would cost a handshake.
  /// Errors: conflict (address in use, or a live server answers on the socket), invalid, failed; nothing is kept then.
  core::Result<std::size_t> listen(const Endpoint& endpoint, std::shared_ptr<const TlsContext> tls = nullptr);

  /// New connections of that listener, which began with TLS, shake hands with this context; those there are keep theirs.
  void replace_tls(std::size_t listener, std::shared_ptr<const TlsContext> tls);

  /// The port a TCP listener has got; 0 for a Unix socket. `listener` must come from listen().
  [[nodiscard]] std::uint16_t bound_port(std::size_t listener) const;

  [[nodiscard]] const HttpServerCounters& counters() const noexcept;

  /// Stops accepting, closes idle connections, lets requests in flight finish (answered with Connection: close) and
  /// closes what is left after the deadline. `done` is called once, later, from the loop.
  void stop(std::chrono::milliseconds deadline, std::function<void()> done);

 private:
  struct Inner;
  std::shared_ptr<Inner> inner_;
};

}  // namespace storegate::platform
