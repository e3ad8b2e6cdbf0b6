// A store is played and its WAL emptied; its database file is spoiled in one place, many times over.
#include "crash/rot_part.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "crash/finish.hpp"
#include "crash/record.hpp"
#include "crash/row_prints.hpp"
#include "crash/station.hpp"
#include "storage/salvage.hpp"

namespace storegate::crash {

namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t dead_bytes = 512;
constexpr const char* salvaged_epoch = "salvaged";
constexpr const char* epoch_after_rot = "after-rot";

void count(Unit& unit, RotFigure figure, std::uint64_t by = 1) {
  unit.count(static_cast<std::size_t>(figure), by);
}

/// What undamaged rows say.
struct Truth {
  std::map<core::OrderNumber, Print> live;
  std::map<core::OrderNumber, core::OrderId> ids;  // of the live ones: only their rows have these bytes
  std::map<core::OrderNumber, core::Position> last_events;  // of every order that ever was
  core::Position first_kept;                                // the oldest event that is not pruned
  std::map<Print, core::Position> earlier;  // rows that were once written whole, by their last event
  std::map<core::OrderNumber, core::Phase> ended;
  std::map<core::Position, Print> events;
  core::Position published;  // the cloud has heard every event up to here, and the rows say so
};

class Rot {
 public:
  Rot(const RotOptions& options, std::uint64_t number, Unit& unit)
      : options_(options),
        unit_(unit),
        draws_(disk::Draws(options.seed).fork(number)),
        disk_("rot"),
        class_(static_cast<PosClass>(number % pos_classes)),
        world_(class_, draws_.next()) {}

  void run() {
    if (!play()) return;
    for (int index = 1; index <= options_.images && !broken_; ++index) {
      disk::Draws draws = draws_.fork(static_cast<std::uint64_t>(index));
      if (unit_.begin_image(static_cast<std::uint64_t>(index))) look_at(spoiled(draws), draws);
    }
  }

 private:
  /// A life; the file as it was half way is kept for stale pages.
  bool play() {
    disk_.reset({}, draws_.next());
    disk::seed_sqlite(draws_.next());
    Station station(disk_, world_, class_);
    if (!station.start()) return report({"I1", "a new store does not start"}), false;
    Script script(world_, {14, 0, 500, true});
    for (int done = 0; done < 90; ++done) {
      script.happen(station);
      station.run();
      if (done % 15 != 14) continue;
      static_cast<void>(station.journal().checkpoint(storage::CheckpointMode::truncate));
      earlier_.push_back(disk_.cached().files.at(database_path));
      if (!learn(station.journal())) return false;
    }
    static_cast<void>(station.journal().checkpoint(storage::CheckpointMode::truncate));
    image_ = disk_.cached();
    return learn(station.journal());
  }

  /// The rows as they are. Events that are pruned later stay known: a stale page may bring them back, as written.
  bool learn(storage::Journal& journal) {
    core::Result<storage::EventPage> page = journal.events_after({1, 0}, 100'000, 1U << 30U);
    if (!page) return report({"I3", "the events of an undamaged store cannot be read"}), false;
    if (!page->events.empty()) truth_.first_kept = page->events.front().record.position;
    for (const auto& event : page->events) {
      truth_.events[event.record.position] = print_of(event);
      truth_.last_events[event.record.order] = event.record.position;
    }
    core::Result<storage::LoadReport> report_of = journal.load({});
    if (!report_of) return report({"I1", "an undamaged store cannot be read"}), false;
    truth_.live.clear(), truth_.ids.clear(), truth_.ended.clear();
    for (const core::Order& order : report_of->loaded.live) {
      truth_.live[order.number] = print_of(order);
      truth_.ids[order.number] = order.id;
      truth_.earlier[print_of(order)] = order.last_event;
    }
    for (const auto& order : report_of->loaded.ended) truth_.ended[order.number] = order.phase;
    truth_.published = report_of->loaded.outbox.published;
    return true;
  }

  // ---- spoiling

  disk::Image spoiled(disk::Draws& draws) {
    disk::Image image = image_;
    disk::Bytes& file = image.files.at(database_path);
    const std::size_t page = draws.index(file.size() / page_bytes);
    const std::size_t other = draws.index(file.size() / page_bytes);
    const disk::Bytes& old = earlier_[draws.index(earlier_.size())];
    switch (draws.below(6)) {
      case 0: how_ = "a flipped bit", flip(file, draws); break;
      case 1: how_ = "a sector of zeros", kill_sector(file, false, draws); break;
      case 2: how_ = "a sector of garbage", kill_sector(file, true, draws); break;
      case 3:
        how_ = "page " + std::to_string(page + 1) + " written over page " + std::to_string(other + 1);
        copy_page(image_.files.at(database_path), page, file, other);
        break;
      case 4:
        how_ = "page " + std::to_string(page + 1) + " as it was before";
        copy_page(old, page, file, page);
        break;
      default: drop_row(image, draws); break;
    }
    return image;
  }

  static void flip(disk::Bytes& file, disk::Draws& draws) {
    const std::size_t at = draws.index(file.size());
    file[at] = static_cast<unsigned char>(file[at] ^ (1U << draws.below(8)));
  }

  static void copy_page(const disk::Bytes& from, std::size_t page, disk::Bytes& to, std::size_t other) {
    if ((page + 1) * page_bytes > from.size()) return;
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(page * page_bytes), page_bytes,
                to.begin() + static_cast<std::ptrdiff_t>(other * page_bytes));
  }

