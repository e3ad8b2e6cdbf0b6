// HTTP messages as values: headers, request, response, counters. Bytes and numbers only; no socket, no parser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace storegate::platform {

class ResponseStream;

/// One header line; the views live as long as the HttpHeaders they come from is neither changed nor moved.
struct HttpHeader {
  std::string_view name;
  std::string_view value;
};

/// Header lines in their order, duplicates kept. All bytes lie in one block: two allocations a message, not two a line.
class HttpHeaders {
 public:
  HttpHeaders() = default;
  HttpHeaders(std::initializer_list<HttpHeader> lines);

  /// Appends a line. Control characters in the value become blanks: a value must never end its line.
  void add(std::string_view name, std::string_view value);

  /// The first value under that name (ASCII case ignored), or nullopt.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
  /// The same, or `absent`.
  [[nodiscard]] std::string_view get(std::string_view name, std::string_view absent = {}) const noexcept;
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return lines_.size(); }
  [[nodiscard]] bool empty() const noexcept { return lines_.empty(); }
  [[nodiscard]] HttpHeader operator[](std::size_t index) const noexcept;
  void clear() noexcept;

  class Iterator {
   public:
    Iterator(const HttpHeaders* headers, std::size_t index) : headers_(headers), index_(index) {}
    HttpHeader operator*() const { return (*headers_)[index_]; }
    Iterator& operator++() { return ++index_, *this; }
    bool operator==(const Iterator&) const = default;

   private:
    const HttpHeaders* headers_;
    std::size_t index_;
  };
  [[nodiscard]] Iterator begin() const noexcept { return {this, 0}; }
  [[nodiscard]] Iterator end() const noexcept { return {this, lines_.size()}; }

 private:
  struct Line {
    std::uint32_t at;  // of the name in bytes_; the value follows it
    std::uint32_t name_size;
    std::uint32_t value_size;
  };
  std::string bytes_;
  std::vector<Line> lines_;
};

/// A request as it was received, complete with its body.
struct HttpRequest {
  std::string method;  // as sent: case matters
  std::string
      target;  // raw: path and query, percent signs kept; the authority of an absolute form is cut off
  HttpHeaders headers;  // without trailers
  std::string body;
  std::size_t listener = 0;  // what HttpServer::listen returned
  bool peer_is_unix = false;

  [[nodiscard]] std::string_view path() const noexcept;   // raw, up to the first '?'
  [[nodiscard]] std::string_view query() const noexcept;  // raw, after it; empty if there is none
};

/// A response to send, or one that was received whole.
struct HttpResponse {
  int status = 200;
  HttpHeaders headers;  // sending: neither Content-Length, Content-Type, Connection nor Transfer-Encoding
  std::string body;
  std::string content_type;  // sending: "" = no such header. Received: the header's value
  /// Sending: the body comes bit by bit, `body` is not sent, and the connection ends with it (response_stream.hpp).
  std::shared_ptr<ResponseStream> stream;
};

/// The words that go with a status; "Unknown" for one that RFC 9110 does not name.
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

/// An RFC 9457 problem document with type "about:blank", the status's words as title, and the detail. 503 comes with
/// Retry-After, two seconds.
[[nodiscard]] HttpResponse problem_response(int status, std::string_view detail);

/// Splits at the first '=' and '&', decodes %XX and '+'. nullopt if the name is absent.
[[nodiscard]] std::optional<std::string> query_value(std::string_view query, std::string_view name);

/// %XX decoded ('+' kept); nullopt if a '%' is not followed by two hex digits or a byte decodes to NUL.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);

/// ASCII case-insensitive equality, as header names are compared.
[[nodiscard]] bool same_ignoring_case(std::string_view left, std::string_view right) noexcept;

/// What a server has seen since it started; read on the loop thread.
struct HttpServerCounters {
  std::uint64_t connections_now = 0;
  std::uint64_t accepted = 0;           // connections, the refused ones among them
  std::uint64_t refused = 0;            // by a limit: who gave way, and who was told 503 or nothing
  std::uint64_t accept_failures = 0;    // the system gave no descriptor or memory
  std::uint64_t requests = 0;           // complete ones, given to the handler
  std::uint64_t bad_requests = 0;       // answered 400, 408, 413, 417 or 431 here
  std::uint64_t timeouts = 0;           // connections that ran into a deadline other than the idle one
  std::uint64_t handshakes_now = 0;     // TLS connections that have not got through it yet
  std::uint64_t handshakes_failed = 0;  // those that took too long among them
  std::uint64_t exceptions = 0;         // thrown while a connection was served, each of them ended by it
  std::uint64_t bytes_in = 0;           // of HTTP: with TLS, before and after it
  std::uint64_t bytes_out = 0;
};

}  // namespace storegate::platform
