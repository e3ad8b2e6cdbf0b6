// Listeners, the connection limit, the sweep of deadlines and the orderly end. The connections themselves are in
// http_connection.cpp.
#include "platform/http_server.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "platform/http_connection.hpp"

namespace storegate::platform {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Protocol = asio::generic::stream_protocol;
using Acceptor = asio::basic_socket_acceptor<Protocol, HttpConnection::Executor>;
using Clock = HttpConnection::Clock;

// Connections beyond the limit that may be told so at the same time; beyond these too they are just closed.
constexpr std::size_t refusals_max = 32;
// The wait after the system had no descriptor or memory for a connection.
constexpr std::chrono::milliseconds accept_pause{100};

struct Listener {
  explicit Listener(asio::io_context& context) : acceptor(context), pause(context) {}
  Acceptor acceptor;
  asio::steady_timer pause;
  std::size_t number = 0;
  bool is_unix = false;
  std::shared_ptr<const TlsContext> tls;
  std::string path;      // of a Unix socket
  struct statx file {};  // its file as we made it, so that nobody else's is removed
};

/// What stands at a path, a link itself and not what it leads to. False: nothing, or it cannot be told.
bool look_at(const std::string& path, struct statx& file) {
  return ::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_TYPE | STATX_INO, &file) == 0;
}

core::Error failure(const Endpoint& endpoint, std::string_view doing, const error_code& error) {
  const bool is_taken = error == asio::error::address_in_use;
  return {is_taken ? core::ErrorCode::conflict : core::ErrorCode::failed,
          "listening on " + endpoint.text() + ": " + std::string(doing) + ": " + error.message()};
}

core::Error refusal(const Endpoint& endpoint, std::string_view why) {
  return {core::ErrorCode::conflict, "listening on " + endpoint.text() + ": " + std::string(why)};
}

Protocol::endpoint generic_endpoint(const Endpoint& endpoint, error_code& error) {
  if (endpoint.is_unix()) return asio::local::stream_protocol::endpoint(endpoint.address);
  const auto address = asio::ip::make_address(endpoint.address, error);
  return asio::ip::tcp::endpoint(address, endpoint.port);
}

/// Without blocking: a live server whose backlog is full (EAGAIN) is a live server.
bool answers(const Endpoint& endpoint) {
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (probe < 0) return true;  // not known: better to refuse than to take a socket away
  const asio::local::stream_protocol::endpoint address(endpoint.address);
  const bool connected = ::connect(probe, address.data(), static_cast<socklen_t>(address.size())) == 0;
  const bool is_dead = !connected && (errno == ECONNREFUSED || errno == ENOENT);
  ::close(probe);
  return !is_dead;
}

/// Removes the socket file of a server that died. Anything else that is there stays and is the error.
core::Result<void> remove_stale_socket(const Endpoint& endpoint) {
  struct statx file {};
  if (!look_at(endpoint.address, file)) return {};  // nothing there; what else is wrong, bind will say
  if (!S_ISSOCK(file.stx_mode)) return refusal(endpoint, "there is a file of that name that is no socket");
  if (answers(endpoint)) return refusal(endpoint, "another server answers there");
  unlink(endpoint.address.c_str());
  return {};
}

bool same_file(const struct statx& left, const struct statx& right) {
  return left.stx_dev_major == right.stx_dev_major && left.stx_dev_minor == right.stx_dev_minor &&
         left.stx_ino == right.stx_ino;
}

void close_listener(Listener& listener) {
  error_code ignored;
  listener.acceptor.close(ignored);
  listener.pause.cancel();
  struct statx file {};
  if (listener.is_unix && look_at(listener.path, file) && same_file(file, listener.file)) {
    unlink(listener.path.c_str());
  }
}

