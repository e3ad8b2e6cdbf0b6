// The steps of one exchange in their order: look the name up, connect, shake hands, send, receive. After each wait the first
// question is whether the exchange was closed meanwhile.
#include "platform/http_exchange.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <tuple>
#include <utility>

namespace storegate::platform {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr auto awaiting = asio::as_tuple(asio::use_awaitable_t<HttpExchange::Executor>{});
constexpr std::size_t read_bytes = 4 * 1024;
constexpr std::size_t chunk_line_bytes_max = 16 * 1024;

}  // namespace

void HttpExchangeConnection::reset() {
  error_code ignored;
  stream.socket().set_option(asio::socket_base::linger(true, 0), ignored);
  stream.socket().close(ignored);
}

HttpExchange::HttpExchange(asio::io_context& context, HttpCall&& call)
    : call_(std::move(call)), resolver_(context.get_executor()) {}

void HttpExchange::use(std::unique_ptr<HttpExchangeConnection> connection, HttpParseLimits limits,
                       std::shared_ptr<const TlsContext> tls) {
  connection_ = std::move(connection);
  tls_ = std::move(tls);
  parser_ = HttpResponseParser::make(limits);
}

void HttpExchange::close() {
  closed_ = true;
  resolver_.cancel();
  if (connection_) connection_->reset();
}

core::Error HttpExchange::failure(core::ErrorCode code, std::string_view what) const {
  return {code, call_.origin.text() + ": " + std::string(doing_) + ": " + std::string(what)};
}

core::Error HttpExchange::broken_off(const error_code& error) const {
  return failure(core::ErrorCode::unavailable, connection_->stream.words(error));
}

auto HttpExchange::run() -> Awaitable<Failure> {
  if (!connection_->stream.is_open()) {
    if (auto failed = co_await connect(); failed || closed_) co_return failed;
    if (auto failed = co_await shake_hands(); failed || closed_) co_return failed;
  }
  connection_->is_reusable = false;
  if (auto failed = co_await send(); failed || closed_) co_return failed;
  co_return co_await receive();
}

/// Tries each address the name has, in the resolver's order.
auto HttpExchange::connect() -> Awaitable<Failure> {
  std::vector<GenericEndpoint> addresses;
  doing_ = "looking up the name";
  if (auto failed = co_await find_addresses(addresses); failed || closed_) co_return failed;
  doing_ = "connecting";
  auto& socket = connection_->stream.socket();
  error_code error = asio::error::host_not_found;
  for (const auto& address : addresses) {
    if (socket.is_open()) socket.close(error);
    socket.open(address.protocol(), error);
    if (error) continue;
    std::tie(error) = co_await socket.async_connect(address, awaiting);
    if (closed_ || !error) break;
  }
  if (closed_) co_return std::nullopt;
  if (error) co_return broken_off(error);
  error_code ignored;
  socket.non_blocking(true, ignored);
  if (call_.origin.unix_path.empty()) socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  co_return std::nullopt;
}

/// Whatever happens here: no byte of the request has left.
auto HttpExchange::shake_hands() -> Awaitable<Failure> {
  if (!call_.origin.tls) co_return std::nullopt;
  doing_ = "the TLS handshake";
  if (!tls_) co_return failure(core::ErrorCode::invalid, "nothing is configured for https://");
  connection_->tls = tls_;
  auto begun = connection_->stream.connect_tls(tls_, call_.origin.host, call_.origin.port);
  if (!begun) co_return failure(begun.error().code, begun.error().context);
  const auto [error] = co_await connection_->stream.async_handshake(awaiting);
  if (closed_ || !error) co_return std::nullopt;
  co_return broken_off(error);
}

auto HttpExchange::find_addresses(std::vector<GenericEndpoint>& found) -> Awaitable<Failure> {
  const auto& origin = call_.origin;
  if (!origin.unix_path.empty()) {
    if (origin.unix_path.size() > 107)
      co_return failure(core::ErrorCode::invalid, "the socket's path is too long");
    found.emplace_back(asio::local::stream_protocol::endpoint(origin.unix_path));
    co_return std::nullopt;
  }
  error_code error;
  const auto literal = asio::ip::make_address(origin.host, error);
  if (!error) {
    found.emplace_back(asio::ip::tcp::endpoint(literal, origin.port));
    co_return std::nullopt;
  }
  const auto [failed, results] =
      co_await resolver_.async_resolve(origin.host, std::to_string(origin.port), awaiting);
  if (failed) co_return broken_off(failed);
  for (const auto& result : results) found.emplace_back(result.endpoint());
  co_return std::nullopt;
}

/// Sends by hand, so that the count of bytes taken is right at any moment, also when a deadline strikes in between.
auto HttpExchange::send() -> Awaitable<Failure> {
  doing_ = "sending the request";
  append_request(out_, call_.method, call_.origin.host_header(), call_.target, call_.headers, call_.body);
  auto& stream = connection_->stream;
  while (true) {
    error_code error;
    const auto rest = asio::buffer(out_.data() + bytes_written_, out_.size() - bytes_written_);
    if (rest.size() > 0) bytes_written_ += stream.write_some(rest, error);
    if (!error && bytes_written_ == out_.size()) stream.flush(error);
    if (error == asio::error::would_block) {
      co_await stream.socket().async_wait(HttpExchangeConnection::Socket::wait_write, awaiting);
      if (closed_) co_return std::nullopt;
    } else if (error) {
      co_return broken_off(error);
    } else if (bytes_written_ == out_.size()) {
      co_return std::nullopt;
    }
  }
}

auto HttpExchange::receive() -> Awaitable<Failure> {
  doing_ = "waiting for the answer";
  begin_response();
  auto& in = connection_->in;
  while (!take_message()) {
    if (parser_->state() == HttpParser::State::failed) {
      co_return failure(core::ErrorCode::invalid, parser_->failure());
    }
    if (parser_->body_too_large())
      co_return failure(core::ErrorCode::invalid, "the body is larger than allowed");
    if (parser_->state() == HttpParser::State::body && in.unread().size() > chunk_line_bytes_max) {
      co_return failure(core::ErrorCode::invalid, "a chunk's size line or the trailers are too long");
    }
    in.prepare(read_bytes);
    const auto [error, count] =
        co_await connection_->stream.async_read_some(asio::buffer(in.prepare(1), in.room()), awaiting);
    if (closed_) co_return std::nullopt;
    if (error == asio::error::eof) {
      parser_->end_of_stream();
      if (parser_->state() == HttpParser::State::complete) break;
      co_return failure(core::ErrorCode::unavailable,
                        parser_->state() == HttpParser::State::header
                            ? "the connection was closed without a whole answer"
                            : "the connection was closed in the middle of the answer");
    }
    if (error) co_return broken_off(error);
    in.commit(count);
  }
  if (parser_->response().status == 101) co_return failure(core::ErrorCode::invalid, "101 to no question");
  connection_->is_reusable = parser_->keep_alive() && in.empty();
  co_return std::nullopt;
}

/// True when the final response is whole; interim ones (1xx) are passed over.
bool HttpExchange::take_message() {
  auto& in = connection_->in;
  while (true) {
    in.consume(parser_->feed(in.unread()));
    if (parser_->state() != HttpParser::State::complete) return false;
    const int status = parser_->response().status;
    if (parser_->body_too_large()) return false;
    if (status >= 200 || status == 101) return true;
    begin_response();
  }
}

void HttpExchange::begin_response() {
  parser_->reset();
  if (call_.method == "HEAD") parser_->expect_no_body();
}

}  // namespace storegate::platform
