// Options: the command line of storegate-sim.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace storegate::sim {

struct Options {
  /// Whether a control is to be caught by this.
  [[nodiscard]] bool names(const std::string& invariant) const {
    return must_break && ("," + *must_break + ",").find("," + invariant + ",") != std::string::npos;
  }

  /// How many seeds are to be run.
  [[nodiscard]] std::uint64_t asked() const noexcept { return trace ? 1 : count; }

  std::uint64_t from = 1;
  std::uint64_t count = 100;
  unsigned jobs = 1;
  bool calm = false;                       // no faults
  bool trace = false;                      // one seed, its steps as lines
  bool keep_going = false;                 // count all failures instead of ending at the first
  bool twice = false;                      // each seed twice: the hashes must agree
  std::optional<std::string> must_break;   // a control: one of these invariants must be found broken
  std::string control;                     // its name
  std::optional<std::string> hashes;       // the file that gets each seed's hash
  std::optional<std::string> same_hashes;  // the file that has what they must be
};

/// Nothing, and the reason in `why`, if the line cannot be understood.
[[nodiscard]] std::optional<Options> options_of(const std::vector<std::string>& arguments, std::string& why);
inline constexpr const char* usage =
    "storegate-sim [--seed N | --seeds FROM..TO | --count N] [--jobs N] [--trace] [--twice] [--calm]\n"
    "              [--keep-going] [--hashes FILE] [--same-hashes FILE]\n"
    "              [--control NAME --must-break INVARIANT[,INVARIANT]]\n"
    "exit: 0 fine, 1 safety, 2 liveness, 3 budget, 4 crash or usage\n";

}  // namespace storegate::sim
