// Counting through the sequences, and playing one of them with a cut in it.
#include "crash/small_part.hpp"

#include <sqlite3.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "crash/finish.hpp"
#include "crash/script.hpp"
#include "crash/station.hpp"
#include "support/disk/cuts.hpp"

namespace storegate::crash {

namespace {

/// One input of a sequence.
enum class Event : std::uint8_t { arrive, release, cancel, tick, well, silently, late, untouched, refused };
constexpr std::uint64_t events = 9;

enum class Cut : std::uint8_t { kill, all_lost, all_kept };
constexpr std::uint64_t cuts = 3;

constexpr std::int64_t tick_ms = 25'000;  // longer than the barrier

std::optional<Manner> manner_of(Event event) {
  switch (event) {
    case Event::well: return Manner::well;
    case Event::silently: return Manner::silently;
    case Event::late: return Manner::late;
    case Event::untouched: return Manner::untouched;
    case Event::refused: return Manner::refused;
    default: return {};
  }
}

void count(Unit& unit, SmallFigure figure, std::uint64_t by = 1) {
  unit.count(static_cast<std::size_t>(figure), by);
}

/// The beginning that a unit's sequences have in common. `second` none: the sequence of `first` alone.
struct Plan {
  PosClass pos_class = PosClass::deduplicates;
  Event first = Event::arrive;
  std::optional<Event> second;
};

Plan plan_of(std::uint64_t number) {
  Plan plan;
  plan.pos_class = static_cast<PosClass>(number % pos_classes);
  number /= pos_classes;
  plan.first = static_cast<Event>(number % events);
  if (number >= events) plan.second = static_cast<Event>(number / events - 1);
  return plan;
}

/// What is left when no process runs: the disk and the world. Here a sequence begins, and goes on after a cut.
struct Rest {
  disk::Image image;
  Outside outside;
};

/// A store that was made and has run once: where every sequence begins.
Rest beginning_of(PosClass pos_class, std::uint64_t seed, disk::Disk& disk) {
  Rest beginning{{}, Outside(pos_class, seed)};
  disk.reset({}, seed);
  disk::seed_sqlite(seed);
  {
    Station station(disk, beginning.outside, pos_class);
    if (station.start().ok()) station.run();
  }
  beginning.image = disk.cached();
  beginning.outside.lose_gateway();
  return beginning;
}

/// The gateway and what is around it, somewhere in a sequence.
class World {
 public:
  /// `cut_later`: the power may go once more.
  World(PosClass pos_class, const Rest& rest, disk::Disk& disk, bool cut_later)
      : class_(pos_class), disk_(disk), outside_(rest.outside), script_(outside_, {1, 0, 300, false}) {
    if (cut_later)
      disk_.reset(rest.image, 1);
    else
      disk_.reset_without_medium(rest.image, 1);
    disk::seed_sqlite(1);
  }

  /// A process starts, on rows that say what the world knows.
  Broken start() {
    Opened opened = open_and_check(disk_, outside_);
    if (opened.broken) return opened.broken;
    station_ = std::make_unique<Station>(disk_, outside_, class_);
    station_->start(std::move(*opened.journal), std::move(opened.loaded));
    station_->run();
    return {};
  }

  /// False: there was nothing for it to act on.
  bool happen(Event event) {
    if (const auto manner = manner_of(event)) {
      if (outside_.pos.open().empty()) return false;
      answer_in(*manner);
    } else {
      switch (event) {
        case Event::arrive: script_.send(*station_, script_.first_order("kiosk"), ""); break;
        case Event::release: script_.release(*station_, script_.first_order("kiosk")); break;
        case Event::cancel: script_.cancel(*station_, script_.first_order("kiosk")); break;
        default: pass(); break;
      }
    }
    station_->run();
    if (!disk_.dead()) station_->acknowledge(64);
    if (!disk_.dead()) station_->run();
    return true;
  }

