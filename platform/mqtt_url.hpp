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
};

/// mqtt://host[:port] or tcp://host[:port], port 1883 if none is given; mqtts:// or ssl:// for TLS, 8883; nothing behind
/// it. Errors: `unavailable` for ws:// and wss:// (known, but not offered), `invalid` for anything else.
[[nodiscard]] core::Result<MqttAddress> parse_mqtt_url(std::string_view url);

}  // namespace storegate::platform
