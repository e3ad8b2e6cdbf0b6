// TZif files (RFC 8536) and the POSIX rule at their end. Bounded: every count is held against the bytes there are.
#include "platform/local_time.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <limits>
#include <utility>

namespace storegate::platform {
namespace {

constexpr std::size_t file_bytes_max = 1024 * 1024;  // the largest zone of 2025 has 4 KiB
constexpr std::size_t header_bytes = 44;
constexpr std::int64_t day_s = 86'400;
constexpr std::int64_t offset_s_max = 26 * 3600;  // RFC 8536 3.2: a zone lies within -25 h and 26 h of UTC

core::Error invalid(std::string why) { return {core::ErrorCode::invalid, std::move(why)}; }

std::int64_t floor_divided(std::int64_t value, std::int64_t by) noexcept {
  return value / by - (value % by < 0 ? 1 : 0);
}

// ---- the rule's text ----

/// Takes a POSIX TZ text apart from the left; every step says whether it fitted.
class RuleText {
 public:
  explicit RuleText(std::string_view text) : left_(text) {}

  [[nodiscard]] bool at_end() const noexcept { return left_.empty(); }

  bool take(char c) {
    if (!left_.starts_with(c)) return false;
    left_.remove_prefix(1);
    return true;
  }

  /// A name of three letters or more, or anything in angle brackets.
  bool take_name() {
    if (take('<')) {
      const auto close = left_.find('>');
      if (close == std::string_view::npos) return false;
      left_.remove_prefix(close + 1);
      return true;
    }
    std::size_t size = 0;
    while (size < left_.size() && is_letter(left_[size])) ++size;
    left_.remove_prefix(size);
    return size >= 3;
  }

  std::optional<int> take_number(int min, int max) {
    int value = 0;
    std::size_t size = 0;
    while (size < left_.size() && size < 4 && left_[size] >= '0' && left_[size] <= '9') {
      value = value * 10 + (left_[size++] - '0');
    }
    if (size == 0 || value < min || value > max) return std::nullopt;
    left_.remove_prefix(size);
    return value;
  }

  /// [+-]h[h[h]][:mm[:ss]] in seconds.
  std::optional<std::int64_t> take_time(int hours_max) {
    const bool negative = take('-');
    if (!negative) take('+');
    const auto hours = take_number(0, hours_max);
    if (!hours) return std::nullopt;
    std::int64_t seconds = *hours * std::int64_t{3600};
    for (const std::int64_t unit : {60, 1}) {
      if (!take(':')) break;
      const auto part = take_number(0, 59);
      if (!part) return std::nullopt;
      seconds += *part * unit;
    }
    return negative ? -seconds : seconds;
  }

  std::optional<ZoneRuleDate> take_date() {
    ZoneRuleDate date;
    if (take('M')) {
      const auto month = take_number(1, 12);
      const auto week = take('.') ? take_number(1, 5) : std::nullopt;
      const auto day = take('.') ? take_number(0, 6) : std::nullopt;
      if (!month || !week || !day) return std::nullopt;
      date.month = *month;
      date.week = *week;
      date.day = *day;
    } else {
      const bool without_leap = take('J');
      const auto day = take_number(without_leap ? 1 : 0, 365);
      if (!day) return std::nullopt;
      date.kind = without_leap ? ZoneRuleDate::Kind::day_without_leap : ZoneRuleDate::Kind::day_with_leap;
      date.day = *day;
    }
    if (!take('/')) return date;
    const auto at_s = take_time(167);
    if (!at_s) return std::nullopt;
    date.at_s = *at_s;
    return date;
  }

 private:
  static bool is_letter(char c) noexcept { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
  std::string_view left_;
};

// ---- the rule's dates ----

std::chrono::sys_days day_of(const ZoneRuleDate& date, std::chrono::year year) noexcept {
  using namespace std::chrono;
  const sys_days first = sys_days(year / January / 1);
  if (date.kind == ZoneRuleDate::Kind::day_with_leap) return first + days(date.day);
  if (date.kind == ZoneRuleDate::Kind::day_without_leap) {
    const bool past_leap_day = year.is_leap() && date.day >= 60;  // J60 is the first of March in every year
    return first + days(date.day - 1 + (past_leap_day ? 1 : 0));
  }
  const year_month in = year / month(static_cast<unsigned>(date.month));
  const weekday day(static_cast<unsigned>(date.day));
  if (date.week == 5) return sys_days(in / day[last]);
  return sys_days(in / day[static_cast<unsigned>(date.week)]);
}

/// The Unix time of the change in that year, which local clocks show by `offset_s` until then.
std::int64_t instant_of(const ZoneRuleDate& date, std::chrono::year year, std::int64_t offset_s) noexcept {
  return day_of(date, year).time_since_epoch().count() * day_s + date.at_s - offset_s;
}

std::chrono::year year_of(std::int64_t local_s) noexcept {
  const std::chrono::sys_days day{std::chrono::days(floor_divided(local_s, day_s))};
  return std::chrono::year_month_day(day).year();
}

// ---- the file ----

/// Big-endian numbers one after the other; the caller has checked that they are there.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : left_(bytes) {}

