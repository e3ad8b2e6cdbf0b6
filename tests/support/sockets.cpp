// Sockets of the tests: listen, connect without waiting, deadlines.
#include "tests/support/sockets.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>

namespace storegate::support {

namespace {

/// An address as the kernel wants it.
struct KernelAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&bytes); }
};

KernelAddress kernel_address(const Address& address) {
  KernelAddress made;
  if (!address.unix_path.empty()) {
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    if (address.unix_path.size() >= sizeof local.sun_path)
      throw std::invalid_argument("socket path too long: " + address.unix_path);
    std::memcpy(local.sun_path, address.unix_path.data(), address.unix_path.size());
    std::memcpy(&made.bytes, &local, sizeof local);
    made.size = sizeof local;
    return made;
  }
  sockaddr_in inet{};
  inet.sin_family = AF_INET;
  inet.sin_port = htons(address.port);
  const std::string host = address.host == "localhost" ? "127.0.0.1" : address.host;
  if (::inet_pton(AF_INET, host.c_str(), &inet.sin_addr) != 1)
    throw std::invalid_argument("not an IPv4 address: " + address.host);
  std::memcpy(&made.bytes, &inet, sizeof inet);
  made.size = sizeof inet;
  return made;
}

Descriptor new_socket(const Address& address) {
  const int family = address.unix_path.empty() ? AF_INET : AF_UNIX;
  return Descriptor(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    close();
    number_ = std::exchange(other.number_, -1);
  }
  return *this;
}

void Descriptor::close() noexcept {
  if (number_ >= 0) ::close(number_);
  number_ = -1;
}

void Descriptor::reset() noexcept {
  const linger at_once{1, 0};
  if (number_ >= 0) ::setsockopt(number_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

Address Address::parse(const std::string& text) {
  Address address;
  if (text.starts_with("unix:")) {
    address.unix_path = text.substr(5);
    return address;
  }
  std::string rest = text;
  if (const auto scheme = rest.find("://"); scheme != std::string::npos) rest.erase(0, scheme + 3);
  if (const auto path = rest.find('/'); path != std::string::npos) rest.erase(path);
  const auto colon = rest.rfind(':');
  if (colon == std::string::npos) throw std::invalid_argument("no port in address: " + text);
  const char* last = rest.data() + rest.size();
  const auto parsed = std::from_chars(rest.data() + colon + 1, last, address.port);
  if (parsed.ec != std::errc{} || parsed.ptr != last)
    throw std::invalid_argument("no port in address: " + text);
  if (colon > 0) address.host = rest.substr(0, colon);
  return address;
}

std::string Address::text() const {
  return unix_path.empty() ? host + ":" + std::to_string(port) : "unix:" + unix_path;
}

std::uint16_t free_port() { return port_of(listen_on(Address{})); }

Descriptor listen_on(const Address& address, int backlog) {
  Descriptor socket = new_socket(address);
  const int yes = 1;
  const KernelAddress wanted = kernel_address(address);
  if (socket.open()) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (!socket.open() || ::bind(socket.get(), wanted.get(), wanted.size) != 0 ||
      ::listen(socket.get(), backlog) != 0)
    throw std::runtime_error("listen on " + address.text() + ": " +
                             (errno == EADDRINUSE ? "in use" : std::strerror(errno)));
  return socket;
}

std::uint16_t port_of(const Descriptor& socket) {
  sockaddr_in bound{};
  socklen_t size = sizeof bound;
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &size);
  return ntohs(bound.sin_port);
}

Descriptor begin_connect(const Address& address) {
  Descriptor socket = new_socket(address);
  const KernelAddress wanted = kernel_address(address);
  const int yes = 1;
  if (socket.open() && address.unix_path.empty())
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (socket.open() && ::connect(socket.get(), wanted.get(), wanted.size) != 0 && errno != EINPROGRESS) {
    const int reason = errno;
    socket.close();
    errno = reason;
  }
  return socket;
}

int connect_error(const Descriptor& socket) {
  int reason = 0;
  socklen_t size = sizeof reason;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &reason, &size) != 0) return errno;
  return reason;
}

bool wait_for(const Descriptor& socket, short events, std::chrono::steady_clock::time_point deadline) {
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd waiting{socket.get(), events, 0};
    const int ready = ::poll(&waiting, 1, left > 0 ? static_cast<int>(left) : 0);
    if (ready > 0) return true;
    if (left <= 0) return false;
  }
}

}  // namespace storegate::support