  static void kill_sector(disk::Bytes& file, bool with_garbage, disk::Draws& draws) {
    const std::size_t begin = draws.index(file.size() / dead_bytes) * dead_bytes;
    for (std::size_t at = begin; at < begin + dead_bytes; ++at)
      file[at] = with_garbage ? static_cast<unsigned char>(draws.next()) : 0;
  }

  void drop_row(disk::Image& image, disk::Draws& draws) {
    constexpr const char* rows[] = {"orders WHERE number", "bodies WHERE number", "events WHERE position"};
    disk::Disk bench("bench", draws.next(), image);
    sqlite3* connection = nullptr;
    sqlite3_open_v2(database_path, &connection, SQLITE_OPEN_READWRITE, bench.name().c_str());
    const std::string from = rows[draws.below(3)];
    const std::string table = from.substr(0, from.find(' '));
    const std::string key = from.substr(from.rfind(' ') + 1);
    const std::string sql = "PRAGMA locking_mode=EXCLUSIVE; DELETE FROM " + table + " WHERE " + key +
                            " = (SELECT " + key + " FROM " + table + " ORDER BY " + key + " LIMIT 1 OFFSET " +
                            std::to_string(draws.below(12)) + ")";
    how_ = sql;
    sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr);
    sqlite3_close(connection);  // the last one: the WAL is copied
    image = bench.cached();
  }

  // ---- judging

  void look_at(disk::Image image, disk::Draws& draws) {
    if (image == image_ || !unit_.is_new(print_of_image(image), true)) return;
    count(unit_, RotFigure::images);
    disk_.reset(image, draws.next());
    storage::JournalOptions options = options_on(disk_);
    options.fresh_epoch = epoch_after_rot;  // a name is given once
    core::Result<storage::Journal> journal = storage::Journal::open(options);
    if (!journal) return salvage(image);
    core::Result<storage::LoadReport> loaded = journal->load({});
    if (!loaded) return salvage(image);
    std::vector<storage::DamagedRow> damaged = loaded->damaged;
    if (!verify(*journal, damaged)) return salvage(image);
    if (const Broken broken = check_rows(*loaded, damaged)) return report(broken);
    if (!read_the_rest(*journal, damaged)) return;
    count(unit_, damaged.empty() ? RotFigure::harmless : RotFigure::reported);
    count(unit_, RotFigure::rows_reported, damaged.size());
    count(unit_, RotFigure::unsure, loaded->loaded.unsure.size());
    // What the cloud has heard must not come with another content. An event that rot took before it was heard is
    // gone, and its sequence is free.
    if (!stale_) run_on(disk_, std::move(*journal), std::move(loaded->loaded), truth_.published);
  }

  static Print print_of_image(const disk::Image& image) {
    Fingerprint print;
    for (const auto& [name, bytes] : image.files) print.add(bytes);
    return print.print();
  }

