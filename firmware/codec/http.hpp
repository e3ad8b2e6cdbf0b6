// HTTP messages as far as codecs need them: plain values, so that no codec has to know who carries them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace storegate::codec {

/// One header line as it was received. The views live as long as the request they come from.
struct HeaderView {
  std::string_view name;
  std::string_view value;
};
using Headers = std::span<const HeaderView>;

/// The value under that name (ASCII case ignored, blanks around it cut off); "" if the name is absent or stands
/// there more than once, since two credentials are none.
[[nodiscard]] std::string_view only_header(Headers headers, std::string_view name) noexcept;

/// What to answer. `headers` without Content-Type and Content-Length.
struct HttpReply {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// What to ask. `target` is path and query, percent-encoded, to be put after the POS's base path.
struct HttpRequest {
  std::string method = "GET";
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;  // Content-Type among them
  std::string body;
};

}  // namespace storegate::codec
