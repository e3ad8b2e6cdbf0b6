// Workers are forked; they meet in a piece of shared memory and leave the prints of their images in files of their own.
#include "crash/campaign.hpp"

#include <malloc.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <thread>

namespace storegate::crash {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t units_max = 40'000;  // every sequence of four inputs, for each class of POS
constexpr std::size_t workers_max = 64;
constexpr std::size_t text_max = 400;

struct Slot {  // one worker's
  std::atomic<std::uint64_t> unit{0}, index{0};
  std::atomic<bool> is_broken{false};
  char text[text_max] = {};
};

struct Shared {
  std::atomic<std::uint64_t> next{0};
  std::atomic<bool> stop{false};
  std::array<std::atomic<bool>, units_max> all_done{};
  std::array<Figures, units_max> all_figures{};
  std::array<Slot, workers_max> slots{};

  [[nodiscard]] std::atomic<bool>& done(std::uint64_t unit) {
    return all_done[static_cast<std::size_t>(unit)];
  }
  [[nodiscard]] Figures& figures(std::uint64_t unit) { return all_figures[static_cast<std::size_t>(unit)]; }
};

struct Printed {  // a line of a worker's file
  std::uint64_t unit = 0;
  Print image;
};

class WorkersUnit final : public Unit {
 public:
  WorkersUnit(Shared& shared, Slot& slot, std::uint64_t number, std::FILE* prints, std::uint64_t only)
      : shared_(shared), slot_(slot), number_(number), prints_(prints), only_(only) {
    slot_.unit = number;
    slot_.index = 0;
  }
  bool begin_image(std::uint64_t index) override {
    slot_.index = index;
    return only_ == 0 || only_ == index;
  }
  bool is_new(const Print& image, bool counts) override {
    if (!seen_.insert(image).second) return false;
    const Printed line{number_, image};
    if (counts && prints_ != nullptr && std::fwrite(&line, sizeof line, 1, prints_) != 1) std::abort();
    return true;
  }
  void count(std::size_t figure, std::uint64_t by) override { shared_.figures(number_).at(figure) += by; }
  void broken(const Broken& broken) override {
    if (slot_.is_broken) return;
    std::snprintf(slot_.text, text_max, "%s: %s", broken.rule.c_str(), broken.what.c_str());
    slot_.is_broken = true;
    shared_.stop = true;
  }

 private:
  Shared& shared_;
  Slot& slot_;
  std::uint64_t number_;
  std::FILE* prints_;
  std::uint64_t only_;
  std::set<Print> seen_;
};

class Campaign {
 public:
  Campaign(const CampaignOptions& options, const UnitFunction& run)
      : options_(options), run_(run), units_(options.units) {
    if (units_ > units_max) std::abort();
    void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    shared_ = new (memory) Shared;
  }
  Campaign(const Campaign&) = delete;
  Campaign& operator=(const Campaign&) = delete;
  ~Campaign() { munmap(shared_, sizeof(Shared)); }

