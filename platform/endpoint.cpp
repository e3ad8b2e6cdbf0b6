// Reading and writing of addresses and base URLs. Text only; the system is asked for nothing.
#include "platform/endpoint.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

namespace storegate::platform {
namespace {

constexpr std::size_t unix_path_bytes_max = sizeof(sockaddr_un{}.sun_path) - 1;
constexpr std::string_view unix_prefix = "unix:";

core::Error invalid(std::string_view text, std::string_view why) {
  return {core::ErrorCode::invalid, "\"" + std::string(text) + "\": " + std::string(why)};
}

std::optional<std::uint16_t> parse_port(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return port;
}

bool is_literal(int family, const std::string& address) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(family, address.c_str(), bytes.data()) == 1;
}

struct HostPort {
  std::string host;
  std::optional<std::string_view> port;  // absent if there is no colon
  bool bracketed = false;
};

/// Splits "host:port" and "[v6]:port"; nullopt if the brackets do not match.
std::optional<HostPort> split_host_port(std::string_view text) {
  HostPort split;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    split.host = text.substr(1, close - 1);
    split.bracketed = true;
    text.remove_prefix(close + 1);
    if (text.empty()) return split;
    if (text.front() != ':') return std::nullopt;
    split.port = text.substr(1);
    return split;
  }
  const auto colon = text.find(':');
  split.host = text.substr(0, colon);
  if (colon != std::string_view::npos) split.port = text.substr(colon + 1);
  return split;
}

core::Result<Endpoint> parse_unix(std::string_view text) {
  const auto path = text.substr(unix_prefix.size());
  if (path.empty()) return invalid(text, "a path must follow unix:");
  if (path.find('\0') != std::string_view::npos) return invalid(text, "the path holds a NUL byte");
  if (path.size() > unix_path_bytes_max) {
    return invalid(text, "a socket's path has at most " + std::to_string(unix_path_bytes_max) + " bytes");
  }
  return Endpoint{Endpoint::Kind::unix_socket, std::string(path), 0};
}

bool is_host_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_';
}

bool is_host(const HostPort& split) {
  if (split.bracketed) return is_literal(AF_INET6, split.host);
  return !split.host.empty() && split.host.size() <= 253 &&
         std::all_of(split.host.begin(), split.host.end(), is_host_name_char);
}

std::uint16_t default_port(bool tls) { return tls ? 443 : 80; }

/// Why the text after "http://" cannot be a base URL, or nothing.
std::string_view why_no_base_url(std::string_view rest) {
  for (const char c : rest) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '\x7f') return "holds a blank or control character";
  }
  if (rest.find('?') != std::string_view::npos) return "a base URL has no query";
  if (rest.find('#') != std::string_view::npos) return "a base URL has no fragment";
  if (rest.substr(0, rest.find('/')).find('@') != std::string_view::npos) {
    return "a user or password does not belong in a URL; use the token or secret file";
  }
  return {};
}

}  // namespace

core::Result<Endpoint> Endpoint::parse(std::string_view text) {
  if (text.starts_with(unix_prefix)) return parse_unix(text);
  const auto split = split_host_port(text);
  if (!split || !split->port) return invalid(text, "expected ADDRESS:PORT, [V6ADDRESS]:PORT or unix:/PATH");
  if (!is_literal(split->bracketed ? AF_INET6 : AF_INET, split->host)) {
    return invalid(text, "expected a numeric address before the port, such as 127.0.0.1 or [::1]");
  }
  const auto port = parse_port(*split->port);
  if (!port) return invalid(text, "the port must be a number from 0 to 65535");
  return Endpoint{Kind::tcp, split->host, *port};
}

bool Endpoint::is_loopback() const {
  if (is_unix()) return true;
  in_addr v4{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24U) == 127U;
  in6_addr v6{};
  if (inet_pton(AF_INET6, address.c_str(), &v6) != 1) return false;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) return v6.s6_addr[12] == 127;
  return IN6_IS_ADDR_LOOPBACK(&v6);
}

std::string Endpoint::text() const {
  if (is_unix()) return std::string(unix_prefix) + address;
  const bool is_v6 = address.find(':') != std::string::npos;
  return (is_v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

std::string Origin::text() const {
  if (!unix_path.empty()) return std::string(unix_prefix) + unix_path;
  return (tls ? "https://" : "") + Endpoint{Endpoint::Kind::tcp, host, port}.text();
}

std::string Origin::host_header() const {
  if (!unix_path.empty()) return "localhost";
  auto full = Endpoint{Endpoint::Kind::tcp, host, port}.text();
  if (port == default_port(tls)) full.resize(full.rfind(':'));
  return full;
}

Origin Origin::of(const Endpoint& endpoint) {
  if (endpoint.is_unix()) return Origin{"", 0, endpoint.address, false};
  return Origin{endpoint.address, endpoint.port, "", false};
}

core::Result<Url> Url::parse(std::string_view text) {
  if (text.starts_with(unix_prefix)) {
    auto endpoint = parse_unix(text);
    if (!endpoint) return std::move(endpoint).error();
    return Url{Origin::of(*endpoint), ""};
  }
  const bool tls = text.starts_with("https://");
  if (!tls && !text.starts_with("http://"))
    return invalid(text, "expected http://HOST[:PORT][/PATH], https://... or unix:/PATH");
  const auto rest = text.substr(text.find("//") + 2);
  if (const auto why = why_no_base_url(rest); !why.empty()) return invalid(text, why);

  const auto slash = rest.find('/');
  const auto split = split_host_port(rest.substr(0, slash));
  if (!split || !is_host(*split))
    return invalid(text, "the host is neither a name nor an address ([..] around IPv6)");
  Url url{Origin{split->host, default_port(tls), "", tls},
          slash == std::string_view::npos ? "" : std::string(rest.substr(slash))};
  if (split->port) {
    const auto port = parse_port(*split->port);
    if (!port || *port == 0) return invalid(text, "the port must be a number from 1 to 65535");
    url.origin.port = *port;
  }
  while (url.path.ends_with('/')) url.path.pop_back();
  return url;
}

}  // namespace storegate::platform
