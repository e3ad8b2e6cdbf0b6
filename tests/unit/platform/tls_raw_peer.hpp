// A blocking socket with an engine over it, for tests: the other end of TLS, one step at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "http_raw_peer.hpp"
#include "tls_pair.hpp"

namespace storegate::tests {

class TlsRawPeer {
 public:
  TlsRawPeer(RawSocket socket, std::unique_ptr<TlsEngine> engine)
      : socket_(std::move(socket)), end_(std::move(engine)) {}

  static TlsRawPeer client(std::uint16_t port, const Context& context,
                           const std::string& host = "localhost") {
    return {RawSocket::to_port(port), made(TlsEngine::connect(context, host, port))};
  }
  static TlsRawPeer server(RawSocket socket, const Context& context) {
    return {std::move(socket), made(TlsEngine::serve(context))};
  }

  /// True once the handshake is over; false if it fails, see error().
  bool shake_hands() {
    while (step() && !end_.open && hear()) {
    }
    step();
    return end_.open;
  }
  void say(std::string_view text) {
    end_.say(text);
    step();
  }
  /// What is heard until it ends with those words, or the other side ends.
  std::string hear_until(std::string_view ending) {
    while (step() && !end_.plain.ends_with(ending) && hear()) {
    }
    return std::exchange(end_.plain, {});
  }
  /// One response with Content-Length, head and body.
  std::string hear_answer() {
    while (step() && !has_body() && hear()) {
    }
    return std::exchange(end_.plain, {});
  }
  /// Its body alone.
  std::string hear_body() {
    while (step() && !has_body() && hear()) {
    }
    const auto head = end_.plain.find("\r\n\r\n");
    return head == std::string::npos ? "" : std::exchange(end_.plain, {}).substr(head + 4);
  }
  /// True if the other side says farewell, and then ends, without another word.
  bool sees_farewell() {
    while (step() && hear()) {
    }
    return end_.engine->has_ended() && end_.plain.empty();
  }
  void say_farewell() {
    end_.engine->close();
    step();
  }
  [[nodiscard]] const std::string& error() const { return end_.error; }
  [[nodiscard]] TlsEngine& engine() { return *end_.engine; }
  [[nodiscard]] RawSocket& socket() { return socket_; }

 private:
  /// Works on what is there and sends what waits. False after an error.
  bool step() {
    end_.work();
    const std::string waiting(end_.engine->to_send());
    end_.engine->sent(waiting.size());
    socket_.send(waiting);
    return end_.error.empty();
  }
  /// False once the other side has ended.
  bool hear() {
    const auto bytes = socket_.receive();
    if (bytes.empty()) end_.engine->take_end();
    end_.engine->take_in(bytes);
    if (bytes.empty()) end_.work();
    return !bytes.empty();
  }
  [[nodiscard]] bool has_body() const {
    const auto head = end_.plain.find("\r\n\r\n");
    const auto length = end_.plain.find("Content-Length: ");
    if (head == std::string::npos || length == std::string::npos) return false;
    const auto size = static_cast<std::size_t>(std::atoll(end_.plain.c_str() + length + 16));
    return end_.plain.size() >= head + 4 + size;
  }

  RawSocket socket_;
  TlsEnd end_;
};

}  // namespace storegate::tests
