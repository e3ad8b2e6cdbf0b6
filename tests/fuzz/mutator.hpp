// Changes a text as a person or a hostile sender would: token by token. libFuzzer's own changes are to bytes, and hardly
// ever make another number of a number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace storegate::fuzz {

/// One to three changes, drawn from `seed`: a number, a text or a word in another's place, tokens left out or repeated.
[[nodiscard]] std::string mutated(std::string_view text, std::uint64_t seed);

}  // namespace storegate::fuzz
