// Endpoint: where a listener or a client's peer lives: a TCP address, or the path of a Unix socket; and http:// and
// https:// URLs.
// Text in, value out. Opens nothing and looks up no name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace storegate::platform {

/// A numeric TCP address with port, or the path of a Unix stream socket.
struct Endpoint {
  enum class Kind { tcp, unix_socket };
  Kind kind = Kind::tcp;
  std::string address;     // tcp: IPv4 or IPv6 literal without brackets; unix_socket: the path
  std::uint16_t port = 0;  // tcp only; 0 = the system chooses when listening

  /// Reads "127.0.0.1:8080", "[::1]:8080" or "unix:/path". Names are refused: a listener binds an address.
  /// Errors: invalid, with what was expected (a path has at most 107 bytes, the size of sun_path).
  static core::Result<Endpoint> parse(std::string_view text);

  [[nodiscard]] bool is_unix() const noexcept { return kind == Kind::unix_socket; }

  /// True for 127.0.0.0/8, ::1, their v4-mapped form, and Unix sockets: nobody outside this machine can connect.
  [[nodiscard]] bool is_loopback() const;

  /// The form that parse() reads.
  [[nodiscard]] std::string text() const;

  bool operator==(const Endpoint&) const = default;
};

/// The server part of a URL: whom to connect to. `host` is a name or an address literal without brackets.
struct Origin {
  std::string host;  // empty for a Unix socket
  std::uint16_t port = 80;
  std::string unix_path = {};  // empty for TCP
  bool tls = false;            // https

  /// "host:port", "[v6]:port" or "unix:/path", with "https://" in front where it is so; equal origins share connections.
  [[nodiscard]] std::string text() const;
  /// What stands in the Host header: without ":80", with TLS without ":443"; "localhost" for a Unix socket.
  [[nodiscard]] std::string host_header() const;

  static Origin of(const Endpoint& endpoint);

  bool operator==(const Origin&) const = default;
};

/// A parsed base URL.
struct Url {
  Origin origin;
  std::string path;  // "" or "/prefix", never with a trailing slash, query or fragment

  /// Reads "http://host[:port][/prefix]", "https://..." (port 443 if none is given) or "unix:/path".
  /// Errors: invalid, saying what is wrong (user info, query, fragment, bad port, blanks in it).
  static core::Result<Url> parse(std::string_view text);
};

}  // namespace storegate::platform
