// Sockets of the tests: addresses, descriptors that close themselves, free ports.
// Knows no protocol.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace storegate::support {

/// A descriptor that is closed when it goes.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }

  [[nodiscard]] int get() const noexcept { return number_; }
  [[nodiscard]] bool open() const noexcept { return number_ >= 0; }
  void close() noexcept;
  /// Closes with an RST instead of a FIN (SO_LINGER 0).
  void reset() noexcept;

 private:
  int number_ = -1;
};

/// Where to connect: an IPv4 address and port, or the path of a Unix socket.
struct Address {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string unix_path;

  /// "HOST:PORT", "http://HOST:PORT", "mqtt://HOST:PORT" or "unix:PATH". Throws std::invalid_argument.
  static Address parse(const std::string& text);
  [[nodiscard]] std::string text() const;
};

/// A port of 127.0.0.1 that nobody listens on just now. The kernel gives a different one nearly every time.
[[nodiscard]] std::uint16_t free_port();

/// A listening, non-blocking socket; port 0 = chosen by the system. Throws std::runtime_error ("…: in use").
[[nodiscard]] Descriptor listen_on(const Address& address, int backlog = 512);
/// The port a socket is bound to.
[[nodiscard]] std::uint16_t port_of(const Descriptor& socket);
/// Begins a non-blocking connect; TCP_NODELAY set. Not open when it failed at once (errno tells).
[[nodiscard]] Descriptor begin_connect(const Address& address);
/// The error a finished connect left behind; 0 = connected.
[[nodiscard]] int connect_error(const Descriptor& socket);
/// Waits until readable or writable (`events` as for poll); false at the deadline.
[[nodiscard]] bool wait_for(const Descriptor& socket, short events,
                            std::chrono::steady_clock::time_point deadline);

}  // namespace storegate::support
