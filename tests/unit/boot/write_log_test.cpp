// The write log of the boot test, on logs made by hand: what a cut leaves, and logs that are none.
#include "tests/boot/write_log.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <stdexcept>

#include "tests/support/temp_dir.hpp"

using namespace storegate;
using boot::WriteLog;

namespace {

constexpr std::size_t sector = 512;
enum Flag : unsigned { plain = 0, flush = 1, forced = 2, discard = 4 };

std::string number(std::uint64_t value, std::size_t width) {
  std::string bytes;
  for (std::size_t i = 0; i < width; ++i) bytes += static_cast<char>((value >> (8 * i)) & 0xffU);
  return bytes;
}

std::string padded(std::string bytes) {
  bytes.resize(sector, '\0');
  return bytes;
}

/// A log in the making; each write is whole sectors of one letter.
struct Made {
  std::string bytes;
  std::uint64_t count = 0;

  Made& write(std::uint64_t at, std::uint64_t sectors, char letter, Flag flag = plain) {
    bytes += padded(number(at, 8) + number(sectors, 8) + number(flag, 8) + number(0, 8));
    if (flag != discard) bytes += std::string(sectors * sector, letter);
    ++count;
    return *this;
  }
  [[nodiscard]] std::string whole(std::uint64_t magic = 0x6a736677736872) const {
    return padded(number(magic, 8) + number(1, 8) + number(count, 8) + number(sector, 4)) + bytes;
  }
};

struct OnDisk {
  support::TempDir dir;
  std::string path = dir.file("log");
  explicit OnDisk(const std::string& bytes) { support::write_file(path, bytes); }
};

/// The first letter of each sector after a cut.
std::string left_of(const WriteLog& log, std::size_t count, const std::function<bool(std::size_t)>& kept,
                    boot::Flushes flushes = boot::Flushes::heeded) {
  const OnDisk image(std::string(4 * sector, '.'));
  log.cut(count, kept, image.path, flushes);
  const std::string left = support::read_file(image.path);
  REQUIRE(left.size() == 4 * sector);
  return {left[0], left[sector], left[2 * sector], left[3 * sector]};
}

bool all(std::size_t) { return true; }
bool none(std::size_t) { return false; }

}  // namespace

TEST_CASE("a cut keeps what was flushed or forced, and of the rest what the caller wants") {
  const OnDisk file(Made()
                        .write(0, 1, 'a')
                        .write(1, 1, 'b')
                        .write(0, 0, ' ', flush)
                        .write(0, 1, 'c')
                        .write(2, 1, 'd', forced)
                        .write(3, 1, 'e')
                        .whole());
  const WriteLog log(file.path);
  REQUIRE(log.entries().size() == 6);
  CHECK(left_of(log, 0, all) == "....");
  CHECK(left_of(log, 2, none) == "....");
  CHECK(left_of(log, 2, all) == "ab..");
  CHECK(left_of(log, 3, none) == "ab..");
  CHECK(left_of(log, 6, none) == "abd.");
  CHECK(left_of(log, 6, all) == "cbde");
  CHECK(left_of(log, 99, all) == "cbde");
  CHECK(boot::entries_logged(file.path) == 6);

  const auto only_the_second = [](std::size_t i) { return i == 1; };
  CHECK(left_of(log, 6, only_the_second, boot::Flushes::ignored) == ".b..");

  std::string asked;
  const auto only_the_last = [&](std::size_t i) {
    asked += std::to_string(i);
    return i == 5;
  };
  CHECK(left_of(log, 6, only_the_last) == "abde");
  CHECK(asked == "235");  // the flush itself has no bytes
}

TEST_CASE("a discard clears what it names, and has no bytes in the log") {
  const OnDisk file(Made().write(0, 2, 'a').write(1, 2, ' ', discard).write(3, 1, 'b').whole());
  const std::string left = left_of(WriteLog(file.path), 3, all);
  CHECK(left == std::string("a\0\0b", 4));
}

TEST_CASE("what is no log, or ends too early, or writes beyond the disk is refused") {
  CHECK_THROWS_AS(WriteLog("/nowhere/log"), std::runtime_error);
  CHECK_THROWS_AS(WriteLog(OnDisk("").path), std::runtime_error);
  CHECK_THROWS_AS(WriteLog(OnDisk(Made().whole(7)).path), std::runtime_error);
  CHECK(boot::entries_logged(OnDisk(Made().whole(7)).path) == 0);
  CHECK(boot::entries_logged("/nowhere/log") == 0);
  const std::string good = Made().write(0, 1, 'a').write(1, 2, 'b').whole();
  for (const std::size_t size : {std::size_t{20}, sector, 2 * sector, good.size() - 1}) {
    CAPTURE(size);
    CHECK_THROWS_AS(WriteLog(OnDisk(good.substr(0, size)).path), std::runtime_error);
  }
  const OnDisk beyond(Made().write(3, 2, 'a').whole());
  const WriteLog log(beyond.path);
  CHECK_THROWS_AS(left_of(log, 1, all), std::runtime_error);
  CHECK_THROWS_AS(log.cut(1, all, "/nowhere/image"), std::runtime_error);
}
