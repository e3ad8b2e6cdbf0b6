// Plain words; a number that is none is refused.
#include "sim/options.hpp"

#include <algorithm>
#include <charconv>

namespace storegate::sim {

namespace {

bool read_number(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && error == std::errc{} && end == text.data() + text.size();
}

// Whoever calls passes the machine's cores: more processes than this are of no use, and no reason to refuse.
unsigned jobs_of(std::uint64_t asked) {
  constexpr std::uint64_t jobs_max = 64;
  return static_cast<unsigned>(std::min(asked, jobs_max));
}

bool read_range(std::string_view text, Options& options) {
  const std::size_t dots = text.find("..");
  std::uint64_t to = 0;
  if (dots == std::string_view::npos || !read_number(text.substr(0, dots), options.from) ||
      !read_number(text.substr(dots + 2), to) || to < options.from)
    return false;
  options.count = to - options.from + 1;
  return true;
}

bool read_value(std::string_view name, const std::string& value, Options& options) {
  std::uint64_t number = 0;
  if (name == "--seeds") return read_range(value, options);
  if (name == "--must-break") return options.must_break = value, true;
  if (name == "--control") return options.control = value, true;
  if (name == "--hashes") return options.hashes = value, true;
  if (name == "--same-hashes") return options.same_hashes = value, true;
  if (!read_number(value, number)) return false;
  if (name == "--seed") return options.from = number, options.count = 1, true;
  if (name == "--count") return options.count = number, number > 0;
  if (name == "--jobs") return options.jobs = jobs_of(number), number > 0;
  return false;
}

}  // namespace

std::optional<Options> options_of(const std::vector<std::string>& arguments, std::string& why) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--trace") {
      options.trace = true;
    } else if (word == "--calm") {
      options.calm = true;
    } else if (word == "--twice") {
      options.twice = true;
    } else if (word == "--keep-going") {
      options.keep_going = true;
    } else if (i + 1 >= arguments.size() || !read_value(word, arguments[i + 1], options)) {
      why = "cannot be understood: " + word;
      return std::nullopt;
    } else {
      ++i;
    }
  }
  return options;
}

}  // namespace storegate::sim
