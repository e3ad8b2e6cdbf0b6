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
#include "platform/tls_stream.hpp"

namespace storegate::platform {

/// A connection to an origin, new or kept from an earlier exchange; with TLS where the origin says so.
struct HttpExchangeConnection {
  using Executor = TlsStream::Executor;
  using Socket = TlsStream::Socket;

  explicit HttpExchangeConnection(boost::asio::io_context& context) : stream(Socket(context)) {}

  /// The peer has neither closed nor said anything unasked.
  [[nodiscard]] bool is_quiet() { return stream.is_quiet(); }
  /// Closes with a reset: what the kernel holds unsent is thrown away instead of reaching the peer later.
  void reset();

  TlsStream stream;
  std::shared_ptr<const TlsContext> tls;  // what it shook hands with; none = plain
  HttpBuffer in;
  bool is_reusable = false;
};

class HttpExchange {
 public:
  using Executor = HttpExchangeConnection::Executor;
  template <typename T>
  using Awaitable = boost::asio::awaitable<T, Executor>;

  HttpExchange(boost::asio::io_context& context, HttpCall&& call);

  /// `tls`: for a new connection to an https origin, which fails without it.
  void use(std::unique_ptr<HttpExchangeConnection> connection, HttpParseLimits limits,
           std::shared_ptr<const TlsContext> tls);

  /// Connects if need be, sends and receives. Returns why it failed, or nothing: then response() is whole.
  /// After close() it returns at some later time; its result then means nothing.
  Awaitable<std::optional<core::Error>> run();

  /// Ends it wherever it is. The connection is closed when this returns.
  void close();

  /// Gives the connection away, its is_reusable set.
  [[nodiscard]] std::unique_ptr<HttpExchangeConnection> release() { return std::move(connection_); }

  [[nodiscard]] const HttpCall& call() const noexcept { return call_; }
  [[nodiscard]] HttpResponse& response() noexcept { return parser_->response(); }
  /// Bytes of the request that the kernel has taken; exact at any moment. With TLS: of whose record it has taken a
  /// byte. Those of the handshake do not count.
  [[nodiscard]] std::size_t bytes_written() const noexcept { return bytes_written_; }
  /// What is being waited for, in words.
  [[nodiscard]] std::string_view doing() const noexcept { return doing_; }

 private:
  using Failure = std::optional<core::Error>;
  using GenericEndpoint = boost::asio::generic::stream_protocol::endpoint;

  Awaitable<Failure> connect();
  Awaitable<Failure> shake_hands();
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
  std::shared_ptr<const TlsContext> tls_;
  boost::asio::ip::basic_resolver<boost::asio::ip::tcp, Executor> resolver_;
  std::string out_;
  std::string_view doing_ = "connecting";
  std::size_t bytes_written_ = 0;
  bool closed_ = false;
};

}  // namespace storegate::platform
