// Fingerprints: 128 bits over bytes and numbers, to tell images apart and to compare rows by. Fast, and the same on
// every machine; not for anything that somebody attacks.
#pragma once

#include <compare>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace storegate::crash {

struct Print {
  std::uint64_t high = 0, low = 0;
  friend auto operator<=>(const Print&, const Print&) = default;
};

class Fingerprint {
 public:
  void add(std::uint64_t word) noexcept {
    high_ = mixed(high_ ^ word, 0x9e3779b97f4a7c15ULL);
    low_ = mixed(low_ + word, 0xd6e8feb86659fd93ULL) ^ high_;
  }
  template <typename Number>
  requires(std::integral<Number> || std::is_enum_v<Number>) void add(Number number) noexcept {
    add(static_cast<std::uint64_t>(number));
  }
  /// The bytes and how many they are.
  void add(std::string_view bytes) noexcept {
    add(static_cast<std::uint64_t>(bytes.size()));
    // Four lanes that do not wait for each other: images are a quarter of a megabyte.
    std::uint64_t lanes[4] = {high_, low_, high_ ^ low_, ~high_};
    for (; bytes.size() >= sizeof lanes; bytes.remove_prefix(sizeof lanes)) {
      for (std::size_t lane = 0; lane < 4; ++lane)
        lanes[lane] = mixed(lanes[lane] ^ word_at(bytes, lane * 8), lane_factor);
    }
    for (const std::uint64_t lane : lanes) add(lane);
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) add(word_at(bytes, 0));
    std::uint64_t word = 0;
    if (!bytes.empty()) std::memcpy(&word, bytes.data(), bytes.size());
    add(word);
  }
  template <typename Container>
  requires requires(const Container& c) {
    { c.data()[0] } -> std::convertible_to<unsigned char>;
    requires sizeof(c.data()[0]) == 1 && !std::convertible_to<const Container&, std::string_view>;
  }
  void add(const Container& bytes) noexcept {
    add(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  }
  [[nodiscard]] Print print() const noexcept { return {mixed(high_, low_ | 1U), low_}; }

 private:
  /// The product's halves folded together: each bit of the result hangs on all of `a`.
  [[nodiscard]] static std::uint64_t mixed(std::uint64_t a, std::uint64_t b) noexcept {
    a ^= 0x2545f4914f6cdd1dULL;
    return a * b ^ upper_half(a, b);
  }
  /// The upper 64 bits of the product. Processors of 32 bits have no number that holds all of it.
  [[nodiscard]] static constexpr std::uint64_t upper_half(std::uint64_t a, std::uint64_t b) noexcept {
#ifdef __SIZEOF_INT128__
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>(static_cast<Wide>(a) * b >> 64U);
#else
    return upper_half_in_parts(a, b);
#endif
  }
  [[nodiscard]] static constexpr std::uint64_t upper_half_in_parts(std::uint64_t a,
                                                                   std::uint64_t b) noexcept {
    constexpr std::uint64_t low = 0xffffffffU;
    const std::uint64_t middle = (a >> 32U) * (b & low) + ((a & low) * (b & low) >> 32U);
    const std::uint64_t other = (a & low) * (b >> 32U) + (middle & low);
    return (a >> 32U) * (b >> 32U) + (middle >> 32U) + (other >> 32U);
  }
  static std::uint64_t word_at(std::string_view bytes, std::size_t offset) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + offset, sizeof word);
    return word;
  }
  static constexpr std::uint64_t lane_factor = 0xa0761d6478bd642fULL;

  std::uint64_t high_ = 0x243f6a8885a308d3ULL, low_ = 0x13198a2e03707344ULL;

  friend struct HalvesAgree;
};

struct HalvesAgree {
  static constexpr bool holds(std::uint64_t a, std::uint64_t b) {
    return Fingerprint::upper_half(a, b) == Fingerprint::upper_half_in_parts(a, b);
  }
};
static_assert(HalvesAgree::holds(~0ULL, ~0ULL) &&
              HalvesAgree::holds(0xa0761d6478bd642fULL, 0x243f6a8885a308d3ULL) &&
              HalvesAgree::holds(0xffffffffULL, 0x100000001ULL) &&
              HalvesAgree::holds(~0ULL, 0xffffffff00000000ULL));

}  // namespace storegate::crash
