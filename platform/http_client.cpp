// The pools, the queues and the deadlines of outgoing calls. How one exchange goes over a connection is in
// http_exchange.cpp.
#include "platform/http_client.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <deque>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "platform/http_exchange.hpp"
#include "platform/http_rules.hpp"

namespace storegate::platform {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

core::Error error_of(core::ErrorCode code, std::string text) { return {code, std::move(text)}; }

/// What must hold so that the request's bytes say what the caller means and nothing else.
std::string_view why_unsendable(const HttpCall& call) {
  const auto is_target_char = [](char c) { return static_cast<unsigned char>(c) > ' ' && c != '\x7f'; };
  if (!is_http_token(call.method)) return "the method is no token";
  if (!call.target.starts_with('/')) return "the target does not begin with a slash";
  if (!std::all_of(call.target.begin(), call.target.end(), is_target_char)) return "the target holds a blank";
  if (call.origin.host.empty() && call.origin.unix_path.empty()) return "there is no host";
  for (const HttpHeader line : call.headers) {
    if (!is_http_token(line.name)) return "a header's name is no token";
    for (const auto* ours : {"Host", "Content-Length", "Transfer-Encoding", "Connection", "Expect"}) {
      if (same_ignoring_case(line.name, ours)) return "a header is given that the client itself writes";
    }
  }
  return {};
}

}  // namespace

struct HttpClient::Inner : std::enable_shared_from_this<HttpClient::Inner> {
  struct Idle {
    std::unique_ptr<HttpExchangeConnection> connection;
    Clock::time_point until;
  };
  struct Call;
  struct Pool {
    std::vector<Idle> idle;  // the last used at the back
    std::size_t busy = 0;
    std::deque<std::shared_ptr<Call>> waiting;
  };
  struct Call {
    Call(asio::io_context& context, HttpCall&& asked, HttpCallback&& then)
        : exchange(std::make_shared<HttpExchange>(context, std::move(asked))),
          callback(std::move(then)),
          deadline(context) {}
    std::shared_ptr<HttpExchange> exchange;
    HttpCallback callback;
    asio::steady_timer deadline;
    Pool* pool = nullptr;  // once it has a connection's place or waits for one
    bool running = false;  // holds a place
    bool ended = false;
  };

  Inner(Loop& loop, HttpClientOptions limits)
      : context(loop.context()), options(std::move(limits)), sweep(context) {}

  void begin(const std::shared_ptr<Call>& call) {
    if (closed) return;
    const auto& asked = call->exchange->call();
    if (const auto why = why_unsendable(asked); !why.empty()) {
      return fail(call, error_of(core::ErrorCode::invalid, std::string(why)));
    }
    calls.push_back(call);
    call->pool = &pools[asked.origin.text()];
    if (call->pool->busy < std::max<std::size_t>(1, options.connections_max)) return start(call);
    if (call->pool->waiting.size() >= options.queue_max) {
      return fail(call, error_of(core::ErrorCode::unavailable,
                                 "too many calls are waiting for " + asked.origin.text()));
    }
    call->pool->waiting.push_back(call);
    ++counters.waiting_now;
  }

  void arm_deadline(const std::shared_ptr<Call>& call) {
    call->deadline.expires_after(call->exchange->call().timeout);
    call->deadline.async_wait([self = shared_from_this(), call](error_code error) {
      if (error || call->ended || self->closed) return;
      const auto& asked = call->exchange->call();
      const std::string_view doing =
          call->running ? call->exchange->doing() : "waiting for a free connection";
      self->fail(call, error_of(core::ErrorCode::timed_out,
                                asked.origin.text() + ": " + std::string(doing) + ": not done within " +
                                    std::to_string(asked.timeout.count()) + " ms"));
    });
  }

  void start(const std::shared_ptr<Call>& call) {
    call->running = true;
    ++call->pool->busy;
    auto connection = take_idle(*call->pool);
    if (!connection) {
      connection = std::make_unique<HttpExchangeConnection>(context);
      ++counters.connects;
    }
    ++counters.connections_now;
    call->exchange->use(std::move(connection), {options.header_bytes_max, options.body_bytes_max},
                        options.tls);
    asio::co_spawn(
        context,
        [self = shared_from_this(), call]() -> HttpExchange::Awaitable<void> {
          const auto exchange = call->exchange;
          auto failure = co_await exchange->run();
          if (call->ended || self->closed) co_return;
          failure ? self->fail(call, std::move(*failure)) : self->succeed(call);
        },
        [self = shared_from_this(), call](const std::exception_ptr& what) {
          if (what) self->thrown(call, what);
        });
  }

  /// A connection that is open, silent and young enough, or none. Stale ones are closed here, before any byte is sent.
  std::unique_ptr<HttpExchangeConnection> take_idle(Pool& pool) {
    while (!pool.idle.empty()) {
      auto last = std::move(pool.idle.back());
      pool.idle.pop_back();
      --counters.connections_now;
      if (last.until > Clock::now() && last.connection->is_quiet()) return std::move(last.connection);
    }
    return nullptr;
  }

