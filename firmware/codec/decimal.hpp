// Decimal text to whole minor units, digit by digit: money never passes through floating point.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace storegate::codec {

/// `value` x 10^digits (0 to 9); nothing if it does not fit.
[[nodiscard]] std::optional<std::int64_t> scaled(std::int64_t value, int digits) noexcept;

/// "12", "-0.5", "7.25", "1.5e1" x 10^digits (0 to 9), as JSON writes numbers; a leading '+' or '.' is no number. Digits
/// beyond are rounded, half away from zero: a sender that computes in binary floating point writes 17.249999999999996
/// and means 17.25. Nothing for other text or a value that does not fit.
[[nodiscard]] std::optional<std::int64_t> decimal_from(std::string_view text, int digits) noexcept;

/// How many digits the minor unit of a currency has (ISO 4217): 2, but 0 for JPY and the like, 3 for KWD and the like.
/// 2 for a code that is none of them, "" included.
[[nodiscard]] int minor_digits(std::string_view currency) noexcept;

}  // namespace storegate::codec
