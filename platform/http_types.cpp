// The HTTP values' own functions. No socket and no parser here.
#include "platform/http_types.hpp"

#include <algorithm>

#include "platform/http_rules.hpp"

namespace storegate::platform {
namespace {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_json_text(std::string& out, std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < ' ' || byte >= 0x7f) {  // a detail may quote foreign bytes that are no UTF-8
      out += "\\u00";
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    } else {
      out += c;
    }
  }
}

}  // namespace

bool same_ignoring_case(std::string_view left, std::string_view right) noexcept {
  return left.size() == right.size() && std::equal(left.begin(), left.end(), right.begin(),
                                                   [](char a, char b) { return lower(a) == lower(b); });
}

HttpHeaders::HttpHeaders(std::initializer_list<HttpHeader> lines) {
  for (const auto& line : lines) add(line.name, line.value);
}

void HttpHeaders::add(std::string_view name, std::string_view value) {
  if (lines_.empty()) {  // what a common message needs, at once
    lines_.reserve(12);
    bytes_.reserve(320);
  }
  lines_.push_back({static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(name.size()),
                    static_cast<std::uint32_t>(value.size())});
  bytes_ += name;
  for (const char c : value) bytes_ += is_http_control(c) ? ' ' : c;
}

HttpHeader HttpHeaders::operator[](std::size_t index) const noexcept {
  const Line& line = lines_[index];
  const std::string_view bytes = bytes_;
  return {bytes.substr(line.at, line.name_size), bytes.substr(line.at + line.name_size, line.value_size)};
}

std::optional<std::string_view> HttpHeaders::find(std::string_view name) const noexcept {
  for (const HttpHeader line : *this) {
    if (same_ignoring_case(line.name, name)) return line.value;
  }
  return std::nullopt;
}

std::string_view HttpHeaders::get(std::string_view name, std::string_view absent) const noexcept {
  return find(name).value_or(absent);
}

std::size_t HttpHeaders::count(std::string_view name) const noexcept {
  std::size_t found = 0;
  for (const HttpHeader line : *this) found += same_ignoring_case(line.name, name) ? 1U : 0U;
  return found;
}

void HttpHeaders::clear() noexcept {
  bytes_.clear();
  lines_.clear();
}

std::string_view HttpRequest::path() const noexcept {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view HttpRequest::query() const noexcept {
  const auto mark = target.find('?');
  return mark == std::string::npos ? std::string_view{} : std::string_view(target).substr(mark + 1);
}

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
  }
}

HttpResponse problem_response(int status, std::string_view detail) {
  HttpResponse response;
  response.status = status;
  response.content_type = "application/problem+json";
  if (status == 503) response.headers.add("Retry-After", "2");
  response.body = R"({"type":"about:blank","title":")";
  append_json_text(response.body, reason_phrase(status));
  response.body += R"(","status":)" + std::to_string(status) + R"(,"detail":")";
  append_json_text(response.body, detail);
  response.body += "\"}";
  return response;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      decoded += text[at];
      continue;
    }
    if (at + 2 >= text.size()) return std::nullopt;
    const int high = hex_value(text[at + 1]);
    const int low = hex_value(text[at + 2]);
    if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return decoded;
}

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    if (pair.substr(0, equals) != name) continue;
    std::string value(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1));
    std::replace(value.begin(), value.end(), '+', ' ');
    return percent_decoded(value);
  }
  return std::nullopt;
}

}  // namespace storegate::platform
