// The rules one by one. Each refuses what is known to be read differently by somebody in front of us.
#include "platform/http_rules.hpp"

#include <algorithm>

#include "platform/http_types.hpp"

namespace storegate::platform {
namespace {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool all_of(std::string_view text, bool (*permitted)(char)) noexcept {
  return std::all_of(text.begin(), text.end(), permitted);
}

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// What of a target may be there: visible ASCII. A fragment never leaves its client, and a backslash is a slash to some.
bool is_target_char(char c) noexcept { return c > ' ' && c < '\x7f' && c != '#' && c != '\\'; }

bool is_name_char(char c) noexcept { return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_'; }
bool is_address_char(char c) noexcept {
  return is_digit(c) || c == ':' || c == '.' || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// A host name, an IPv4 address or an IPv6 address in brackets; then nothing, or a port.
bool is_authority(std::string_view text) noexcept {
  std::size_t end = std::min(text.find(':'), text.size());
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == std::string_view::npos || end < 3 || !all_of(text.substr(1, end - 1), is_address_char))
      return false;
    ++end;
  } else if (end == 0 || !all_of(text.substr(0, end), is_name_char)) {
    return false;
  }
  const auto port = text.substr(end);
  return port.empty() ||
         (port.size() >= 2 && port.size() <= 6 && port[0] == ':' && all_of(port.substr(1), is_digit));
}

/// The scheme in front of a target in absolute form, either of the two whatever the listener speaks (RFC 9110 4.2); "" =
/// there is none.
std::string_view http_scheme_of(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (same_ignoring_case(target.substr(0, scheme.size()), scheme)) return target.substr(0, scheme.size());
  return {};
}

/// Two authorities are compared in small letters, and without the scheme's own port.
std::string in_small_letters(std::string_view authority) {
  std::string text(authority);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return text;
}

std::string_view without(std::string_view port, std::string_view authority) {
  if (authority.ends_with(port)) authority.remove_suffix(port.size());
  return authority;
}

/// "HTTP/1.1" and its like. Anything else is no version: "http/1.1", "HTTP/1.1 " and none at all.
bool is_version(std::string_view text) noexcept {
  return text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) && text[6] == '.' &&
         is_digit(text[7]);
}

/// Some in front of us, CGI's heirs, take an underscore for a hyphen: to them these are framing lines.
bool is_disguised(std::string_view name) {
  if (name.find('_') == std::string_view::npos) return false;
  std::string plain(name);
  std::replace(plain.begin(), plain.end(), '_', '-');
  return is_framing_name(plain);
}

constexpr HttpFault two_lengths{"Content-Length is given more than once"};
constexpr HttpFault two_framings{"Content-Length stands beside Transfer-Encoding"};

}  // namespace

bool is_http_token(std::string_view text) noexcept {
  const auto is_token_char = [](char c) {
    return is_letter(c) || is_digit(c) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  return !text.empty() && all_of(text, is_token_char);
}

bool is_framing_name(std::string_view name) noexcept {
  return same_ignoring_case(name, "content-length") || same_ignoring_case(name, "transfer-encoding") ||
         same_ignoring_case(name, "host");
}

MaybeFault fault_of_field(std::string_view line) noexcept {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return HttpFault{"a header line has no colon"};
  if (!is_http_token(line.substr(0, colon))) return HttpFault{"a header's name is malformed"};
  return {};
}

MaybeFault HttpHeadRules::start_line(std::string_view line) {
  if (!is_request_) {
    is_1_0_ = line.starts_with("HTTP/1.0");
    return {};
  }
  const auto blank = std::min(line.find(' '), line.size());
  const auto last = line.rfind(' ');
  if (!is_http_token(line.substr(0, blank)) || last == std::string_view::npos || last == blank)
    return HttpFault{"the request line is malformed"};
  const auto version = line.substr(last + 1);
  if (!is_version(version)) return HttpFault{"the request line is malformed"};
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return HttpFault{"only HTTP/1.0 and HTTP/1.1 are understood", 505};
  is_1_0_ = version == "HTTP/1.0";
  return target(line.substr(0, blank), line.substr(blank + 1, last - blank - 1));
}

/// RFC 9112 3.2: a path, "*" of OPTIONS, or the absolute form, which must be accepted though it is meant for proxies.
MaybeFault HttpHeadRules::target(std::string_view method, std::string_view target) {
  if (target.empty() || !all_of(target, is_target_char))
    return HttpFault{"the request target has characters that it must not have"};
  if (method == "CONNECT") return HttpFault{"this is no proxy"};
  if (target.starts_with('/') || (target == "*" && method == "OPTIONS")) return {};
  const auto scheme = http_scheme_of(target);
  if (scheme.empty()) return HttpFault{"the request target is neither a path nor an http:// or https:// URL"};
  default_port_ = scheme.size() == std::string_view("http://").size() ? ":80" : ":443";
  target.remove_prefix(scheme.size());
  target = target.substr(0, target.find_first_of("/?"));
  if (!is_authority(target)) return HttpFault{"the request target's host is malformed"};
  authority_ = in_small_letters(target);
  return {};
}

MaybeFault HttpHeadRules::field(std::string_view line) {
  if (const auto fault = fault_of_field(line)) return fault;
  const auto colon = line.find(':');
  const auto name = line.substr(0, colon);
  const auto value = trimmed(line.substr(colon + 1));
  if (same_ignoring_case(name, "content-length")) return length(value);
  if (same_ignoring_case(name, "transfer-encoding")) return coding(value);
  if (is_request_ && same_ignoring_case(name, "host")) return host(value);
  if (is_disguised(name)) return HttpFault{"a header's name is another's in disguise"};
  return {};
}

/// A zero in front is octal to some; eighteen digits fit into 64 bits whatever they are.
MaybeFault HttpHeadRules::length(std::string_view value) {
  if (has_length_ || value.find(',') != std::string_view::npos) return two_lengths;
  has_length_ = true;
  if (value.empty() || value.size() > 18 || !all_of(value, is_digit) || (value.size() > 1 && value[0] == '0'))
    return HttpFault{"Content-Length is no number"};
  if (is_chunked_) return two_framings;
  return {};
}

MaybeFault HttpHeadRules::coding(std::string_view value) {
  if (is_chunked_) return HttpFault{"Transfer-Encoding is given more than once"};
  is_chunked_ = true;
  if (is_1_0_ || !same_ignoring_case(value, "chunked"))
    return HttpFault{"the only Transfer-Encoding understood is \"chunked\", in HTTP/1.1"};
  if (has_length_) return two_framings;
  return {};
}

MaybeFault HttpHeadRules::host(std::string_view value) {
  if (has_host_) return HttpFault{"exactly one Host header is required"};
  has_host_ = true;
  if (!is_authority(value)) return HttpFault{"the Host header is malformed"};
  host_ = in_small_letters(value);
  return {};
}

MaybeFault HttpHeadRules::end() const {
  if (!is_request_) return {};
  if (!has_host_ && !is_1_0_) return HttpFault{"exactly one Host header is required"};
  if (has_host_ && !authority_.empty() && without(default_port_, authority_) != without(default_port_, host_))
    return HttpFault{"the request target and the Host header name two hosts"};
  return {};
}

}  // namespace storegate::platform
