// What travels between the parts of the world: bytes and statuses, as on a wire. Knows nothing of who sends them.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/http.hpp"

namespace storegate::sim {

/// A request to the gateway's door.
struct WebAsk {
  std::string method = "POST";
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};
/// Called when an answer leaves the gateway's door.
using Responder = std::function<void(codec::HttpReply)>;

/// What came back of a request to the POS.
/// When a request left, and when its answer came, or nobody waited for one any more. A machine that sleeps hears later.
struct Exchange {
  std::int64_t asked_ms = 0, answered_ms = 0;
};

struct PosReply {
  int status = 0;  // 0 = no response
  std::string retry_after;
  std::string body;
  bool written = false;  // a byte of the request was handed over
};
using PosHeard = std::function<void(PosReply)>;

/// A publication either way.
struct Publication {
  std::string level;  // the topic's last level
  std::string payload;
};

/// The text of a member `"name":"…"` of a JSON document, found by eye: "" if there is none. Enough for documents whose
/// texts hold no quotes, and none of the code under test.
[[nodiscard]] inline std::string_view member_text(std::string_view json, std::string_view name) {
  std::array<char, 64> wanted{};
  const std::size_t size = name.size() + 4;
  if (size > wanted.size()) return {};
  wanted[0] = '"';
  name.copy(wanted.data() + 1, name.size());
  std::memcpy(wanted.data() + 1 + name.size(), "\":\"", 3);
  // memmem: quotes are too many for a search by the first character.
  const void* at = memmem(json.data(), json.size(), wanted.data(), size);
  if (at == nullptr) return {};
  json.remove_prefix(static_cast<std::size_t>(static_cast<const char*>(at) - json.data()) + size);
  return json.substr(0, json.find('"'));
}

}  // namespace storegate::sim
