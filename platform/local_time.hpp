// LocalZone: local dates of Unix times in one IANA zone, from the system's zoneinfo. Reads the file once and leaves
// the process's own TZ alone, since several threads and logs in UTC share it. Knows no store and no order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace storegate::platform {

/// When a yearly change of clocks happens (POSIX TZ, as in the footer of a TZif file; RFC 8536 section 3.3).
struct ZoneRuleDate {
  enum class Kind : std::uint8_t { month_week_day, day_without_leap, day_with_leap };  // Mm.w.d, Jn, n
  Kind kind = Kind::month_week_day;
  int month = 1;             // 1 to 12
  int week = 1;              // 1 to 5; 5 = the last
  int day = 0;               // 0 to 6 from Sunday; Jn: 1 to 365; n: 0 to 365
  std::int64_t at_s = 7200;  // after local midnight; RFC 8536 allows -167 h to 167 h
};

/// What holds after the last transition that the file lists.
struct ZoneRule {
  std::int64_t standard_offset_s = 0;  // east of UTC
  std::int64_t daylight_offset_s = 0;
  bool has_daylight = false;
  ZoneRuleDate daylight_begins;
  ZoneRuleDate daylight_ends;

  /// Reads "EST5EDT,M3.2.0,M11.1.0"; nothing for what is not such a text.
  [[nodiscard]] static std::optional<ZoneRule> parse(std::string_view text);
  [[nodiscard]] std::int64_t offset_s(std::int64_t unix_s) const noexcept;
};

/// What calendar and clock show somewhere.
struct LocalMoment {
  std::string date;  // YYYY-MM-DD
  int weekday = 0;   // 0 = Monday
  int minute = 0;    // of the day, 0 to 1439
};

class LocalZone {
 public:
  /// UTC, for which no file is needed.
  LocalZone() = default;

  /// Reads the zone of that name below `zoneinfo` (a TZif file of at most 1 MiB). "UTC" always works.
  /// Errors: invalid (no name of a zone, or the file is not TZif), not_found.
  static core::Result<LocalZone> load(std::string_view name,
                                      const std::string& zoneinfo = "/usr/share/zoneinfo");

  /// Reads a TZif file's bytes (RFC 8536, version 1 and later). Errors: invalid.
  static core::Result<LocalZone> parse(std::string_view tzif);

  /// Seconds east of UTC at that Unix time.
  [[nodiscard]] std::int64_t offset_s(std::int64_t unix_s) const noexcept;

  /// YYYY-MM-DD there at a Unix time in milliseconds; times outside the years 0 to 9999 count as the nearest in them.
  [[nodiscard]] std::string date(std::int64_t wall_ms) const { return moment(wall_ms).date; }
  /// The same with the day of the week and the minute.
  [[nodiscard]] LocalMoment moment(std::int64_t wall_ms) const;

 private:
  struct Change {
    std::int64_t at_s;
    std::int64_t offset_s;
  };
  std::int64_t first_offset_s_ = 0;  // before the first change
  std::vector<Change> changes_;      // in order of time
  std::optional<ZoneRule> rule_;     // after the last
};

}  // namespace storegate::platform
