// The double's HTTP side: connections, work that takes time, and the faults of the wire.
#include "tests/support/pos_double/server.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>

#include "tests/support/http_text.hpp"

namespace storegate::pos_double {

namespace {

constexpr std::size_t head_max = 16 * 1024;
constexpr std::size_t body_max = 4 * 1024 * 1024;

/// The request at the front of a connection's bytes.
struct Incoming {
  Request request;
  std::size_t size = 0;  // 0 = not whole yet
  bool closing = false;  // the client wants the connection closed afterwards
  bool malformed = false;
};

Incoming parse_request(std::string_view bytes) {
  Incoming incoming;
  const auto head = support::parse_head(bytes);
  if (!head) {
    incoming.malformed = bytes.size() > head_max;
    return incoming;
  }
  std::size_t length = 0;
  bool broken_length = false;
  support::each_field(*head, [&](std::string_view name, std::string_view value) {
    if (support::same_word(name, "Content-Length")) {
      broken_length = broken_length || !support::decimal(value);
      length = support::decimal(value).value_or(0);
    }
    if (support::same_word(name, "Transfer-Encoding"))
      broken_length = true;  // no client of ours sends chunks
    if (support::same_word(name, "Connection")) incoming.closing = support::same_word(value, "close");
    if (support::same_word(name, "Idempotency-Key")) {
      incoming.request.idempotency_key = value;
      incoming.request.has_key = true;
    }
  });
  incoming.malformed = head->first.empty() || broken_length || length > body_max;
  if (incoming.malformed || bytes.size() < head->size + length) return incoming;
  const auto mark = head->second.find('?');
  incoming.request.method = head->first;
  incoming.request.path = head->second.substr(0, mark);
  if (mark != std::string_view::npos) incoming.request.query = head->second.substr(mark + 1);
  incoming.request.body = bytes.substr(head->size, length);
  incoming.size = head->size + length;
  return incoming;
}

}  // namespace

/// One client: reads a request, lets it be worked on, writes the answer, reads the next. Requests that are being
/// worked on keep it alive, so a ticket is cut also when the client has gone meanwhile.
class Server::Connection : public std::enable_shared_from_this<Server::Connection> {
 public:
  Connection(Server& server, support::Descriptor socket, bool control_door)
      : server_(server), socket_(std::move(socket)), control_door_(control_door) {}

  void start() {
    server_.loop_.watch(socket_.get(), false,
                        [self = shared_from_this()](support::Ready ready) { self->on_ready(ready); });
  }

 private:
  enum class State { reading, working, writing, hanging };

  void on_ready(support::Ready ready) {
    // Nothing is asked for while working: an event then means that the client has reset the connection.
    if (state_ == State::working) return close();
    if (state_ == State::writing && ready.writable) return write_some();
    if (ready.readable) read_some();
  }

