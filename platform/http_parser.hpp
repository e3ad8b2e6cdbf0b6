// Parsers for one HTTP/1.1 message at a time, over bytes that arrive in any pieces. No socket, no clock.
// Beast does the grammar; what two parsers could read differently (request smuggling) is refused before it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "platform/http_types.hpp"

namespace storegate::platform {

struct HttpParseLimits {
  std::size_t header_bytes_max = 16 * 1024;  // start line and headers; trailers as many again
  std::size_t body_bytes_max =
      512 * 1024;  // beyond it the body is thrown away and body_too_large() becomes true
  std::size_t header_lines_max = 100;
};

/// What is common to both directions. Feed it the unread bytes; it tells how many it has used up, and the rest
/// (a started header, or the next message) must be there again in front of what comes later.
class HttpParser {
 public:
  enum class State { header, body, complete, failed };

  virtual ~HttpParser() = default;

  /// Forgets the message and begins with the next.
  virtual void reset() = 0;
  /// Uses up what it can of the bytes and returns how many that were. 0 with state() unchanged: more are needed.
  virtual std::size_t feed(std::string_view bytes) = 0;
  /// The sender has closed: a response without length is complete by that; anything else is failed or stays as it is.
  virtual void end_of_stream() = 0;

  [[nodiscard]] State state() const noexcept { return state_; }
  /// Why state() is failed, for the problem document or the log; and the status a server answers: 400, 417, 431 or 505.
  [[nodiscard]] std::string_view failure() const noexcept { return failure_; }
  [[nodiscard]] int failure_status() const noexcept { return failure_status_; }

  [[nodiscard]] bool body_too_large() const noexcept { return body_too_large_; }
  /// The length of the body as the headers say it; nothing in front of their end, and of a chunked one.
  [[nodiscard]] std::optional<std::uint64_t> announced() const noexcept { return announced_; }
  /// Bytes of a too large body that were thrown away, or that its Content-Length announces, whichever is more.
  [[nodiscard]] std::size_t body_bytes_refused() const noexcept { return body_bytes_refused_; }
  /// Whether the sender allows another message on this connection. From state body on.
  [[nodiscard]] virtual bool keep_alive() const = 0;

 protected:
  State state_ = State::header;
  std::string_view failure_;
  int failure_status_ = 400;
  bool body_too_large_ = false;
  std::size_t body_bytes_refused_ = 0;
  std::optional<std::uint64_t> announced_;
};

class HttpRequestParser : public HttpParser {
 public:
  static std::unique_ptr<HttpRequestParser> make(HttpParseLimits limits);
  /// To be moved from when state() is complete.
  [[nodiscard]] HttpRequest& request() noexcept { return request_; }
  /// The sender waits for "100 Continue" before it sends the body.
  [[nodiscard]] bool expects_continue() const noexcept { return expects_continue_; }
  [[nodiscard]] bool is_http_1_0() const noexcept { return is_http_1_0_; }

 protected:
  HttpRequest request_;
  bool expects_continue_ = false;
  bool is_http_1_0_ = false;
};

class HttpResponseParser : public HttpParser {
 public:
  static std::unique_ptr<HttpResponseParser> make(HttpParseLimits limits);
  /// Call after reset(): the response answers a HEAD, so that no body follows whatever its headers say.
  virtual void expect_no_body() = 0;
  [[nodiscard]] HttpResponse& response() noexcept { return response_; }

 protected:
  HttpResponse response_;
};

/// Appends a response as bytes. `head_only`: the answer to a HEAD. `closing`: this connection ends after it;
/// `announce_keep_alive`: an HTTP/1.0 client has asked to keep it and must be told.
void append_response(std::string& out, const HttpResponse& response, bool head_only, bool closing,
                     bool announce_keep_alive);

/// Appends a request as bytes, with Host, and Content-Length where there is a body or the method means one.
void append_request(std::string& out, std::string_view method, std::string_view host, std::string_view target,
                    const HttpHeaders& headers, std::string_view body);

}  // namespace storegate::platform
