// What is read at one end is a timer until it is written at the other. Nobody's reading is held back: the far side's window
// is the line's memory.
#include "tests/support/delay_line.hpp"

#include <sys/socket.h>

#include <array>
#include <string>
#include <utility>

namespace storegate::support {

/// One connection: its near and its far end.
class DelayLine::Call : public std::enable_shared_from_this<Call> {
 public:
  Call(DelayLine& line, Descriptor near) : line_(line), near_{.socket = std::move(near)} {}

  void start() {
    watch(near_, far_);
    later([self = shared_from_this()] { self->reach_far_end(); });
  }

 private:
  struct End {
    Descriptor socket = {};
    std::string unsent = {};  // has arrived, and the kernel has not taken it yet
    bool has_ended = false;
  };

  template <typename Do>
  void later(Do&& what) {
    line_.loop_.after(line_.one_way_, std::forward<Do>(what));
  }

  void reach_far_end() {
    far_.socket = begin_connect(line_.far_end_);
    far_.socket.open() ? watch(far_, near_) : hang_up();
  }

  void watch(End& end, End& other) {
    line_.loop_.watch(end.socket.get(), false, [weak = weak_from_this(), &end, &other](Ready ready) {
      const auto self = weak.lock();
      if (!self) return;
      if (ready.readable) self->carry(end, other);
      if (ready.writable && !end.has_ended) self->arrive(end, "");
    });
  }

  /// Nothing half closed: the end of one is the end of both, behind what was said before.
  void carry(End& from, End& to) {
    std::array<char, 16 * 1024> bytes;
    const auto count = ::recv(from.socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) {
      from.has_ended = true;
      line_.loop_.forget(from.socket.get());
      return later([self = shared_from_this()] { self->hang_up(); });
    }
    const std::string text(bytes.data(), static_cast<std::size_t>(count));
    later([self = shared_from_this(), &to, text] { self->arrive(to, text); });
  }

  void arrive(End& to, const std::string& text) {
    if (!to.socket.open() || to.has_ended) return;
    to.unsent += text;
    while (!to.unsent.empty()) {
      const auto count =
          ::send(to.socket.get(), to.unsent.data(), to.unsent.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (count <= 0) break;
      to.unsent.erase(0, static_cast<std::size_t>(count));
    }
    line_.loop_.want(to.socket.get(), true, !to.unsent.empty());
  }

  void hang_up() {
    for (End* end : {&near_, &far_}) {
      if (end->socket.open() && !end->has_ended) line_.loop_.forget(end->socket.get());
      end->socket.close();
      end->has_ended = true;
    }
    line_.calls_.erase(shared_from_this());
  }

  DelayLine& line_;
  End near_;
  End far_;
};

DelayLine::DelayLine(Address far_end, std::chrono::milliseconds one_way)
    : far_end_(std::move(far_end)), one_way_(one_way), listener_(listen_on(Address{})) {
  loop_.watch(listener_.get(), false, [this](Ready) { accept(); });
  thread_ = std::thread([this] { run(); });
}

DelayLine::~DelayLine() {
  stopping_ = true;
  thread_.join();
}

void DelayLine::run() {
  while (!stopping_) loop_.turn(std::chrono::milliseconds(20));
}

void DelayLine::accept() {
  Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket.open()) return;
  const auto call = std::make_shared<Call>(*this, std::move(socket));
  calls_.insert(call);
  call->start();
}

}  // namespace storegate::support
