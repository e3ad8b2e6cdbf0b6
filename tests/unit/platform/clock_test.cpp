// The clock's readings and the boot id's text.
#include <doctest/doctest.h>

#include <time.h>

#include "platform/clock.hpp"
#include "tests/support/temp_dir.hpp"

using storegate::platform::Clock;
using storegate::platform::ClockReading;
using storegate::platform::wall_floor_ms;

TEST_CASE("a reading lies between two of the kernel's") {
  const auto kernel = [](clockid_t id) {
    timespec time{};
    ::clock_gettime(id, &time);
    return static_cast<std::int64_t>(time.tv_sec) * 1000 + time.tv_nsec / 1'000'000;
  };
  const Clock clock;
  const auto steady_before = kernel(CLOCK_BOOTTIME);
  const auto wall_before = kernel(CLOCK_REALTIME);
  const ClockReading reading = clock.now();
  CHECK(reading.steady_ms >= steady_before);
  CHECK(reading.steady_ms <= kernel(CLOCK_BOOTTIME));
  CHECK(reading.wall_ms >= wall_before);
  CHECK(reading.wall_ms <= kernel(CLOCK_REALTIME));
  CHECK(reading.wall_trusted == (reading.wall_ms >= wall_floor_ms));
}

TEST_CASE("the floor is the first of January 2026") {
  const time_t floor = wall_floor_ms / 1000;
  tm date{};
  ::gmtime_r(&floor, &date);
  CHECK(date.tm_year == 126);
  CHECK(date.tm_yday == 0);
  CHECK(date.tm_hour + date.tm_min + date.tm_sec == 0);
}

TEST_CASE("a clock is kept if a time service has left its mark, else if the kernel says so") {
  const storegate::support::TempDir folder;
  const std::string mark = folder.file("synchronized");
  CHECK(Clock::is_kept(mark.c_str()) == Clock::kernel_says_synchronised());
  storegate::support::write_file(mark, "");
  CHECK(Clock::is_kept(mark.c_str()));
}

TEST_CASE("one boot has one id, and it is not zero") {
  const auto first = Clock().now().boot_id;
  CHECK(first == Clock().now().boot_id);
  CHECK(first != decltype(first){});
}

TEST_CASE("a boot id is read from its 36 characters and from nothing else") {
  const auto id = Clock::parse_boot_id("00112233-4455-6677-8899-aAbBcCdDeEfF\n");
  CHECK(id == std::array<std::uint8_t, 16>{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa,
                                           0xbb, 0xcc, 0xdd, 0xee, 0xff});
  for (const char* text :
       {"", "0011", "00112233-4455-6677-8899-aabbccddeef", "00112233-4455-6677-8899-aabbccddeeff0",
        "0011223344556677-8899-aabbccddeeff----", "00112233-4455-6677-8899-aabbccddeefg"}) {
    CAPTURE(text);
    CHECK(Clock::parse_boot_id(text) == std::array<std::uint8_t, 16>{});
  }
}