  static bool names(const std::vector<storage::DamagedRow>& damaged, std::string_view table,
                    std::int64_t number) {
    return std::any_of(damaged.begin(), damaged.end(), [&](const storage::DamagedRow& row) {
      return row.table == table && row.key == std::to_string(number);
    });
  }

  /// A pass of housekeeping over everything.
  static bool verify(storage::Journal& journal, std::vector<storage::DamagedRow>& damaged) {
    for (bool finished = false; !finished;) {
      core::Result<storage::Housekept> step = journal.verify(200);
      if (!step) return false;
      damaged.insert(damaged.end(), step->damaged.begin(), step->damaged.end());
      finished = step->finished;
    }
    return true;
  }

  /// Each order is as it was, or is named. An ended order that is gone altogether is looked for by nobody: counted.
  Broken check_rows(const storage::LoadReport& report, const std::vector<storage::DamagedRow>& damaged) {
    stale_ = false;
    std::map<core::OrderNumber, Print> live;
    std::map<core::OrderNumber, core::Phase> ended;
    for (const core::Order& order : report.loaded.live) live[order.number] = print_of(order);
    for (const auto& order : report.loaded.ended) ended[order.number] = order.phase;
    for (const auto& [number, print] : live) {
      const auto truth = truth_.live.find(number);
      if (truth != truth_.live.end() && truth->second == print) continue;
      if (nothing_tells(number, print)) {
        count(unit_, RotFigure::stale_unseen);
        stale_ = true;
        continue;
      }
      return {"I10", "order " + std::to_string(value_of(number)) + " is live and not as it was written"};
    }
    for (const auto& [number, print] : truth_.live) {
      if (live.contains(number) || names(damaged, "orders", value_of(number))) continue;
      if (truth_.last_events.at(number) < truth_.first_kept)
        count(unit_, RotFigure::lost_unseen);  // its events are pruned: nothing remembers it
      else
        return {"I10", "live order " + std::to_string(value_of(number)) + " is gone and not named"};
    }
    for (const auto& [number, phase] : truth_.ended) {
      if (names(damaged, "orders", value_of(number))) continue;
      const auto found = ended.find(number);
      if (found == ended.end()) {
        count(unit_, RotFigure::lost_unseen);
      } else if (found->second != phase) {
        return {"I10", "ended order " + std::to_string(value_of(number)) + " changed and is not named"};
      }
    }
    return {};
  }

  /// A row of the past that what changed since left no trace against: no event was written, or all are pruned.
  bool nothing_tells(core::OrderNumber number, const Print& print) const {
    const auto earlier = truth_.earlier.find(print);
    if (earlier == truth_.earlier.end()) return false;
    const auto last = truth_.last_events.find(number);
    return last == truth_.last_events.end() || last->second == earlier->second ||
           last->second < truth_.first_kept;
  }

