// HttpClient: HTTP/1.1 requests from the loop, with a bounded pool of connections per origin.
// Says how far the bytes of a request went; never sends a request twice. Knows no POS and no partner.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/result.hpp"
#include "platform/endpoint.hpp"
#include "platform/http_types.hpp"
#include "platform/loop.hpp"

namespace storegate::platform {

class TlsContext;

/// One request to make. Host, Content-Length and Connection are written by the client.
struct HttpCall {
  std::string method = "GET";
  Origin origin;
  std::string target = "/";  // path and query, already percent-encoded
  HttpHeaders headers;
  std::string body;
  std::chrono::milliseconds timeout{
      8'000};  // from request() to the last byte of the answer, waiting included
};

/// How a call ended: a whole response of any status, or a failure and how far the request's bytes went.
struct HttpOutcome {
  std::optional<HttpResponse> response;
  /// If there is no response: unavailable (refused, reset, half a reply, queue full, no such name), timed_out,
  /// or invalid (the reply is not HTTP, or is above a limit; or the call itself cannot be sent). A TLS handshake that
  /// fails, for whatever reason, is unavailable: the other side may put it right.
  core::Error failure;
  /// True once a byte of the request was handed to the kernel; false means it certainly was not:
  /// only then may the request be made again without asking (design: placing once).
  bool request_bytes_written = false;

  [[nodiscard]] bool ok() const noexcept { return response.has_value(); }
};

struct HttpClientOptions {
  std::size_t connections_max = 4;  // per origin
  std::size_t queue_max = 256;      // calls waiting for a connection, per origin; beyond it: unavailable
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t body_bytes_max = 1024 * 1024;
  /// Unused connections are closed after this. Below the 5 s at which common servers close theirs, because a request
  /// that meets such a close on its way is in doubt.
  std::chrono::milliseconds idle{4'000};
  /// A client's, for https origins; without it their calls fail as `invalid`, nothing written.
  std::shared_ptr<const TlsContext> tls = nullptr;
};

struct HttpClientCounters {
  std::uint64_t calls = 0;
  std::uint64_t failures = 0;
  std::uint64_t connects = 0;  // connections begun
  std::uint64_t connections_now = 0;
  std::uint64_t waiting_now = 0;
};

using HttpCallback = std::function<void(HttpOutcome)>;

/// Makes requests. Loop thread only. Destroying it closes all connections; callbacks not yet called never are.
class HttpClient {
 public:
  explicit HttpClient(Loop& loop, HttpClientOptions options = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Sends the request once. The callback comes exactly once, from the loop, never from within request().
  /// After a failure the connection has been closed, and its unsent bytes thrown away, before the callback is called.
  void request(HttpCall call, HttpCallback callback);

  /// New connections shake hands with this context. Unused ones that another let in are closed, and calls under way end
  /// as they began: no request that starts from here on goes to whom this context would not trust.
  void replace_tls(std::shared_ptr<const TlsContext> tls);

  [[nodiscard]] const HttpClientCounters& counters() const noexcept;

 private:
  struct Inner;
  std::shared_ptr<Inner> inner_;
};

/// The same for a program without a loop: blocks until the outcome is there.
[[nodiscard]] HttpOutcome call_once(HttpCall call, HttpClientOptions options = {});

}  // namespace storegate::platform
