// Trace: what a run did, as 128 bits that are the same on every machine and build, and on request as readable lines.
// It must not influence the run: nobody reads it back.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace storegate::sim {

/// What a noted number is about. Part of the hash: append, never renumber.
enum class Noted : std::uint8_t {
  input = 1,
  turn = 2,
  row = 3,
  event = 4,
  effect = 5,
  commit = 6,
  disk = 7,
  answer = 8,
  ticket = 9,
  published = 10,
  fault = 11,
  process = 12,
};

class Trace {
 public:
  explicit Trace(bool telling = false) noexcept : telling_(telling) {}

  /// Fixed-width integers only: no pointer, no size that differs between machines, no floating point.
  template <typename... Numbers>
  void note(Noted what, Numbers... numbers) noexcept {
    add(static_cast<std::uint64_t>(what));
    (add(word_of(numbers)), ...);
  }
  void note_text(Noted what, std::string_view text) noexcept;

  /// Whether lines are wanted: ask before composing one.
  [[nodiscard]] bool telling() const noexcept { return telling_; }
  void tell(std::int64_t now_ms, std::string_view who, std::string_view what) const;

  [[nodiscard]] std::string hash() const;

 private:
  template <typename Number>
  requires(std::integral<Number> || std::is_enum_v<Number>) [[nodiscard]] static std::uint64_t
      word_of(Number number) noexcept {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(number));
  }
  void add(std::uint64_t word) noexcept;

  bool telling_;
  std::uint64_t high_ = 0x6a09e667f3bcc908ULL;
  std::uint64_t low_ = 0xbb67ae8584caa73bULL;
};

}  // namespace storegate::sim
