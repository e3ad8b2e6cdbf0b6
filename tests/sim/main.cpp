// storegate-sim: runs seeds, prints what they came to, and says by its exit status what was found.
#include <malloc.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "sim/hash_list.hpp"
#include "sim/options.hpp"
#include "sim/summary.hpp"
#include "sim/workers.hpp"
#include "support/disk/memory.hpp"

namespace {

using storegate::sim::Options;
using storegate::sim::Summary;

/// A control is right when what was planted is found: by a checker it names, or by the process's own assertions when it
/// names `crash`.
int judge_control(const Options& options, const Summary& summary) {
  for (const auto& failure : summary.failures()) {
    if (!options.names(failure.invariant)) continue;
    std::printf("the planted bug is caught:\n");
    storegate::sim::print_failure(failure);
    std::printf(R"({"suite":"control","harness":"sim","name":"%s","caught":"%s","where":"seed %llu"})"
                "\n",
                options.control.c_str(), failure.invariant.c_str(),
                static_cast<unsigned long long>(failure.seed));
    return 0;
  }
  std::printf("the planted bug was not caught as %s\n", options.must_break->c_str());
  for (const auto& failure : summary.failures()) storegate::sim::print_failure(failure);
  return 1;
}

/// A world ends and another begins: memory that goes back to the kernel in between is zeroed by it anew, which is a fifth
/// of a seed's time.
void keep_memory() {
  constexpr int much = 1 << 30;
  mallopt(M_MMAP_THRESHOLD, much);
  mallopt(M_TRIM_THRESHOLD, much);
  mallopt(M_TOP_PAD, 16 << 20);
}

}  // namespace

int main(int count, char** words) {
  std::string why;
  const auto options = storegate::sim::options_of(std::vector<std::string>(words + 1, words + count), why);
  if (!options) {
    std::fprintf(stderr, "%s\n%s", why.c_str(), storegate::sim::usage);
    return static_cast<int>(storegate::sim::Verdict::crash);
  }
  keep_memory();
  if (!storegate::disk::own_sqlite_memory()) return static_cast<int>(storegate::sim::Verdict::crash);
  const auto began = std::chrono::steady_clock::now();
  Summary summary;
  if (options->trace)
    summary.add(storegate::sim::run_seed(options->from, *options));
  else
    storegate::sim::run_seeds(*options, summary);
  const auto spent = std::chrono::steady_clock::now() - began;
  if (options->must_break) return judge_control(*options, summary);
  summary.print(*options, static_cast<std::uint64_t>(
                              std::chrono::duration_cast<std::chrono::milliseconds>(spent).count()));
  if (options->hashes && !storegate::sim::write_hashes(*options->hashes, summary.hashes()))
    return static_cast<int>(storegate::sim::Verdict::crash);
  if (options->same_hashes && !storegate::sim::same_hashes(*options->same_hashes, summary.hashes()))
    return static_cast<int>(storegate::sim::Verdict::safety);
  return static_cast<int>(summary.verdict(*options));
}
