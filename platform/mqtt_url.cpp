// Reads mqtt://, mqtts://, ws:// and wss:// URLs, and their other names.
#include "platform/mqtt_url.hpp"

#include <algorithm>
#include <charconv>

namespace storegate::platform {
namespace {

using core::Error;
using core::ErrorCode;

Error malformed(std::string_view url, std::string_view why) {
  // What stands behind a "?" may be a secret.
  return {ErrorCode::invalid,
          "mqtt url \"" + std::string(url.substr(0, url.find('?'))) + "\": " + std::string(why)};
}

struct Scheme {
  std::string_view name;
  std::uint16_t port;
  bool tls;
  bool web_socket;
};

constexpr Scheme schemes[] = {{"mqtt", 1883, false, false}, {"tcp", 1883, false, false},
                              {"mqtts", 8883, true, false}, {"ssl", 8883, true, false},
                              {"ws", 80, false, true},      {"wss", 443, true, true}};

const Scheme* scheme_of(std::string_view name) {
  for (const Scheme& scheme : schemes)
    if (scheme.name == name) return &scheme;
  return nullptr;
}

bool is_path_character(char c) { return c > ' ' && c < 0x7f && c != '#'; }

bool is_host_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > ' ' && byte < 0x7f && std::string_view("/?#@[]\"\\").find(c) == std::string_view::npos;
}

core::Result<std::uint16_t> parse_port(std::string_view url, std::string_view text) {
  unsigned port = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (fault != std::errc{} || end != text.data() + text.size() || port == 0 || port > 65'535)
    return malformed(url, "the port must be 1 to 65535");
  return static_cast<std::uint16_t>(port);
}

}  // namespace

core::Result<MqttAddress> parse_mqtt_url(std::string_view url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos)
    return malformed(url, "it must begin with mqtt://, mqtts://, ws:// or wss://");
  const Scheme* const scheme = scheme_of(url.substr(0, scheme_end));
  if (scheme == nullptr) return malformed(url, "it must begin with mqtt://, mqtts://, ws:// or wss://");

  std::string_view rest = url.substr(scheme_end + 3);
  MqttAddress address{.host = {}, .port = scheme->port, .tls = scheme->tls};
  if (scheme->web_socket) {
    const auto slash = std::min(rest.find('/'), rest.size());
    address.path = rest.size() - slash > 1 ? rest.substr(slash) : "/mqtt";
    rest = rest.substr(0, slash);
    if (address.path.find('?') != std::string::npos)
      return malformed(url,
                       "the path may have no query: addresses are printed, and secrets belong into files");
    if (!std::all_of(address.path.begin(), address.path.end(), is_path_character))
      return malformed(url, "the path holds a character that cannot be in one");
  }
  if (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  std::string_view port_text;
  if (!rest.empty() && rest.front() == '[') {
    const auto close = rest.find(']');
    if (close == std::string_view::npos) return malformed(url, "the bracket is not closed");
    address.host = rest.substr(1, close - 1);
    port_text = rest.substr(close + 1);
    if (!port_text.empty() && port_text.front() != ':')
      return malformed(url, "only a port may follow the bracket");
  } else {
    const auto colon = rest.find(':');
    address.host = rest.substr(0, colon);
    if (colon != std::string_view::npos) port_text = rest.substr(colon);
  }
  if (address.host.empty()) return malformed(url, "it names no host");
  if (!std::all_of(address.host.begin(), address.host.end(), is_host_character))
    return malformed(url, "the host holds a character that cannot be in one");
  if (!port_text.empty()) {
    auto port = parse_port(url, port_text.substr(1));
    if (!port) return std::move(port).error();
    address.port = *port;
  }
  return address;
}

}  // namespace storegate::platform
