// SHA-256 of mbedTLS; HMAC over it with the two key blocks digested once.
#include "platform/digest.hpp"

#include <mbedtls/platform_util.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>

#include "platform/tls_compat.hpp"

namespace storegate::platform {
namespace {

constexpr std::size_t block_bytes = 64;

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Software SHA-256 cannot fail; an accelerator that does must not yield a digest that looks good.
void must(int code) noexcept {
  if (code != 0) std::abort();
}

/// A SHA-256 that went through one block already.
class Continued {
 public:
  explicit Continued(const std::array<std::uint32_t, 8>& state) noexcept {
    mbedtls_sha256_init(&context_);
    must(tls_compat::sha256_starts(&context_));
    std::copy(state.begin(), state.end(), tls_compat::sha256_state(context_));
    tls_compat::sha256_total(context_)[0] = block_bytes;
  }
  ~Continued() { mbedtls_sha256_free(&context_); }
  Continued(const Continued&) = delete;
  Continued& operator=(const Continued&) = delete;

  Sha256 finish(const unsigned char* bytes, std::size_t size) noexcept {
    Sha256 digest;
    must(tls_compat::sha256_update(&context_, bytes, size));
    must(tls_compat::sha256_finish(&context_, digest.data()));
    return digest;
  }

 private:
  mbedtls_sha256_context context_;
};

std::array<std::uint32_t, 8> state_after(const std::array<unsigned char, block_bytes>& key,
                                         unsigned char pad) noexcept {
  std::array<unsigned char, block_bytes> block = key;
  for (unsigned char& byte : block) byte ^= pad;
  mbedtls_sha256_context context;
  mbedtls_sha256_init(&context);
  must(tls_compat::sha256_starts(&context));
  must(tls_compat::sha256_update(&context, block.data(), block.size()));
  std::array<std::uint32_t, 8> state;
  const auto& reached = tls_compat::sha256_state(context);
  std::copy(std::begin(reached), std::end(reached), state.begin());
  mbedtls_sha256_free(&context);
  mbedtls_platform_zeroize(block.data(), block.size());
  return state;
}

}  // namespace

Sha256 sha256(std::string_view bytes) noexcept {
  Sha256 digest;
  must(tls_compat::sha256(bytes_of(bytes), bytes.size(), digest.data()));
  return digest;
}

KeyedDigest::KeyedDigest(std::span<const std::uint8_t> key) noexcept {
  std::array<unsigned char, block_bytes> block{};
  if (key.size() > block.size())
    must(tls_compat::sha256(key.data(), key.size(), block.data()));
  else
    std::copy(key.begin(), key.end(), block.begin());
  inner_ = state_after(block, 0x36);
  outer_ = state_after(block, 0x5c);
  mbedtls_platform_zeroize(block.data(), block.size());
}

KeyedDigest::~KeyedDigest() {
  mbedtls_platform_zeroize(inner_.data(), sizeof inner_);
  mbedtls_platform_zeroize(outer_.data(), sizeof outer_);
}

Sha256 KeyedDigest::full(std::string_view bytes) const noexcept {
  const Sha256 inner = Continued(inner_).finish(bytes_of(bytes), bytes.size());
  return Continued(outer_).finish(inner.data(), inner.size());
}

std::array<std::uint8_t, 16> KeyedDigest::operator()(std::string_view bytes) const noexcept {
  const Sha256 digest = full(bytes);
  std::array<std::uint8_t, 16> half;
  std::copy_n(digest.begin(), half.size(), half.begin());
  return half;
}

bool equal_in_constant_time(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) noexcept {
  if (a.size() != b.size()) return false;
  // volatile: a compiler that saw through this could stop at the first difference
  volatile std::uint8_t difference = 0;
  for (std::size_t at = 0; at < a.size(); ++at)
    difference = static_cast<std::uint8_t>(difference | (a[at] ^ b[at]));
  return difference == 0;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
  return equal_in_constant_time(std::span(bytes_of(a), a.size()), std::span(bytes_of(b), b.size()));
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text.push_back(digits[byte >> 4]);
    text.push_back(digits[byte & 0x0f]);
  }
  return text;
}

}  // namespace storegate::platform
