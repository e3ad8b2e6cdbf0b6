// TlsStream: a connected socket, with TLS over it or without. What connections read from and write to; whoever uses it
// need not know which it is. Platform-internal (includes Asio). Knows no protocol above, and no deadline.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/result.hpp"
#include "platform/tls_context.hpp"
#include "platform/tls_engine.hpp"

namespace storegate::platform {

/// Errors are the socket's own, boost::asio::error::eof for the other side's orderly end, and one that stands for all of
/// TLS's, cut connections among them; words() tells what it was. Whoever started an operation keeps the stream alive
/// until it has ended; cancelling or closing the socket ends it.
class TlsStream {
 public:
  using Executor = boost::asio::io_context::executor_type;
  using Socket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, Executor>;
  using ErrorCode = boost::system::error_code;

  explicit TlsStream(Socket socket) noexcept : socket_(std::move(socket)) {}
  ~TlsStream() { close(); }
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  /// For connecting and the socket's options. With TLS, reading from it loses bytes.
  [[nodiscard]] Socket& socket() noexcept { return socket_; }
  [[nodiscard]] bool is_open() const noexcept { return socket_.is_open(); }
  [[nodiscard]] bool has_tls() const noexcept { return engine_ != nullptr; }

  /// From here on TLS is spoken over the socket, which must be connected and non-blocking; async_handshake() comes next.
  /// Errors: TlsEngine's.
  [[nodiscard]] core::Result<void> serve_tls(std::shared_ptr<const TlsContext> context);
  [[nodiscard]] core::Result<void> connect_tls(std::shared_ptr<const TlsContext> context,
                                               const std::string& host, std::uint16_t port);
  /// The other side has said enough to be answered in the handshake, the client's end at once.
  [[nodiscard]] bool has_answered() const noexcept { return engine_ && engine_->has_answered(); }
  /// After a failed handshake in which the other side spoke plain HTTP: so that it can be told. False: it did not.
  [[nodiscard]] bool gives_way_to_plain_http() noexcept;

  /// void(error_code). When it fails, the alert that tells the other side why has been sent if the kernel took it.
  template <typename Token>
  auto async_handshake(Token&& token) {
    return drive<void(ErrorCode)>(HandshakeStep{this}, token);
  }

  /// void(error_code, std::size_t). One at a time; writing may go on meanwhile.
  template <typename Token>
  auto async_read_some(boost::asio::mutable_buffer into, Token&& token) {
    if (engine_) return drive<void(ErrorCode, std::size_t)>(ReadStep{this, into}, token);
    return socket_.async_read_some(into, std::forward<Token>(token));
  }

  /// Never waits. A count above 0 says that the kernel took at least a byte of what those bytes became; 0 that it took
  /// none. After would_block call it again with the same bytes (more may follow them): they may be encrypted already.
  std::size_t write_some(boost::asio::const_buffer bytes, ErrorCode& error);
  /// Hands over what is left of the last bytes written; would_block if something is left still. Without TLS: nothing.
  void flush(ErrorCode& error);

  /// What waits ends with operation_aborted, also where the socket's part of it is over and not yet told. What was not
  /// read is read by the next operation.
  void cancel() noexcept;
  /// Says farewell, then ends the sending side.
  void shutdown_send() noexcept;
  /// Says farewell as far as the kernel takes it, and closes. Nothing if it is closed already.
  void close() noexcept;

  /// Nothing is expected for a while: memory that can be done without is given back.
  void rest() noexcept {
    if (engine_) engine_->rest();
  }
  /// A read may give plain text without anything new from the socket: whoever waits for the socket asks this first.
  [[nodiscard]] bool has_unread() const noexcept { return engine_ && engine_->has_unread(); }
  /// Neither plain text nor anything else from the other side waits to be read, and it has not closed.
  [[nodiscard]] bool is_quiet() noexcept;
  /// What the error was, for a person.
  [[nodiscard]] std::string words(const ErrorCode& error) const;

 private:
  enum class Next { done, readable, writable };

  struct HandshakeStep {
    TlsStream* stream;
    Next go(ErrorCode& error) { return stream->step_handshake(error); }
    template <typename Self>
    void complete(Self& self, ErrorCode error) {
      self.complete(error);
    }
  };
  struct ReadStep {
    TlsStream* stream;
    boost::asio::mutable_buffer into;
    std::size_t count = 0;
    Next go(ErrorCode& error) { return stream->step_read(into, count, error); }
    template <typename Self>
    void complete(Self& self, ErrorCode error) {
      self.complete(error, count);
    }
  };

  /// Goes a step, waits for the socket, goes the next, until the step says that it is done or it is cancelled. A step
  /// is bounded, whatever the other side sends: between two of them others get their turn.
  template <typename Step>
  struct Operation {
    Step step;
    std::size_t cancels;  // as they were counted when it began
    bool is_begun = false;
    bool is_done = false;
    ErrorCode result{};

    template <typename Self>
    void operator()(Self& self, ErrorCode error = {}) {
      if (is_done) return step.complete(self, result);
      auto& socket = step.stream->socket_;
      if (cancels != step.stream->cancels_) error = boost::asio::error::operation_aborted;
      const Next next = error ? Next::done : step.go(error);
      const bool is_first = !std::exchange(is_begun, true);
      if (next != Next::done) {
        const auto wait = next == Next::readable ? Socket::wait_read : Socket::wait_write;
        return socket.async_wait(wait, std::move(self));
      }
      if (!is_first) return step.complete(self, error);
      is_done = true;  // told in a later turn: never from within the call that began it
      result = error;
      boost::asio::post(socket.get_executor(), std::move(self));
    }
  };

  template <typename Signature, typename Step, typename Token>
  auto drive(Step step, Token&& token) {
    return boost::asio::async_compose<Token, Signature>(Operation<Step>{step, cancels_}, token, socket_);
  }

  Next step_handshake(ErrorCode& error);
  Next step_read(boost::asio::mutable_buffer into, std::size_t& count, ErrorCode& error);
  [[nodiscard]] bool pull(ErrorCode& error);
  void fail(core::Error why, ErrorCode& error);
  [[nodiscard]] core::Result<void> take(core::Result<std::unique_ptr<TlsEngine>> engine);
  void say_farewell() noexcept;

  Socket socket_;
  std::unique_ptr<TlsEngine> engine_;  // none: plain
  std::optional<core::Error> failure_;
  std::size_t cancels_ = 0;
  std::size_t untold_ = 0;         // plain text that is encrypted, and of which write_some() has not told yet
  bool has_begun_untold_ = false;  // the kernel has taken a byte of what it became
};

}  // namespace storegate::platform
