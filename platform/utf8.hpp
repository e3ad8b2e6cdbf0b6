// UTF-8 as the Unicode standard defines it (table 3-7): no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <string_view>

namespace storegate::platform {

/// The bytes of the character that begins at `at`, 1 to 4; 0 if there is none (then the byte there is wrong).
[[nodiscard]] std::size_t utf8_bytes(std::string_view text, std::size_t at) noexcept;

}  // namespace storegate::platform
