// A worker writes a line when it begins a seed and one when it has ended it; what it began and never ended, killed it.
#include "sim/workers.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "sim/world.hpp"

namespace storegate::sim {

namespace {

struct Worker {
  pid_t process = -1;
  int from = -1;  // the pipe's end
  std::string unread;
  std::uint64_t next = 0;  // the first seed that it has not begun
  std::uint64_t begun = 0;
  bool busy = false;
  bool stopped = false;  // by us: what it leaves undone is not asked for any more
};

std::uint64_t cpu_us() {
  timespec spent{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<std::uint64_t>(spent.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(spent.tv_nsec) / 1000;
}

Verdict verdict_of(const Violation& violation) {
  if (violation.invariant == "budget") return Verdict::budget;
  return violation.of_liveness ? Verdict::liveness : Verdict::safety;
}

SeedResult run_once(std::uint64_t seed, const Options& options, disk::Disk& disk) {
  const std::uint64_t began_us = cpu_us();
  SeedResult result;
  result.seed = seed;
  World world(plan_of(seed, options.calm), disk, options.trace);
  world.run();
  if (const auto& violation = world.ledger().violation()) {
    result.verdict = verdict_of(*violation);
    result.invariant = violation->invariant;
    result.what = violation->what;
    result.at_ms = violation->at_ms;
  }
  result.hash = world.trace().hash();
  result.totals = world.totals();
  result.cpu_us = cpu_us() - began_us;
  return result;
}

void write_line(int to, const std::string& line) {
  const std::string whole = line + "\n";
  for (std::size_t at = 0; at < whole.size();) {
    const ssize_t written = write(to, whole.data() + at, whole.size() - at);
    if (written <= 0) std::_Exit(EXIT_FAILURE);
    at += static_cast<std::size_t>(written);
  }
}

[[noreturn]] void work(int to, std::uint64_t first, const Options& options) {
  for (std::uint64_t seed = first; seed < options.from + options.count; seed += options.jobs) {
    write_line(to, "B\t" + std::to_string(seed));
    write_line(to, line_of(run_seed(seed, options)));
  }
  std::_Exit(EXIT_SUCCESS);
}

void start(Worker& worker, const Options& options) {
  int ends[2] = {-1, -1};
  if (pipe(ends) != 0) std::abort();
  std::fflush(stdout);
  worker.process = fork();
  if (worker.process < 0) std::abort();
  if (worker.process == 0) {
    close(ends[0]);
    work(ends[1], worker.next, options);
  }
  close(ends[1]);
  worker.from = ends[0];
}

void take_lines(Worker& worker, const Options& options, Summary& summary) {
  for (std::size_t end = worker.unread.find('\n'); end != std::string::npos; end = worker.unread.find('\n')) {
    const std::string line = worker.unread.substr(0, end);
    worker.unread.erase(0, end + 1);
    SeedResult result;
    if (line.starts_with("B\t")) {
      worker.begun = std::stoull(line.substr(2));
      worker.next = worker.begun + options.jobs;
      worker.busy = true;
    } else if (read_line(line, result)) {
      worker.busy = false;
      if (result.verdict != Verdict::fine && !options.must_break) print_failure(result), std::fflush(stdout);
      summary.add(std::move(result));
    }
  }
}

SeedResult crash_of(const Worker& worker, int status) {
  SeedResult crashed;
  crashed.seed = worker.busy ? worker.begun : worker.next;
  crashed.verdict = Verdict::crash;
  // Between two seeds it was nothing of ours that killed it, so no control is caught by that.
  crashed.invariant = worker.busy ? "crash" : "worker";
  crashed.what = WIFSIGNALED(status) ? "the process died of signal " + std::to_string(WTERMSIG(status))
                                     : "the process ended with " + std::to_string(WEXITSTATUS(status));
  if (!worker.busy) crashed.what += " before it began this seed";
  return crashed;
}

// The worker is gone: of what it was killed is its last seed's doing. What it had not begun another one runs; but for the
// next seed, which counts as a crash when there was no last one: a worker that always dies at once comes to an end.
void bury(Worker& worker, const Options& options, Summary& summary) {
  close(worker.from);
  worker.from = -1;
  int status = 0;
  waitpid(worker.process, &status, 0);
  const std::uint64_t end = options.from + options.count;
  if (worker.stopped || (!worker.busy && worker.next >= end)) return;
  SeedResult crashed = crash_of(worker, status);
  if (!options.must_break) print_failure(crashed);
  summary.add(std::move(crashed));
  if (!worker.busy) worker.next += options.jobs;
  worker.busy = false;
  if (worker.next < end) start(worker, options);
}

void read_some(Worker& worker, const Options& options, Summary& summary) {
  char buffer[65536];
  const ssize_t got = read(worker.from, buffer, sizeof buffer);
  if (got > 0) worker.unread.append(buffer, static_cast<std::size_t>(got));
  take_lines(worker, options, summary);
  if (got <= 0) bury(worker, options, summary);
}

// A control goes on until what it names is found: the same bug may break other things first.
bool is_enough(const Options& options, const Summary& summary) {
  const auto& failures = summary.failures();
  if (!options.must_break) return !failures.empty() && !options.keep_going;
  return std::any_of(failures.begin(), failures.end(),
                     [&](const SeedResult& failure) { return options.names(failure.invariant); });
}

}  // namespace

SeedResult run_seed(std::uint64_t seed, const Options& options) {
  static disk::Disk disk("storegate-sim", 1);
  SeedResult result = run_once(seed, options, disk);
  if (!options.twice || result.verdict != Verdict::fine) return result;
  const SeedResult again = run_once(seed, options, disk);
  if (again.hash == result.hash) return result;
  result.verdict = Verdict::safety;
  result.invariant = "determinism";
  result.what = "the same seed gave the hashes " + result.hash + " and " + again.hash;
  return result;
}

void run_seeds(const Options& options, Summary& summary) {
  std::vector<Worker> workers(options.jobs);
  for (std::size_t i = 0; i < workers.size(); ++i) {
    workers[i].next = options.from + i;
    if (i < options.count) start(workers[i], options);
  }
  while (true) {
    std::vector<pollfd> waiting;
    std::vector<Worker*> whose;
    for (Worker& worker : workers) {
      if (worker.from < 0) continue;
      waiting.push_back({worker.from, POLLIN, 0});
      whose.push_back(&worker);
    }
    if (waiting.empty()) return;
    if (poll(waiting.data(), waiting.size(), -1) < 0) continue;
    for (std::size_t i = 0; i < waiting.size(); ++i)
      if (waiting[i].revents != 0) read_some(*whose[i], options, summary);
    if (!is_enough(options, summary)) continue;
    for (Worker& worker : workers)
      if (worker.from >= 0) kill(worker.process, SIGKILL), worker.stopped = true;
  }
}

}  // namespace storegate::sim
