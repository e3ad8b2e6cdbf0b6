// SHA-256, keyed digests of rows and signatures, and comparing them without telling by time. It must not know what
// is digested or where the key lies.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace storegate::platform {

using Sha256 = std::array<std::uint8_t, 32>;

[[nodiscard]] Sha256 sha256(std::string_view bytes) noexcept;

/// HMAC-SHA-256 (RFC 2104) under a key that is prepared once. Copies are cheap; calls are const and may come from
/// several threads.
class KeyedDigest {
 public:
  /// Any length of key; for row digests use 32 random bytes.
  explicit KeyedDigest(std::span<const std::uint8_t> key) noexcept;
  ~KeyedDigest();  // wipes the prepared key
  KeyedDigest(const KeyedDigest&) noexcept = default;
  KeyedDigest& operator=(const KeyedDigest&) noexcept = default;

  /// The first 16 bytes of the HMAC.
  [[nodiscard]] std::array<std::uint8_t, 16> operator()(std::string_view bytes) const noexcept;

  /// All 32 bytes.
  [[nodiscard]] Sha256 full(std::string_view bytes) const noexcept;

 private:
  std::array<std::uint32_t, 8> inner_{};  // the state of SHA-256 after the first block, key xor ipad
  std::array<std::uint32_t, 8> outer_{};  // the same with opad
};

/// Takes the same time wherever they differ. Different lengths: false at once (lengths are no secret).
[[nodiscard]] bool equal_in_constant_time(std::span<const std::uint8_t> a,
                                          std::span<const std::uint8_t> b) noexcept;
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

/// Lower-case hexadecimal, two characters a byte.
[[nodiscard]] std::string to_hex(std::span<const std::uint8_t> bytes);

}  // namespace storegate::platform