  std::string_view take(std::size_t count) {
    const std::string_view taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }

  std::int64_t take_integer(std::size_t width) {
    std::uint64_t value = 0;
    for (const char c : take(width)) value = (value << 8U) | static_cast<unsigned char>(c);
    if (width == 4) return static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
    return static_cast<std::int64_t>(value);
  }

  [[nodiscard]] std::size_t left() const noexcept { return left_.size(); }
  [[nodiscard]] std::string_view rest() const noexcept { return left_; }

 private:
  std::string_view left_;
};

struct Header {
  char version = 0;
  std::size_t ut_count = 0, standard_count = 0, leap_count = 0, time_count = 0, type_count = 0,
              name_bytes = 0;

  /// Bytes of the block behind it, whose times have `time_bytes` each. Counts are below 2^32: no overflow.
  [[nodiscard]] std::uint64_t block_bytes(std::uint64_t time_bytes) const noexcept {
    return time_count * (time_bytes + 1) + type_count * std::uint64_t{6} + name_bytes +
           leap_count * (time_bytes + 4) + standard_count + ut_count;
  }
};

std::optional<Header> take_header(Bytes& bytes) {
  if (bytes.left() < header_bytes || bytes.take(4) != "TZif") return std::nullopt;
  Header header;
  header.version = bytes.take(1).front();
  (void)bytes.take(15);
  for (std::size_t* count : {&header.ut_count, &header.standard_count, &header.leap_count, &header.time_count,
                             &header.type_count, &header.name_bytes}) {
    *count = static_cast<std::uint32_t>(bytes.take_integer(4));
  }
  if (header.type_count == 0 || header.type_count > 256) return std::nullopt;
  return header;
}

struct Block {
  std::vector<std::int64_t> times;
  std::vector<std::size_t> types;
  std::vector<std::int64_t> offsets_s;

  [[nodiscard]] bool is_sound() const {
    const bool in_order =
        std::adjacent_find(times.begin(), times.end(), std::greater_equal<>()) == times.end();
    const bool types_exist =
        std::all_of(types.begin(), types.end(), [this](std::size_t type) { return type < offsets_s.size(); });
    const bool offsets_sane = std::all_of(offsets_s.begin(), offsets_s.end(), [](std::int64_t offset_s) {
      return offset_s > -offset_s_max && offset_s < offset_s_max;
    });
    return in_order && types_exist && offsets_sane;
  }
};

Block take_block(Bytes& bytes, const Header& header, std::size_t time_bytes) {
  Block block;
  for (std::size_t i = 0; i < header.time_count; ++i) block.times.push_back(bytes.take_integer(time_bytes));
  for (std::size_t i = 0; i < header.time_count; ++i) {
    block.types.push_back(static_cast<unsigned char>(bytes.take(1).front()));
  }
  for (std::size_t i = 0; i < header.type_count; ++i) {
    block.offsets_s.push_back(bytes.take_integer(4));
    (void)bytes.take(2);  // daylight flag and name: dates need neither
  }
  (void)bytes.take(header.name_bytes + header.leap_count * (time_bytes + 4) + header.standard_count +
                   header.ut_count);
  return block;
}

/// The rule between the two newlines at the end; nothing if there is none.
std::optional<ZoneRule> footer_rule(std::string_view rest) {
  if (!rest.starts_with('\n')) return std::nullopt;
  const auto end = rest.find('\n', 1);
  if (end == std::string_view::npos) return std::nullopt;
  return ZoneRule::parse(rest.substr(1, end - 1));
}

bool is_zone_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+' || c == '/';
  };
  return !name.empty() && name.size() <= 64 && name.front() != '/' &&
         std::all_of(name.begin(), name.end(), fits);
}

}  // namespace

