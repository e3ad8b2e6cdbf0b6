// Record, cut, check, run on; then the next generation on one of the images.
#include "crash/cuts_part.hpp"

#include <optional>
#include <set>
#include <utility>

#include "crash/finish.hpp"
#include "crash/recovered.hpp"
#include "crash/station.hpp"

namespace storegate::crash {

namespace {

void count(Unit& unit, CutsFigure figure, std::uint64_t by = 1) {
  unit.count(static_cast<std::size_t>(figure), by);
}

/// The world after the power came back.
Outside after_cut(const Outside& world, disk::Draws& draws) {
  Outside after = world;
  after.draws = draws.fork(1);
  after.lose_gateway();
  after.time.ms += 1'000 + static_cast<std::int64_t>(draws.below(60'000));
  after.time.reboot();
  after.pos.pass(after.time.ms);
  return after;
}

class Cuts {
 public:
  Cuts(const CutsOptions& options, std::uint64_t number, Unit& unit)
      : options_(options),
        unit_(unit),
        draws_(disk::Draws(options.seed).fork(number)),
        player_("player"),
        checker_("checker") {
    record_.pos_class = static_cast<PosClass>(number % pos_classes);
    record_.ignore_syncs = options.ignore_syncs;
  }

  void run() {
    disk::Image image;
    Outside world(record_.pos_class, draws_.next());
    for (int generation = 0; generation < options_.generations && !broken_; ++generation) {
      // Small stores too: they cost less, so more of them are seen.
      record_.happenings = static_cast<int>(generation == 0 ? 10 + draws_.below(41) : 8 + draws_.below(23));
      record_.script.first_order = static_cast<std::uint64_t>(generation) * 100;
      const Recorded recorded = record(player_, record_, std::move(image), world);
      if (recorded.failed) return report(recorded.failed);
      count(unit_, CutsFigure::recordings);
      count(unit_, CutsFigure::commits, recorded.commits);
      count(unit_, CutsFigure::steps, recorded.disk.steps.size());
      next_.reset();
      world_ = nullptr;
      offered_ = 0;
      cut_everywhere(recorded, options_.cut, draws_.next(),
                     [this](CutImage&& cut) { return look_at(std::move(cut)); });
      if (!next_) return;
      image = std::move(next_->image);
      world = after_cut(next_->world, draws_);
    }
  }

 private:
  struct Next {
    disk::Image image;
    Outside world;
  };

  /// One image at random goes on into the next generation: the n-th replaces the one before with chance 1/n.
  void offer_next(const CutImage& cut) {
    if (draws_.below(++offered_) != 0) return;
    next_.emplace(Next{cut.image, *cut.world});
  }

  bool look_at(CutImage&& cut) {
    const bool run_on = draws_.chance(options_.run_on_of_1000);
    const bool in_full = draws_.chance(options_.in_full_of_1000) || run_on;
    disk::Draws draws = draws_.fork(++index_);
    offer_next(cut);
    if (!unit_.begin_image(index_)) return true;
    if (cut.world != world_) {
      world_ = cut.world;
      checked_.clear();
      looked_at_.clear();
    }
    // The same bytes are looked at again when more is known, and count once.
    const Print print = print_of(cut.image);
    const bool is_new = unit_.is_new(print, cut.world->acknowledged_orders > 0);
    if (!looked_at_.insert(print).second) return true;
    checker_.reset_without_medium(cut.image, draws.next());
    const std::optional<Print> recovered = recovered_print(checker_);
    if (!in_full && recovered && checked_.contains(*recovered)) return note(cut, is_new), true;
    checker_.reset_without_medium(std::move(cut.image), draws.next());
    Opened opened = open_and_check(checker_, *cut.world);
    if (opened.broken) return report(opened.broken), false;
    if (recovered) checked_.insert(*recovered);
    note(cut, is_new);
    count(unit_, CutsFigure::in_full);
    if (!run_on || !opened.journal) return true;
    return go_on(std::move(opened), *cut.world, draws, is_new);
  }

  void note(const CutImage& cut, bool is_new) {
    if (!is_new || cut.world->acknowledged_orders == 0) return;
    count(unit_, CutsFigure::images);
    count(unit_, CutsFigure::torn, cut.spoiled.torn ? 1 : 0);
    count(unit_, CutsFigure::garbled, cut.spoiled.garbled ? 1 : 0);
  }

  bool go_on(Opened opened, const Outside& world, disk::Draws& draws, bool counts) {
    Outside after = after_cut(world, draws);
    Station station(checker_, after, record_.pos_class);
    station.start(std::move(*opened.journal), std::move(opened.loaded));
    opened.journal.reset();
    const Broken broken = run_to_the_end(station, after);
    if (broken) return report(broken), false;
    if (!counts || world.acknowledged_orders == 0) return true;
    count(unit_, CutsFigure::run_on);
    count(unit_, CutsFigure::orders, world.acknowledged_orders);
    return true;
  }

  void report(const Broken& broken) {
    broken_ = true;
    unit_.broken(broken);
  }

  const CutsOptions& options_;
  Unit& unit_;
  disk::Draws draws_;
  disk::Disk player_, checker_;
  RecordOptions record_;
  std::optional<Next> next_;
  const Outside* world_ = nullptr;  // of the images that checked_ is about
  std::set<Print> looked_at_;       // images, with that world
  std::set<Print> checked_;         // recovered pages that were checked in full against that world
  std::uint64_t offered_ = 0;
  std::uint64_t index_ = 0;
  bool broken_ = false;
};

}  // namespace

void run_cuts(const CutsOptions& options, std::uint64_t number, Unit& unit) {
  Cuts(options, number, unit).run();
}

}  // namespace storegate::crash
