// What the simulator says by its exit status: which kind of failure there was, the worst one first; and that a worker's
// line comes over as it was sent.
#include <doctest/doctest.h>

#include "sim/summary.hpp"

using namespace storegate::sim;

namespace {

SeedResult ended(std::uint64_t seed, Verdict verdict) {
  SeedResult result;
  result.seed = seed;
  result.verdict = verdict;
  return result;
}

Verdict verdict_of(std::initializer_list<Verdict> verdicts) {
  Summary summary;
  std::uint64_t seed = 0;
  for (const Verdict verdict : verdicts) summary.add(ended(++seed, verdict));
  Options options;
  options.count = verdicts.size();
  return summary.verdict(options);
}

/// Of ten seeds that were asked for.
Verdict verdict_of_ten(std::uint64_t run, Verdict last, bool keep_going) {
  Summary summary;
  for (std::uint64_t seed = 1; seed < run; ++seed) summary.add(ended(seed, Verdict::fine));
  summary.add(ended(run, last));
  Options options;
  options.count = 10;
  options.keep_going = keep_going;
  return summary.verdict(options);
}

}  // namespace

TEST_CASE("The exit status tells safety, liveness, budget and crash apart, the worst first") {
  CHECK(verdict_of({}) == Verdict::fine);
  CHECK(verdict_of({Verdict::fine, Verdict::fine}) == Verdict::fine);
  CHECK(verdict_of({Verdict::fine, Verdict::budget}) == Verdict::budget);
  CHECK(verdict_of({Verdict::budget, Verdict::liveness}) == Verdict::liveness);
  CHECK(verdict_of({Verdict::liveness, Verdict::safety, Verdict::budget}) == Verdict::safety);
  CHECK(verdict_of({Verdict::safety, Verdict::crash}) == Verdict::crash);
  CHECK(static_cast<int>(Verdict::safety) == 1);
  CHECK(static_cast<int>(Verdict::liveness) == 2);
  CHECK(static_cast<int>(Verdict::budget) == 3);
  CHECK(static_cast<int>(Verdict::crash) == 4);
}

TEST_CASE("Fewer seeds than asked for are a crash, unless a failure ended the run") {
  CHECK(verdict_of_ten(10, Verdict::fine, false) == Verdict::fine);
  CHECK(verdict_of_ten(9, Verdict::fine, false) == Verdict::crash);
  CHECK(verdict_of_ten(9, Verdict::safety, false) == Verdict::safety);
  CHECK(verdict_of_ten(10, Verdict::safety, true) == Verdict::safety);
  CHECK(verdict_of_ten(9, Verdict::safety, true) == Verdict::crash);
}

TEST_CASE("A worker's line comes over as it was sent, but for tabs and line ends") {
  SeedResult sent = ended(77, Verdict::liveness);
  sent.invariant = "I13";
  sent.what = "two\twords\nand a line";
  sent.at_ms = 123'456;
  sent.hash = "00ff";
  sent.cpu_us = 9;
  sent.totals.orders = 5;
  sent.totals.turns_compared = 6;
  sent.totals.faults = {{"disk full", 2}, {"call lost", 40}};
  SeedResult got;
  REQUIRE(read_line(line_of(sent), got));
  CHECK(got.seed == 77);
  CHECK(got.verdict == Verdict::liveness);
  CHECK(got.invariant == "I13");
  CHECK(got.what == "two words and a line");
  CHECK(got.at_ms == 123'456);
  CHECK(got.hash == "00ff");
  CHECK(got.cpu_us == 9);
  CHECK(got.totals.orders == 5);
  CHECK(got.totals.turns_compared == 6);
  CHECK(got.totals.faults == sent.totals.faults);
}

TEST_CASE("What is no line of a worker is none") {
  SeedResult got;
  CHECK_FALSE(read_line("B\t12", got));
  CHECK_FALSE(read_line("", got));
}

TEST_CASE("The command line says what it cannot understand") {
  std::string why;
  CHECK(options_of({"--seeds", "5..9"}, why)->count == 5);
  CHECK(options_of({"--seed", "12"}, why)->from == 12);
  for (const auto& words : {std::vector<std::string>{"--seeds", "9..5"},
                            {"--seed", "x"},
                            {"--seed"},
                            {"--jobs", "0"},
                            {"what"}}) {
    CHECK_FALSE(options_of(words, why).has_value());
    CHECK(why == "cannot be understood: " + words.front());
  }
}

TEST_CASE("More jobs than are of use are cut down, not refused: callers pass all cores of the machine") {
  std::string why;
  CHECK(options_of({"--jobs", "64"}, why)->jobs == 64);
  for (const char* many : {"65", "192", "4294967296"}) {
    const auto options = options_of({"--jobs", many}, why);
    REQUIRE(options.has_value());
    CHECK(options->jobs == 64);
  }
}
