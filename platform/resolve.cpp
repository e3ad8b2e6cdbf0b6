// Names to addresses on a detached thread: it may hang for as long as it likes without holding anybody.
#include "platform/resolve.hpp"

#include <netdb.h>
#include <pthread.h>
#include <sys/socket.h>

#include <boost/asio/ip/address.hpp>
#include <cstring>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace storegate::platform {

using boost::asio::ip::tcp;
using core::Error;
using core::ErrorCode;
using core::Result;

/// Shared by the one who asked and the thread that looks.
struct Lookup::State {
  std::mutex mutex;
  Loop* loop = nullptr;                            // none once cancelled: the loop may be gone
  std::function<void(Result<TcpEndpoints>)> then;  // the loop's thread only
};

namespace {

Result<TcpEndpoints> look_up(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0) return Error{ErrorCode::unavailable, "looking up " + host + ": " + ::gai_strerror(code)};
  TcpEndpoints endpoints;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    tcp::endpoint endpoint;
    if (each->ai_addrlen > endpoint.capacity()) continue;
    endpoint.resize(each->ai_addrlen);
    std::memcpy(endpoint.data(), each->ai_addr, each->ai_addrlen);
    endpoints.push_back(endpoint);
  }
  ::freeaddrinfo(found);
  if (endpoints.empty()) return Error{ErrorCode::unavailable, "looking up " + host + ": no address"};
  return endpoints;
}

}  // namespace

Lookup& Lookup::operator=(Lookup&& other) noexcept {
  if (this != &other) {
    cancel();
    state_ = std::move(other.state_);
  }
  return *this;
}

void Lookup::cancel() noexcept {
  const auto state = std::exchange(state_, nullptr);
  if (!state) return;
  const std::lock_guard lock(state->mutex);
  state->loop = nullptr;
  state->then = nullptr;
}

Lookup resolve(Loop& loop, const std::string& host, std::uint16_t port,
               std::function<void(Result<TcpEndpoints>)> then) {
  Lookup lookup;
  lookup.state_ = std::make_shared<Lookup::State>();
  lookup.state_->loop = &loop;
  lookup.state_->then = std::move(then);
  const auto tell = [state = lookup.state_](Result<TcpEndpoints> result) {
    const std::lock_guard lock(state->mutex);
    if (state->loop == nullptr) return;
    state->loop->post([state, result = std::move(result)]() mutable {
      if (auto call = std::exchange(state->then, nullptr)) call(std::move(result));
    });
  };
  boost::system::error_code no_literal;
  const auto literal = boost::asio::ip::make_address(host, no_literal);
  if (!no_literal) {
    tell(TcpEndpoints{tcp::endpoint(literal, port)});
    return lookup;
  }
  try {
    std::thread([tell, host, port] {
      ::pthread_setname_np(::pthread_self(), "resolve");
      tell(look_up(host, port));
    }).detach();
  } catch (const std::system_error& fault) {
    tell(Error{ErrorCode::failed, std::string("starting a thread to look up a name: ") + fault.what()});
  }
  return lookup;
}

}  // namespace storegate::platform
