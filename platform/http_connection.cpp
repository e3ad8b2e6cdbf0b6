// The life of one connection, as a coroutine. Each wait has a deadline; the server's sweep calls expire() for those
// that have passed it, so that a request costs no timer of its own.
//
// Results of co_await get a name before they are tested: g++ 12 with -fsanitize=undefined compiles
// `if (!co_await f())` into a coroutine that never sets its first resume point (SIGILL at the first resume).
#include "platform/http_connection.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace storegate::platform {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr auto awaiting = asio::as_tuple(asio::use_awaitable_t<HttpConnection::Executor>{});

// Answers to pipelined requests are joined up to this size, then written: a TLS record's worth, since every one that asks
// and does not read holds as much.
constexpr std::size_t joined_bytes_max = 16 * 1024;
// An answer's buffer above this size is given back after it was sent, so that one long list does not stay for ever.
constexpr std::size_t kept_bytes_max = 64 * 1024;
constexpr std::size_t header_read_bytes = 2 * 1024;
constexpr std::size_t body_read_bytes = 16 * 1024;
// How long, and for how many bytes, a closing connection is still read, so that the peer sees the answer and not a
// reset. Long enough for a slow link's round trip, short enough to hold nobody up.
constexpr std::chrono::milliseconds linger_time{1'000};
constexpr std::size_t linger_bytes_max = 1024 * 1024;

}  // namespace

HttpConnection::HttpConnection(std::shared_ptr<HttpServerShared> shared, Socket socket, std::size_t listener,
                               bool peer_is_unix, std::shared_ptr<const TlsContext> tls)
    : shared_(std::move(shared)),
      stream_(std::move(socket)),
      tls_(std::move(tls)),
      answered_(stream_.socket().get_executor()),
      parser_(HttpRequestParser::make({shared_->options.header_bytes_max, shared_->options.body_bytes_max})),
      listener_(listener),
      peer_is_unix_(peer_is_unix) {
  shared_->room.enter(*this);
  shared_->counters.connections_now = shared_->room.size();
  is_known_ = peer_is_unix;
  holds_handshake_ = tls_ != nullptr;
  if (holds_handshake_) ++shared_->counters.handshakes_now;
}

HttpConnection::~HttpConnection() {
  hold_body(0);
  leave_handshake();
  leave_room();
}

void HttpConnection::start(std::shared_ptr<HttpConnection> self) {
  run(std::move(self), &HttpConnection::serve);
}

void HttpConnection::start_refusal(std::shared_ptr<HttpConnection> self) {
  run(std::move(self), &HttpConnection::refuse_connection);
}

/// What is thrown there ends this connection, and no other.
void HttpConnection::run(std::shared_ptr<HttpConnection> self, Awaitable<void> (HttpConnection::*life)()) {
  const auto executor = self->stream_.socket().get_executor();
  asio::co_spawn(
      executor, [self, life]() -> Awaitable<void> { co_await ((*self).*life)(); },
      [self](const std::exception_ptr& what) {
        if (!what) return;
        self->note(what);
        self->abort();
      });
}

void HttpConnection::note(const std::exception_ptr& what) {
  ++shared_->counters.exceptions;
  shared_->mishaps.tell(what, doing(), Clock::now());
}

std::string_view HttpConnection::doing() const {
  switch (phase_) {
    case Phase::handshake: return "shaking hands";
    case Phase::idle:
    case Phase::header:
    case Phase::body: return "reading a request";
    case Phase::answering: return streaming_ ? "sending a stream" : "deciding";
    case Phase::writing: return "answering";
    case Phase::lingering: return "closing";
  }
  return "serving";
}

void HttpConnection::expire(Clock::time_point now) {
  if (deadline_ > now) return;
  expired_ = true;
  deadline_ = Clock::time_point::max();
  stream_.cancel();
}

HttpStanding HttpConnection::standing() const {
  if (holds_handshake_) return stream_.has_answered() ? HttpStanding::shaking : HttpStanding::silent;
  if (deciding_ || streaming_) return HttpStanding::busy;
  if (is_known_) return phase_ == Phase::idle ? HttpStanding::idle : HttpStanding::busy;
  return phase_ == Phase::writing ? HttpStanding::deaf : HttpStanding::stranger;
}

auto HttpConnection::since() const -> Clock::time_point {
  return standing() == HttpStanding::idle ? entered_ : began_;
}

void HttpConnection::make_room() {
  leave_handshake();
  abort();
  leave_room();
}

void HttpConnection::leave_room() {
  if (!std::exchange(is_in_room_, false)) return;
  shared_->room.leave(*this);
  shared_->counters.connections_now = shared_->room.size();
  if (shared_->room.size() == 0 && shared_->on_empty) std::exchange(shared_->on_empty, nullptr)();
}

