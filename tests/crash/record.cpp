// Playing and recording.
#include "crash/record.hpp"

#include <functional>
#include <memory>
#include <utility>

#include "crash/station.hpp"

namespace storegate::crash {

namespace {

/// A process may end at any time and another one begin, also without a power cut.
Broken start_anew(std::unique_ptr<Station>& station, disk::Disk& disk, Outside& outside,
                  const RecordOptions& options, const std::function<void()>& note) {
  if (station != nullptr) {
    station.reset();
    outside.lose_gateway();
    outside.time.ms += 1'000;
    note();
  }
  station = std::make_unique<Station>(disk, outside, options.pos_class);
  station->on_step(note);
  if (core::Result<void> started = station->start(); !started)
    return {"I1", "a start did not work: " + started.error().context};
  station->run();
  return {};
}

}  // namespace

Recorded record(disk::Disk& disk, const RecordOptions& options, disk::Image image, Outside outside) {
  Recorded recorded;
  recorded.pos_class = options.pos_class;
  disk.reset(std::move(image), outside.draws.next());
  disk.ignore_syncs(options.ignore_syncs);
  disk::seed_sqlite(outside.draws.next());
  disk.start_recording();
  const auto note = [&] {
    disk.mark(static_cast<std::int64_t>(recorded.moments.size()));
    recorded.moments.push_back(outside);
  };
  note();
  std::unique_ptr<Station> station;
  Script script(outside, options.script);
  recorded.failed = start_anew(station, disk, outside, options, note);
  for (int count = 0; count < options.happenings && !recorded.failed; ++count) {
    if (outside.draws.chance(15)) recorded.failed = start_anew(station, disk, outside, options, note);
    if (recorded.failed) break;
    script.happen(*station);
    note();
    station->run();
  }
  if (station != nullptr) recorded.commits = station->commits();
  station.reset();
  note();
  recorded.disk = disk.stop_recording();
  return recorded;
}

}  // namespace storegate::crash
