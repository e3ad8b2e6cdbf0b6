// The program of all targets, with libFuzzer's main: its own name says which target it runs, so that libFuzzer's flags
// stay libFuzzer's (`build/fuzz/fuzz/partner -runs=0 FILE`).
//   storegate-fuzz --targets            the names
//   storegate-fuzz --seeds NAME FOLDER  writes what that target begins with, a file each
#define DOCTEST_CONFIG_IMPLEMENT  // builders that we share with the unit tests fail through it
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>

#include "mutator.hpp"
#include "target.hpp"

namespace {

using namespace storegate::fuzz;

const Target* chosen = nullptr;

[[noreturn]] void list_targets() {
  for (const Target& target : targets())
    std::printf("%.*s\n", static_cast<int>(target.name.size()), target.name.data());
  std::exit(0);
}

const Target& must_be_target(std::string_view name) {
  if (const Target* target = target_named(name)) return *target;
  std::fprintf(stderr, "no target is called %.*s; --targets lists them\n", static_cast<int>(name.size()),
               name.data());
  std::exit(2);
}

[[noreturn]] void write_seeds(const Target& target, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  int count = 0;
  for (const std::string& seed : seeds_of(target)) {
    std::ofstream file(folder / ("seed-" + std::to_string(++count)), std::ios::binary);
    if (!(file << seed).flush()) std::exit(2);
  }
  std::exit(count > 0 ? 0 : 2);
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  const std::span<char*> words(*argv, static_cast<std::size_t>(*argc));
  const std::string_view command = words.size() > 1 ? words[1] : "";
  if (command == "--targets") list_targets();
  if (command == "--seeds" && words.size() == 4) write_seeds(must_be_target(words[2]), words[3]);
  chosen = &must_be_target(std::filesystem::path(words[0]).filename().string());
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t count) {
  chosen->run({reinterpret_cast<const char*>(bytes), count});
  return 0;
}

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* bytes, std::size_t count, std::size_t most);

/// Every second change of a text is one of ours.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* bytes, std::size_t count, std::size_t most,
                                               unsigned seed) {
  if (!chosen->is_text || seed % 2 == 0) return LLVMFuzzerMutate(bytes, count, most);
  const std::string text = mutated({reinterpret_cast<const char*>(bytes), count}, seed);
  if (text.empty() || text.size() > most) return LLVMFuzzerMutate(bytes, count, most);
  std::copy(text.begin(), text.end(), bytes);
  return text.size();
}
