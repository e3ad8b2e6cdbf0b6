// Blocking plain sockets for tests: a client and a server that send exactly the bytes they are told to.
// Know nothing of the code under test. A wait of 20 s is a failed test, never a part of one.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace storegate::tests {

/// A response as seen on the wire; status 0 if the connection ended before one was whole.
struct RawResponse {
  int status = 0;
  std::string head;
  std::string body;

  [[nodiscard]] bool has(std::string_view text) const { return head.find(text) != std::string::npos; }
};

class RawSocket {
 public:
  explicit RawSocket(int descriptor) : descriptor_(descriptor) {
    const timeval limit{20, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    const int on = 1;
    setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  RawSocket(RawSocket&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)),
        unread_(std::move(other.unread_)),
        connected_(other.connected_) {}
  RawSocket& operator=(RawSocket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(unread_, other.unread_);
    std::swap(connected_, other.connected_);
    return *this;
  }
  ~RawSocket() { close(); }

  static RawSocket to_port(std::uint16_t port, int receive_buffer = 0) {
    RawSocket made(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (receive_buffer > 0) {
      setsockopt(made.descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    made.connected_ = connect(made.descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    return made;
  }

  static RawSocket to_path(const std::string& path) {
    RawSocket made(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    made.connected_ = connect(made.descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    return made;
  }

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] int descriptor() const { return descriptor_; }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  void finish_sending() { shutdown(descriptor_, SHUT_WR); }
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  /// Ends the connection with a reset.
  void reset() {
    const linger now{1, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

  /// One response with Content-Length (or without body, for `head_only`, 1xx and 204).
  RawResponse read_response(bool head_only = false) {
    RawResponse response;
    if (!read_head(response)) return response;
    const int status = std::atoi(response.head.c_str() + 9);
    if (head_only || status < 200 || read_body(response)) response.status = status;
    return response;
  }

  /// A request's header block and the body that its Content-Length announces; "" if it did not come whole.
  std::string read_request() {
    RawResponse request;
    return read_head(request) && read_body(request) ? request.head + request.body : "";
  }

  /// What comes next, whatever it is; "" at the end.
  std::string receive() {
    if (unread_.empty() && !read_some()) return {};
    return take(unread_.size());
  }

  /// True if the peer closes without sending another byte.
  bool sees_end() { return unread_.empty() && !read_some() && !timed_out_; }
  /// True if the peer's end has already arrived; does not wait.
  bool has_ended() {
    char byte = 0;
    const auto count = recv(descriptor_, &byte, 1, MSG_DONTWAIT);
    return count == 0 || (count < 0 && errno != EAGAIN);
  }

 private:
  bool read_head(RawResponse& message) {
    std::size_t end = std::string::npos;
    while ((end = unread_.find("\r\n\r\n")) == std::string::npos) {
      if (!read_some()) return false;
    }
    message.head = take(end + 4);
    return true;
  }

  bool read_body(RawResponse& message) {
    const auto length = message.head.find("Content-Length: ");
    if (length == std::string::npos) return true;
    const auto size = static_cast<std::size_t>(std::atoll(message.head.c_str() + length + 16));
    while (unread_.size() < size) {
      if (!read_some()) return false;
    }
    message.body = take(size);
    return true;
  }

  std::string take(std::size_t size) {
    auto taken = unread_.substr(0, size);
    unread_.erase(0, size);
    return taken;
  }

  bool read_some() {
    char bytes[16384];
    const auto count = recv(descriptor_, bytes, sizeof bytes, 0);
    timed_out_ = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (count <= 0) return false;
    unread_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }

  int descriptor_;
  std::string unread_;
  bool connected_ = false;
  bool timed_out_ = false;
};

/// A listening socket on a port of the system's choice. After close(), connecting to that port is refused.
class RawListener {
 public:
  RawListener() : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(descriptor_, reinterpret_cast<sockaddr*>(&address), size) != 0) std::abort();
    getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    const timeval limit{20, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    listen(descriptor_, 16);
  }
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;
  ~RawListener() { close(); }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  RawSocket accept() { return RawSocket(accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC)); }
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }

 private:
  int descriptor_;
  std::uint16_t port_ = 0;
};

}  // namespace storegate::tests
