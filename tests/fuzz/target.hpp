// What the fuzzer calls: targets by name, each a function that takes any bytes and ends the process where a promise is
// broken. They know nothing of libFuzzer: the corpus test of the unit suite runs the same ones.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace storegate::fuzz {

struct Target {
  std::string_view name;
  void (*run)(std::string_view input);
  bool is_text = true;
};

/// By name, in the order in which the suite runs them.
[[nodiscard]] std::span<const Target> targets() noexcept;
/// nullptr: there is none of that name.
[[nodiscard]] const Target* target_named(std::string_view name) noexcept;

/// Inputs to begin with: what lies in tests/fuzz/corpus/NAME, and what is made of the tests' own samples and fixtures.
/// Ends the process if a folder cannot be read.
[[nodiscard]] std::vector<std::string> seeds_of(const Target& target);

/// Ends the process with the promise that was broken. Never a value of the input: the input itself is kept.
void expect(bool kept, std::string_view promise);

/// An input taken apart from its front.
class Cut {
 public:
  explicit Cut(std::string_view input) noexcept : rest_(input) {}
  /// Up to `end`, which is dropped; all of it where there is none.
  [[nodiscard]] std::string_view until(char end) noexcept;
  [[nodiscard]] std::string_view line() noexcept { return until('\n'); }
  /// At most so many bytes.
  [[nodiscard]] std::string_view bytes(std::size_t count) noexcept;
  /// 0 at the end.
  [[nodiscard]] std::uint8_t byte() noexcept;
  /// Eight bytes, the lowest first.
  [[nodiscard]] std::uint64_t word() noexcept;
  /// A decimal number and the blank behind it; 0 for other text.
  [[nodiscard]] std::uint32_t number() noexcept;
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }
  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// The targets; what an input of each looks like stands above its function.
void run_api(std::string_view input);
void run_canonical(std::string_view input);
void run_command(std::string_view input);
void run_config(std::string_view input);
void run_http(std::string_view input);
void run_memory(std::string_view input);
void run_mqtt(std::string_view input);
void run_pages(std::string_view input);
void run_partner(std::string_view input);
void run_pattern(std::string_view input);
void run_pos(std::string_view input);
void run_reply(std::string_view input);
void run_rows(std::string_view input);
void run_text(std::string_view input);

}  // namespace storegate::fuzz
