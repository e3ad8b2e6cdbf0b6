// What is sent to systemd, read from a notification socket of the test's own.
#include <doctest/doctest.h>

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string>

#include "platform/systemd.hpp"

using namespace storegate::platform;

namespace {

/// Stands for systemd: a datagram socket in the abstract namespace that NOTIFY_SOCKET names.
class NotifySocket {
 public:
  NotifySocket() : descriptor_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    const std::string name = "storegate-notify-" + std::to_string(::getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    REQUIRE(::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), length) == 0);
    ::setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
  }
  ~NotifySocket() {
    ::unsetenv("NOTIFY_SOCKET");
    ::close(descriptor_);
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  [[nodiscard]] std::string next() const {
    pollfd state{descriptor_, POLLIN, 0};
    if (::poll(&state, 1, 2'000) != 1) return "nothing came";
    char text[1024];
    const ssize_t length = ::recv(descriptor_, text, sizeof text, 0);
    return {text, static_cast<std::size_t>(length)};
  }

 private:
  int descriptor_;
};

}  // namespace

TEST_CASE("systemd is told ready, alive, stopping and a status line") {
  const NotifySocket systemd;
  systemd_ready();
  CHECK(systemd.next() == "READY=1");
  systemd_alive();
  CHECK(systemd.next() == "WATCHDOG=1");
  systemd_status("3 orders\nheld");
  CHECK(systemd.next() == "STATUS=3 orders held");
  systemd_status(std::string(500, 'x'));
  CHECK(systemd.next() == "STATUS=" + std::string(200, 'x'));
  systemd_reloading();
  CHECK(systemd.next().rfind("RELOADING=1\nMONOTONIC_USEC=", 0) == 0);
  systemd_stopping();
  CHECK(systemd.next() == "STOPPING=1");
}

TEST_CASE("the watchdog is fed at a quarter of its time, and not at all where there is none") {
  ::unsetenv("WATCHDOG_USEC");
  CHECK(watchdog_interval().count() == 0);
  ::setenv("WATCHDOG_USEC", "10000000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  CHECK(watchdog_interval().count() == 2'500);
  ::setenv("WATCHDOG_PID", "1", 1);  // another process's
  CHECK(watchdog_interval().count() == 0);
  ::unsetenv("WATCHDOG_USEC");
  ::unsetenv("WATCHDOG_PID");
}
