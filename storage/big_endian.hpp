// Numbers as SQLite's files have them: the most significant byte first. The caller has seen to it that they are there.
#pragma once

#include <cstdint>

namespace storegate::storage {

[[nodiscard]] inline std::uint32_t number_16(const unsigned char* from) noexcept {
  return std::uint32_t{from[0]} << 8U | from[1];
}
[[nodiscard]] inline std::uint32_t number_32(const unsigned char* from) noexcept {
  return number_16(from) << 16U | number_16(from + 2);
}

}  // namespace storegate::storage
