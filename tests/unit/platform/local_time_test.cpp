// Local dates in zones: known transitions of the tz database, the rule behind the last one, damaged files.
#include "platform/local_time.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>

using storegate::platform::LocalZone;
using storegate::platform::ZoneRule;

namespace {

constexpr std::int64_t hour_s = 3600;

LocalZone zone(const char* name) {
  auto loaded = LocalZone::load(name);
  REQUIRE_MESSAGE(loaded.ok(), name);
  return std::move(loaded).value();
}

struct DateCase {
  const char* zone;
  std::int64_t unix_s;
  const char* date;
  std::int64_t offset_s;
};

// Instants by `date -u -d … +%s`, local sides by `TZ=… date -d @…` of coreutils.
constexpr DateCase cases[] = {
    {"UTC", 0, "1970-01-01", 0},
    {"UTC", -1, "1969-12-31", 0},
    {"UTC", 1'795'435'200, "2026-11-23", 0},
    {"America/New_York", 1'772'953'199, "2026-03-08", -5 * hour_s},  // 01:59:59 EST
    {"America/New_York", 1'772'953'200, "2026-03-08", -4 * hour_s},  // 03:00:00 EDT
    {"America/New_York", 1'793'512'799, "2026-11-01", -4 * hour_s},  // 01:59:59 EDT
    {"America/New_York", 1'793'512'800, "2026-11-01", -5 * hour_s},  // 01:00:00 EST
    {"America/New_York", 1'772'945'999, "2026-03-07", -5 * hour_s},  // the last second before midnight
    {"America/New_York", 1'772'946'000, "2026-03-08", -5 * hour_s},
    {"America/New_York", 4'092'609'600, "2099-09-09", -4 * hour_s},  // beyond the file's list: the rule
    {"America/New_York", 2'147'483'647, "2038-01-18", -5 * hour_s},  // where 32 bits end
    {"America/New_York", 2'147'483'648, "2038-01-18", -5 * hour_s},
    {"America/New_York", 2'161'000'000, "2038-06-24", -4 * hour_s},
    {"Australia/Sydney", 2'147'483'648, "2038-01-19", 11 * hour_s},
    {"Australia/Sydney", 2'161'000'000, "2038-06-24", 10 * hour_s},
    {"UTC", 4'294'967'296, "2106-02-07", 0},
    {"Asia/Kolkata", 1'795'458'599, "2026-11-23", 5 * hour_s + 1800},
    {"Asia/Kolkata", 1'795'458'600, "2026-11-24", 5 * hour_s + 1800},
    {"Pacific/Apia", 1'325'239'199, "2011-12-29",
     -10 * hour_s},  // 23:59:59, and then 30 December is left out
    {"Pacific/Apia", 1'325'239'200, "2011-12-31", 14 * hour_s},
    {"Australia/Sydney", 1'798'718'400, "2026-12-31", 11 * hour_s},  // summer over the turn of the year
    {"Australia/Sydney", 4'072'165'199, "2099-01-15",
     11 * hour_s},  // by the rule, in a summer over the turn of the year
    {"Australia/Sydney", 4'072'165'200, "2099-01-16", 11 * hour_s},
    {"Australia/Sydney", 4'086'806'400, "2099-07-04", 10 * hour_s},
    {"Europe/Dublin", 4'086'763'200, "2099-07-03",
     1 * hour_s},  // its winter is the "daylight saving", negative
};

}  // namespace

TEST_CASE("the local date and offset of known instants are those of the tz database") {
  for (const DateCase& row : cases) {
    CAPTURE(row.zone);
    CAPTURE(row.unix_s);
    const LocalZone local = zone(row.zone);
    CHECK(local.date(row.unix_s * 1000) == row.date);
    CHECK(local.date(row.unix_s * 1000 + 999) == row.date);
    CHECK(local.offset_s(row.unix_s) == row.offset_s);
  }
}

TEST_CASE("a clock that shows nonsense gets some date of ten characters, never a crash") {
  for (const std::int64_t wall_ms : {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1},
                                     std::numeric_limits<std::int64_t>::max()}) {
    for (const char* name : {"UTC", "America/New_York", "Pacific/Apia", "Pacific/Kiritimati"}) {
      CHECK(zone(name).date(wall_ms).size() == 10);
    }
  }
}

TEST_CASE("a name that is no zone, climbs out of the folder or names a folder is refused") {
  for (const char* name :
       {"", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "America", "America/New York"}) {
    CAPTURE(name);
    CHECK_FALSE(LocalZone::load(name).ok());
  }
}

TEST_CASE("UTC needs no zoneinfo, every other zone does") {
  CHECK(LocalZone::load("UTC", "/nonexistent").ok());
  const auto other = LocalZone::load("Asia/Kolkata", "/nonexistent");
  REQUIRE_FALSE(other.ok());
  CHECK(other.error().code == storegate::core::ErrorCode::not_found);
}

TEST_CASE("a rule's text gives standard and daylight time on both halves of the globe") {
  const auto kolkata = ZoneRule::parse("IST-5:30");
  REQUIRE(kolkata.has_value());
  CHECK(kolkata->offset_s(0) == 19'800);

  const auto nuuk =
      ZoneRule::parse("<-02>2<-01>,M3.5.0/-1,M10.5.0/0");  // the evening before, by a negative time
  REQUIRE(nuuk.has_value());
  CHECK(nuuk->offset_s(1'774'745'999) == -2 * hour_s);
  CHECK(nuuk->offset_s(1'774'746'000) == -1 * hour_s);

  const auto julian = ZoneRule::parse("AAA0BBB,J60/0,J61/0");  // 1 March, in leap years too
  REQUIRE(julian.has_value());
  CHECK(julian->offset_s(1'709'251'199) == 0);  // 2024-02-29T23:59:59Z
  CHECK(julian->offset_s(1'709'251'200) == hour_s);
}

TEST_CASE("a text that is no rule is refused whole") {
  for (const char* text :
       {"", "EST", "5", "E5", "EST5EDT", "EST5EDT,M3.2.0", "EST5EDT,M13.2.0,M11.1.0",
        "EST5EDT,M3.2.0,M11.1.0x", "<EST5", "EST99", "EST5EDT,M3.6.0,M11.1.0", "EST5EDT,J0,J365"}) {
    CAPTURE(text);
    CHECK_FALSE(ZoneRule::parse(text).has_value());
  }
}

TEST_CASE("every beginning of a zone file, and the file with any byte turned round, is read or refused") {
  std::string whole("TZif2", 5);
  whole.append(15, '\0');
  const auto number = [&whole](std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) whole += static_cast<char>((value >> shift) & 0xffU);
  };
  for (int block = 0; block < 2; ++block) {
    if (block == 1) whole.append("TZif2").append(15, '\0');
    for (const std::uint32_t count : {0U, 0U, 0U, 1U, 2U, 4U}) number(count);
    if (block == 1) number(0);
    number(1'000'000);  // one transition
    whole += '\1';      // to type 1
    number(0), whole.append(2, '\0');
    number(3600), whole.append("\1\0", 2);
    whole.append("UTC\0", 4);
  }
  whole += "\nAAA-1\n";
  const auto sound = LocalZone::parse(whole);
  REQUIRE(sound.ok());
  CHECK(sound->offset_s(999'999) == 0);
  CHECK(sound->offset_s(1'000'000) == 3600);

  std::size_t refused = 0;
  for (std::size_t size = 0; size < whole.size(); ++size)
    refused += LocalZone::parse(whole.substr(0, size)).ok() ? 0U : 1U;
  CHECK(refused > 100);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string turned = whole;
    turned[at] = static_cast<char>(~turned[at]);
    const auto read = LocalZone::parse(turned);
    if (read.ok()) CHECK(read->date(0).size() == 10);
  }
}

TEST_CASE("4.2 acceptance: weekday and minute are the local clock's, over both changes of it") {
  const LocalZone york = zone("America/New_York");
  const auto at = [&](std::int64_t unix_s) {
    const auto moment = york.moment(unix_s * 1000);
    return moment.date + " " + std::to_string(moment.weekday) + " " + std::to_string(moment.minute);
  };
  CHECK(at(1'772'953'199) == "2026-03-08 6 119");  // Sunday 01:59, and then 03:00
  CHECK(at(1'772'953'200) == "2026-03-08 6 180");
  CHECK(at(1'793'512'799) == "2026-11-01 6 119");  // Sunday 01:59, and then 01:00 once more
  CHECK(at(1'793'512'800) == "2026-11-01 6 60");
  CHECK(at(1'795'435'200) == "2026-11-23 0 420");  // Monday 07:00
}
