// Reads /proc/self/fd and asks each descriptor for its peer.
#include "platform/mqtt_socket.hpp"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

namespace storegate::platform {
namespace {

struct Found {
  int descriptor;
  SocketInode inode;
};

/// Sockets held by the ForeignSockets of this process.
std::mutex claims_mutex;
std::vector<SocketInode> claims;

SocketInode inode_of(int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || !S_ISSOCK(status.st_mode)) return 0;
  return status.st_ino;
}

/// A numeric host must match; of a name only the port is known here (paho resolves it).
bool address_matches(const std::string& host, int family, const void* address) {
  unsigned char wanted[sizeof(in6_addr)];
  if (::inet_pton(AF_INET, host.c_str(), wanted) == 1)
    return family == AF_INET && std::memcmp(wanted, address, sizeof(in_addr)) == 0;
  if (::inet_pton(AF_INET6, host.c_str(), wanted) == 1)
    return family == AF_INET6 && std::memcmp(wanted, address, sizeof(in6_addr)) == 0;
  return true;
}

bool peer_is(int descriptor, const std::string& host, std::uint16_t port) {
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &length) != 0) return false;
  if (peer.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &peer, sizeof v4);
    return ntohs(v4.sin_port) == port && address_matches(host, AF_INET, &v4.sin_addr);
  }
  if (peer.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &peer, sizeof v6);
    return ntohs(v6.sin6_port) == port && address_matches(host, AF_INET6, &v6.sin6_addr);
  }
  return false;
}

std::vector<Found> find_sockets(const std::string& host, std::uint16_t port) {
  std::vector<Found> found;
  struct Close {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };
  const std::unique_ptr<DIR, Close> directory(::opendir("/proc/self/fd"));
  if (!directory) return found;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    int descriptor = -1;
    if (std::from_chars(name.data(), name.data() + name.size(), descriptor).ec != std::errc{}) continue;
    if (!peer_is(descriptor, host, port)) continue;
    if (const SocketInode inode = inode_of(descriptor); inode != 0) found.push_back({descriptor, inode});
  }
  return found;
}

bool contains(const std::vector<SocketInode>& inodes, SocketInode inode) {
  return std::find(inodes.begin(), inodes.end(), inode) != inodes.end();
}

}  // namespace

std::vector<SocketInode> sockets_to(const std::string& host, std::uint16_t port) {
  std::vector<SocketInode> inodes;
  for (const Found& found : find_sockets(host, port)) inodes.push_back(found.inode);
  return inodes;
}

core::Result<ForeignSocket> ForeignSocket::claim(const std::string& host, std::uint16_t port,
                                                 const std::vector<SocketInode>& before) {
  const std::lock_guard lock(claims_mutex);
  std::vector<Found> found = find_sockets(host, port);
  std::erase_if(found,
                [&](const Found& f) { return contains(before, f.inode) || contains(claims, f.inode); });
  if (found.size() != 1)
    return core::Error{core::ErrorCode::failed,
                       "cannot tell the broker's socket: " + std::to_string(found.size()) +
                           " new connections to port " + std::to_string(port)};
  // Nagle with delayed ACK costs some 41 ms per pair of small messages, and paho never turns it off.
  const int on = 1;
  ::setsockopt(found.front().descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  claims.push_back(found.front().inode);
  return ForeignSocket(found.front().descriptor, found.front().inode);
}

ForeignSocket::ForeignSocket(ForeignSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), inode_(std::exchange(other.inode_, 0)) {}

ForeignSocket& ForeignSocket::operator=(ForeignSocket&& other) noexcept {
  if (this != &other) {
    release();
    descriptor_ = std::exchange(other.descriptor_, -1);
    inode_ = std::exchange(other.inode_, 0);
  }
  return *this;
}

ForeignSocket::~ForeignSocket() { release(); }

void ForeignSocket::release() noexcept {
  if (inode_ == 0) return;
  const std::lock_guard lock(claims_mutex);
  std::erase(claims, inode_);
  inode_ = 0;
}

bool ForeignSocket::hung_up() const noexcept {
  pollfd state{descriptor_, POLLRDHUP, 0};
  return ::poll(&state, 1, 0) == 1;
}

void ForeignSocket::cut() const noexcept {
  if (inode_ != 0 && inode_of(descriptor_) == inode_) ::shutdown(descriptor_, SHUT_RDWR);
}

}  // namespace storegate::platform