  void succeed(const std::shared_ptr<Call>& call) {
    HttpOutcome outcome;
    outcome.request_bytes_written = true;
    outcome.response = std::move(call->exchange->response());
    auto connection = call->exchange->release();
    if (connection && connection->is_reusable && options.idle.count() > 0 && is_current(*connection)) {
      if (!sweeping) sweep_later();
      call->pool->idle.push_back({std::move(connection), Clock::now() + options.idle});
      ++counters.connections_now;
    }
    end(call, std::move(outcome));
  }

  /// Without TLS, or let in by the context that new ones would be.
  [[nodiscard]] bool is_current(const HttpExchangeConnection& connection) const {
    return !connection.tls || connection.tls == options.tls;
  }

  void replace_tls(std::shared_ptr<const TlsContext> tls) {
    options.tls = std::move(tls);
    close_idle([this](const Idle& idle) { return !is_current(*idle.connection); });
  }

  void fail(const std::shared_ptr<Call>& call, core::Error&& error) {
    ++counters.failures;
    HttpOutcome outcome;
    outcome.request_bytes_written = call->exchange->bytes_written() > 0;
    outcome.failure = std::move(error);
    call->exchange->close();
    end(call, std::move(outcome));
  }

  /// Out of the exchange it is the end of the call. Out of the caller's own callback it goes where others' go, out of the
  /// loop: what the outcome would have changed must not be taken for done.
  void thrown(const std::shared_ptr<Call>& call, const std::exception_ptr& what) {
    if (call->ended || closed) std::rethrow_exception(what);
    fail(call, error_of(core::ErrorCode::failed, call->exchange->call().origin.text() + ": " +
                                                     std::string(call->exchange->doing()) +
                                                     ": ended by an exception"));
  }

  /// The connection has been closed or put back; gives the place to the next, then tells the caller.
  void end(const std::shared_ptr<Call>& call, HttpOutcome&& outcome) {
    call->ended = true;
    call->deadline.cancel();
    std::erase(calls, call);
    if (call->running) {
      --call->pool->busy;
      --counters.connections_now;
    } else if (call->pool) {
      counters.waiting_now -= std::erase(call->pool->waiting, call);
    }
    if (call->pool) start_next(*call->pool);
    const auto callback = std::exchange(call->callback, nullptr);
    callback(std::move(outcome));
  }

  void start_next(Pool& pool) {
    if (pool.waiting.empty() || pool.busy >= std::max<std::size_t>(1, options.connections_max)) return;
    const auto next = pool.waiting.front();
    pool.waiting.pop_front();
    --counters.waiting_now;
    start(next);
  }

  void sweep_later() {
    sweeping = true;
    sweep.expires_after(
        std::clamp(options.idle / 2, std::chrono::milliseconds(5), std::chrono::milliseconds(2'000)));
    sweep.async_wait([self = shared_from_this()](error_code error) {
      self->sweeping = false;
      if (!error && !self->closed && self->close_old()) self->sweep_later();
    });
  }

  /// Closes what was unused for too long; true if unused connections are left.
  bool close_old() {
    return close_idle([now = Clock::now()](const Idle& idle) { return idle.until <= now; });
  }

  template <typename Which>
  bool close_idle(Which which) {
    bool is_any_left = false;
    for (auto& [origin, pool] : pools) {
      counters.connections_now -= std::erase_if(pool.idle, which);
      is_any_left = is_any_left || !pool.idle.empty();
    }
    return is_any_left;
  }

  void close_all() {
    closed = true;
    sweep.cancel();
    for (const auto& call : calls) {
      call->deadline.cancel();
      call->exchange->close();
    }
    calls.clear();
    pools.clear();
  }

  asio::io_context& context;
  HttpClientOptions options;
  HttpClientCounters counters;
  std::vector<std::shared_ptr<Call>> calls;  // all that were begun and have not ended
  std::unordered_map<std::string, Pool>
      pools;  // one an origin; origins come from the configuration and are few
  asio::steady_timer sweep;
  bool sweeping = false;
  bool closed = false;
};

HttpClient::HttpClient(Loop& loop, HttpClientOptions options)
    : inner_(std::make_shared<Inner>(loop, std::move(options))) {}

HttpClient::~HttpClient() { inner_->close_all(); }

void HttpClient::request(HttpCall call, HttpCallback callback) {
  ++inner_->counters.calls;
  auto begun = std::make_shared<Inner::Call>(inner_->context, std::move(call), std::move(callback));
  inner_->arm_deadline(begun);
  asio::post(inner_->context, [inner = inner_, begun = std::move(begun)] {
    if (!begun->ended) inner->begin(begun);
  });
}

void HttpClient::replace_tls(std::shared_ptr<const TlsContext> tls) { inner_->replace_tls(std::move(tls)); }

const HttpClientCounters& HttpClient::counters() const noexcept { return inner_->counters; }

HttpOutcome call_once(HttpCall call, HttpClientOptions options) {
  Loop loop;
  HttpOutcome outcome;
  HttpClient client(loop, std::move(options));
  client.request(std::move(call), [&](HttpOutcome ended) {
    outcome = std::move(ended);
    loop.stop();
  });
  loop.run();
  return outcome;
}

}  // namespace storegate::platform
