// One line per connection: its socket, its request under way, its answer so far.
#include "tests/support/load_caller.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

#include "tests/support/http_text.hpp"

namespace storegate::support {

/// One connection: idle, connecting, writing or reading; at most one request.
struct LoadCaller::Line {
  Loop& loop;
  Address address;
  std::chrono::milliseconds deadline;
  Descriptor socket;
  std::string outgoing;
  std::size_t written = 0;
  std::string received;
  Done done;
  Loop::TimerId timer{};  // the deadline
  Loop::TimerId early{};  // a failure that was seen inside call()
  Loop::Clock::time_point began;
  bool connecting = false;

  Line(Loop& its_loop, Address its_address, std::chrono::milliseconds its_deadline)
      : loop(its_loop), address(std::move(its_address)), deadline(its_deadline) {}

  void begin(std::string_view request, Done its_done) {
    if (done) throw std::logic_error("LoadCaller: the connection is busy");
    done = std::move(its_done);
    outgoing.assign(request);
    written = 0;
    received.clear();
    began = Loop::Clock::now();
    timer = loop.at(began + deadline, [this] { fail(); });
    if (socket.open()) return write_some();
    connect();
  }

  void connect() {
    socket = begin_connect(address);
    if (!socket.open()) {
      // Told from the loop, as every outcome is: the caller is still inside call().
      early = loop.after(std::chrono::milliseconds(0), [this] { fail(); });
      return;
    }
    connecting = true;
    loop.watch(socket.get(), true, [this](Ready ready) { on_ready(ready); });
  }

  void on_ready(Ready ready) {
    if (connecting) {
      if (!ready.writable) return;
      if (connect_error(socket) != 0) return fail();
      connecting = false;
      return write_some();
    }
    if (ready.writable && written < outgoing.size()) write_some();
    if (ready.readable) read_some();
  }

  void write_some() {
    while (written < outgoing.size()) {
      const ssize_t put =
          ::send(socket.get(), outgoing.data() + written, outgoing.size() - written, MSG_NOSIGNAL);
      if (put < 0 && errno == EAGAIN) return loop.want(socket.get(), true, true);
      if (put < 0) {
        // A kept connection that was lost meanwhile: told from the loop, not from inside call().
        early = loop.after(std::chrono::milliseconds(0), [this] { fail(); });
        return loop.forget(socket.get());
      }
      written += static_cast<std::size_t>(put);
    }
    loop.want(socket.get(), true, false);
  }

  void read_some() {
    char bytes[16384];
    const ssize_t got = ::recv(socket.get(), bytes, sizeof bytes, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got > 0) received.append(bytes, static_cast<std::size_t>(got));
    if (!done) return close();  // the server closed an idle connection, or spoke unasked
    auto answer = parse_answer(received, false, got <= 0);
    const bool whole = answer && answer->complete && !answer->malformed && answer->status >= 200;
    if (whole) return finish({Reach::answered, answer->status, answer->body, {}}, answer->closes || got <= 0);
    if (got <= 0 || (answer && answer->malformed)) fail();
  }

  [[nodiscard]] Reach reach() const {
    if (!received.empty()) return Reach::partly_answered;
    if (written == outgoing.size()) return Reach::written;
    if (written > 0) return Reach::partly_written;
    return connecting || !socket.open() ? Reach::not_connected : Reach::nothing_written;
  }

  void fail() { finish({reach(), 0, {}, {}}, true); }

  void finish(LoadAnswer answer, bool closing) {
    cancel_timers();
    if (closing) close();
    answer.took = Loop::Clock::now() - began;
    std::exchange(done, {})(answer);
  }

  void cancel_timers() {
    loop.cancel(timer);
    loop.cancel(early);
  }

  void close() {
    connecting = false;
    loop.forget(socket.get());
    socket.close();
  }
};

LoadCaller::LoadCaller(Loop& loop, Address address, std::size_t connections,
                       std::chrono::milliseconds deadline) {
  for (std::size_t i = 0; i < connections; ++i)
    lines_.push_back(std::make_unique<Line>(loop, address, deadline));
}

LoadCaller::~LoadCaller() {
  for (auto& line : lines_) {
    line->cancel_timers();
    line->close();
  }
}

void LoadCaller::call(std::size_t connection, std::string_view request, Done done) {
  lines_.at(connection)->begin(request, std::move(done));
}

bool LoadCaller::busy(std::size_t connection) const { return static_cast<bool>(lines_.at(connection)->done); }

}  // namespace storegate::support
