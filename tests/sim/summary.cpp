// A line has fields between tabs; the last field is for people and may hold anything but tabs and line ends.
#include "sim/summary.hpp"

#include <algorithm>
#include <cstdio>
#include <sstream>

namespace storegate::sim {

namespace {

using Field = std::uint64_t Totals::*;
constexpr Field fields[] = {&Totals::orders, &Totals::acknowledged,   &Totals::commits, &Totals::kills,
                            &Totals::cuts,   &Totals::starts,         &Totals::events,  &Totals::tickets,
                            &Totals::steps,  &Totals::turns_compared, &Totals::erased,  &Totals::pruned};
constexpr const char* names[] = {"order_lives", "acknowledged",   "commits", "kills",
                                 "power_cuts",  "starts",         "events",  "tickets",
                                 "steps",       "books_compared", "erased",  "pruned"};

unsigned long long wide(std::uint64_t number) { return number; }

std::string clean(std::string text) {
  std::replace(text.begin(), text.end(), '\t', ' ');
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

std::string line_of(const SeedResult& result) {
  std::string line = "R\t" + std::to_string(result.seed) + "\t" +
                     std::to_string(static_cast<int>(result.verdict)) + "\t" + result.hash + "\t" +
                     std::to_string(result.cpu_us) + "\t" + std::to_string(result.at_ms);
  for (const Field field : fields) line += "\t" + std::to_string(result.totals.*field);
  line += "\t";
  for (const auto& [what, count] : result.totals.faults) line += what + "=" + std::to_string(count) + ";";
  return line + "\t" + (result.invariant.empty() ? "-" : result.invariant) + "\t" + clean(result.what);
}

bool read_line(const std::string& line, SeedResult& result) {
  std::istringstream in(line);
  std::string word;
  const auto next = [&] { return static_cast<bool>(std::getline(in, word, '\t')); };
  if (!next() || word != "R") return false;
  next(), result.seed = std::stoull(word);
  next(), result.verdict = static_cast<Verdict>(std::stoi(word));
  next(), result.hash = word;
  next(), result.cpu_us = std::stoull(word);
  next(), result.at_ms = std::stoll(word);
  for (const Field field : fields) next(), result.totals.*field = std::stoull(word);
  next();
  std::istringstream faults(word);
  for (std::string fault; std::getline(faults, fault, ';');) {
    const std::size_t at = fault.rfind('=');
    if (at != std::string::npos)
      result.totals.faults[fault.substr(0, at)] = std::stoull(fault.substr(at + 1));
  }
  next(), result.invariant = word;
  std::getline(in, result.what);
  return true;
}

void Summary::add(SeedResult result) {
  ++seeds_;
  cpu_us_ += result.cpu_us;
  hashes_[result.seed] = result.hash;
  for (const Field field : fields) sum_.*field += result.totals.*field;
  for (const auto& [what, count] : result.totals.faults) sum_.faults[what] += count;
  if (result.verdict != Verdict::fine) failures_.push_back(std::move(result));
}

bool Summary::falls_short(const Options& options) const noexcept {
  return seeds_ < options.asked() && (failures_.empty() || options.keep_going);
}

Verdict Summary::verdict(const Options& options) const noexcept {
  if (falls_short(options)) return Verdict::crash;
  // Safety outweighs the others, a crash everything.
  constexpr Verdict order[] = {Verdict::crash, Verdict::safety, Verdict::liveness, Verdict::budget};
  for (const Verdict verdict : order)
    for (const SeedResult& failure : failures_)
      if (failure.verdict == verdict) return verdict;
  return Verdict::fine;
}

void print_failure(const SeedResult& failure) {
  std::printf("seed %llu broke %s at %lld.%03lld s: %s\n  again: tests/run sim --seed %llu\n",
              wide(failure.seed), failure.invariant.c_str(), static_cast<long long>(failure.at_ms / 1000),
              static_cast<long long>(failure.at_ms % 1000), failure.what.c_str(), wide(failure.seed));
}

void Summary::print(const Options& options, std::uint64_t wall_ms) const {
  std::vector<const SeedResult*> sorted;
  for (const SeedResult& failure : failures_) sorted.push_back(&failure);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->seed < b->seed; });
  for (const SeedResult* failure : sorted) print_failure(*failure);
  const std::uint64_t lives = std::max<std::uint64_t>(sum_.orders, 1);
  std::printf("seeds %llu..%llu: %llu run, %zu failed; %llu us of CPU an order life, %llu ms in all\n",
              wide(options.from), wide(options.from + options.count - 1), wide(seeds_), failures_.size(),
              wide(cpu_us_ / lives), wide(wall_ms));
  if (falls_short(options))
    std::printf("only %llu of %llu seeds were run\n", wide(seeds_), wide(options.asked()));
  if (options.count == 1 && !hashes_.empty()) std::printf("trace hash %s\n", hashes_.begin()->second.c_str());
  for (std::size_t i = 0; i < std::size(fields); ++i)
    std::printf("%s%s %llu", i == 0 ? "" : ", ", names[i], wide(sum_.*fields[i]));
  std::printf("\nfaults:");
  for (const auto& [what, count] : sum_.faults) std::printf(" %s %llu,", what.c_str(), wide(count));
  std::printf("\n{\"suite\":\"sim\",\"seeds\":%llu,\"failed\":%zu,\"us_per_life\":%llu,\"wall_ms\":%llu",
              wide(seeds_), failures_.size(), wide(cpu_us_ / lives), wide(wall_ms));
  for (std::size_t i = 0; i < std::size(fields); ++i)
    std::printf(",\"%s\":%llu", names[i], wide(sum_.*fields[i]));
  std::printf(",\"faults\":{");
  const char* comma = "";
  for (const auto& [what, count] : sum_.faults) {
    std::printf("%s\"%s\":%llu", comma, what.c_str(), wide(count));
    comma = ",";
  }
  std::printf("}}\n");
}

}  // namespace storegate::sim
