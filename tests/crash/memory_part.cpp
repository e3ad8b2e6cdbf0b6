// Each n in a process of its own, since an allocation that fails below noexcept ends it for good: then the rest of the run
// is played from the handler, on a new disk with what the page cache holds.
#include "crash/memory_part.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "crash/allocations.hpp"
#include "crash/finish.hpp"
#include "crash/script.hpp"
#include "crash/station.hpp"
#include "support/disk/cuts.hpp"

namespace storegate::crash {

namespace {

/// What follows the end of the process: another one starts; one starts after the power went; some that start have no
/// memory either.
enum class After : std::uint8_t { restart, power_cut, no_memory_yet };
constexpr std::uint64_t afters = 3;

constexpr int happenings = 28;
constexpr int starts_without_memory = 3;
constexpr std::uint64_t never = UINT64_MAX;

void count(Unit& unit, MemoryFigure figure, std::uint64_t by = 1) {
  unit.count(static_cast<std::size_t>(figure), by);
}

struct Plan {
  After after = After::restart;
  PosClass pos_class = PosClass::deduplicates;
  std::uint64_t seed = 0;
};

/// How a run ends, also as the exit status of its process.
enum class Ended : std::uint8_t { as_planned, broken, without_failure };

/// One life of a store in which one allocation fails.
class Run {
 public:
  Run(const Plan& plan, std::uint64_t coins, Unit& unit)
      : plan_(plan),
        unit_(unit),
        outside_(plan.pos_class, plan.seed),
        script_(outside_, {8, 0, 300, true}),
        coins_(coins) {
    renew_disk({});
    disk_->reset({}, plan.seed);
    disk::seed_sqlite(plan.seed);
  }

  Ended play(std::uint64_t nth) {
    fail(nth);
    return go_on();
  }

  /// After std::terminate: nothing of the process may be touched any more, its objects stay as they are.
  Ended go_on_elsewhere() {
    if (!own_allocation_failed()) std::abort();  // not what was asked for
    count(unit_, MemoryFigure::terminated);
    static_cast<void>(station_.release());
    static_cast<void>(guard_.release());
    renew_disk(disk_.release()->cached());
    down();
    return go_on();
  }

 private:
  void renew_disk(disk::Image image) {
    disk_ = std::make_unique<disk::Disk>("memory-" + std::to_string(++disks_), plan_.seed, std::move(image));
    guard_ = std::make_unique<DiskIsOutside>(*disk_);
  }

  void fail(std::uint64_t nth) {
    fail_own_allocation(
        nth, [](void* run) { static_cast<Run*>(run)->disk_->kill(); }, this);
  }

  Ended go_on() {
    while (!broken_ && !finished_) {
      try {
        if (up()) step();
      } catch (const std::bad_alloc&) {
        died();
      }
      if (failure_was_swallowed()) report({"memory", "an allocation failed and the process went on"});
    }
    station_.reset();
    if (broken_) return Ended::broken;
    count(unit_, MemoryFigure::told, failure_was_told() ? 1 : 0);
    count(unit_, MemoryFigure::orders, outside_.orders.size());
    return came_about_ || failure_was_told() ? Ended::as_planned : Ended::without_failure;
  }

  /// One thing happens; the last is that everything comes to its end, in one more process, and after a power cut.
  void step() {
    if (done_ < happenings) {
      ++done_;
      script_.happen(*station_);
      station_->run();
      return;
    }
    for (const bool cut : {false, true}) {
      station_.reset();
      outside_.lose_gateway();
      outside_.time.ms += 2'000;
      outside_.pos.pass(outside_.time.ms);
      if (cut) cut_power();
      if (!up()) return;
    }
    if (const Broken broken = run_to_the_end(*station_, outside_)) report(broken);
    finished_ = true;
  }

  void died() {
    if (!own_allocation_failed()) std::abort();  // memory is really at its end
    station_.reset();                            // nothing of it reaches the disk: it is dead
    down();
  }

  void down() {
    came_about_ = true;
    count(unit_, starting_ ? MemoryFigure::restarts_died : MemoryFigure::deaths);
    disk_->restart();
    outside_.lose_gateway();
    outside_.time.ms += 2'000;
    if (plan_.after == After::power_cut) cut_power();
    outside_.pos.pass(outside_.time.ms);
    const bool again = plan_.after == After::no_memory_yet && starts_++ < starts_without_memory;
    fail(again ? 1 + coins_.below(700) : 0);
  }

