// Figures: what the suites said of themselves, one line of JSON each, as `tests/run proof` collects them. Answers for a
// figure by its name, `sim.order_lives` or `cuts.images`. It must not know what a figure means.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.hpp"

namespace storegate::proof {

/// One planted bug and what became of it.
struct Control {
  std::string harness, name, caught, where;
};
/// One search of the model.
struct Search {
  std::string definitions, found, states;
};

class Figures {
 public:
  /// Lines that are no JSON object are passed over. An error: a line of JSON that names no suite, a suite that speaks twice.
  [[nodiscard]] core::Result<void> read(std::string_view lines);

  /// As a person reads it: whole numbers with commas between the thousands. nullptr: nobody said so.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  /// The members of an object, such as `sim.faults`, by name.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> members(std::string_view name) const;
  /// By name.
  [[nodiscard]] const std::vector<Control>& controls() const noexcept { return controls_; }
  [[nodiscard]] const std::vector<Search>& searches() const noexcept { return searches_; }

 private:
  [[nodiscard]] core::Result<void> read_line(std::string_view line);

  std::map<std::string, std::string, std::less<>> values_;
  std::vector<Control> controls_;
  std::vector<Search> searches_;
};

}  // namespace storegate::proof
