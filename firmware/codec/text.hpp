// Small transformations of text that several codecs share: percent-encoding, base64, hex, comparison in constant time.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace storegate::codec {

/// Everything but RFC 3986's unreserved characters as %XX, in capitals: safe as a path segment and in a query.
[[nodiscard]] std::string percent_encoded(std::string_view text);

/// RFC 4648 base64 in the plain alphabet, padded or not, without line breaks; nothing for other text.
[[nodiscard]] std::optional<std::string> base64_decoded(std::string_view text);

/// Hex digits in either case, two a byte; nothing for other text.
[[nodiscard]] std::optional<std::string> hex_decoded(std::string_view text);

/// Takes the same time wherever they differ; the time tells the length of `presented` at most.
[[nodiscard]] bool equal_in_constant_time(std::string_view presented, std::string_view secret) noexcept;

/// ASCII letters in either case are equal, as in header names.
[[nodiscard]] bool same_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// Without blanks and tabs at either end.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

}  // namespace storegate::codec