  void cut_power() {
    disk_->power_cut(disk::drawn_fates(disk_->pending(), false, false, coins_));
    outside_.time.reboot();
  }

  /// A station that runs; false: the rules are broken.
  bool up() {
    if (station_ != nullptr) return true;
    starting_ = came_about_;
    Opened opened = open_and_check(*disk_, outside_);
    if (opened.broken) return report(opened.broken), false;
    station_ = std::make_unique<Station>(*disk_, outside_, plan_.pos_class);
    station_->use_codecs(true);
    station_->start(std::move(*opened.journal), std::move(opened.loaded));
    opened.journal.reset();
    station_->run();
    starting_ = false;
    return true;
  }

  void report(const Broken& broken) {
    broken_ = true;
    unit_.broken(broken);
  }

  const Plan& plan_;
  Unit& unit_;
  Outside outside_;
  Script script_;
  disk::Draws coins_;
  int disks_ = 0, done_ = 0, starts_ = 0;
  std::unique_ptr<disk::Disk> disk_;
  std::unique_ptr<DiskIsOutside> guard_;
  std::unique_ptr<Station> station_;
  bool came_about_ = false, starting_ = false, finished_ = false, broken_ = false;
};

/// How far a process has come.
struct Progress {
  std::size_t next = 0;  // index of the first that was not begun
  Ended ended = Ended::as_planned;
};

Progress* progress = nullptr;
Run* running = nullptr;

/// The chosen allocations from `progress` on, one run each, in a process of its own: until one ends it.
[[noreturn]] void play_in_this_process(const Plan& plan, const std::vector<std::uint64_t>& chosen,
                                       Unit& unit) {
  std::set_terminate([] {
    progress->ended = running->go_on_elsewhere();
    std::_Exit(0);
  });
  while (progress->next < chosen.size() && progress->ended == Ended::as_planned) {
    const std::uint64_t nth = chosen[progress->next++];
    if (!unit.begin_image(nth)) continue;
    count(unit, MemoryFigure::runs);
    Run run(plan, nth, unit);
    running = &run;
    progress->ended = run.play(nth);
  }
  std::_Exit(0);
}

void play_all(const Plan& plan, const std::vector<std::uint64_t>& chosen, Unit& unit) {
  *progress = {};
  while (progress->next < chosen.size() && progress->ended == Ended::as_planned) {
    const pid_t child = fork();
    if (child < 0) std::abort();
    if (child == 0) play_in_this_process(plan, chosen, unit);
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
    }
    if (WIFSIGNALED(status))
      return unit.broken({"memory", "the process died of signal " + std::to_string(WTERMSIG(status))});
  }
  if (progress->ended == Ended::without_failure)
    unit.broken({"memory", "no allocation failed: the run is not as before"});
}

/// Every place once, the first ones all, then further and further apart.
std::vector<std::uint64_t> allocations_to_fail(const Plan& plan, const MemoryOptions& options,
                                               std::uint64_t number, Unit& unit) {
  static_cast<void>(Run(plan, 1, unit).play(never));  // what is made once in a process is made
  const PlacesOfAllocation places;
  static_cast<void>(Run(plan, 1, unit).play(never));
  const std::vector<std::uint64_t> first = places.first_of_each();
  count(unit, MemoryFigure::places, first.size());
  count(unit, MemoryFigure::allocations, places.all());
  std::set<std::uint64_t> chosen(first.begin(), first.end());
  std::uint64_t step = 1;
  for (std::uint64_t nth = 1; nth <= places.all(); nth += step) {
    chosen.insert(nth);
    if (!options.every && nth > 60) step = std::max<std::uint64_t>(nth / 16, 1);
  }
  std::vector<std::uint64_t> numbers;
  std::uint64_t at = number;  // each unit others
  for (const std::uint64_t nth : chosen)
    if (at++ % options.one_in == 0) numbers.push_back(nth);
  return numbers;
}

}  // namespace

std::uint64_t memory_units() { return afters * pos_classes; }

void run_memory(const MemoryOptions& options, std::uint64_t number, Unit& unit) {
  Plan plan;
  plan.pos_class = static_cast<PosClass>(number % pos_classes);
  plan.after = static_cast<After>(number / pos_classes);
  plan.seed = disk::Draws(options.seed).fork(number).next();
  void* memory = mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  progress = new (memory) Progress;
  play_all(plan, allocations_to_fail(plan, options, number, unit), unit);
  munmap(memory, sizeof(Progress));
}

}  // namespace storegate::crash
