// One request and its response over one connection. Platform-internal (includes Asio).
// Knows no pool and no deadline: whoever runs it closes it when its time is up.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/http_buffer.hpp"
#include "platform/http_client.hpp"
#include "platform/http_parser.hpp"

namespace storegate::platform {

/// A connection to an origin, new or kept from an earlier exchange. TLS will be a second kind of it.
struct HttpExchangeConnection {
  using Executor = boost::asio::io_context::executor_type;
  using Socket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, Executor>;

  explicit HttpExchangeConnection(boost::asio::io_context& context) : socket(context) {}

  /// The peer has neither closed nor said anything unasked.
  [[nodiscard]] bool is_quiet();
  /// Closes with a reset: what the kernel holds unsent is thrown away instead of reaching the peer later.
  void reset();

  Socket socket;
  HttpBuffer in;
  bool is_reusable = false;
};

class HttpExchange {
 public:
  using Executor = HttpExchangeConnection::Executor;
  template <typename T>
  using Awaitable = boost::asio::awaitable<T, Executor>;

  HttpExchange(boost::asio::io_context& context, HttpCall&& call);

  void use(std::unique_ptr<HttpExchangeConnection> connection, HttpParseLimits limits);

  /// Connects if need be, sends and receives. Returns why it failed, or nothing: then response() is whole.
  /// After close() it returns at some later time; its result then means nothing.
  Awaitable<std::optional<core::Error>> run();

  /// Ends it wherever it is. The connection is closed when this returns.
  void close();

  /// Gives the connection away, its is_reusable set.
  [[nodiscard]] std::unique_ptr<HttpExchangeConnection> release() { return std::move(connection_); }

  [[nodiscard]] const HttpCall& call() const noexcept { return call_; }
  [[nodiscard]] HttpResponse& response() noexcept { return parser_->response(); }
  /// Bytes of the request that the kernel has taken; exact at any moment.
  [[nodiscard]] std::size_t bytes_written() const noexcept { return bytes_written_; }
  /// What is being waited for, in words.
  [[nodiscard]] std::string_view doing() const noexcept { return doing_; }

 private:
  using Failure = std::optional<core::Error>;
  using GenericEndpoint = boost::asio::generic::stream_protocol::endpoint;

  Awaitable<Failure> connect();
  Awaitable<Failure> find_addresses(std::vector<GenericEndpoint>& found);
  Awaitable<Failure> send();
  Awaitable<Failure> receive();
  bool take_message();
  void begin_response();
  core::Error failure(core::ErrorCode code, std::string_view what) const;
  core::Error broken_off(const boost::system::error_code& error) const;

  HttpCall call_;
  std::unique_ptr<HttpExchangeConnection> connection_;
  std::unique_ptr<HttpResponseParser> parser_;
  boost::asio::ip::basic_resolver<boost::asio::ip::tcp, Executor> resolver_;
  std::string out_;
  std::string_view doing_ = "connecting";
  std::size_t bytes_written_ = 0;
  bool closed_ = false;
};

}  // namespace storegate::platform
