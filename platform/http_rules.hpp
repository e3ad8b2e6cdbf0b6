// What the lines of an HTTP message's head may say, by their raw bytes: where RFC 9112 or lenient parsers leave two
// readings, the line is refused. No socket, no Beast, no memory of its own beyond what the end of the head needs.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace storegate::platform {

/// Why a message is refused, and the status a server answers: 400, 431 or 505.
struct HttpFault {
  std::string_view why;
  int status = 400;
};
using MaybeFault = std::optional<HttpFault>;

/// Bytes that no line may have: controls but for the tab (RFC 9110 5.5).
[[nodiscard]] constexpr bool is_http_control(char c) noexcept {
  return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
}

/// RFC 9110 token, as methods and header names are.
[[nodiscard]] bool is_http_token(std::string_view text) noexcept;

/// A name that says where a message ends or whom it is for. Nothing of that kind may stand in a trailer.
[[nodiscard]] bool is_framing_name(std::string_view name) noexcept;

/// A header or trailer line, without its CR LF: a token, a colon right behind it, anything.
[[nodiscard]] MaybeFault fault_of_field(std::string_view line) noexcept;

/// Judges a head line by line, and then what the lines say together.
class HttpHeadRules {
 public:
  explicit HttpHeadRules(bool is_request) noexcept : is_request_(is_request) {}

  /// `line` without its CR LF. A response's is left to Beast: it comes from whom we have called.
  [[nodiscard]] MaybeFault start_line(std::string_view line);
  [[nodiscard]] MaybeFault field(std::string_view line);
  [[nodiscard]] MaybeFault end() const;

 private:
  [[nodiscard]] MaybeFault target(std::string_view method, std::string_view target);
  [[nodiscard]] MaybeFault length(std::string_view value);
  [[nodiscard]] MaybeFault coding(std::string_view value);
  [[nodiscard]] MaybeFault host(std::string_view value);

  bool is_request_;
  bool is_1_0_ = false;
  bool has_length_ = false;
  bool is_chunked_ = false;
  bool has_host_ = false;
  std::string host_;               // of the Host line, in small letters
  std::string authority_;          // of a target in absolute form, likewise; "" = it is a path
  std::string_view default_port_;  //   and the port its scheme means anyway, as ":80"
};

}  // namespace storegate::platform