  void read_some() {
    char bytes[16384];
    const ssize_t got = ::recv(socket_.get(), bytes, sizeof bytes, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return close();
    if (state_ == State::hanging) return;
    received_.append(bytes, static_cast<std::size_t>(got));
    take_request();
  }

  void take_request() {
    incoming_ = parse_request(received_);
    if (incoming_.malformed) {
      server_.pos_.count_malformed();
      incoming_.closing = true;
      return answer({400, R"({"code":"bad_request","detail":"not an HTTP request"})", {}});
    }
    if (incoming_.size > 0) meet_request();
  }

  void meet_request() {
    visit_.request = incoming_.request;
    if (auto bad = server_.pos_.receive(visit_)) return answer(*bad);
    const bool spared = control_door_ || visit_.kind == Kind::control;
    fault_ = spared ? std::nullopt : server_.pos_.faults().draw(visit_.kind);
    if (fault_ && fault_->act == Act::reset) return reset();
    if (fault_ && fault_->act == Act::hang) {
      state_ = State::hanging;  // still read from, to see the client leave
      return;
    }
    const bool late = fault_ && fault_->act == Act::late_ticket;
    const auto delay = late ? server_.times_.late : server_.pos_.delay(visit_.kind);
    if (delay.count() == 0) return finish_request();
    state_ = State::working;
    server_.loop_.want(socket_.get(), false, false);
    server_.loop_.after(delay, [self = shared_from_this()] { self->finish_request(); });
  }

  void finish_request() {
    Pos& pos = server_.pos_;
    if (fault_ && fault_->act == Act::answer_status) return answer(pos.fault_answer(*fault_));
    if (fault_ && fault_->act == Act::nonsense_no_ticket) return answer(pos.nonsense());
    Answer made = pos.act(visit_);
    if (!fault_) return answer(made);
    switch (fault_->act) {
      case Act::lost_reply: return close();
      case Act::half_reply: return answer_half(to_bytes(made));
      case Act::slow_drip: return begin_drip(to_bytes(made));
      case Act::nonsense: return answer(pos.nonsense());
      case Act::duplicate_answer: return answer(pos.name_earlier_ticket(visit_, std::move(made)));
      default: return answer(made);
    }
  }

  void answer(const Answer& made) {
    if (!socket_.open()) return;
    outgoing_ = to_bytes(made);
    written_ = 0;
    state_ = State::writing;
    write_some();
  }

  void write_some() {
    while (written_ < outgoing_.size()) {
      const ssize_t put =
          ::send(socket_.get(), outgoing_.data() + written_, outgoing_.size() - written_, MSG_NOSIGNAL);
      if (put < 0 && errno == EAGAIN) return server_.loop_.want(socket_.get(), false, true);
      if (put < 0) return close();
      written_ += static_cast<std::size_t>(put);
    }
    next_request();
  }

  void next_request() {
    if (incoming_.closing) return close();
    received_.erase(0, incoming_.size);
    state_ = State::reading;
    server_.loop_.want(socket_.get(), true, false);
    if (!received_.empty()) take_request();
  }

  void answer_half(const std::string& bytes) {
    if (socket_.open() && ::send(socket_.get(), bytes.data(), bytes.size() / 2, MSG_NOSIGNAL) < 0) reset();
    close();
  }

  void begin_drip(std::string bytes) {
    if (!socket_.open()) return;
    outgoing_ = std::move(bytes);
    written_ = 0;
    state_ = State::working;
    server_.loop_.want(socket_.get(), false, false);
    drip();
  }

  void drip() {
    if (!socket_.open()) return;
    if (::send(socket_.get(), outgoing_.data() + written_, 1, MSG_NOSIGNAL) < 0) return close();
    if (++written_ == outgoing_.size()) return next_request();
    const auto pause = std::chrono::duration_cast<support::Loop::Clock::duration>(server_.times_.drip) /
                       static_cast<std::int64_t>(outgoing_.size());
    server_.loop_.at(support::Loop::Clock::now() + pause, [self = shared_from_this()] { self->drip(); });
  }

  void close() {
    server_.loop_.forget(socket_.get());
    socket_.close();
  }

  void reset() {
    server_.loop_.forget(socket_.get());
    socket_.reset();
  }

  Server& server_;
  support::Descriptor socket_;
  const bool control_door_;
  State state_ = State::reading;
  std::string received_;
  Incoming incoming_;  // views into received_, which stays as it is until the answer is out
  Visit visit_;
  std::optional<Fault> fault_;
  std::string outgoing_;
  std::size_t written_ = 0;
};

void Server::serve(const support::Descriptor& listener, bool control_door) {
  loop_.watch(listener.get(), false, [this, number = listener.get(), control_door](support::Ready) {
    accept_all(number, control_door);
  });
}

void Server::accept_all(int listener, bool control_door) {
  while (true) {
    support::Descriptor socket(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket.open()) return;
    pos_.count_connection();
    if (!control_door && pos_.faults().draw_refusal()) {
      socket.reset();
      continue;
    }
    const int yes = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    std::make_shared<Connection>(*this, std::move(socket), control_door)->start();
  }
}

}  // namespace storegate::pos_double