void HttpConnection::finish_up() {
  closing_ = true;
  if (phase_ == Phase::idle || phase_ == Phase::handshake) abort();
  if (streaming_) answered_.cancel();
}

void HttpConnection::abort() {
  stream_.close();
  answered_.cancel();
}

void HttpConnection::answer(std::uint64_t request, HttpResponse&& response) {
  if (request != request_ || has_answer_) return;  // too late: the caller has its 503
  response_ = std::move(response);
  has_answer_ = true;
  answered_.cancel();
}

void HttpConnection::vouch(std::uint64_t request) {
  if (request == request_) is_known_ = true;
}

auto HttpConnection::serve() -> Awaitable<void> {
  const bool is_ready = co_await shake_hands();
  if (is_ready) co_await serve_requests();
  co_await linger_and_close();
}

/// False: the connection is to be ended.
auto HttpConnection::shake_hands() -> Awaitable<bool> {
  if (!tls_) co_return true;
  enter(Phase::handshake);
  auto begun = stream_.serve_tls(std::exchange(tls_, nullptr));
  if (!begun) co_return false;
  const auto [error] = co_await stream_.async_handshake(awaiting);
  leave_handshake();
  if (!error || !stream_.is_open()) co_return stream_.is_open();
  ++shared_->counters.handshakes_failed;
  closing_ = linger_ = true;
  if (stream_.gives_way_to_plain_http()) refuse(400, "this port speaks HTTPS, not plain HTTP");
  if (!expired_) co_return false;
  ++shared_->counters.timeouts;
  abort();
  co_return false;
}

void HttpConnection::leave_handshake() {
  if (std::exchange(holds_handshake_, false)) --shared_->counters.handshakes_now;
}

auto HttpConnection::serve_requests() -> Awaitable<void> {
  while (co_await read_request()) {
    if (parser_->body_too_large()) {
      closing_ = closing_ || !parser_->keep_alive();
      if (!refused_body_) refuse(413, "the body is larger than allowed");
      if (closing_) break;
      continue;
    }
    hand_over();
    if (!has_answer_) co_await await_answer();
    if (!stream_.is_open()) co_return;
    if (response_.stream) {
      co_await send_stream();
      break;
    }
    write_answer();
    if (closing_) break;
    const bool is_open = co_await flush_above(joined_bytes_max);
    if (!is_open) break;
  }
}

auto HttpConnection::refuse_connection() -> Awaitable<void> {
  closing_ = linger_ = deciding_ = true;
  write_response(problem_response(503, "too many connections"));
  co_await linger_and_close();
}

/// False: the connection is to be ended (what is to be said before that is in out_).
auto HttpConnection::read_request() -> Awaitable<bool> {
  parser_->reset();
  hold_body(0);
  refused_body_ = said_continue_ = head_only_ = false;
  enter(in_.empty() ? Phase::idle : Phase::header);
  while (true) {
    in_.consume(parser_->feed(in_.unread()));
    switch (parser_->state()) {
      case HttpParser::State::complete: co_return stream_.is_open();
      case HttpParser::State::failed:
        closing_ = linger_ = true;
        refuse(parser_->failure_status(), parser_->failure());
        co_return false;
      case HttpParser::State::body:
        if (!keep_reading_body()) co_return false;
        break;
      case HttpParser::State::header: break;
    }
    const bool has_more = co_await read_more();
    if (!has_more) co_return false;
  }
}

/// The header is there and the body is not, or not all of it.
bool HttpConnection::keep_reading_body() {
  if (phase_ != Phase::body) enter(Phase::body);
  if (parser_->body_too_large()) {
    const bool is_endless = parser_->body_bytes_refused() > shared_->options.discard_bytes_max;
    // Who waits for 100 may send the body or the next request after a 413: only closing is unambiguous.
    if (is_endless || (parser_->expects_continue() && !said_continue_)) closing_ = linger_ = true;
    refuse(413, "the body is larger than allowed");
    return !closing_;
  }
  hold_body(parser_->request().body.capacity());
  if (is_known_) take_from_strangers();
  if (shared_->body_bytes_now > shared_->options.bodies_bytes_max) {
    closing_ = linger_ = true;
    ++shared_->counters.refused;
    tell_refusal(503);
    write_response(problem_response(503, "too many requests are being received"));
    give_back(parser_->request().body);
    hold_body(0);
    return false;
  }
  if (parser_->expects_continue() && !std::exchange(said_continue_, true) && in_.empty()) {
    out_ += "HTTP/1.1 100 Continue\r\n\r\n";
  }
  return true;
}

