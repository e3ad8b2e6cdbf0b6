// The list of targets, and how an input is taken apart.
#include "target.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace storegate::fuzz {

namespace {

constexpr Target all[] = {
    {"api", run_api},          {"canonical", run_canonical},
    {"command", run_command},  {"config", run_config},
    {"http", run_http},        {"memory", run_memory},
    {"mqtt", run_mqtt, false}, {"pages", run_pages, false},
    {"partner", run_partner},  {"pattern", run_pattern},
    {"pos", run_pos},          {"reply", run_reply},
    {"rows", run_rows, false}, {"text", run_text},
};

}  // namespace

std::span<const Target> targets() noexcept { return all; }

const Target* target_named(std::string_view name) noexcept {
  const auto* found = std::find_if(std::begin(all), std::end(all),
                                   [name](const Target& target) { return target.name == name; });
  return found == std::end(all) ? nullptr : found;
}

void expect(bool kept, std::string_view promise) {
  if (kept) return;
  std::fprintf(stderr, "broken: %.*s\n", static_cast<int>(promise.size()), promise.data());
  std::abort();
}

std::string_view Cut::bytes(std::size_t count) noexcept {
  const auto taken = rest_.substr(0, count);
  rest_.remove_prefix(taken.size());
  return taken;
}

std::string_view Cut::until(char end) noexcept {
  const auto taken = bytes(std::min(rest_.find(end), rest_.size()));
  if (!rest_.empty()) rest_.remove_prefix(1);
  return taken;
}

std::uint8_t Cut::byte() noexcept {
  const auto one = bytes(1);
  return one.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(one.front());
}

std::uint64_t Cut::word() noexcept {
  std::uint64_t word = 0;
  for (unsigned shift = 0; shift < 64; shift += 8) word |= std::uint64_t{byte()} << shift;
  return word;
}

std::uint32_t Cut::number() noexcept {
  std::uint32_t number = 0;
  const char* end = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number).ptr;
  rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
  if (rest_.starts_with(' ')) rest_.remove_prefix(1);
  return number;
}

}  // namespace storegate::fuzz
