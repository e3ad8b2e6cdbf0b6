// Responses and requests as bytes, assembled by hand: one string, one write. No socket and no Beast.
#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>

#include "platform/http_parser.hpp"

namespace storegate::platform {
namespace {

void append_lines(std::string& out, const HttpHeaders& headers) {
  for (const HttpHeader line : headers) {
    out += line.name;
    out += ": ";
    out += line.value;
    out += "\r\n";
  }
}

void append_number(std::string& out, std::string_view name, std::size_t value) {
  char digits[24];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
  out += name;
  out.append(digits, end);
  out += "\r\n";
}

/// RFC 9110 6.4.1 and 8.6: these have no body and must not carry a length.
bool is_bodiless(int status) noexcept { return status < 200 || status == 204 || status == 304; }

bool means_a_body(std::string_view method) noexcept {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

}  // namespace

// There is no Date: a device without a trusted clock must not send one (RFC 9110 6.6.1).
void append_response(std::string& out, const HttpResponse& response, bool head_only, bool closing,
                     bool announce_keep_alive) {
  out.reserve(out.size() + 256 + response.body.size());
  std::array<char, 3> digits{'5', '0', '0'};
  const int status = response.status >= 100 && response.status <= 999 ? response.status : 500;
  std::to_chars(digits.data(), digits.data() + digits.size(), status);
  out += "HTTP/1.1 ";
  out.append(digits.data(), digits.size());
  out += ' ';
  out += reason_phrase(status);
  out += "\r\n";
  if (!response.content_type.empty()) {
    out += "Content-Type: ";
    out += response.content_type;
    out += "\r\n";
  }
  append_lines(out, response.headers);
  if (!is_bodiless(status) && !response.stream) append_number(out, "Content-Length: ", response.body.size());
  if (closing) {
    out += "Connection: close\r\n";
  } else if (announce_keep_alive) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
  if (!head_only && !is_bodiless(status) && !response.stream) out += response.body;
}

void append_request(std::string& out, std::string_view method, std::string_view host, std::string_view target,
                    const HttpHeaders& headers, std::string_view body) {
  out.reserve(out.size() + 256 + target.size() + body.size());
  out += method;
  out += ' ';
  out += target;
  out += " HTTP/1.1\r\nHost: ";
  out += host;
  out += "\r\n";
  append_lines(out, headers);
  if (!body.empty() || means_a_body(method)) append_number(out, "Content-Length: ", body.size());
  out += "\r\n";
  out += body;
}

}  // namespace storegate::platform
