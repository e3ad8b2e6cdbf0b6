// The broker's address out of its URL. Opens nothing and looks up no name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.hpp"

namespace storegate::platform {

struct MqttAddress {
  std::string host;  // a name or a numeric address, IPv6 without brackets
  std::uint16_t port = 1883;
  bool tls = false;
  std::string path = {};  // with WebSocket, beginning with "/"; empty = without
};

/// mqtt://host[:port] or tcp://host[:port], port 1883 if none is given; mqtts:// or ssl:// for TLS, 8883; nothing behind
/// it. Over WebSocket ws://host[:port][/path], port 80, and wss:// with TLS, 443; path "/mqtt" if none is given. Error:
/// `invalid`.
[[nodiscard]] core::Result<MqttAddress> parse_mqtt_url(std::string_view url);

}  // namespace storegate::platform
