// Signals over Asio's signal_set, which turns them into reads of a pipe on the loop.
#include "platform/signals.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <string>
#include <utility>

namespace storegate::platform {

namespace asio = boost::asio;

struct SignalWatch::State : std::enable_shared_from_this<SignalWatch::State> {
  State(asio::io_context& context, std::function<void(int)> call) : set(context), function(std::move(call)) {}

  void wait() {
    set.async_wait([self = shared_from_this()](boost::system::error_code error, int signal) {
      if (error || !self->function) return;
      self->wait();
      self->function(signal);
    });
  }

  asio::signal_set set;
  std::function<void(int)> function;
};

SignalWatch::SignalWatch(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
SignalWatch::SignalWatch(SignalWatch&&) noexcept = default;

SignalWatch& SignalWatch::operator=(SignalWatch&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

SignalWatch::~SignalWatch() {
  if (!state_) return;
  state_->function = nullptr;
  boost::system::error_code ignored;
  state_->set.clear(ignored);
  state_->set.cancel(ignored);  // clear() alone leaves the wait, which holds the state, for ever
}

core::Result<SignalWatch> on_signal(Loop& loop, std::initializer_list<int> signals,
                                    std::function<void(int)> function) {
  auto state = std::make_shared<SignalWatch::State>(loop.context(), std::move(function));
  for (const int signal : signals) {
    boost::system::error_code error;
    state->set.add(signal, error);
    if (error) {
      return core::Error{core::ErrorCode::invalid,
                         "signal " + std::to_string(signal) + ": " + error.message()};
    }
  }
  state->wait();
  return SignalWatch(std::move(state));
}

void ignore_broken_pipe() noexcept { std::signal(SIGPIPE, SIG_IGN); }

}  // namespace storegate::platform
