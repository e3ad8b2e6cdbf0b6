// SlowCrowd: many clients that take as long as they can: some send a byte of their handshake a second, some of a request's head,
// some of its body. Whoever is closed comes again a second later. Knows the door it stands at, and no order.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "platform/tls_engine.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/sockets.hpp"
#include "tls_line.hpp"

namespace storegate::bench {

class SlowCrowd {
 public:
  /// Starts so many clients, two fifths of them with slow heads, the others with slow bodies and slow handshakes in equal
  /// parts, all within five seconds, on a thread of its own. `target`: where heads and bodies go.
  SlowCrowd(support::Address door, const std::string& ca_file, std::string target, std::size_t clients);
  ~SlowCrowd();
  SlowCrowd(const SlowCrowd&) = delete;
  SlowCrowd& operator=(const SlowCrowd&) = delete;

  /// How many were let in by TCP and not yet closed, at this moment.
  [[nodiscard]] std::size_t open_now() const { return open_; }
  /// How often the door has closed on one of them.
  [[nodiscard]] std::size_t turned_away() const { return turned_away_; }

 private:
  enum class Kind { head, body, handshake };
  struct Client {
    Kind kind = Kind::head;
    support::Descriptor socket;
    std::unique_ptr<platform::TlsEngine> engine;
    std::string to_drip;   // a byte a second
    bool is_open = false;  // TLS is
  };

  void run();
  void come(Client& client);
  void go(Client& client);
  void drip(Client& client);
  void on_ready(Client& client, support::Ready ready);
  [[nodiscard]] bool work(Client& client);
  [[nodiscard]] bool send(Client& client);

  support::Address door_;
  TlsShared context_;
  std::string target_;
  support::Loop loop_;
  std::vector<Client> clients_;
  std::atomic<std::size_t> open_{0};
  std::atomic<std::size_t> turned_away_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace storegate::bench
