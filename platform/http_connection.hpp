// One connection of the server: reads requests, hands them over one after the other, writes the answers.
// Platform-internal (includes Asio). Knows what all connections of a server share, and no listener.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "platform/http_buffer.hpp"
#include "platform/http_mishaps.hpp"
#include "platform/http_parser.hpp"
#include "platform/http_room.hpp"
#include "platform/http_server.hpp"
#include "platform/response_stream.hpp"
#include "platform/tls_stream.hpp"

namespace storegate::platform {

/// What a server's connections have in common. Outlives the server while a connection still winds down.
struct HttpServerShared {
  HttpServerShared(const HttpServerOptions& with, HttpHandler calls)
      : options(with), handler(std::move(calls)), room(with.connections_max) {}

  HttpServerOptions options;
  HttpHandler handler;
  HttpServerCounters counters;
  HttpRoom room;
  HttpMishaps mishaps;
  std::size_t body_bytes_now = 0;  // of bodies not yet complete
  bool stopping = false;
  std::function<void()> on_empty;  // called once, when the last connection has gone
};

class HttpConnection final : public Responder::Sink, public std::enable_shared_from_this<HttpConnection> {
 public:
  using Executor = boost::asio::io_context::executor_type;
  using Socket = TlsStream::Socket;
  using Clock = std::chrono::steady_clock;
  template <typename T>
  using Awaitable = boost::asio::awaitable<T, Executor>;

  /// `tls`: what to shake hands with first; none = plain. It takes one of the places for handshakes.
  HttpConnection(std::shared_ptr<HttpServerShared> shared, Socket socket, std::size_t listener,
                 bool peer_is_unix, std::shared_ptr<const TlsContext> tls);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  /// Serves until the connection ends. `this` is kept alive meanwhile.
  static void start(std::shared_ptr<HttpConnection> self);
  /// Answers 503 without reading a request, then closes.
  static void start_refusal(std::shared_ptr<HttpConnection> self);

  /// Ends the wait that has gone on for longer than its deadline.
  void expire(Clock::time_point now);
  [[nodiscard]] HttpStanding standing() const;
  /// Since when it is idle if it is, otherwise since when it is here.
  [[nodiscard]] Clock::time_point since() const;
  /// Closes now and gives its place away at once.
  void make_room();
  /// Closes now if it is between requests; otherwise the answer under way becomes the last.
  void finish_up();
  /// Closes now.
  void abort();

  void answer(std::uint64_t request, HttpResponse&& response) override;
  void vouch(std::uint64_t request) override;

 private:
  friend class HttpRoom;
  enum class Phase { handshake, idle, header, body, answering, writing, lingering };
  enum class Sent { all, blocked, failed };

  Awaitable<void> serve();
  Awaitable<bool> shake_hands();
  Awaitable<void> serve_requests();
  Awaitable<void> refuse_connection();
  Awaitable<bool> read_request();
  Awaitable<bool> read_more();
  Awaitable<void> rest();
  Awaitable<void> await_answer();
  Awaitable<void> send_stream();
  Awaitable<void> carry(ResponseStream& stream);
  Awaitable<bool> flush_above(std::size_t bytes);
  Awaitable<void> linger_and_close();

  bool keep_reading_body();
  void hold_body(std::size_t bytes);
  void take_from_strangers();
  void hand_over();
  void note(const std::exception_ptr& what);
  static void run(std::shared_ptr<HttpConnection> self, Awaitable<void> (HttpConnection::*life)());
  [[nodiscard]] std::string_view doing() const;
  void write_answer();
  void refuse(int status, std::string_view detail);
  int tell_refusal(int status) const;
  void write_response(const HttpResponse& response);
  void enter(Phase phase);
  void leave_handshake();
  void leave_room();
  Clock::duration time_for(Phase phase) const;
  Clock::duration time_for_body() const;
  Sent send_now();

  std::shared_ptr<HttpServerShared> shared_;
  TlsStream stream_;
  std::shared_ptr<const TlsContext> tls_;  // until the handshake is over
  boost::asio::steady_timer answered_;  // its expiry is the handler's deadline, its cancellation the answer
  std::unique_ptr<HttpRequestParser> parser_;
  HttpBuffer in_;
  std::string out_;
  std::size_t out_sent_ = 0;
  HttpResponse response_;
  Clock::time_point deadline_ = Clock::time_point::max();
  std::uint64_t request_ = 0;  // number of the request that may be answered
  std::size_t place_ = 0;      // in the room, which sets it
  std::size_t body_bytes_held_ = 0;
  std::size_t listener_;
  Phase phase_ = Phase::idle;
  bool peer_is_unix_;
  Clock::time_point began_ = Clock::now();
  Clock::time_point entered_ = began_;  // the phase
  bool is_in_room_ = true;
  bool is_known_ = false;         // the handler has vouched for a request of it
  bool deciding_ = false;         // the handler has a request of it, or it is told that there is no place
  bool holds_handshake_ = false;  // counts among those under way
  bool head_only_ = false;
  bool closing_ = false;  // nothing is read after the answer under way
  bool streaming_ = false;
  bool linger_ = false;  // input may be unread: a plain close would destroy the answer
  bool expired_ = false;
  bool has_answer_ = false;
  bool refused_body_ = false;  // 413 is written, the rest of the body is being read past
  bool said_continue_ = false;
};

}  // namespace storegate::platform
