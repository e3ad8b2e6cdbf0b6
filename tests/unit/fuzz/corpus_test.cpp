// Every input that the fuzzer begins with, those that it once broke something with among them, run without it. A broken
// promise ends the program, after the name of its target.
#include <doctest/doctest.h>

#include <string>

#include "fuzz/target.hpp"

using namespace storegate::fuzz;

TEST_CASE("every input of the fuzzer's corpus keeps its target's promises") {
  for (const Target& target : targets()) {
    MESSAGE(std::string(target.name));
    const auto seeds = seeds_of(target);
    CHECK(seeds.size() >= 3);
    for (const std::string& seed : seeds) target.run(seed);
  }
}

TEST_CASE("no target minds an input that is cut anywhere, or nothing") {
  for (const Target& target : targets()) {
    MESSAGE(std::string(target.name));
    target.run("");
    const std::string seed = seeds_of(target).front();
    for (std::size_t parts = 1; parts < 8; ++parts)
      target.run(std::string_view(seed).substr(0, seed.size() * parts / 8));
  }
}
