// Each member's byte goes out ten times a second; the wait between is a wait for the server's answer to any of them.
#include "slow_crowd.hpp"

#include <poll.h>

#include <chrono>
#include <string_view>
#include <utility>

namespace storegate::tests {
namespace {

constexpr int between_bytes_ms = 100;
constexpr std::string_view head = "POST /v1/partners/acme/webhook HTTP/1.1\r\nHost: localhost\r\n";

}  // namespace

SlowCrowd::SlowCrowd(std::uint16_t port, std::string ca_file, std::size_t size)
    : port_(port),
      size_(size),
      run_(std::async(std::launch::async, [this, ca = std::move(ca_file)] { run(ca); })) {}

SlowCrowd::~SlowCrowd() {
  ends_ = true;
  run_.wait();
}

void SlowCrowd::run(const std::string& ca_file) {
  const auto context = TlsFolder::made(TlsContext::client({.ca_file = ca_file}));
  for (std::size_t number = 0; number < size_ && !ends_; ++number) {
    enter(number, context);
    if (number % 50 == 0) listen_and_speak();
  }
  while (!members_.empty() && !ends_) listen_and_speak();
}

void SlowCrowd::enter(std::size_t number, const Context& context) {
  Member member{TlsRawPeer::client(port_, context), number % 3 != 0};
  if (!member.peer.socket().connected()) return;
  ++came_;
  if (!member.speaks) return members_.push_back(std::move(member));
  if (!member.peer.shake_hands()) {
    ++cut_;
    return;
  }
  member.peer.say(head);
  member.peer.say(number % 3 == 1 ? "X: " : "Content-Length: 4000\r\n\r\n");
  members_.push_back(std::move(member));
}

/// Whoever hears anything is being told to go: none of them has asked for an answer.
void SlowCrowd::listen_and_speak() {
  std::vector<pollfd> sockets;
  for (auto& member : members_) sockets.push_back({member.peer.socket().descriptor(), POLLIN, 0});
  ::poll(sockets.data(), sockets.size(), between_bytes_ms);
  std::vector<Member> left;
  for (std::size_t at = 0; at < members_.size(); ++at) {
    if (sockets[at].revents != 0) {
      ++cut_;
      continue;
    }
    if (members_[at].speaks) members_[at].peer.say("x");
    left.push_back(std::move(members_[at]));
  }
  members_ = std::move(left);
}

}  // namespace storegate::tests
