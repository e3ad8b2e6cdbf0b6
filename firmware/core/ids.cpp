// Ids, tokens and the generator: fixed layouts, no index needed to find an order by either.
#include "core/ids.hpp"

#include <bit>

namespace storegate::core {

namespace {

constexpr std::uint64_t number_mask = (std::uint64_t{1} << 40) - 1;
constexpr std::string_view hex_digits = "0123456789abcdef";

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Spreads a small seed over the generator's whole state (splitmix64).
std::uint64_t spread(std::uint64_t& seed) noexcept {
  seed += 0x9e3779b97f4a7c15U;
  std::uint64_t z = seed;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

void put_big_endian(std::uint64_t value, std::uint8_t* bytes, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i)
    bytes[i] = static_cast<std::uint8_t>(value >> (8 * (count - 1 - i)));
}

}  // namespace

Generator::Generator(std::uint64_t seed) noexcept {
  for (auto& word : state_) word = spread(seed);
}

Generator::Generator(const std::array<std::uint64_t, 4>& seed) noexcept : state_(seed) {
  if ((seed[0] | seed[1] | seed[2] | seed[3]) == 0) state_[0] = 1;  // the one state it never leaves
}

std::uint64_t Generator::next() noexcept {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::uint64_t Generator::below(std::uint64_t bound) noexcept {
  const std::uint64_t unfair = (0 - bound) % bound;  // draws below it would favour small results
  std::uint64_t draw = next();
  while (draw < unfair) draw = next();
  return draw % bound;
}

OrderId make_order_id(std::int64_t wall_ms, OrderNumber number, Generator& generator) noexcept {
  const std::uint64_t random = generator.next();
  OrderId id;
  put_big_endian(static_cast<std::uint64_t>(wall_ms < 0 ? 0 : wall_ms), id.bytes.data(), 6);
  put_big_endian(0x7000U | (random & 0x0fffU), id.bytes.data() + 6, 2);
  const std::uint64_t low = (std::uint64_t{2} << 62) | (((random >> 12) & 0x3fffffU) << 40) |
                            (static_cast<std::uint64_t>(value_of(number)) & number_mask);
  put_big_endian(low, id.bytes.data() + 8, 8);
  return id;
}

OrderNumber number_of(const OrderId& id) noexcept {
  std::int64_t number = 0;
  for (std::size_t i = 11; i < 16; ++i) number = (number << 8) | id.bytes[i];
  return OrderNumber{number};
}

std::string hex_of(const std::uint8_t* bytes, std::size_t count) {
  std::string text(count * 2, '0');
  for (std::size_t i = 0; i < count; ++i) {
    text[2 * i] = hex_digits[bytes[i] >> 4];
    text[2 * i + 1] = hex_digits[bytes[i] & 15];
  }
  return text;
}

bool bytes_from_hex(std::string_view text, std::uint8_t* bytes, std::size_t count) noexcept {
  if (text.size() != count * 2) return false;
  for (std::size_t i = 0; i < count; ++i) {
    const int high = hex_value(text[2 * i]);
    const int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

std::string text_of(const OrderId& id) {
  std::string text = hex_of(id.bytes.data(), id.bytes.size());
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, 1, '-');
  return text;
}

std::optional<OrderId> order_id_from(std::string_view text) noexcept {
  if (text.size() != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return {};
  constexpr std::array<std::array<std::size_t, 3>, 5> groups{
      {{0, 0, 4}, {9, 4, 2}, {14, 6, 2}, {19, 8, 2}, {24, 10, 6}}};  // text offset, byte offset, bytes
  OrderId id;
  for (const auto& [from, to, count] : groups) {
    if (!bytes_from_hex(text.substr(from, count * 2), id.bytes.data() + to, count)) return {};
  }
  return id;
}

ReleaseToken make_release_token(OrderNumber number, Generator& generator) noexcept {
  ReleaseToken token;
  token.order = number;
  put_big_endian(generator.next(), token.secret.data(), 8);
  put_big_endian(generator.next(), token.secret.data() + 8, 8);
  return token;
}

std::string text_of(const ReleaseToken& token) {
  std::array<std::uint8_t, 5> number{};
  put_big_endian(static_cast<std::uint64_t>(value_of(token.order)) & number_mask, number.data(),
                 number.size());
  return hex_of(number.data(), number.size()) + "-" + hex_of(token.secret.data(), token.secret.size());
}

std::optional<ReleaseToken> release_token_from(std::string_view text) noexcept {
  std::array<std::uint8_t, 5> number{};
  ReleaseToken token;
  if (text.size() != 43 || text[10] != '-' ||
      !bytes_from_hex(text.substr(0, 10), number.data(), number.size()) ||
      !bytes_from_hex(text.substr(11), token.secret.data(), token.secret.size())) {
    return {};
  }
  std::int64_t value = 0;
  for (const std::uint8_t byte : number) value = (value << 8) | byte;
  token.order = OrderNumber{value};
  return token;
}

std::string display_code_of(const OrderId& id) {
  constexpr std::string_view letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";  // 32, without I O 0 1
  // Neighbouring row numbers must not look alike, so the number is multiplied through before it is cut.
  std::uint64_t mixed = (static_cast<std::uint64_t>(value_of(number_of(id))) * 0x9e3779b97f4a7c15U) >> 44;
  std::string code(4, 'A');
  for (char& c : code) {
    c = letters[mixed & 31];
    mixed >>= 5;
  }
  return code;
}

}  // namespace storegate::core