std::optional<ZoneRule> ZoneRule::parse(std::string_view text) {
  RuleText from(text);
  ZoneRule rule;
  if (!from.take_name()) return std::nullopt;
  const auto west_s = from.take_time(24);
  if (!west_s) return std::nullopt;
  rule.standard_offset_s = -*west_s;
  if (from.at_end()) return rule;

  rule.has_daylight = true;
  rule.daylight_offset_s = rule.standard_offset_s + 3600;
  if (!from.take_name()) return std::nullopt;
  if (!from.take(',')) {
    const auto daylight_west_s = from.take_time(24);
    if (!daylight_west_s || !from.take(',')) return std::nullopt;
    rule.daylight_offset_s = -*daylight_west_s;
  }
  const auto begins = from.take_date();
  if (!begins || !from.take(',')) return std::nullopt;
  const auto ends = from.take_date();
  if (!ends || !from.at_end()) return std::nullopt;
  rule.daylight_begins = *begins;
  rule.daylight_ends = *ends;
  return rule;
}

std::int64_t ZoneRule::offset_s(std::int64_t unix_s) const noexcept {
  if (!has_daylight) return standard_offset_s;
  const auto year = year_of(unix_s + standard_offset_s);
  const std::int64_t begins_s = instant_of(daylight_begins, year, standard_offset_s);
  const std::int64_t ends_s = instant_of(daylight_ends, year, daylight_offset_s);
  // In the south the year begins and ends with daylight saving.
  const bool daylight =
      begins_s < ends_s ? unix_s >= begins_s && unix_s < ends_s : unix_s >= begins_s || unix_s < ends_s;
  return daylight ? daylight_offset_s : standard_offset_s;
}

core::Result<LocalZone> LocalZone::load(std::string_view name, const std::string& zoneinfo) {
  if (name == "UTC") return LocalZone{};
  const std::string quoted = "\"" + std::string(name) + "\"";
  if (!is_zone_name(name))
    return invalid(quoted + " is not the name of a time zone, such as America/Chicago");
  std::ifstream file(zoneinfo + "/" + std::string(name), std::ios::binary);
  std::string bytes(file_bytes_max, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  if (bytes.empty()) {
    return core::Error{core::ErrorCode::not_found, "no time zone " + quoted + " under " + zoneinfo};
  }
  auto zone = parse(bytes);
  if (!zone) return std::move(zone).error().in("time zone " + quoted);
  return zone;
}

core::Result<LocalZone> LocalZone::parse(std::string_view tzif) {
  Bytes bytes(tzif);
  auto header = take_header(bytes);
  std::size_t time_bytes = 4;
  if (header && header->version >= '2' && bytes.left() >= header->block_bytes(time_bytes)) {
    (void)bytes.take(static_cast<std::size_t>(header->block_bytes(time_bytes)));  // the same again in 32 bits
    time_bytes = 8;
    header = take_header(bytes);
  }
  if (!header || bytes.left() < header->block_bytes(time_bytes))
    return invalid("not a time zone file (TZif)");
  const Block block = take_block(bytes, *header, time_bytes);
  if (!block.is_sound()) return invalid("a damaged time zone file (TZif)");

  LocalZone zone;
  zone.first_offset_s_ = block.offsets_s.front();  // RFC 8536 3.2: type 0 holds before the first transition
  for (std::size_t i = 0; i < block.times.size(); ++i) {
    zone.changes_.push_back({block.times[i], block.offsets_s[block.types[i]]});
  }
  if (time_bytes == 8) zone.rule_ = footer_rule(bytes.rest());
  return zone;
}

std::int64_t LocalZone::offset_s(std::int64_t unix_s) const noexcept {
  const auto next =
      std::upper_bound(changes_.begin(), changes_.end(), unix_s,
                       [](std::int64_t at_s, const Change& change) { return at_s < change.at_s; });
  if (next == changes_.end() && rule_) return rule_->offset_s(unix_s);
  return next == changes_.begin() ? first_offset_s_ : std::prev(next)->offset_s;
}

LocalMoment LocalZone::moment(std::int64_t wall_ms) const {
  using namespace std::chrono;
  const std::int64_t first_s = sys_days(year(0) / January / 2).time_since_epoch().count() * day_s;
  const std::int64_t last_s = sys_days(year(9999) / December / 30).time_since_epoch().count() * day_s;
  const std::int64_t unix_s = std::clamp(floor_divided(wall_ms, 1000), first_s, last_s);
  const std::int64_t local_s = unix_s + offset_s(unix_s);
  const sys_days day{days(floor_divided(local_s, day_s))};
  const year_month_day date(day);
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  const auto minute = (local_s - day.time_since_epoch().count() * day_s) / 60;
  return {{text.data(), static_cast<std::size_t>(size)},
          static_cast<int>(weekday(day).iso_encoding()) - 1,
          static_cast<int>(minute)};
}

}  // namespace storegate::platform
