// Ids of orders and the generator they are drawn from. An order's id and its release token both carry its row
// number, so that finding an order by either needs no index in memory or on disk.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace storegate::core {

/// A 128-bit digest of some bytes, keyed or not as its maker says.
using Digest = std::array<std::uint8_t, 16>;

/// What computes a keyed digest; platform implements it (HMAC-SHA-256, truncated).
using DigestFunction = std::function<Digest(std::string_view)>;

/// An order's row number: 1, 2, 3, … in order of arrival, never reused. 0 = no order.
enum class OrderNumber : std::int64_t {};
inline constexpr OrderNumber no_order{0};
[[nodiscard]] constexpr std::int64_t value_of(OrderNumber number) noexcept {
  return static_cast<std::int64_t>(number);
}

/// Pseudo-random numbers from a seed (xoshiro256**), for ids, tokens and jitter. Seeded from the kernel in the
/// product and by the test in tests; the same seed gives the same draws on every machine.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) noexcept;
  /// Seeds all 256 bits: release tokens are secrets, so the product gives four words from the kernel.
  explicit Generator(const std::array<std::uint64_t, 4>& seed) noexcept;
  [[nodiscard]] std::uint64_t next() noexcept;
  /// Uniform in [0, bound); bound >= 1.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept;

 private:
  std::array<std::uint64_t, 4> state_;
};

/// A UUID version 7 (RFC 9562): 48 bits of Unix milliseconds, 34 random bits, 40 bits of row number.
struct OrderId {
  std::array<std::uint8_t, 16> bytes{};
  friend auto operator<=>(const OrderId&, const OrderId&) = default;
};

[[nodiscard]] OrderId make_order_id(std::int64_t wall_ms, OrderNumber number, Generator& generator) noexcept;
[[nodiscard]] OrderNumber number_of(const OrderId& id) noexcept;
[[nodiscard]] std::string text_of(const OrderId& id);
/// The id written as 8-4-4-4-12 hexadecimal digits, either case; nothing for any other text.
[[nodiscard]] std::optional<OrderId> order_id_from(std::string_view text) noexcept;

/// The secret by which the cloud may release or cancel an order: its number and 128 random bits.
struct ReleaseToken {
  OrderNumber order = no_order;
  std::array<std::uint8_t, 16> secret{};
  /// How long it takes says nothing about where they differ: a secret cannot be found byte by byte.
  friend bool operator==(const ReleaseToken& left, const ReleaseToken& right) noexcept {
    std::uint8_t differing = 0;
    for (std::size_t i = 0; i < left.secret.size(); ++i)
      differing = static_cast<std::uint8_t>(differing | (left.secret[i] ^ right.secret[i]));
    return (differing == 0) & (left.order == right.order);
  }
};

[[nodiscard]] ReleaseToken make_release_token(OrderNumber number, Generator& generator) noexcept;
[[nodiscard]] std::string text_of(const ReleaseToken& token);
[[nodiscard]] std::optional<ReleaseToken> release_token_from(std::string_view text) noexcept;

/// Four characters a person can read out (no 0 O 1 I), printed on the ticket and said on the phone.
[[nodiscard]] std::string display_code_of(const OrderId& id);

/// Lower-case hexadecimal.
[[nodiscard]] std::string hex_of(const std::uint8_t* bytes, std::size_t count);
[[nodiscard]] bool bytes_from_hex(std::string_view text, std::uint8_t* bytes, std::size_t count) noexcept;

/// An event's place in the outbox for ever: which epoch (1, 2, … within this database) and its sequence there.
/// Ordered as written. {0, 0} = none.
struct Position {
  std::int32_t epoch = 0;
  std::int64_t sequence = 0;
  friend auto operator<=>(const Position&, const Position&) = default;
};

}  // namespace storegate::core
