// Carries the engine's bytes to the socket and back.
#include "platform/tls_stream.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace storegate::platform {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// What is read at once: a whole record of the largest kind. On the stack, since an idle connection needs none.
constexpr std::size_t pull_bytes = 17 * 1024;
// So often in one step, 68 KiB: about 10,000 of the shortest records, some milliseconds. Then the loop gets its turn, or
// one who never stops sending would keep all timers and all others from theirs.
constexpr int pulls_max = 4;
// Beyond this, our answers to what the other side sends pile up: nothing more is read until it reads them.
constexpr std::size_t unsent_while_reading_max = 128 * 1024;

// What a socket itself never says.
const error_code tls_failed = boost::system::errc::make_error_code(boost::system::errc::protocol_error);

}  // namespace

core::Result<void> TlsStream::serve_tls(std::shared_ptr<const TlsContext> context) {
  return take(TlsEngine::serve(std::move(context)));
}

core::Result<void> TlsStream::connect_tls(std::shared_ptr<const TlsContext> context, const std::string& host,
                                          std::uint16_t port) {
  return take(TlsEngine::connect(std::move(context), host, port));
}

core::Result<void> TlsStream::take(core::Result<std::unique_ptr<TlsEngine>> engine) {
  if (!engine) return std::move(engine).error();
  engine_ = std::move(engine).value();
  return {};
}

bool TlsStream::gives_way_to_plain_http() noexcept {
  if (!engine_ || !failure_ || !engine_->heard_plain_http()) return false;
  engine_.reset();
  return true;
}

void TlsStream::fail(core::Error why, error_code& error) {
  error_code ignored;
  flush(ignored);
  failure_ = std::move(why);
  error = tls_failed;
}

auto TlsStream::step_handshake(error_code& error) -> Next {
  for (int pulls = 0;; ++pulls) {
    auto is_over = engine_->handshake();
    if (!is_over) return fail(std::move(is_over).error(), error), Next::done;
    flush(error);
    if (error == asio::error::would_block) return error.clear(), Next::writable;
    if (error || *is_over) return Next::done;
    if (pulls == pulls_max) return Next::readable;
    if (!pull(error)) return error ? Next::done : Next::readable;
  }
}

auto TlsStream::step_read(asio::mutable_buffer into, std::size_t& count, error_code& error) -> Next {
  for (int pulls = 0;; ++pulls) {
    auto got = engine_->read(static_cast<char*>(into.data()), into.size());
    if (!got) return fail(std::move(got).error(), error), Next::done;
    count = *got;
    if (count > 0) return Next::done;
    if (engine_->has_ended()) return error = asio::error::eof, Next::done;
    error_code ignored;  // a broken way shows when reading, behind what is still to be read
    flush(ignored);
    if (engine_->to_send().size() > unsent_while_reading_max) return Next::writable;
    if (pulls == pulls_max) return Next::readable;
    if (!pull(error)) return error ? Next::done : Next::readable;
  }
}

void TlsStream::cancel() noexcept {
  error_code ignored;
  ++cancels_;
  socket_.cancel(ignored);
}

/// Gives the engine what the socket has. False: nothing now, or an error.
bool TlsStream::pull(error_code& error) {
  std::array<char, pull_bytes> bytes;
  const std::size_t count = socket_.read_some(asio::buffer(bytes), error);
  if (error == asio::error::would_block) return error.clear(), false;
  if (error == asio::error::eof)
    engine_->take_end();
  else if (error)
    return false;
  error.clear();
  engine_->take_in({bytes.data(), count});
  return true;
}

std::size_t TlsStream::write_some(asio::const_buffer bytes, error_code& error) {
  if (!engine_) return socket_.write_some(bytes, error);
  if (untold_ == 0) {
    flush(error);
    if (error) return 0;
    auto taken = engine_->write({static_cast<const char*>(bytes.data()), bytes.size()});
    if (!taken) return fail(std::move(taken).error(), error), 0;
    untold_ = *taken;
    has_begun_untold_ = false;
  }
  flush(error);
  if (!has_begun_untold_) return 0;
  error.clear();  // one that came behind the first byte comes again
  return std::exchange(untold_, 0);
}

void TlsStream::flush(error_code& error) {
  error.clear();
  while (engine_ && !engine_->to_send().empty()) {
    const auto waiting = engine_->to_send();
    const auto count = socket_.write_some(asio::buffer(waiting.data(), waiting.size()), error);
    engine_->sent(count);
    // Nothing stood before the untold record when it was written: a byte taken since then is one of its own, whoever
    // flushed it, a read or a write.
    if (count > 0 && untold_ > 0) has_begun_untold_ = true;
    if (error) return;
  }
}

void TlsStream::say_farewell() noexcept {
  if (!engine_ || !socket_.is_open()) return;
  error_code ignored;
  engine_->close();
  flush(ignored);
}

void TlsStream::shutdown_send() noexcept {
  error_code ignored;
  say_farewell();
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void TlsStream::close() noexcept {
  error_code ignored;
  say_farewell();
  socket_.close(ignored);
}

bool TlsStream::is_quiet() noexcept {
  if (has_unread()) return false;
  char byte = 0;
  const auto count = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

std::string TlsStream::words(const error_code& error) const {
  return error == tls_failed && failure_ ? failure_->context : error.message();
}

}  // namespace storegate::platform