/// Counts this connection's share of the memory for bodies that are not complete.
void HttpConnection::hold_body(std::size_t bytes) {
  shared_->body_bytes_now += bytes - body_bytes_held_;  // wraps around and back
  body_bytes_held_ = bytes;
}

/// The memory for bodies is this one's before it is a stranger's: otherwise a few slow ones could hold all of it.
void HttpConnection::take_from_strangers() {
  while (shared_->body_bytes_now > shared_->options.bodies_bytes_max) {
    auto* const most = shared_->room.stranger_with_most();
    if (most == nullptr) return;
    ++shared_->counters.refused;
    most->make_room();
    most->hold_body(0);
  }
}

/// Sends what is waiting, then reads once. False: end of stream, an error, or a deadline.
auto HttpConnection::read_more() -> Awaitable<bool> {
  const bool is_open = co_await flush_above(0);
  if (!is_open) co_return false;
  if (phase_ == Phase::idle && shared_->stopping) co_return false;
  if (phase_ == Phase::idle && stream_.has_tls() && !expired_) co_await rest();
  if (!expired_) {
    in_.prepare(phase_ == Phase::body ? body_read_bytes : header_read_bytes);
    const auto [error, count] =
        co_await stream_.async_read_some(asio::buffer(in_.prepare(1), in_.room()), awaiting);
    if (!error) {
      in_.commit(count);
      shared_->counters.bytes_in += count;
      if (phase_ == Phase::idle) enter(Phase::header);
      co_return true;
    }
  }
  if (expired_ && phase_ != Phase::idle) {
    ++shared_->counters.timeouts;
    closing_ = linger_ = true;
    refuse(408, "the request did not arrive in time");
  }
  co_return false;
}

/// Between two requests there is nothing to keep, and most connections are between two requests: buffers are made anew
/// when the next one comes. With TLS only: the wait is one more call to the kernel, and who speaks plain is few and near.
auto HttpConnection::rest() -> Awaitable<void> {
  in_ = HttpBuffer{};
  give_back(out_);
  stream_.rest();
  if (!stream_.has_unread()) co_await stream_.socket().async_wait(Socket::wait_read, awaiting);
}

void HttpConnection::hand_over() {
  hold_body(0);
  auto& request = parser_->request();
  head_only_ = request.method == "HEAD";
  closing_ = closing_ || shared_->stopping || !parser_->keep_alive();
  request.listener = listener_;
  request.peer_is_unix = peer_is_unix_;
  has_answer_ = false;
  deciding_ = true;
  phase_ = Phase::answering;
  deadline_ = Clock::time_point::max();  // answered_ holds this one
  ++shared_->counters.requests;
  try {
    shared_->handler(std::move(request), Responder(weak_from_this(), ++request_));
  } catch (...) {
    note(std::current_exception());
    closing_ = true;
    answer(request_, problem_response(503, "it could not be decided; it may or may not have taken effect"));
  }
}

auto HttpConnection::await_answer() -> Awaitable<void> {
  answered_.expires_after(shared_->options.answer);
  co_await flush_above(0);  // earlier answers do not wait for this one
  if (!has_answer_ && stream_.is_open()) co_await answered_.async_wait(awaiting);
  if (has_answer_ || !stream_.is_open()) co_return;
  ++request_;  // the handler's answer, should it still come, is for nobody
  ++shared_->counters.timeouts;
  response_ =
      problem_response(503, "the request was not decided in time; it may or may not have taken effect");
}

/// Its end is the connection's end: nothing else says where the body ends.
auto HttpConnection::send_stream() -> Awaitable<void> {
  const auto stream = response_.stream;
  closing_ = streaming_ = true;
  write_answer();
  stream->wake_ = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->answered_.cancel();
  };
  {
    // Whatever ends this, an exception too: who writes to the stream must not do so for ever.
    struct Closing {
      ~Closing() {
        stream.open_ = false;
        stream.wake_ = nullptr;
      }
      ResponseStream& stream;
    } const closing{*stream};
    co_await carry(*stream);
  }
  if (stream->on_progress) stream->on_progress();
}

auto HttpConnection::carry(ResponseStream& stream) -> Awaitable<void> {
  bool is_open = !head_only_;
  while (is_open) {
    stream.leaving_ = stream.waiting_.size();
    out_ += std::exchange(stream.waiting_, {});
    is_open = co_await flush_above(0);
    stream.leaving_ = 0;
    if (is_open && stream.on_progress) stream.on_progress();
    if (!is_open || !stream.waiting_.empty()) continue;
    if (stream.ended_ || shared_->stopping) break;
    answered_.expires_at(Clock::time_point::max());
    co_await answered_.async_wait(awaiting);
    is_open = stream_.is_open();
  }
}

