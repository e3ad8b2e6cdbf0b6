// Starts s_server and waits until somebody can connect.
#include "tests/support/openssl_server.hpp"

#include <poll.h>

#include <chrono>

#include "tests/support/eventually.hpp"

namespace storegate::support {

using namespace std::chrono_literals;

const std::vector<std::string> openssl_weak{"-cipher", "ALL:@SECLEVEL=0", "-min_protocol", "TLSv1",
                                            "-legacy_renegotiation"};
const std::vector<std::string> openssl_strict{"-tls1_2", "-cipher",      "ECDHE+CHACHA20:ECDHE+AESGCM",
                                              "-groups", "X25519:P-256", "-no_renegotiation"};

OpensslServer::OpensslServer(const TempDir& folder, const std::vector<std::string>& options) {
  std::vector<std::string> arguments{"s_server", "-www",
                                     "-accept",  "127.0.0.1:" + std::to_string(port_),
                                     "-cert",    folder.file("server.crt"),
                                     "-key",     folder.file("server.key")};
  arguments.insert(arguments.end(), options.begin(), options.end());
  process_.emplace("openssl", arguments, ProcessOptions{.stderr_path = folder.file("s_server.err")});
  eventually("openssl s_server listens", 10s, [&] {
    if (!process_->running()) throw std::runtime_error(read_file(folder.file("s_server.err")));
    const Descriptor socket = begin_connect({"127.0.0.1", port_, {}});
    return socket.open() && wait_for(socket, POLLOUT, std::chrono::steady_clock::now() + 1s) &&
           connect_error(socket) == 0;
  });
}

}  // namespace storegate::support
