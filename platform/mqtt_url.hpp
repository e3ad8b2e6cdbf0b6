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
};

/// mqtt://host[:port] or tcp://host[:port], nothing behind it. Errors: `unavailable` for mqtts://, ssl://, ws:// and
/// wss:// (known, but not offered yet), `invalid` for anything else.
[[nodiscard]] core::Result<MqttAddress> parse_mqtt_url(std::string_view url);

}  // namespace storegate::platform
