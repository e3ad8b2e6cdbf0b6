// A crowd of connections to one TLS port, each of which takes as long as it is let: they shake no hands, or send a head or
// a body a byte at a time. On a thread of its own.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <string>
#include <vector>

#include "tls_raw_peer.hpp"

namespace storegate::tests {

class SlowCrowd {
 public:
  /// Begins to connect at once: in turns one that is silent, one slow in its head, one slow in its body.
  SlowCrowd(std::uint16_t port, std::string ca_file, std::size_t size);
  ~SlowCrowd();
  SlowCrowd(const SlowCrowd&) = delete;
  SlowCrowd& operator=(const SlowCrowd&) = delete;

  /// Waits for the end of the crowd, at most so long.
  [[nodiscard]] bool is_over(std::chrono::milliseconds within) const {
    return run_.wait_for(within) == std::future_status::ready;
  }
  /// Those that have connected, and those of them that the server has ended.
  [[nodiscard]] std::size_t came() const { return came_; }
  [[nodiscard]] std::size_t cut() const { return cut_; }
  [[nodiscard]] bool all_came() const { return came_ == size_; }

 private:
  struct Member {
    TlsRawPeer peer;
    bool speaks;
  };

  void run(const std::string& ca_file);
  void enter(std::size_t number, const Context& context);
  void listen_and_speak();

  std::uint16_t port_;
  std::size_t size_;
  std::vector<Member> members_;  // those not cut yet
  std::atomic<std::size_t> came_ = 0;
  std::atomic<std::size_t> cut_ = 0;
  std::atomic<bool> ends_ = false;
  std::future<void> run_;
};

}  // namespace storegate::tests