  /// The same, and at the n-th operation on the disk the process is gone, or the power too. Nothing if it did not come
  /// to so many.
  std::optional<Rest> happen_cut(Event event, std::uint64_t nth, Cut cut) {
    disk_.set_hook([this, left = nth](const disk::Op&) mutable {
      if (--left == 0) disk_.kill();
      return SQLITE_OK;
    });
    static_cast<void>(happen(event));
    if (!disk_.dead()) return {};
    station_.reset();
    outside_.lose_gateway();
    outside_.time.ms += 1'000;
    disk_.restart();
    if (cut != Cut::kill) {
      disk::Fate fate;
      fate.kept = cut == Cut::all_kept;
      disk_.power_cut(std::vector<disk::Fate>(disk_.pending().size(), fate));
      outside_.time.reboot();
    }
    outside_.pos.pass(outside_.time.ms);
    return Rest{disk_.cached(), std::move(outside_)};
  }

  Broken end() { return run_to_the_end(*station_, outside_); }

  [[nodiscard]] std::uint64_t operations() const { return disk_.counts().all(); }
  [[nodiscard]] std::uint64_t commits() const { return station_->commits(); }

 private:
  void answer_in(Manner manner) { answer_one_in(*station_, outside_, manner); }

  /// Requests without an answer run into their time-out first.
  void pass() {
    while (!outside_.pos.open().empty() && !disk_.dead()) {
      answer_in(Manner::lost);
      station_->run();
    }
    outside_.time.ms += tick_ms;
    outside_.pos.pass(outside_.time.ms);
  }

  PosClass class_;
  disk::Disk& disk_;
  Outside outside_;
  Script script_;
  std::unique_ptr<Station> station_;
};

/// All sequences of a unit as a tree. What a cut leaves is made once, and every way to go on begins there.
class Sequences {
 public:
  Sequences(const Plan& plan, const SmallOptions& options, Unit& unit)
      : plan_(plan),
        inputs_max_(options.inputs_max),
        unit_(unit),
        disk_("small"),
        disk_after_("small-after"),
        beginning_(beginning_of(plan.pos_class, options.seed, disk_)) {}

  void run() { static_cast<void>(grow()); }

 private:
  /// The inputs that may come next. False: a rule is broken.
  template <typename Grow>
  bool for_each_next(std::size_t inputs, Grow grow) {
    if (inputs == 0) return grow(plan_.first);
    if (inputs == 1) return !plan_.second || grow(*plan_.second);
    if (inputs == inputs_max_) return true;
    for (std::uint64_t event = 0; event < events; ++event)
      if (!grow(static_cast<Event>(event))) return false;
    return true;
  }

  /// Those of one input are a unit of their own, so not of one that has a second.
  [[nodiscard]] bool is_ours(std::size_t inputs) const { return inputs >= (plan_.second ? 2 : 1); }

  bool held(const Broken& broken) {
    if (broken) unit_.broken(broken);
    return !broken;
  }

  /// Without a cut so far: each input that may come next, without a cut and with one at each of its operations.
  bool grow() {
    return for_each_next(path_.size(), [this](Event event) {
      path_.push_back(event);
      const Broken broken = play_uncut();
      const bool fine = held(broken) && (!operations_ || (cut_everywhere(*operations_) && grow()));
      path_.pop_back();
      return fine;
    });
  }

  /// path_ without a cut. Leaves in operations_ those of its last input, nothing if it had nothing to act on.
  Broken play_uncut() {
    World world(plan_.pos_class, beginning_, disk_, true);
    if (Broken broken = play(world)) return broken;
    const std::uint64_t before = world.operations();
    operations_.reset();
    if (!world.happen(path_.back())) return {};
    operations_ = world.operations() - before;
    if (!is_ours(path_.size())) return {};
    count(unit_, SmallFigure::worlds);
    return unit_.begin_image(index(0, Cut::kill)) ? world.end() : Broken{};
  }

