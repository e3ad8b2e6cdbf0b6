// One run for each n; after the fault the same checks as after a cut, and the whole engine to each order's end.
#include "crash/sweep_part.hpp"

#include <sqlite3.h>

#include <cstdio>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "crash/finish.hpp"
#include "crash/memory.hpp"
#include "crash/script.hpp"
#include "crash/station.hpp"
#include "support/disk/cuts.hpp"

namespace storegate::crash {

namespace {

/// What fails. No kind: an allocation.
struct Kind {
  std::optional<disk::OpKind> op;
  int code = 0;
};
constexpr Kind kinds[] = {{disk::OpKind::sync, 0},
                          {disk::OpKind::write, 0},
                          {disk::OpKind::write, SQLITE_FULL},
                          {disk::OpKind::read, 0},
                          {disk::OpKind::truncate, 0},
                          {disk::OpKind::open, 0},
                          {disk::OpKind::remove, 0},
                          {{}, 0}};

/// A life has a handful of them: none is left out.
bool is_rare(const Kind& kind) {
  return kind.op == disk::OpKind::truncate || kind.op == disk::OpKind::open ||
         kind.op == disk::OpKind::remove;
}

/// More than any life has of one kind.
constexpr std::uint64_t moments_max = 10'000'000;

/// What happens after the fault.
enum class After : std::uint8_t { go_on, restart, power_cut };
constexpr std::uint64_t afters = 3;

constexpr int happenings = 28;
constexpr int starts_max = 6;

void count(Unit& unit, SweepFigure figure, std::uint64_t by = 1) {
  unit.count(static_cast<std::size_t>(figure), by);
}

struct Plan {
  Kind kind;
  bool persistent = false;
  After after = After::go_on;
  PosClass pos_class = PosClass::deduplicates;
};

Plan plan_of(std::uint64_t number) {
  Plan plan;
  plan.kind = kinds[number % std::size(kinds)];
  number /= std::size(kinds);
  plan.after = static_cast<After>(number % afters);
  number /= afters;
  plan.persistent = number % 2 == 1;
  number /= 2;
  plan.pos_class = static_cast<PosClass>(number % pos_classes);
  return plan;
}

int print_operation(const disk::Op& op) {
  std::printf("%6llu %-8s %-24s %lld+%lld\n", static_cast<unsigned long long>(op.index),
              std::string(name_of(op.kind)).c_str(), std::string(op.file).c_str(),
              static_cast<long long>(op.offset), static_cast<long long>(op.bytes));
  return SQLITE_OK;
}

/// One life of a store with one fault in it.
class Run {
 public:
  Run(const Plan& plan, const SweepOptions& options, std::uint64_t seed, disk::Disk& disk, Unit& unit)
      : plan_(plan), options_(options), disk_(disk), unit_(unit), outside_(plan.pos_class, seed) {
    disk_.reset({}, seed);
    disk::seed_sqlite(seed);
    if (options.trace) disk_.set_hook(print_operation);
    // A failed sync leaves on the medium what was written back before: a coin for each write.
    disk_.on_failed_sync([this](const disk::Step&) {
      disk::Fate fate;
      fate.kept = coins_.chance(400);
      return fate;
    });
  }

  /// True if the fault came about.
  bool play(std::uint64_t nth) {
    arm(nth);
    Script script(outside_, {8, 0, 300, true});
    for (int done = 0; done < happenings && !broken_; ++done) {
      if (!up()) break;
      script.happen(*station_);
      station_->run();
      if (station_->must_end() || (faults() > 0 && !seen_ && plan_.after != After::go_on)) end_process();
    }
    const bool came_about = faults() > 0;
    heal();
    finish();
    return came_about;
  }
  [[nodiscard]] bool broken() const noexcept { return broken_; }

 private:
  void arm(std::uint64_t nth) {
    if (plan_.kind.op) {
      disk_.plan({*plan_.kind.op, nth, plan_.kind.code, plan_.persistent, ""});
    } else {
      fail_allocation(nth, plan_.persistent);
    }
  }
  [[nodiscard]] std::uint64_t faults() const {
    return plan_.kind.op ? disk_.failures() : failed_allocations();
  }
  void heal() {
    count(unit_, SweepFigure::faults, faults());
    disk_.heal();
    fail_allocation(0, false);
    healed_ = true;
  }