void HttpConnection::write_answer() {
  if (closing_ && !in_.empty()) linger_ = true;
  write_response(response_);
  response_ = HttpResponse{};
  deciding_ = false;
}

/// Answers for the handler, once a request: what comes after a 413 while its body is read past is not answered again.
void HttpConnection::refuse(int status, std::string_view detail) {
  if (std::exchange(refused_body_, true)) return;
  ++shared_->counters.bad_requests;
  status = tell_refusal(status);
  write_response(problem_response(status, detail));
}

/// The status to be answered.
int HttpConnection::tell_refusal(int status) const {
  const auto& tell = shared_->options.on_refusal;
  return tell ? tell(status, parser_->request().target) : status;
}

void HttpConnection::write_response(const HttpResponse& response) {
  append_response(out_, response, head_only_, closing_, parser_->is_http_1_0() && !closing_);
}

void HttpConnection::enter(Phase phase) {
  phase_ = phase;
  expired_ = false;
  entered_ = Clock::now();
  deadline_ = entered_ + time_for(phase);
}

auto HttpConnection::time_for(Phase phase) const -> Clock::duration {
  const auto& options = shared_->options;
  switch (phase) {
    case Phase::handshake: return options.handshake;
    case Phase::idle: return options.idle;
    case Phase::header: return options.header;
    case Phase::body: return time_for_body();
    case Phase::answering: return options.answer;
    case Phase::writing:
      return options.write +
             std::chrono::seconds((out_.size() - out_sent_) / options.slowest_reader_bytes_per_s);
    case Phase::lingering: return linger_time;
  }
  return options.idle;
}

/// What is announced may be any number: it is compared before it is made a time.
auto HttpConnection::time_for_body() const -> Clock::duration {
  const auto& options = shared_->options;
  const auto announced = parser_->announced();
  if (!announced || *announced > options.body_bytes_max) return options.body;
  const std::chrono::seconds at_slowest(*announced / options.slowest_sender_bytes_per_s);
  return std::min<Clock::duration>(options.body, options.body_start + at_slowest);
}

/// Sends if more than so many bytes wait. False: the connection is closed, the peer has gone or does not read.
auto HttpConnection::flush_above(std::size_t bytes) -> Awaitable<bool> {
  if (!stream_.is_open()) co_return false;
  if (out_.size() <= bytes) co_return true;
  const auto phase_before = phase_;
  const auto deadline_before = deadline_;
  Sent sent = send_now();
  if (sent == Sent::blocked) enter(Phase::writing);
  while (sent == Sent::blocked && !expired_) {
    co_await stream_.socket().async_wait(Socket::wait_write, awaiting);
    if (!expired_) sent = send_now();
  }
  if (expired_ && phase_ == Phase::writing) {
    ++shared_->counters.timeouts;
    sent = Sent::failed;
  }
  if (sent != Sent::all) {
    abort();
    co_return false;
  }
  if (phase_ == Phase::writing) {
    phase_ = phase_before;
    deadline_ = deadline_before;
  }
  co_return true;
}

auto HttpConnection::send_now() -> Sent {
  error_code error;
  while (!error && out_sent_ < out_.size()) {
    const auto count =
        stream_.write_some(asio::buffer(out_.data() + out_sent_, out_.size() - out_sent_), error);
    out_sent_ += count;
    shared_->counters.bytes_out += count;
  }
  if (!error) stream_.flush(error);
  if (error == asio::error::would_block) return Sent::blocked;
  if (error) return Sent::failed;
  out_sent_ = 0;
  out_.clear();
  if (out_.capacity() > kept_bytes_max) give_back(out_);
  return Sent::all;
}

/// A close with unread input makes the kernel send a reset, which may overtake the answer: so the sending side is
/// closed first and the rest is read and thrown away, for a moment.
auto HttpConnection::linger_and_close() -> Awaitable<void> {
  error_code error;
  const bool is_open = co_await flush_above(0);
  if (is_open && linger_) {
    stream_.shutdown_send();
    enter(Phase::lingering);
    std::size_t read = 0;
    while (!error && !expired_ && read < linger_bytes_max) {
      in_ = HttpBuffer{};
      in_.prepare(header_read_bytes);
      const auto [failure, count] =
          co_await stream_.socket().async_read_some(asio::buffer(in_.prepare(1), in_.room()), awaiting);
      error = failure;
      read += count;
    }
  }
  stream_.close();
}

}  // namespace storegate::platform
