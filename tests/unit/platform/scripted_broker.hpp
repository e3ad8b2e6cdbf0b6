// ScriptedBroker: a peer for MqttClient whose connections the test reads and writes by hand, byte by byte.
// It must not know what the client does with them.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/unit/platform/mqtt_station.hpp"

namespace storegate::test {

using namespace std::string_literals;
using namespace std::string_view_literals;
using std::chrono::milliseconds;

/// A listener on loopback whose connections the test reads and writes by hand.
class ScriptedBroker {
 public:
  ScriptedBroker() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        ::listen(listener_, 8) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0)
      throw std::runtime_error("no listener");
    port_ = ntohs(address.sin_port);
  }
  ~ScriptedBroker() {
    hang_up();
    ::close(listener_);
  }
  ScriptedBroker(const ScriptedBroker&) = delete;
  ScriptedBroker& operator=(const ScriptedBroker&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  void accept() { peer_ = readable(listener_) ? ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC) : -1; }
  /// Takes the next connection and answers its CONNECT, which is returned.
  std::string greet(std::string_view connack) {
    accept();
    std::string connect = packet();
    if (connect.empty()) throw std::runtime_error("no CONNECT came");
    send(connack);
    return connect;
  }
  void hang_up() {
    if (peer_ >= 0) ::close(peer_);
    peer_ = -1;
  }
  void send(std::string_view bytes) const {
    if (::send(peer_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
      throw std::runtime_error("peer is gone");
  }
  /// One control packet with a remaining length below 128 (or two length bytes); empty at the end or after 10 s.
  [[nodiscard]] std::string packet() const {
    std::string bytes = read(2);
    if (bytes.size() < 2) return {};
    std::size_t length = static_cast<unsigned char>(bytes[1]);
    if (length >= 128) {
      bytes += read(1);
      length = (length & 127) + 128 * static_cast<unsigned char>(bytes.back());
    }
    return bytes + read(length);
  }
  /// What comes up to the end of that text; less at the end or after 10 s.
  [[nodiscard]] std::string until(std::string_view text) const {
    std::string bytes;
    while (!bytes.ends_with(text)) {
      const std::string next = read(1);
      if (next.empty()) break;
      bytes += next;
    }
    return bytes;
  }

 private:
  static bool readable(int descriptor) {
    pollfd state{descriptor, POLLIN, 0};
    return ::poll(&state, 1, 10'000) == 1;
  }
  [[nodiscard]] std::string read(std::size_t count) const {
    std::string bytes;
    char byte = 0;
    while (bytes.size() < count && readable(peer_) && ::recv(peer_, &byte, 1, 0) == 1) bytes.push_back(byte);
    return bytes;
  }
  int listener_;
  int peer_ = -1;
  std::uint16_t port_ = 0;
};

inline MqttOptions options_for(const ScriptedBroker& broker) {
  MqttOptions options;
  options.url = "mqtt://127.0.0.1:" + std::to_string(broker.port());
  options.client_id = "store-1";
  options.subscription = "in/+";
  options.will = {.topic = "presence", .payload = "off", .retained = true};
  options.retry_min = milliseconds(20);
  options.retry_max = milliseconds(100);
  return options;
}

inline constexpr auto connack = "\x20\x03\x00\x00\x00"sv;          // no session, success, no properties
inline constexpr auto connack_session = "\x20\x03\x01\x00\x00"sv;  // session present
inline constexpr auto connack_not_authorised = "\x20\x03\x00\x87\x00"sv;

/// SUBACK to `subscribe` with one reason.
inline std::string suback(const std::string& subscribe, char reason) {
  return std::string("\x90\x04", 2) + subscribe.substr(2, 2) + std::string("\0", 1) + reason;
}

}  // namespace storegate::test