  /// A station that runs; false: the rules are broken.
  bool up() {
    for (int starts = 0; station_ == nullptr; ++starts) {
      if (starts == starts_max)
        return report({"I1", "the gateway does not start on a healthy disk: " + why_}), false;
      if (starts >= 2 && !healed_) heal();  // the technician comes
      start();
      if (broken_) return false;
    }
    return true;
  }

  void start() {
    if (sync_failed_) disk_.drop_clean_pages();  // the marker is heeded
    const std::uint64_t faults_before = faults();
    if (options_.trace) std::printf("start; %zu steps unsynced\n", disk_.pending().size());
    Opened opened = open_and_check(disk_, outside_);
    if (opened.broken) {
      why_ = opened.broken.what;
      // When the disk failed within this very start, not opening is the right answer.
      if (!opened.refused || faults() == faults_before) report(opened.broken);
      opened.journal.reset();
      return note_failed_sync();
    }
    sync_failed_ = false;
    station_ = std::make_unique<Station>(disk_, outside_, plan_.pos_class);
    station_->start(std::move(*opened.journal), std::move(opened.loaded));
    opened.journal.reset();
    station_->run();
    count(unit_, SweepFigure::restarts);
  }

  /// Only a failed sync of a commit or of a start is marked; so the product.
  void note_failed_sync() {
    if (plan_.kind.op == disk::OpKind::sync && faults() > 0) sync_failed_ = true;
  }

  void end_process() {
    seen_ = true;
    if (options_.trace) std::printf("the process ends\n");
    count(unit_, SweepFigure::failed_commits, station_->failed_commits());
    if (station_->engine().stopped()) sync_failed_ = true;
    station_.reset();
    outside_.lose_gateway();
    outside_.time.ms += 2'000;
    if (plan_.after == After::power_cut) cut_the_next_start();
    outside_.pos.pass(outside_.time.ms);
  }

  /// A process starts, and the power goes at one of its first operations.
  void cut_the_next_start() {
    if (sync_failed_) disk_.drop_clean_pages();
    std::uint64_t left = coins_.below(60);
    disk_.set_hook([&](const disk::Op&) {
      if (left-- == 0) disk_.kill();
      return SQLITE_OK;
    });
    static_cast<void>(storage::Journal::open(options_on(disk_)).ok());
    disk_.set_hook(nullptr);
    cut_power();
  }

  void cut_power() {
    disk_.restart();
    disk_.power_cut(disk::drawn_fates(disk_.pending(), false, false, coins_));
    outside_.time.reboot();
    sync_failed_ = false;
  }

  void finish() {
    if (broken_) return;
    // The last word is checked by a new process, and again after a cut: what was acknowledged after the fault must
    // lie on the medium and not only in the page cache.
    for (const bool cut : {false, true}) {
      if (station_ != nullptr) end_process();
      if (cut) cut_power();
      if (!up()) return;
    }
    if (const Broken broken = run_to_the_end(*station_, outside_)) report(broken);
    count(unit_, SweepFigure::orders, outside_.orders.size());
    station_.reset();
  }

  void report(const Broken& broken) {
    broken_ = true;
    unit_.broken(broken);
  }

  const Plan& plan_;
  const SweepOptions& options_;
  disk::Disk& disk_;
  Unit& unit_;
  Outside outside_;
  disk::Draws coins_{7};
  std::unique_ptr<Station> station_;
  std::string why_;
  bool sync_failed_ = false, healed_ = false, seen_ = false, broken_ = false;
};

}  // namespace

std::uint64_t sweep_units() { return std::size(kinds) * afters * 2 * pos_classes; }

void run_sweep(const SweepOptions& options, std::uint64_t number, Unit& unit) {
  const Plan plan = plan_of(number);
  const std::uint64_t seed = disk::Draws(options.seed).fork(number).next();
  disk::Disk disk("sweep");
  count(unit, SweepFigure::sweeps);
  // Allocations are tens of thousands: every one at first, then further and further apart.
  const std::uint64_t one_in = is_rare(plan.kind) ? 1 : options.one_in;
  std::uint64_t step = one_in;
  bool played = false;
  for (std::uint64_t nth = 1 + number / std::size(kinds) % one_in; nth < moments_max; nth += step) {
    if (!plan.kind.op && nth > 300) step = nth / 40 * one_in;
    if (!unit.begin_image(nth)) {
      if (played) return;  // the one that was asked for
      continue;
    }
    played = true;
    Run run(plan, options, seed, disk, unit);
    const bool came_about = run.play(nth);
    count(unit, SweepFigure::runs);
    if (run.broken() || !came_about) return;
  }
}

}  // namespace storegate::crash
