// SipHash-2-4-128 (Aumasson and Bernstein): two rounds for each 8 bytes, four at each end.
#include "storage/sip_digest.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>

namespace storegate::storage {
namespace {

/// Written out: the compiler then makes one load of it.
std::uint64_t word_of(const unsigned char* bytes) noexcept {
  return std::uint64_t{bytes[0]} | std::uint64_t{bytes[1]} << 8U | std::uint64_t{bytes[2]} << 16U |
         std::uint64_t{bytes[3]} << 24U | std::uint64_t{bytes[4]} << 32U | std::uint64_t{bytes[5]} << 40U |
         std::uint64_t{bytes[6]} << 48U | std::uint64_t{bytes[7]} << 56U;
}

std::uint64_t rest_of(const unsigned char* bytes, std::size_t count) noexcept {
  std::uint64_t word = 0;
  for (std::size_t at = 0; at < count; ++at) word |= std::uint64_t{bytes[at]} << (8 * at);
  return word;
}

struct Sip {
  std::uint64_t v0, v1, v2, v3;

  Sip(std::uint64_t k0, std::uint64_t k1) noexcept
      : v0(k0 ^ 0x736f6d6570736575U),
        v1(k1 ^ 0x646f72616e646f6dU ^ 0xeeU),  // 0xee: 128 bits are wanted
        v2(k0 ^ 0x6c7967656e657261U),
        v3(k1 ^ 0x7465646279746573U) {}

  void rounds(int count) noexcept {
    for (; count > 0; --count) {
      v0 += v1, v1 = std::rotl(v1, 13), v1 ^= v0, v0 = std::rotl(v0, 32);
      v2 += v3, v3 = std::rotl(v3, 16), v3 ^= v2;
      v0 += v3, v3 = std::rotl(v3, 21), v3 ^= v0;
      v2 += v1, v1 = std::rotl(v1, 17), v1 ^= v2, v2 = std::rotl(v2, 32);
    }
  }
  void take(std::uint64_t word) noexcept {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  }
  [[nodiscard]] std::uint64_t out() const noexcept { return v0 ^ v1 ^ v2 ^ v3; }
};

core::Digest digest_of(std::uint64_t k0, std::uint64_t k1, std::string_view text) noexcept {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const std::size_t whole = text.size() / 8 * 8;
  Sip sip(k0, k1);
  for (std::size_t at = 0; at < whole; at += 8) sip.take(word_of(bytes + at));
  sip.take(rest_of(bytes + whole, text.size() - whole) | std::uint64_t{text.size()} << 56U);
  core::Digest digest{};
  const auto put = [&digest](std::size_t from, std::uint64_t word) {
    for (std::size_t at = 0; at < 8; ++at) digest[from + at] = static_cast<std::uint8_t>(word >> (8 * at));
  };
  sip.v2 ^= 0xeeU;
  sip.rounds(4);
  put(0, sip.out());
  sip.v1 ^= 0xddU;
  sip.rounds(4);
  put(8, sip.out());
  return digest;
}

}  // namespace

core::DigestFunction sip_digest(std::span<const std::uint8_t> key) {
  std::array<std::uint8_t, 16> used{};
  std::copy_n(key.begin(), std::min(key.size(), used.size()), used.begin());
  const std::uint64_t k0 = word_of(used.data());
  const std::uint64_t k1 = word_of(used.data() + 8);
  return [k0, k1](std::string_view text) { return digest_of(k0, k1, text); };
}

}  // namespace storegate::storage
