// Finds the one TCP socket that paho opened, which paho never tells, and holds the right to cut it.
// It must not know MQTT.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/result.hpp"

namespace storegate::platform {

/// The kernel's number of a socket; a descriptor's number is used again, this is not (within reason).
using SocketInode = std::uint64_t;

/// The inodes of all TCP sockets of this process whose peer has this port (and, if `host` is a numeric address, that
/// address).
[[nodiscard]] std::vector<SocketInode> sockets_to(const std::string& host, std::uint16_t port);

/// One socket of another library in this process, known by descriptor and inode.
class ForeignSocket {
 public:
  ForeignSocket() noexcept = default;

  /// The socket to host:port that was not among `before` and that no other ForeignSocket holds; sets TCP_NODELAY on
  /// it. Error `failed` if there is none or more than one: then nobody can say which one to cut.
  [[nodiscard]] static core::Result<ForeignSocket> claim(const std::string& host, std::uint16_t port,
                                                         const std::vector<SocketInode>& before);
  ForeignSocket(ForeignSocket&& other) noexcept;
  ForeignSocket& operator=(ForeignSocket&& other) noexcept;
  ~ForeignSocket();

  /// The peer has closed or reset it, as far as the kernel knows.
  [[nodiscard]] bool hung_up() const noexcept;

  /// shutdown(SHUT_RDWR), if the descriptor is still that socket. Call it where the library cannot close it meanwhile.
  void cut() const noexcept;

 private:
  ForeignSocket(int descriptor, SocketInode inode) noexcept : descriptor_(descriptor), inode_(inode) {}
  void release() noexcept;
  int descriptor_ = -1;
  SocketInode inode_ = 0;
};

}  // namespace storegate::platform