/// Binds and listens. Mode 0660 is set between the two, when nobody can connect yet.
core::Result<void> open_listener(Listener& listener, const Endpoint& endpoint) {
  error_code error;
  const auto address = generic_endpoint(endpoint, error);
  if (error) return failure(endpoint, "address", error);
  if (endpoint.is_unix()) {
    if (auto removed = remove_stale_socket(endpoint); !removed) return removed;
  }
  auto& acceptor = listener.acceptor;
  acceptor.open(address.protocol(), error);
  if (error) return failure(endpoint, "socket", error);
  if (!endpoint.is_unix()) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  acceptor.bind(address, error);
  if (error) return failure(endpoint, "bind", error);
  listener.is_unix = endpoint.is_unix();
  if (listener.is_unix) {
    listener.path = endpoint.address;
    static_cast<void>(look_at(listener.path, listener.file));
    if (chmod(listener.path.c_str(), S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP) != 0) {
      error = error_code(errno, boost::system::system_category());
      close_listener(listener);
      return failure(endpoint, "setting mode 0660", error);
    }
  }
  acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    close_listener(listener);
    return failure(endpoint, "listen", error);
  }
  return {};
}

std::chrono::milliseconds sweep_interval(const HttpServerOptions& options) {
  const auto shortest = std::min(
      {options.header, options.body, options.body_start, options.idle, options.write, options.handshake});
  return std::clamp(shortest / 4, std::chrono::milliseconds(5), std::chrono::milliseconds(250));
}

}  // namespace

Responder::Responder(std::weak_ptr<Sink> sink, std::uint64_t request) noexcept
    : sink_(std::move(sink)), request_(request), waiting_(true) {}

Responder::Responder(Responder&& other) noexcept
    : sink_(std::move(other.sink_)),
      request_(other.request_),
      waiting_(std::exchange(other.waiting_, false)) {}

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this != &other) {
    drop();
    sink_ = std::move(other.sink_);
    request_ = other.request_;
    waiting_ = std::exchange(other.waiting_, false);
  }
  return *this;
}

Responder::~Responder() { drop(); }

void Responder::drop() noexcept {
  if (waiting_)
    answer(
        problem_response(503, "the request was left without an answer; it may or may not have taken effect"));
}

void Responder::vouch() {
  if (const auto sink = sink_.lock()) sink->vouch(request_);
}

void Responder::answer(HttpResponse response) {
  if (!std::exchange(waiting_, false)) std::abort();
  if (const auto sink = sink_.lock()) sink->answer(request_, std::move(response));
  sink_.reset();
}

struct HttpServer::Inner : std::enable_shared_from_this<HttpServer::Inner> {
  Inner(Loop& loop, HttpServerOptions options, HttpHandler handler)
      : context(loop.context()),
        shared(std::make_shared<HttpServerShared>(options, std::move(handler))),
        sweep(context),
        stop_timer(context) {}

  HttpConnection::Awaitable<void> accept(std::shared_ptr<Listener> listener) {
    const auto awaiting = asio::as_tuple(asio::use_awaitable_t<HttpConnection::Executor>{});
    while (listener->acceptor.is_open()) {
      HttpConnection::Socket socket(context.get_executor());
      const auto [error] = co_await listener->acceptor.async_accept(socket, awaiting);
      if (!listener->acceptor.is_open()) break;
      const bool is_done =
          error ? error == asio::error::connection_aborted : try_admit(std::move(socket), *listener);
      if (is_done) continue;
      ++shared->counters.accept_failures;
      listener->pause.expires_after(accept_pause);
      co_await listener->pause.async_wait(awaiting);
    }
  }

  /// False: there is no memory for this one, or whatever it is, which is closed; the listener goes on.
  bool try_admit(HttpConnection::Socket socket, const Listener& listener) {
    try {
      admit(std::move(socket), listener);
      return true;
    } catch (...) {
      ++shared->counters.exceptions;
      shared->mishaps.tell(std::current_exception(), "accepting", Clock::now());
      return false;
    }
  }

  void admit(HttpConnection::Socket socket, const Listener& listener) {
    error_code ignored;
    socket.non_blocking(true, ignored);
    if (!listener.is_unix) socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    const auto buffer = static_cast<int>(shared->options.send_buffer_bytes);
    socket.set_option(asio::socket_base::send_buffer_size(buffer), ignored);
    ++shared->counters.accepted;
    auto& room = shared->room;
    if (room.is_full()) end(room.who_gives_way());
    const bool is_full = room.is_full();
    if (is_full) ++shared->counters.refused;
    if (is_full && listener.tls) return;
    if (room.size() >= refusals_max && room.size() - refusals_max >= shared->options.connections_max) return;
    if (listener.tls && shared->counters.handshakes_now >= shared->options.handshakes_max)
      end(room.handshake_that_gives_way());
    const bool is_first = room.size() == 0;
    auto connection = std::make_shared<HttpConnection>(shared, std::move(socket), listener.number,
                                                       listener.is_unix, listener.tls);
    if (is_first) sweep_later();
    is_full ? HttpConnection::start_refusal(std::move(connection))
            : HttpConnection::start(std::move(connection));
  }

