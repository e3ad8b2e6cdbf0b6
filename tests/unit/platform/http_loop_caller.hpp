// An HTTP client on a loop thread of its own, whose outcomes a test waits for.
#pragma once

#include <doctest/doctest.h>

#include <future>
#include <memory>
#include <utility>

#include "http_loop_thread.hpp"
#include "platform/http_client.hpp"

namespace storegate::tests {

using platform::HttpCall;
using platform::HttpClient;
using platform::HttpClientCounters;
using platform::HttpClientOptions;
using platform::HttpOutcome;

class Caller {
 public:
  explicit Caller(const HttpClientOptions& options = {}) {
    thread_.on_loop([&] { client_ = std::make_unique<HttpClient>(thread_.loop(), options); });
  }
  ~Caller() {
    thread_.on_loop([this] { client_.reset(); });
  }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  std::future<HttpOutcome> begin(HttpCall call) {
    auto promise = std::make_shared<std::promise<HttpOutcome>>();
    auto returned = std::make_shared<bool>(false);
    thread_.on_loop([&] {
      client_->request(std::move(call), [promise, returned](HttpOutcome outcome) {
        CHECK_MESSAGE(*returned, "a callback from within request()");
        promise->set_value(std::move(outcome));
      });
      *returned = true;
    });
    return promise->get_future();
  }
  HttpClientCounters counters() {
    return thread_.on_loop([this] { return client_->counters(); });
  }
  tests::LoopThread& thread() { return thread_; }
  void replace_tls(const std::shared_ptr<const platform::TlsContext>& tls) {
    thread_.on_loop([&] { client_->replace_tls(tls); });
  }
  void forget() {
    thread_.on_loop([this] { client_.reset(); });
  }

 private:
  tests::LoopThread thread_;
  std::unique_ptr<HttpClient> client_;
};

}  // namespace storegate::tests
