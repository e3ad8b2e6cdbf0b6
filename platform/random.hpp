// Random bytes from the kernel, for ids, epochs and seeds. It must not know what they are for; generators that
// can be replayed live in core.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace storegate::platform {

/// Fills from getrandom(2); waits for the kernel's pool early at boot. Cannot fail otherwise: a kernel without
/// getrandom stops the process.
void fill_random(std::span<std::uint8_t> bytes) noexcept;

template <std::size_t N>
[[nodiscard]] std::array<std::uint8_t, N> random_bytes() noexcept {
  std::array<std::uint8_t, N> bytes;
  fill_random(bytes);
  return bytes;
}

/// 64 random bits, such as a seed.
[[nodiscard]] std::uint64_t random_seed() noexcept;

}  // namespace storegate::platform
