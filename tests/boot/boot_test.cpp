// Power cuts of a whole box: an ARM machine with Debian's kernel and systemd, storegate as its package installs it, and a
// stream of orders from outside. Which image: STOREGATE_BOOT_IMAGE, of the architecture STOREGATE_BOOT_ARCH.
#include <doctest/doctest.h>

#include <cstdlib>
#include <random>
#include <set>

#include "tests/boot/box.hpp"
#include "tests/boot/write_log.hpp"
#include "tests/support/eventually.hpp"

using namespace storegate;
using namespace storegate::boot;
using namespace std::chrono_literals;

namespace {

constexpr int power_cuts = 3;
constexpr std::size_t orders_per_boot = 25;

std::string named(const char* variable) {
  const char* value = std::getenv(variable);
  REQUIRE_MESSAGE(value != nullptr, variable << " is not set: tests/boot/run sets it");
  return value;
}

/// A box that has had its orders and its cuts.
struct Story {
  Box box{named("STOREGATE_BOOT_ARCH"), named("STOREGATE_BOOT_IMAGE")};
  std::set<std::string> acknowledged;
  std::map<std::string, std::uint64_t> logged;  // of the last boot, by the log's entries at the answer

  Story() {
    std::mt19937 random(7);
    for (int cut = 0; cut < power_cuts; ++cut) {
      box.on(cut == power_cuts - 1);
      logged = box.send(orders_per_boot + random() % orders_per_boot);
      for (const auto& [id, entries] : logged) acknowledged.insert(id);
      box.cut_power();
    }
  }
};

Story& story() {
  static Story once;
  return once;
}

struct Losses {
  std::size_t images = 0;
  std::size_t lost = 0;        // orders that were acknowledged before the cut and are not on the disk
  std::size_t unreadable = 0;  // images without a database that can be read
};

/// Cuts the last boot's log at every `step`-th entry from the first answer on; half of what was not sure is kept.
Losses cut_everywhere(Flushes flushes, std::size_t step) {
  Story& had = story();
  const WriteLog log(had.box.write_log());
  const std::string before = support::read_file(had.box.data_before());
  std::set<std::string> earlier = had.acknowledged;
  std::uint64_t first = log.entries().size();
  for (const auto& [id, entries] : had.logged) {
    earlier.erase(id);
    first = std::min(first, entries);
  }
  const support::TempDir folder;
  Losses losses;
  for (std::size_t at = first; at <= log.entries().size(); at += step) {
    std::mt19937_64 random(at);
    std::string image = before;
    log.cut(
        at, [&](std::size_t) { return random() % 2 == 0; }, image, flushes);
    support::write_file(folder.file("image"), image);
    ++losses.images;
    std::set<std::string> found;
    try {
      found = orders_on(folder.file("image"));
    } catch (const std::runtime_error&) {
      ++losses.unreadable;
    }
    for (const std::string& id : earlier) losses.lost += found.contains(id) ? 0 : 1;
    for (const auto& [id, entries] : had.logged) losses.lost += entries <= at && !found.contains(id) ? 1 : 0;
  }
  return losses;
}

}  // namespace

TEST_CASE("whatever a power cut leaves of the disk, every acknowledged order is on it [I1]") {
  const Losses losses = cut_everywhere(Flushes::heeded, 3);
  MESSAGE(losses.images << " cuts of one boot");
  CHECK(losses.images >= 30);
  CHECK(losses.unreadable == 0);
  CHECK(losses.lost == 0);
}

TEST_CASE("a disk that ignores flushes is found out: the test can tell") {
  CHECK(cut_everywhere(Flushes::ignored, 9).lost > 0);
}

TEST_CASE(
    "after the power cuts every acknowledged order gets its ticket, and no order a second one [I1, I2]") {
  Story& had = story();
  had.box.on();
  support::eventually(
      "every acknowledged order is at the POS", 120s,
      [&] {
        const auto tickets = had.box.tickets();
        for (const std::string& id : had.acknowledged) {
          if (!tickets.contains(id)) return false;
        }
        return true;
      },
      200ms);
  for (const auto& [id, count] : had.box.tickets()) {
    CAPTURE(id);
    CHECK(count == 1);
  }
}
