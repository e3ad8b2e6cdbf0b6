// The engine's bytes to a socket and back, waiting for each.
#include "tls_line.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include "tests/support/http_text.hpp"

namespace storegate::bench {

namespace {

constexpr std::chrono::seconds patience{10};

template <typename Value>
Value must(core::Result<Value> result) {
  if (!result) throw std::runtime_error(result.error().context);
  return std::move(result).value();
}

}  // namespace

TlsShared tls_client(const std::string& ca_file) {
  return must(platform::TlsContext::client({.ca_file = ca_file}));
}

TlsLine::TlsLine(const support::Address& to, TlsShared context)
    : socket_(support::begin_connect(to)), until_(std::chrono::steady_clock::now() + patience) {
  if (!socket_.open() || !support::wait_for(socket_, POLLOUT, until_) || support::connect_error(socket_) != 0)
    throw std::runtime_error("no connection");
  engine_ = must(platform::TlsEngine::connect(std::move(context), "localhost", to.port));
  while (!must(engine_->handshake())) {
    send_waiting();
    receive();
  }
  send_waiting();
}

TlsLine::~TlsLine() {
  engine_->close();
  const auto waiting = engine_->to_send();
  (void)::send(socket_.get(), waiting.data(), waiting.size(), MSG_NOSIGNAL);
}

auto TlsLine::ask(std::string_view request) -> Answer {
  until_ = std::chrono::steady_clock::now() + patience;
  while (!request.empty()) {
    request.remove_prefix(must(engine_->write(request)));
    send_waiting();
  }
  std::string received;
  while (true) {
    std::array<char, 16 * 1024> bytes;
    const auto count = must(engine_->read(bytes.data(), bytes.size()));
    if (count == 0 && engine_->has_ended()) throw std::runtime_error("the server said farewell");
    if (count == 0) {
      receive();
      continue;
    }
    received.append(bytes.data(), count);
    auto answer = support::parse_answer(received, false, false);
    if (answer && answer->malformed) throw std::runtime_error("no HTTP answer");
    if (answer && answer->complete) return {answer->status, std::move(answer->body)};
  }
}

void TlsLine::send_waiting() {
  while (!engine_->to_send().empty()) {
    const auto waiting = engine_->to_send();
    const auto count = ::send(socket_.get(), waiting.data(), waiting.size(), MSG_NOSIGNAL);
    if (count > 0) {
      engine_->sent(static_cast<std::size_t>(count));
    } else if (errno != EAGAIN || !support::wait_for(socket_, POLLOUT, until_)) {
      throw std::runtime_error("cannot send");
    }
  }
}

/// Waits for bytes and gives them to the engine.
void TlsLine::receive() {
  std::array<char, 17 * 1024> bytes;
  while (true) {
    const auto count = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    if (count > 0) return engine_->take_in({bytes.data(), static_cast<std::size_t>(count)});
    if (count == 0) throw std::runtime_error("the server closed the connection");
    if (errno != EAGAIN) throw std::runtime_error("the server reset the connection");
    if (!support::wait_for(socket_, POLLIN, until_)) throw std::runtime_error("no answer in time");
  }
}

}  // namespace storegate::bench