  /// Events and bodies that are given out are as they were.
  bool read_the_rest(storage::Journal& journal, std::vector<storage::DamagedRow>& damaged) {
    core::Result<storage::EventPage> page = journal.events_after({1, 0}, 100'000, 1U << 30U);
    if (!page) return salvage(disk_.cached()), false;
    damaged.insert(damaged.end(), page->damaged.begin(), page->damaged.end());
    for (const auto& event : page->events) {
      const auto truth = truth_.events.find(event.record.position);
      if (truth == truth_.events.end() || truth->second != print_of(event)) {
        report(
            {"I10", "event " + std::to_string(event.record.position.sequence) + " is not as it was written"});
        return false;
      }
    }
    return true;
  }

  /// The journal refuses the file. Salvage gives every live order whose page nobody touched, and whatever else it gives
  /// is as it was or named.
  void salvage(const disk::Image& image) {
    count(unit_, RotFigure::refused);
    const auto wal = image.files.find(std::string(database_path) + "-wal");
    const disk::Bytes in_wal = wal == image.files.end() ? disk::Bytes() : wal->second;
    const disk::Bytes& file = image.files.at(database_path);
    disk::Disk bench("salvaged");
    storage::JournalOptions into = options_on(disk_);
    into.vfs = bench.name();
    into.fresh_epoch = salvaged_epoch;
    const auto made = storage::salvage(storage::MemorySource(file), storage::MemorySource(in_wal), into);
    if (!made) return report({"I10", "cannot be salvaged: " + made.error().context});
    core::Result<storage::Journal> journal = storage::Journal::open(into);
    if (!journal) return report({"I10", "what was salvaged does not open: " + journal.error().context});
    core::Result<storage::LoadReport> loaded = journal->load({});
    if (!loaded) return report({"I10", "what was salvaged cannot be read"});
    for (const auto& [number, print] : truth_.live) {
      if (!is_untouched(number, file)) continue;
      const auto order = journal->find_order(number);
      if (!order || !*order || print_of(**order) != print)
        return report(
            {"I10", "order " + std::to_string(value_of(number)) + " is undamaged and was not salvaged"});
    }
    std::vector<storage::DamagedRow> damaged = loaded->damaged;
    for (const auto& finding : made->damaged) damaged.push_back(finding.row);
    for (const auto& finding : made->contradictions) damaged.push_back(finding.row);
    if (const Broken broken = check_rows(*loaded, damaged)) return report(broken);
    count(unit_, RotFigure::salvaged);
    count(unit_, RotFigure::unsure, loaded->loaded.unsure.size());
    if (stale_) return;
    const bool name_is_lost = names(damaged, "epochs", 1);
    const std::optional<Cloud> cloud = run_on(bench, std::move(*journal), std::move(loaded->loaded), {});
    if (!cloud) return;
    if (cloud->started_in != salvaged_epoch)
      return report({"I3", "the salvaged store goes on in epoch " + cloud->started_in});
    if (cloud->started_after != options_on(disk_).fresh_epoch && !name_is_lost)
      return report({"I3", "gateway.started names " + cloud->started_after + " as the epoch before"});
    count(unit_, RotFigure::new_epochs);
  }

  /// The page on which the order's row lies is as it was.
  bool is_untouched(core::OrderNumber number, const disk::Bytes& file) const {
    const disk::Bytes& whole = image_.files.at(database_path);
    const auto& id = truth_.ids.at(number).bytes;
    const auto at = std::search(whole.begin(), whole.end(), id.begin(), id.end()) - whole.begin();
    const auto page = at / static_cast<std::ptrdiff_t>(page_bytes) * static_cast<std::ptrdiff_t>(page_bytes);
    const auto end = page + static_cast<std::ptrdiff_t>(page_bytes);
    return end <= std::ssize(file) && end <= std::ssize(whole) &&
           std::equal(whole.begin() + page, whole.begin() + end, file.begin() + page);
  }

  /// Nothing that is wrong leaves the box: placements and events are those that were to be. The cloud goes on from what
  /// it knows, up to `heard`; nothing = all that it ever received, which is more than the rows say.
  std::optional<Cloud> run_on(disk::Disk& disk, storage::Journal journal, core::Loaded loaded,
                              std::optional<core::Position> heard) {
    Outside after = world_;
    after.lose_gateway();
    after.time.ms += 5'000;
    after.time.reboot();
    const Cloud before = std::exchange(after.cloud, {});
    after.cloud.gaps_allowed = true;
    after.cloud.epochs = before.epochs;
    after.cloud.events = heard ? truth_.events : before.events;
    if (heard) std::erase_if(after.cloud.events, [&](const auto& event) { return event.first > *heard; });
    Station station(disk, after, class_);
    station.start(std::move(journal), std::move(loaded));
    run_for_a_while(station, after);
    if (Broken broken = check_world(after)) return report(broken), std::nullopt;
    count(unit_, RotFigure::run_on);
    return std::move(after.cloud);
  }

  void report(Broken broken) {
    broken_ = true;
    broken.what += " (" + how_ + ")";
    unit_.broken(broken);
  }

  const RotOptions& options_;
  Unit& unit_;
  disk::Draws draws_;
  disk::Disk disk_;
  PosClass class_;
  Outside world_;
  disk::Image image_;
  std::vector<disk::Bytes> earlier_;
  Truth truth_;
  std::string how_ = "unspoiled";  // what was done to the present image
  bool stale_ = false;             // the present image has a row of the past that nothing can tell
  bool broken_ = false;
};

}  // namespace

void run_rot(const RotOptions& options, std::uint64_t number, Unit& unit) {
  Rot(options, number, unit).run();
}

}  // namespace storegate::crash
