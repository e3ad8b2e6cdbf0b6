// Counting through the sequences, and playing one of them with a cut in it.
#include "crash/small_part.hpp"

#include <sqlite3.h>

#include <iterator>
#include <memory>
#include <optional>
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

struct Plan {
  std::vector<Event> sequence;
  PosClass pos_class = PosClass::deduplicates;
};

/// Sequences by length, then as numbers to the base of `events`.
Plan plan_of(std::uint64_t number) {
  Plan plan;
  plan.pos_class = static_cast<PosClass>(number % pos_classes);
  number /= pos_classes;
  std::uint64_t length = 1;
  for (std::uint64_t of_length = events; number >= of_length; of_length *= events) {
    number -= of_length;
    ++length;
  }
  for (; length > 0; --length, number /= events) plan.sequence.push_back(static_cast<Event>(number % events));
  return plan;
}

/// A store that was made and has run once: where every world begins.
struct Beginning {
  disk::Image image;
  Outside outside;
};

Beginning beginning_of(PosClass pos_class, std::uint64_t seed, disk::Disk& disk) {
  Beginning beginning{{}, Outside(pos_class, seed)};
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

class World {
 public:
  World(const Plan& plan, const Beginning& beginning, disk::Disk& disk)
      : plan_(plan), disk_(disk), outside_(beginning.outside), script_(outside_, {1, 0, 300, false}) {
    disk_.reset(beginning.image, 1);
    disk::seed_sqlite(1);
    station_ = std::make_unique<Station>(disk_, outside_, plan.pos_class);
    started_ = station_->start().ok();
    if (started_) station_->run();
  }

  /// Without a cut. The number of operations on the disk; nothing if an input came to nothing, as in a shorter sequence.
  std::optional<std::uint64_t> length() {
    const std::uint64_t before = disk_.counts().all();
    for (const Event event : plan_.sequence)
      if (!happen(event)) return {};
    return disk_.counts().all() - before;
  }

  /// With a cut at the n-th operation.
  Broken play(std::uint64_t nth, Cut cut) {
    if (!started_) return {"I1", "a start did not work"};
    disk_.set_hook([this, left = nth](const disk::Op&) mutable {
      if (--left == 0) disk_.kill();
      return SQLITE_OK;
    });
    for (std::size_t at = 0; at < plan_.sequence.size(); ++at) {
      static_cast<void>(happen(plan_.sequence[at]));
      if (!disk_.dead()) continue;
      if (Broken broken = go_down(cut)) return broken;
      static_cast<void>(happen(plan_.sequence[at]));  // whoever got no answer asks again
    }
    return run_to_the_end(*station_, outside_);
  }

  [[nodiscard]] std::uint64_t commits() const { return station_ == nullptr ? 0 : station_->commits(); }

 private:
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

  Broken go_down(Cut cut) {
    station_.reset();
    disk_.set_hook(nullptr);
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
    Opened opened = open_and_check(disk_, outside_);
    if (opened.broken) return opened.broken;
    station_ = std::make_unique<Station>(disk_, outside_, plan_.pos_class);
    station_->start(std::move(*opened.journal), std::move(opened.loaded));
    station_->run();
    return {};
  }

  const Plan& plan_;
  disk::Disk& disk_;
  Outside outside_;
  Script script_;
  std::unique_ptr<Station> station_;
  bool started_ = false;
};

}  // namespace

std::uint64_t small_units(const SmallOptions& options) {
  std::uint64_t sequences = 0;
  std::uint64_t of_length = 1;
  for (std::uint64_t length = 1; length <= options.inputs_max; ++length) sequences += of_length *= events;
  return sequences * pos_classes;
}

void run_small(const SmallOptions& options, std::uint64_t number, Unit& unit) {
  const Plan plan = plan_of(number);
  const std::uint64_t seed = disk::Draws(options.seed).fork(number).next();
  disk::Disk disk("small");
  const Beginning beginning = beginning_of(plan.pos_class, seed, disk);
  const std::optional<std::uint64_t> length = World(plan, beginning, disk).length();
  if (!length) return;
  count(unit, SmallFigure::worlds);
  for (std::uint64_t nth = 1; nth <= *length; ++nth) {
    for (std::uint64_t kind = 0; kind < cuts; ++kind) {
      if (!unit.begin_image(nth * cuts + kind)) continue;
      World world(plan, beginning, disk);
      const Broken broken = world.play(nth, static_cast<Cut>(kind));
      count(unit, SmallFigure::runs);
      count(unit, kind == 0 ? SmallFigure::kills : SmallFigure::cuts);
      count(unit, SmallFigure::commits, world.commits());
      if (broken) return unit.broken(broken);
    }
  }
}

}  // namespace storegate::crash
