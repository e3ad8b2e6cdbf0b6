// Small pieces of JSON text: string literals and times. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace storegate::support {

/// A JSON string literal, quotes included. The text must be UTF-8.
[[nodiscard]] std::string json_text(std::string_view text);
/// The wall clock `from_now` away: "2026-11-23T12:00:00Z".
[[nodiscard]] std::string utc_text(std::chrono::seconds from_now = std::chrono::seconds(0));
/// The same to the millisecond, of a given instant: "2026-11-23T12:00:00.123Z".
[[nodiscard]] std::string utc_text_ms(std::chrono::system_clock::time_point instant);

}  // namespace storegate::support