  Outcome run() {
    begun_ = Clock::now();
    if (!options_.only.empty()) return run_only();
    const std::uint64_t processors = std::max(1U, std::thread::hardware_concurrency());
    const std::uint64_t wanted = options_.workers == 0 ? processors : options_.workers;
    const auto workers = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, workers_max));
    std::vector<pid_t> children;
    for (std::size_t worker = 0; worker < workers; ++worker) {
      prints_.push_back(std::tmpfile());
      if (prints_.back() == nullptr) std::abort();
      std::fflush(nullptr);
      const pid_t child = fork();
      if (child < 0) std::abort();
      if (child == 0) work(worker);
      children.push_back(child);
    }
    Outcome outcome;
    for (std::size_t worker = 0; worker < workers; ++worker) wait_for(worker, children[worker], outcome);
    add_up(outcome);
    return outcome;
  }

 private:
  /// The units that are done without a gap reach the goal.
  [[nodiscard]] std::uint64_t units_that_count() const {
    std::uint64_t reached = 0;
    for (std::uint64_t unit = 0; unit < units_; ++unit) {
      if (!shared_->done(unit)) return unit;
      reached += shared_->figures(unit)[0];
      if (options_.goal != 0 && reached >= options_.goal) return unit + 1;
    }
    return units_;
  }
  [[nodiscard]] bool reached() const {
    std::uint64_t sum = 0;
    const std::uint64_t counted = units_that_count();
    for (std::uint64_t unit = 0; unit < counted; ++unit) sum += shared_->figures(unit)[0];
    return options_.goal != 0 && sum >= options_.goal;
  }
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(Clock::now() - begun_).count();
  }

  [[noreturn]] void work(std::size_t worker) {
    // Images come and go by the thousand: their memory is kept, or each costs its page faults anew.
    mallopt(M_TRIM_THRESHOLD, 1 << 28);
    mallopt(M_MMAP_THRESHOLD, 1 << 28);
    Slot& slot = shared_->slots[worker];
    while (!shared_->stop && !reached()) {
      if (options_.minutes != 0 && seconds() > static_cast<double>(options_.minutes) * 60) break;
      const std::uint64_t number = shared_->next++;
      if (number >= units_) break;
      WorkersUnit unit(*shared_, slot, number, prints_[worker], 0);
      run_(number, unit);
      shared_->done(number) = true;
    }
    std::fflush(prints_[worker]);
    std::_Exit(0);
  }

  Outcome run_only() {
    const auto colon = options_.only.find(':');
    const std::uint64_t number = std::strtoull(options_.only.c_str(), nullptr, 10);
    const std::uint64_t index =
        colon == std::string::npos ? 0 : std::strtoull(options_.only.c_str() + colon + 1, nullptr, 10);
    WorkersUnit unit(*shared_, shared_->slots[0], number, nullptr, index);
    run_(number, unit);
    Outcome outcome;
    outcome.units = 1;
    outcome.figures = shared_->figures(number);
    if (shared_->slots[0].is_broken) note_broken(shared_->slots[0], outcome);
    outcome.seconds = seconds();
    return outcome;
  }

  static std::string where(const Slot& slot) {
    return std::to_string(slot.unit) + ":" + std::to_string(slot.index);
  }
  static void note_broken(const Slot& slot, Outcome& outcome) {
    outcome.broken = slot.text;
    outcome.where = where(slot);
  }

  void wait_for(std::size_t worker, pid_t child, Outcome& outcome) {
    const Slot& slot = shared_->slots[worker];
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
    }
    if (slot.is_broken && outcome.broken.empty() && outcome.died.empty()) note_broken(slot, outcome);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    shared_->stop = true;
    outcome.died = WIFSIGNALED(status) ? "a worker died of signal " + std::to_string(WTERMSIG(status))
                                       : "a worker ended with " + std::to_string(WEXITSTATUS(status));
    outcome.where = where(slot);
  }

  void add_up(Outcome& outcome) {
    outcome.units = units_that_count();
    for (std::uint64_t unit = 0; unit < outcome.units; ++unit) {
      for (std::size_t figure = 0; figure < figures_max; ++figure)
        outcome.figures[figure] += shared_->figures(unit)[figure];
    }
    std::vector<Print> all;
    for (std::FILE* file : prints_) {
      std::rewind(file);
      for (Printed line; std::fread(&line, sizeof line, 1, file) == 1;) {
        if (line.unit < outcome.units) all.push_back(line.image);
      }
      std::fclose(file);
    }
    std::sort(all.begin(), all.end());
    outcome.repeated = static_cast<std::uint64_t>(all.end() - std::unique(all.begin(), all.end()));
    outcome.figures[0] -= outcome.repeated;  // an image counts once in the whole run
    outcome.seconds = seconds();
  }

  const CampaignOptions& options_;
  const UnitFunction& run_;
  std::uint64_t units_;
  Shared* shared_;
  std::vector<std::FILE*> prints_;
  Clock::time_point begun_;
};

}  // namespace

Outcome run_campaign(const CampaignOptions& options, const UnitFunction& run) {
  return Campaign(options, run).run();
}

}  // namespace storegate::crash
