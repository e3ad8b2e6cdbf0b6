// Reads mqtt:// and mqtts:// URLs, and their other names.
#include "platform/mqtt_url.hpp"

#include <algorithm>
#include <charconv>

namespace storegate::platform {
namespace {

using core::Error;
using core::ErrorCode;

Error malformed(std::string_view url, std::string_view why) {
  return {ErrorCode::invalid, "mqtt url \"" + std::string(url) + "\": " + std::string(why)};
}

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
  if (scheme_end == std::string_view::npos) return malformed(url, "it must begin with mqtt:// or mqtts://");
  const std::string_view scheme = url.substr(0, scheme_end);
  if (scheme == "ws" || scheme == "wss")
    return Error{ErrorCode::unavailable,
                 "mqtt url \"" + std::string(url) +
                     "\": MQTT over WebSockets is not offered; use mqtts:// or mqtt://"};
  const bool tls = scheme == "mqtts" || scheme == "ssl";
  if (!tls && scheme != "mqtt" && scheme != "tcp")
    return malformed(url, "it must begin with mqtt:// or mqtts://");

  std::string_view rest = url.substr(scheme_end + 3);
  if (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  MqttAddress address{.host = {}, .port = static_cast<std::uint16_t>(tls ? 8883 : 1883), .tls = tls};
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