  /// All of path_ but its last input.
  Broken play(World& world) {
    if (Broken broken = world.start()) return broken;
    for (std::size_t at = 0; at + 1 < path_.size(); ++at) static_cast<void>(world.happen(path_[at]));
    return {};
  }

  bool cut_everywhere(std::uint64_t operations) {
    for (std::uint64_t nth = 1; nth <= operations; ++nth) {
      std::optional<Rest> lost;
      for (const Cut cut : {Cut::kill, Cut::all_lost, Cut::all_kept}) {
        std::optional<Rest> rest = rest_of(nth, cut);
        if (!rest) return false;
        if (cut == Cut::all_kept && rest->image == lost->image) {
          count(unit_, SmallFigure::same);  // there was nothing to lose: the very same world
          continue;
        }
        if (!go_on(*rest, nth, cut)) return false;
        if (cut == Cut::all_lost) lost = std::move(rest);
      }
    }
    return true;
  }

  /// What a cut at the n-th operation of path_'s last input leaves. Nothing: a rule is broken.
  std::optional<Rest> rest_of(std::uint64_t nth, Cut cut) {
    static_cast<void>(unit_.begin_image(index(nth, cut)));
    World world(plan_.pos_class, beginning_, disk_, true);
    if (!held(play(world))) return {};
    std::optional<Rest> rest = world.happen_cut(path_.back(), nth, cut);
    if (!rest) unit_.broken({"I1", "the same input did not do the same again"});
    return rest;
  }

  /// After a cut in the last input of path_: whoever got no answer asks again, then come `more_`.
  bool go_on(const Rest& rest, std::uint64_t nth, Cut cut) {
    bool acted = true;
    if (!held(play_cut(rest, nth, cut, acted))) return false;
    if (!acted) return true;  // as the sequence without it
    return for_each_next(path_.size() + more_.size(), [&](Event event) {
      more_.push_back(event);
      const bool fine = go_on(rest, nth, cut);
      more_.pop_back();
      return fine;
    });
  }

  Broken play_cut(const Rest& rest, std::uint64_t nth, Cut cut, bool& acted) {
    World world(plan_.pos_class, rest, disk_after_, false);
    const bool wanted = unit_.begin_image(index(nth, cut));
    if (Broken broken = world.start()) return broken;
    static_cast<void>(world.happen(path_.back()));
    for (const Event event : more_) acted = world.happen(event);
    if (!acted || !wanted || !is_ours(path_.size() + more_.size())) return {};
    const Broken broken = world.end();
    count(unit_, SmallFigure::runs);
    count(unit_, cut == Cut::kill ? SmallFigure::kills : SmallFigure::cuts);
    count(unit_, SmallFigure::commits, world.commits());
    return broken;
  }

  /// One number for one sequence of the unit and its cut.
  [[nodiscard]] std::uint64_t index(std::uint64_t nth, Cut cut) const {
    std::uint64_t index = (nth * cuts + static_cast<std::uint64_t>(cut)) * 10 + path_.size();
    const auto add = [&index](Event event) { index = index * 10 + static_cast<std::uint64_t>(event) + 1; };
    for (const Event event : path_) add(event);
    for (const Event event : more_) add(event);
    return index;
  }

  const Plan& plan_;
  std::uint64_t inputs_max_;
  Unit& unit_;
  disk::Disk disk_, disk_after_;
  Rest beginning_;
  std::vector<Event> path_, more_;  // up to the cut, and behind it
  std::optional<std::uint64_t> operations_;
};

}  // namespace

std::uint64_t small_units(const SmallOptions& options) {
  return (options.inputs_max < 2 ? events : events + events * events) * pos_classes;
}

void run_small(const SmallOptions& options, std::uint64_t number, Unit& unit) {
  const Plan plan = plan_of(number);
  Sequences(plan, options, unit).run();
}

}  // namespace storegate::crash
