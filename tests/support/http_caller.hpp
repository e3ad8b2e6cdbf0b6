// HttpCaller: a blocking HTTP/1.1 client for tests, over a raw socket, with keep-alive and deadlines.
// It never repeats a request by itself and tells how far one got. Knows nothing of orders.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/sockets.hpp"

namespace storegate::support {

/// How far a request got. `answered` = a whole answer; anything less comes with `error`.
enum class Reach { not_connected, nothing_written, partly_written, written, partly_answered, answered };
[[nodiscard]] const char* name_of(Reach reach) noexcept;

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpAnswer {
  Reach reach = Reach::not_connected;
  int status = 0;  // 0 unless the status line came
  HttpHeaders headers;
  std::string body;  // whole if answered, else what came of it
  std::string error;
  bool closes = false;  // the server said so, or closed

  [[nodiscard]] bool answered() const noexcept { return reach == Reach::answered; }
  [[nodiscard]] bool is(int wanted) const noexcept { return answered() && status == wanted; }
  /// A header's value, whatever its case; "" if absent.
  [[nodiscard]] std::string header(std::string_view name) const;
};

/// The bytes of a request; Host, and Content-Length when there is a body or the method carries one, are added.
[[nodiscard]] std::string http_request(std::string_view method, std::string_view target,
                                       const HttpHeaders& headers, std::string_view body);

class HttpCaller {
 public:
  explicit HttpCaller(Address address, std::chrono::milliseconds deadline = std::chrono::seconds(10))
      : address_(std::move(address)), deadline_(deadline) {}
  /// "HOST:PORT", "http://HOST:PORT" or "unix:PATH".
  explicit HttpCaller(const std::string& address,
                      std::chrono::milliseconds deadline = std::chrono::seconds(10))
      : HttpCaller(Address::parse(address), deadline) {}

  HttpAnswer call(std::string_view method, std::string_view target, const HttpHeaders& headers = {},
                  std::string_view body = {});
  HttpAnswer get(std::string_view target) { return call("GET", target); }
  HttpAnswer put(std::string_view target, std::string_view json) {
    return call("PUT", target, json_headers(), json);
  }
  HttpAnswer post(std::string_view target, std::string_view json, HttpHeaders more = {});
  /// Sends bytes as they are (malformed requests, too) and reads one answer. `head` = the answer has no body.
  HttpAnswer call_raw(std::string_view bytes, bool head = false);

  void close() noexcept { socket_.close(); }
  [[nodiscard]] bool connected() const noexcept { return socket_.open(); }
  void set_deadline(std::chrono::milliseconds deadline) noexcept { deadline_ = deadline; }

 private:
  using Until = std::chrono::steady_clock::time_point;
  static HttpHeaders json_headers() { return {{"Content-Type", "application/json"}}; }
  bool connect(Until until, HttpAnswer& answer);
  bool write_all(std::string_view bytes, Until until, HttpAnswer& answer);
  void read_answer(bool head, Until until, HttpAnswer& answer);

  Address address_;
  std::chrono::milliseconds deadline_;
  Descriptor socket_;
  std::string received_;
};

}  // namespace storegate::support
