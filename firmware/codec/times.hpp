// RFC 3339 text to Unix milliseconds and back. Reads no clock and knows no zone but offsets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace storegate::codec {

/// Unix milliseconds of "2026-11-23T12:00:00.123456789+01:00": any offset, `t` and `z` in either case, digits beyond
/// the millisecond cut off, second 60 taken as the next minute's 0. Nothing for other text or a time outside
/// 1970-01-01T00:00:00Z to 9999-12-31T23:59:59.999Z.
[[nodiscard]] std::optional<std::int64_t> time_from(std::string_view text) noexcept;

/// The same read liberally, since partners write times in many ways: blanks around it, one between date and time, some
/// before the offset, seconds left out, an offset without its colon or its minutes, or none at all: then the text is `local_offset_minutes` ahead of
/// UTC.
[[nodiscard]] std::optional<std::int64_t> loose_time_from(std::string_view text,
                                                          int local_offset_minutes) noexcept;

/// Appends 2026-11-23T12:00:00.000Z, without quotes. Times outside the range above are written as its nearest end.
void append_time(std::string& out, std::int64_t wall_ms);
[[nodiscard]] std::string time_text(std::int64_t wall_ms);

}  // namespace storegate::codec
