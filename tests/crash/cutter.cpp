// Rebuilding images from a log.
#include "crash/cutter.hpp"

#include <utility>

#include "support/disk/cuts.hpp"
#include "support/disk/medium.hpp"

namespace storegate::crash {

namespace {

class Cutter {
 public:
  Cutter(const Recorded& recorded, const CutOptions& options, std::uint64_t seed,
         const std::function<bool(CutImage&&)>& take)
      : recorded_(recorded), options_(options), take_(take), draws_(seed), medium_(recorded.disk.start) {}

  void run() {
    const Outside* world = nullptr;
    for (const disk::Step& step : recorded_.disk.steps) {
      const bool syncs = step.kind == disk::StepKind::sync || step.kind == disk::StepKind::fail_sync ||
                         step.kind == disk::StepKind::sync_folder;
      if (syncs && world != nullptr && !cut(*world)) return;
      medium_.apply(step);
      if (step.kind == disk::StepKind::mark)
        world = &recorded_.moments.at(static_cast<std::size_t>(step.offset));
    }
    if (world != nullptr) cut(*world);
  }

 private:
  bool cut(const Outside& world) {
    const std::size_t pending = medium_.pending().size();
    if (pending <= options_.exhaustive_pending) {
      for (std::uint64_t subset = 0; subset < (1ULL << pending); ++subset) {
        if (!give(disk::subset_fates(pending, subset), world)) return false;
      }
    } else {
      for (int count = 0; count < options_.drawn; ++count) {
        if (!give(disk::drawn_fates(medium_.pending(), false, false, draws_), world)) return false;
      }
    }
    for (int count = 0; count < options_.torn && pending > 0; ++count) {
      const bool garbled = draws_.chance(options_.garbled_of_1000);
      if (!give(disk::drawn_fates(medium_.pending(), true, garbled, draws_), world)) return false;
    }
    return true;
  }

  bool give(const std::vector<disk::Fate>& fates, const Outside& world) {
    CutImage cut;
    cut.image = medium_.cut(fates, cut.spoiled);
    cut.world = &world;
    return take_(std::move(cut));
  }

  const Recorded& recorded_;
  const CutOptions& options_;
  const std::function<bool(CutImage&&)>& take_;
  disk::Draws draws_;
  disk::Medium medium_;
};

}  // namespace

void cut_everywhere(const Recorded& recorded, const CutOptions& options, std::uint64_t seed,
                    const std::function<bool(CutImage&&)>& take) {
  Cutter(recorded, options, seed, take).run();
}

Print print_of(const disk::Image& image) {
  Fingerprint print;
  for (const auto& [name, bytes] : image.files) {
    print.add(std::string_view(name));
    print.add(bytes);
  }
  return print.print();
}

}  // namespace storegate::crash
