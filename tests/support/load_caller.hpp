// LoadCaller: many keep-alive HTTP/1.1 connections on one Loop, one request in flight on each.
// The bench's senders: cheap, because they share two cores with what they measure. Knows nothing of orders.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/http_caller.hpp"
#include "tests/support/loop.hpp"

namespace storegate::support {

/// What came of a request; `body` lives only during the callback.
struct LoadAnswer {
  Reach reach = Reach::not_connected;
  int status = 0;
  std::string_view body;
  std::chrono::nanoseconds took{0};
  [[nodiscard]] bool is(int wanted) const noexcept { return reach == Reach::answered && status == wanted; }
};

class LoadCaller {
 public:
  using Done = std::function<void(const LoadAnswer&)>;

  /// Opens nothing yet: a connection is made with its first request and again after it was lost.
  LoadCaller(Loop& loop, Address address, std::size_t connections,
             std::chrono::milliseconds deadline = std::chrono::seconds(10));
  ~LoadCaller();
  LoadCaller(const LoadCaller&) = delete;
  LoadCaller& operator=(const LoadCaller&) = delete;

  /// Sends a whole request (see http_request) on connection 0 … size()-1, which must be free.
  /// `done` is called exactly once, from the loop, and may call again on the same connection.
  void call(std::size_t connection, std::string_view request, Done done);
  [[nodiscard]] bool busy(std::size_t connection) const;
  [[nodiscard]] std::size_t size() const noexcept { return lines_.size(); }

 private:
  struct Line;
  std::vector<std::unique_ptr<Line>> lines_;
};

}  // namespace storegate::support
