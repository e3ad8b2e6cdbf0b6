// The loop over Asio's io_context. Everything here runs on one thread, except post(), stop() and turns().
#include "platform/loop.hpp"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>
#include <utility>

namespace storegate::platform {

namespace asio = boost::asio;

struct Loop::Inner {
  asio::io_context context{
      1};  // the hint "one thread" spares a wake-up per handler; post() stays thread-safe
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(context);
  std::atomic<std::uint64_t> turns{0};
  std::atomic<std::thread::id> thread{};

  void count_turn() noexcept { turns.fetch_add(1, std::memory_order_relaxed); }
};

struct Timer::State {
  explicit State(asio::io_context& context) : timer(context) {}
  asio::steady_timer timer;
  std::function<void()> function;
};

Timer& Timer::operator=(Timer&& other) noexcept {
  if (this != &other) {
    cancel();
    state_ = std::move(other.state_);
  }
  return *this;
}

void Timer::cancel() noexcept {
  if (!state_) return;
  // The function goes first: a timer that has fired already is no longer stopped by cancelling it.
  state_->function = nullptr;
  state_->timer.cancel();
  state_.reset();
}

bool Timer::pending() const noexcept { return state_ && state_->function; }

Loop::Loop() : inner_(std::make_unique<Inner>()) {}
Loop::~Loop() = default;

void Loop::run() {
  inner_->thread = std::this_thread::get_id();
  inner_->context.restart();
  inner_->context.run();
  inner_->thread = std::thread::id{};
}

void Loop::run_ready() {
  const auto before = inner_->thread.exchange(std::this_thread::get_id());
  inner_->context.restart();
  inner_->context.poll();
  inner_->thread = before;
}

void Loop::stop() {
  // Posted, so that a stop() before run() is not undone by the restart() in there.
  asio::post(inner_->context, [inner = inner_.get()] { inner->context.stop(); });
}

void Loop::post(std::function<void()> function) {
  asio::post(inner_->context, [inner = inner_.get(), call = std::move(function)] {
    inner->count_turn();
    call();
  });
}

Timer Loop::after(std::chrono::milliseconds delay, std::function<void()> function) {
  auto state = std::make_shared<Timer::State>(inner_->context);
  state->function = std::move(function);
  state->timer.expires_after(delay);
  state->timer.async_wait([inner = inner_.get(), state](boost::system::error_code) {
    if (!state->function) return;  // cancelled, perhaps after the timer had fired
    inner->count_turn();
    std::exchange(state->function, nullptr)();
  });
  return Timer(std::move(state));
}

std::uint64_t Loop::turns() const noexcept { return inner_->turns.load(std::memory_order_relaxed); }

bool Loop::on_loop_thread() const noexcept { return inner_->thread.load() == std::this_thread::get_id(); }

asio::io_context& Loop::context() noexcept { return inner_->context; }

}  // namespace storegate::platform
