// Summary: what many seeds came to, added up and printed. It must not run anything.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/hash_list.hpp"
#include "sim/options.hpp"
#include "sim/world.hpp"

namespace storegate::sim {

enum class Verdict : int { fine = 0, safety = 1, liveness = 2, budget = 3, crash = 4 };

/// One seed's end, as a worker tells it.
struct SeedResult {
  std::uint64_t seed = 0;
  Verdict verdict = Verdict::fine;
  std::string invariant, what;
  std::int64_t at_ms = 0;
  std::string hash;
  std::uint64_t cpu_us = 0;
  Totals totals;
};

/// As one line and back; false: it is none.
[[nodiscard]] std::string line_of(const SeedResult& result);
[[nodiscard]] bool read_line(const std::string& line, SeedResult& result);

class Summary {
 public:
  void add(SeedResult result);
  [[nodiscard]] const std::vector<SeedResult>& failures() const noexcept { return failures_; }
  /// Failures with the line to paste, then the sums, then one line of JSON.
  void print(const Options& options, std::uint64_t wall_ms) const;
  /// The worst of what was found. Fewer seeds than asked for are a crash, unless a failure ended the run.
  [[nodiscard]] Verdict verdict(const Options& options) const noexcept;
  [[nodiscard]] const HashList& hashes() const noexcept { return hashes_; }

 private:
  [[nodiscard]] bool falls_short(const Options& options) const noexcept;

  std::uint64_t seeds_ = 0;
  std::uint64_t cpu_us_ = 0;
  HashList hashes_;
  Totals sum_;
  std::vector<SeedResult> failures_;
};

void print_failure(const SeedResult& failure);

}  // namespace storegate::sim