  /// nullptr: nobody gives way, or a limit is 0, which is as if it were 1.
  void end(HttpConnection* who) {
    if (who == nullptr) return;
    ++shared->counters.refused;
    who->make_room();
  }

  /// One timer for all connections' deadlines, and none while there is no connection.
  void sweep_later() {
    sweep.expires_after(sweep_interval(shared->options));
    sweep.async_wait([self = shared_from_this()](error_code error) {
      if (error) return;
      const auto now = Clock::now();
      for (auto* connection : self->shared->room.connections()) connection->expire(now);
      if (self->shared->room.size() > 0) self->sweep_later();
    });
  }

  void close_listeners() {
    for (const auto& listener : listeners) close_listener(*listener);
  }

  void abort_connections() {
    for (auto* connection : shared->room.connections()) connection->abort();
  }

  void stop(std::chrono::milliseconds deadline, std::function<void()> done) {
    shared->stopping = true;
    close_listeners();
    shared->on_empty = [self = weak_from_this(), call = std::move(done)]() mutable {
      const auto inner = self.lock();
      if (!inner) return;
      inner->stop_timer.cancel();
      asio::post(inner->context, std::move(call));
    };
    if (shared->room.size() == 0) return std::exchange(shared->on_empty, nullptr)();
    stop_timer.expires_after(deadline);
    stop_timer.async_wait([self = shared_from_this()](error_code error) {
      if (!error) self->abort_connections();
    });
    for (auto* connection : shared->room.connections()) connection->finish_up();
  }

  asio::io_context& context;
  std::shared_ptr<HttpServerShared> shared;
  asio::steady_timer sweep;
  asio::steady_timer stop_timer;
  std::vector<std::shared_ptr<Listener>> listeners;
};

HttpServer::HttpServer(Loop& loop, HttpServerOptions options, HttpHandler handler)
    : inner_(std::make_shared<Inner>(loop, options, std::move(handler))) {}

HttpServer::~HttpServer() {
  inner_->shared->stopping = true;
  inner_->shared->on_empty = nullptr;
  inner_->close_listeners();
  inner_->abort_connections();
  inner_->sweep.cancel();
  inner_->stop_timer.cancel();
}

core::Result<std::size_t> HttpServer::listen(const Endpoint& endpoint,
                                             std::shared_ptr<const TlsContext> tls) {
  auto listener = std::make_shared<Listener>(inner_->context);
  listener->number = inner_->listeners.size();
  listener->tls = std::move(tls);
  if (auto opened = open_listener(*listener, endpoint); !opened) return std::move(opened).error();
  inner_->listeners.push_back(listener);
  asio::co_spawn(
      inner_->context,
      [inner = inner_, listener]() -> HttpConnection::Awaitable<void> { co_await inner->accept(listener); },
      [](const std::exception_ptr& what) {
        if (what) std::rethrow_exception(what);  // a process that no longer listens is better started anew
      });
  return listener->number;
}

void HttpServer::replace_tls(std::size_t listener, std::shared_ptr<const TlsContext> tls) {
  auto& at = *inner_->listeners.at(listener);
  if (!at.tls || !tls) std::abort();  // a port must not change between plain and TLS under its clients
  at.tls = std::move(tls);
}

std::uint16_t HttpServer::bound_port(std::size_t listener) const {
  const auto& at = *inner_->listeners.at(listener);
  if (at.is_unix) return 0;
  error_code ignored;
  const auto address = at.acceptor.local_endpoint(ignored);
  asio::ip::tcp::endpoint tcp;
  std::memcpy(tcp.data(), address.data(), std::min(address.size(), tcp.capacity()));
  return tcp.port();
}

const HttpServerCounters& HttpServer::counters() const noexcept { return inner_->shared->counters; }

void HttpServer::stop(std::chrono::milliseconds deadline, std::function<void()> done) {
  inner_->stop(deadline, std::move(done));
}

}  // namespace storegate::platform
