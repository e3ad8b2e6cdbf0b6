// Everything that nginx writes goes to a folder of its own.
#include "nginx.hpp"

#include <poll.h>

#include <chrono>
#include <stdexcept>

#include "tests/support/eventually.hpp"

namespace storegate::bench {

using namespace std::chrono_literals;

Nginx::Nginx(const std::string& certificate_file, const std::string& key_file, std::size_t body_bytes) {
  const std::string errors = folder_.file("errors");
  std::string text = "daemon off;\nmaster_process off;\npid " + folder_.file("pid") + ";\nerror_log " +
                     errors + ";\nevents { worker_connections 1024; }\nhttp {\naccess_log off;\n";
  for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
    text += std::string(kind) + "_temp_path " + folder_.file(kind) + ";\n";
  text += "server {\nlisten " + address().text() + " ssl;\nssl_certificate " + certificate_file +
          ";\nssl_certificate_key " + key_file +
          ";\nssl_protocols TLSv1.2;\nssl_ciphers ECDHE-ECDSA-CHACHA20-POLY1305;\nssl_ecdh_curve "
          "X25519:prime256v1;\n"
          "ssl_session_tickets on;\ntcp_nodelay on;\nkeepalive_requests 1000000;\nlocation / {\ndefault_type "
          "application/json;\nreturn 404 \"" +
          std::string(body_bytes, 'x') + "\";\n}\n}\n}\n";
  support::write_file(folder_.file("nginx.conf"), text);
  process_.emplace(
      "/usr/sbin/nginx",
      std::vector<std::string>{"-e", errors, "-p", folder_.path().string(), "-c", folder_.file("nginx.conf")},
      support::ProcessOptions{.stderr_path = errors});
  support::eventually("nginx listens", 10s, [&] {
    if (!process_->running()) throw std::runtime_error("nginx ended: " + support::read_file(errors));
    const support::Descriptor socket = support::begin_connect(address());
    return socket.open() && support::wait_for(socket, POLLOUT, std::chrono::steady_clock::now() + 1s) &&
           support::connect_error(socket) == 0;
  });
}

}  // namespace storegate::bench
